"""Direct speech in a text, by the quotation marks of all languages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.match.passages import width
from worker.match.reading import Reading

LEAST = 25
"""Width from which words in quotation marks are speech: what is shorter is mostly a title or a
word held at a distance."""
_MOST = 1_500
_MARKS = re.compile(
    r"«(?P<a>[^«»]+)»|»(?P<b>[^«»]+)«|[„‚](?P<c>[^„“”‟\"]+)[“”‟\"]|“(?P<d>[^“”]+)”"
    r"|(?<!\w)\"(?P<e>[^\"]+)\"(?!\w)|「(?P<f>[^「」]+)」|『(?P<g>[^『』]+)』|”(?P<h>[^“”]+)”"
)


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words in quotation marks.

    Attributes:
        text: without its marks.
        passage: in which it begins. start, end: of the text in that passage, cut at its end.
        last: the passage in which it ends. stop: where it ends in that one.
    """

    text: str
    passage: int
    last: int
    start: int
    end: int
    stop: int


def quotations(reading: Reading) -> list[Quotation]:
    """Return the direct speech of a text, in its order; it may go on over several passages."""
    joined, starts = "", []
    for passage in reading.passages:
        starts.append(len(joined))
        joined += passage.text + "\n"
    found = []
    for match in _MARKS.finditer(joined):
        begin, end = match.span(match.lastgroup or 0)
        if width(joined[begin:end]) < LEAST or end - begin > _MOST:
            continue
        first, last = _place(starts, begin), _place(starts, end)
        cut = min(end - starts[first], len(reading.passages[first].text))
        text = " ".join(joined[begin:end].split())
        start, stop = begin - starts[first], end - starts[last]
        found.append(Quotation(text, first, last, start, cut, stop))
    return found


def _place(starts: list[int], at: int) -> int:
    return max(place for place, start in enumerate(starts) if start <= at)
