"""The export as Parquet, a batch of rows at a time; needs pyarrow, which is an extra."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from worker.errors import ConfigError
from worker.notify.about import NOTHING_KNOWN, About
from worker.notify.records import FIELDS, match_record
from worker.records import MatchRow

_BATCH = 2_000
"""Rows in a row group: some megabytes of text at the most."""


def write_parquet(rows: Iterable[MatchRow], out: BinaryIO, about: About = NOTHING_KNOWN) -> int:
    """Write Parquet; returns the number of rows.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ModuleNotFoundError as error:
        raise ConfigError(
            "--format parquet", "needs pyarrow: pip install 'seedwatch[parquet]'"
        ) from error
    schema = _schema(pyarrow)
    following = iter(rows)
    count = 0
    with ParquetWriter(out, schema, compression="zstd") as writer:
        while batch := list(islice(following, _BATCH)):
            records = [_typed(match_record(row, about.watches.get(row.watch))) for row in batch]
            writer.write_batch(pyarrow.RecordBatch.from_pylist(records, schema))
            count += len(batch)
    return count


def _schema(pyarrow: Any) -> Any:
    texts = pyarrow.list_(pyarrow.string())
    passage = [("article", pyarrow.string()), ("seed", pyarrow.string())]
    kinds = {
        "integer": pyarrow.int64(),
        "number": pyarrow.float64(),
        "boolean": pyarrow.bool_(),
        "text": pyarrow.string(),
        "time": pyarrow.timestamp("us", "UTC"),
        "texts": texts,
        "passages": pyarrow.list_(pyarrow.struct([*passage, ("similarity", pyarrow.float64())])),
    }
    return pyarrow.schema([(name, kinds[kind]) for name, kind in FIELDS.items()])


def _typed(record: dict[str, Any]) -> dict[str, Any]:
    """Times as times; all else is as the schema wants it."""
    for name, kind in FIELDS.items():
        if kind == "time" and record[name] is not None:
            record[name] = datetime.fromisoformat(record[name])
    return record
