"""An encoder that remembers every vector on disk: measuring again costs nothing."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from worker.domain import Encoder, Vectors
from worker.match.encoders import make_encoder


class CachedEncoder:
    """Vectors by the hash of their text in one SQLite file; several processes may share it."""

    def __init__(self, inner: Encoder, path: Path) -> None:
        self._inner = inner
        self._memory: dict[str, Vectors] = {}
        self._db = sqlite3.connect(path, timeout=60, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS v(k TEXT PRIMARY KEY, x BLOB)")

    @property
    def name(self) -> str:
        return self._inner.name

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = [self._one(text) for text in texts]
        return np.stack(rows) if rows else self._inner.encode([])

    def _one(self, text: str) -> Vectors:
        if text not in self._memory:
            key = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
            found = self._db.execute("SELECT x FROM v WHERE k = ?", (key,)).fetchone()
            if found is None:
                row = self._inner.encode([text])[0]
                self._db.execute("INSERT OR REPLACE INTO v VALUES (?, ?)", (key, row.tobytes()))
            else:
                row = np.frombuffer(found[0], dtype=np.float32)
            self._memory[text] = row
        return self._memory[text]


def cached_encoder(setting: str) -> Encoder:
    """An encoder with a cache in BENCH_CACHE, or in the folder for temporary files."""
    folder = Path(os.environ.get("BENCH_CACHE", "") or tempfile.gettempdir())
    encoder = make_encoder(setting, folder / "seedwatch-bench")
    name = encoder.name.replace("/", "_")
    return CachedEncoder(encoder, folder / f"seedwatch-vectors-{name}.sqlite")
