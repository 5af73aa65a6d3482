"""The types of columns: texts and times that both databases hold and give back alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

_UNSTORABLE = dict.fromkeys([0, *range(0xD800, 0xE000)])
"""PostgreSQL refuses NUL, and no driver encodes a lone surrogate."""


class CleanText(sa.types.TypeDecorator[str]):
    """Text without what no database can hold: NUL and lone surrogates are dropped at this door."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Drop the unstorable characters; nearly every text has none and passes as it is."""
        return None if value is None else storable(value)


class CutText(sa.types.TypeDecorator[str]):
    """A short text, clean as `CleanText`, cut to its column's length: feeds say what they like."""

    impl = sa.String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Cut it; SQLite would store it whole, PostgreSQL would refuse the row."""
        return None if value is None else storable(value)[: self.length]


class CleanJson(sa.types.TypeDecorator[Any]):
    """JSON (JSONB in PostgreSQL) whose texts are clean in the same way."""

    impl = sa.JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """JSONB in PostgreSQL, which can be indexed; JSON text in SQLite."""
        kind = postgresql.JSONB() if dialect.name == "postgresql" else sa.JSON()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """Clean every text inside."""
        return _storable_json(value)


def storable(text: str) -> str:
    """A text without NUL and lone surrogates; nearly every text has none and passes as it is."""
    if "\0" not in text:
        try:
            text.encode()  # a fiftieth of the time of looking at each character
        except UnicodeEncodeError:
            pass
        else:
            return text
    return text.translate(_UNSTORABLE)


def _storable_json(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): _storable_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable_json(item) for item in value]
    return value


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """Aware UTC in Python on both databases; naive datetimes are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Convert to UTC; SQLite stores it without a zone, PostgreSQL with."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: times in the store are aware UTC")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give back an aware UTC datetime."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
