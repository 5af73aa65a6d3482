"""What changed between two versions of a text: by words, or by letters where words have no spaces.

Paragraphs are compared first, then the inside of those that were replaced; both within limits,
since difflib takes the square of what it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from worker.web.locate import MAX_SHOWN

_MAX_PARAGRAPHS = 1_500
_MAX_PRODUCT = 400_000
"""Tokens of one paragraph times those of the other; about half a second at the very worst."""
_MAX_WORK = 2_000_000
"""The same for all paragraphs of a text together; what is over is shown as replaced whole."""
_TOKEN = re.compile(
    r"\s+|[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u9fff\uac00-\ud7ff\uf900-\ufaff"
    r"\U00020000-\U0003ffff]|[^\W_]+(?:[^\W_]|[\u0300-\u036f\u0900-\u0dff])*|."
)


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of text.

    Attributes:
        kind: "same", "ins" or "del".
    """

    kind: str
    text: str


Paragraph = tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """Two versions in one text.

    Attributes:
        paragraphs: a run of unchanged ones is left out, shown as an empty paragraph.
        is_cut: a version was too long to be compared whole.
    """

    paragraphs: tuple[Paragraph, ...]
    is_cut: bool


def compare(before: str, after: str) -> Diff:
    """Compare two versions of a text, title first, paragraphs apart by line breaks."""
    old, new = _lines(before), _lines(after)
    is_cut = max(len(before), len(after)) > MAX_SHOWN or max(len(old), len(new)) > _MAX_PARAGRAPHS
    old, new = old[:_MAX_PARAGRAPHS], new[:_MAX_PARAGRAPHS]
    left = _MAX_WORK
    found: list[Paragraph] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new).get_opcodes():
        if tag == "equal":
            found.append(())
            continue
        for one, two in zip_longest(old[i1:i2], new[j1:j2]):
            words = (_TOKEN.findall(one or ""), _TOKEN.findall(two or ""))
            cost = len(words[0]) * len(words[1])
            is_fine = cost <= min(_MAX_PRODUCT, left)
            left -= cost if is_fine else 0
            found.append(tuple(_changes(*words, is_fine=is_fine)))
    return Diff(tuple(found), is_cut)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text[:MAX_SHOWN].split("\n") if line.strip()]


def _changes(old: Sequence[str], new: Sequence[str], *, is_fine: bool) -> Iterable[Change]:
    if not is_fine or not old or not new:
        yield from _pair(old, new)
        return
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield Change("same", "".join(old[i1:i2]))
        else:
            yield from _pair(old[i1:i2], new[j1:j2])


def _pair(old: Sequence[str], new: Sequence[str]) -> Iterable[Change]:
    if old:
        yield Change("del", "".join(old))
    if new:
        yield Change("ins", "".join(new))
