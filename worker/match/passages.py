"""A text as passages: short enough to align, long enough to mean something, in every script.

Paragraphs are split at sentence ends and merged until a passage is roughly 60 to 400 characters
wide; lines that are not the article's own prose (read-also lines, captions, credits, comment
counts) are set aside. Everything is capped, so that a megabyte of anything costs a bounded time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, islice
from typing import overload

from worker.match.noise import is_noise, strip_inline_noise

MAX_CHARS = 120_000
"""Characters of a text that are looked at; the longest real articles have about 60,000."""
MIN_WIDTH = 60
TARGET_WIDTH = 60
MAX_WIDTH = 330
"""Widths of a passage. 330 is about 80 tokens: what the encoder reads in a tenth of a second."""

_WIDE = (
    (0x1100, 0x11FF),
    (0x2E80, 0x9FFF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0xFF00, 0xFFEF),
    (0x20000, 0x3FFFF),
)
_WIDE_SIGN = re.compile(
    f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in (*_WIDE, (0x3400, 0x9FFF)))}]"
)
# Ends a sentence with no need of a space after it (CJK, Devanagari, Khmer, Burmese, Ethiopic,
# Armenian, Urdu), and ends one only before a space (Latin, Cyrillic, Greek, Arabic ...).
_ENDS_ALWAYS = "。！？｡।॥။៕។።፧։۔"
_ENDS_BEFORE_SPACE = ".!?؟…;"
_CLOSERS = "\"'”’»」』）)]〉》"
_SENTENCE = re.compile(
    rf"[\n{_ENDS_ALWAYS}{re.escape(_ENDS_BEFORE_SPACE)}](?:(?<=\n)"
    rf"|(?<=[{_ENDS_ALWAYS}])[{re.escape(_CLOSERS)}]*\s*"
    rf"|(?<=[{re.escape(_ENDS_BEFORE_SPACE)}])[{re.escape(_CLOSERS)}]*\s+"
    rf"(?=[^\s\W_]|[\W_]+\w))"
)
"""One class of characters comes first, which `re` looks for quickly."""
_ABBREVIATION = re.compile(r"(?:^|[\s(.])(?:\w{1,3}|\w\.\w|[A-ZĐ][a-z]{1,3})\.\s+$")


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage as it stands in the text, white space collapsed; a heading is a line of its own.

    Attributes:
        index: its place among the text's passages, from 0.
        width: its length in Latin letters that say as much (`width`).
    """

    text: str
    index: int
    width: int


def clean(text: str) -> str:
    """Return NFC text without control characters and lone surrogates, cut at `MAX_CHARS`."""
    text = text[:MAX_CHARS].encode("utf-8", "replace").decode("utf-8")
    text = unicodedata.normalize("NFC", text)
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)


@lru_cache(maxsize=8192)
def _extra_width(char: str) -> int:
    """Return how much more a character says than a Latin letter: kana and Hangul 1, Han 2."""
    code = ord(char)
    if 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x3FFFF:
        return 2
    return int(any(first <= code <= last for first, last in _WIDE))


def width(text: str) -> int:
    """Return the length in Latin letters that say as much: Han characters count three."""
    if text.isascii() or not _WIDE_SIGN.search(text):
        return len(text)
    return len(text) + sum(map(_extra_width, text))


def sentences(paragraph: str) -> Iterator[str]:
    """Yield the sentences of a paragraph, stripped; abbreviations and initials do not end one."""
    start = 0
    for end in _SENTENCE.finditer(paragraph):
        piece = paragraph[start : end.end()]
        if _ABBREVIATION.search(piece[-12:]) and end.group().startswith("."):
            continue
        start = end.end()
        if piece.strip():
            yield piece.strip()
    if paragraph[start:].strip():
        yield paragraph[start:].strip()


def _hard_split(sentence: str, measure: Callable[[str], int]) -> Iterator[str]:
    """Cut an overlong sentence at spaces (Thai, Lao and Khmer end sentences there) or anywhere."""
    while measure(sentence) > MAX_WIDTH:
        limit = MAX_WIDTH if measure(sentence[:MAX_WIDTH]) <= MAX_WIDTH else MAX_WIDTH // 3
        cut = sentence.rfind(" ", limit // 2, limit)
        if cut < 0:
            cut = max(sentence.rfind(c, limit // 2, limit) for c in "，、,；;")
        cut = cut + 1 if cut >= 0 else limit
        yield sentence[:cut].strip()
        sentence = sentence[cut:].strip()
    if sentence:
        yield sentence


def _pack(pieces: Iterable[str], measure: Callable[[str], int]) -> Iterator[str]:
    """Join sentences of one paragraph until a passage has the target width."""
    held: list[str] = []
    held_width = 0
    for piece in pieces:
        piece_width = measure(piece)
        if held and (held_width >= TARGET_WIDTH or held_width + piece_width > MAX_WIDTH):
            yield " ".join(held)
            held, held_width = [], 0
        held.append(piece)
        held_width += piece_width + 1
    if held:
        yield " ".join(held)


def _merge_short(blocks: Iterable[str], measure: Callable[[str], int]) -> Iterator[str]:
    """Put a heading or a short line in front of the passage that follows it."""
    held = ""
    for block in blocks:
        joined = f"{held}\n{block}" if held else block
        joined_width = measure(joined)
        if joined_width < MIN_WIDTH:
            held = joined
        elif joined_width > MAX_WIDTH:
            yield held
            held = ""
            yield block
        else:
            held = ""
            yield joined
    if held:
        yield held


def _lines(text: str) -> Iterable[str]:
    """Give a text's lines, white space collapsed."""
    lines = text.split("\n")
    # what is printable has no white space but spaces
    if "  " not in text and text.replace("\n", "").isprintable():
        return map(str.strip, lines)
    return (" ".join(line.split()) for line in lines)


def paragraphs(text: str) -> list[str]:
    """Return the article's own paragraphs: cleaned, white space collapsed, noise lines left out."""
    return list(_own_lines(clean(text)))


def _own_lines(cleaned: str) -> Iterator[str]:
    lines = list(filter(None, _lines(cleaned)))
    total = len(lines)
    for number, line in enumerate(lines):
        if is_noise(line[:400], from_end=total - number, is_first=number == 0):
            continue
        own = strip_inline_noise(line) if len(line) < 4000 else line
        if own:
            yield own


class Passages(Sequence[Passage]):
    """A text's passages, made as far as they are asked for: of most articles the head is enough.

    Args:
        text: any text; only the first `MAX_CHARS` characters count.
        limit: at most so many passages: the first three quarters from the start of the text, the
            rest spread evenly over what follows.

    Attributes:
        text: as it came, cleaned.
    """

    def __init__(self, text: str, *, limit: int) -> None:
        self.text = clean(text)
        self._limit = limit
        self._made: list[Passage] = []
        self._has_all = False

    @cached_property
    def _measure(self) -> Callable[[str], int]:
        # most texts have no sign that is wide
        return len if self.text.isascii() or not _WIDE_SIGN.search(self.text) else width

    @cached_property
    def _blocks(self) -> Iterator[str]:
        return _merge_short(chain.from_iterable(self._packed()), self._measure)

    def _packed(self) -> Iterator[Iterator[str]]:
        measure = self._measure
        for one in _own_lines(self.text):
            pieces = (part for s in sentences(one) for part in _hard_split(s, measure))
            yield _pack(pieces, measure)

    def _first(self, number: int) -> Sequence[Passage]:
        """Make so many, if these are of the text's start."""
        if number > self._limit * 3 // 4:
            return self._all()
        if not self._has_all:
            missing = max(0, number - len(self._made))
            self._made += map(self._passage, islice(self._blocks, missing), self._places())
        return self._made

    def _all(self) -> Sequence[Passage]:
        if not self._has_all:
            head = self._limit * 3 // 4
            self._first(head)
            rest = list(self._blocks)
            room = self._limit - len(self._made)
            if len(rest) > room:
                step = len(rest) / room
                rest = [rest[int(i * step)] for i in range(room)]
            self._made += map(self._passage, rest, self._places())
            self._has_all = True
        return self._made

    def _places(self) -> Iterable[int]:
        return range(len(self._made), self._limit)

    def _passage(self, block: str, index: int) -> Passage:
        return Passage(block, index, self._measure(block))

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[Passage]:
        return iter(self._all())

    @overload
    def __getitem__(self, place: int) -> Passage: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Passage]: ...
    def __getitem__(self, place: int | slice) -> Passage | Sequence[Passage]:
        if isinstance(place, int):
            return (self._first(place + 1) if place >= 0 else self._all())[place]
        is_head = place.stop is not None and min(place.start or 0, place.stop) >= 0
        return tuple((self._first(place.stop) if is_head else self._all())[place])
