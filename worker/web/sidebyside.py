"""Article and seed side by side: which stretch of the one goes with which stretch of the other.

The evidence of a match quotes passages with their white space collapsed and noise taken out, so a
passage is looked for by its letters and digits alone. What cannot be found in the stored text is
not lost: it comes back in `loose`, to be shown as a pair of quotations.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from worker.domain import Seed
from worker.web.locate import MAX_SHOWN, SearchableText, Span, letters

_MIN_PASSAGE = 24
"""Letters from which an addition counts as a passage; shorter ones are names and figures."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A number beside a passage that leads to its counterpart.

    Attributes:
        target: the counterpart's id on the page.
    """

    label: str
    target: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a paragraph.

    Attributes:
        kind: "text", "pair" (has a counterpart) or "new" (an addition of the article).
        id: unique on the page; on the longest piece of a passage, empty on the others.
        partners: ids of the counterparts.
        badges: where the id is.
    """

    text: str
    kind: str = "text"
    id: str = ""
    partners: tuple[str, ...] = ()
    badges: tuple[Badge, ...] = ()


Paragraph = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Two passages that say the same, quoted; similarity 0..1."""

    article: str
    seed: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Addition:
    """Something that only the article has; `id` is where it stands on the page, or empty."""

    text: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class SeedText:
    """A seed's text, cut where passages of the article go with it."""

    seed: Seed
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The texts, cut where they go together.

    Attributes:
        article: paragraphs; the first one is the title where there is one.
        seeds: the nearest one, then the others that have a passage in common with the article.
        pairs: how many passages of the article have a counterpart that is shown.
        loose: pairs that were not found in the stored texts.
        new_passages, new_facts: what the article adds, long and short.
        is_cut: a text was too long to be shown whole.
    """

    article: tuple[Paragraph, ...]
    seeds: tuple[SeedText, ...]
    pairs: int
    loose: tuple[Quote, ...]
    new_passages: tuple[Addition, ...]
    new_facts: tuple[str, ...]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class _Pair:
    """Where two passages that say the same stand: `here` in the article, `there` in a seed."""

    here: Span
    seed: int
    there: Span

    def fits(self, others: Iterable[_Pair]) -> bool:
        """Whether both passages can be marked beside the others: no two marks overlap."""
        return not any(
            self.here.clashes(other.here)
            or (self.seed == other.seed and self.there.clashes(other.there))
            for other in others
        )


@dataclass(slots=True)
class _Marked:
    """A passage to be marked in one of the texts."""

    span: Span
    kind: str
    id: str
    partners: list[str] = field(default_factory=list)
    badges: list[Badge] = field(default_factory=list)


def side_by_side(
    title: str,
    text: str,
    seeds: Sequence[Seed],
    evidence: Iterable[Mapping[str, Any]],
    adds: Sequence[str],
) -> SideBySide:
    """Cut an article and its seeds where their passages go together.

    Args:
        title: the article's, as stored.
        text: the article's, as stored.
        seeds: those of the watch, the nearest one first; none where they are gone.
        evidence: aligned passages (article, seed, similarity) as stored with the match.
        adds: what the article adds, as stored with the match.
    """
    article = SearchableText(title, text)
    others = [SearchableText(seed.title, seed.text) for seed in seeds]
    found: list[_Pair] = []
    loose: list[Quote] = []
    for item in evidence:
        quote = Quote(str(item["article"]), str(item["seed"]), float(item["similarity"]))
        pair = _locate(quote, article, others)
        if pair and pair.fits(found):
            found.append(pair)
        else:
            loose.append(quote)
    left, right = _marks(found, len(seeds))
    passages, facts = _additions(article, left, adds)
    return SideBySide(
        article=_paragraphs(article.shown, left),
        seeds=tuple(
            SeedText(seed, _paragraphs(other.shown, marks))
            for number, (seed, other, marks) in enumerate(zip(seeds, others, right, strict=True))
            if marks or number == 0
        ),
        pairs=sum(mark.kind == "pair" for mark in left),
        loose=tuple(loose),
        new_passages=passages,
        new_facts=facts,
        is_cut=max(len(text), *(len(seed.text) for seed in seeds), 0) > MAX_SHOWN,
    )


def _locate(quote: Quote, article: SearchableText, seeds: Sequence[SearchableText]) -> _Pair | None:
    """Where a pair of passages stands; the seed's may be in any of the seeds."""
    here = article.find(quote.article)
    if here is None:
        return None
    for number, seed in enumerate(seeds):
        there = seed.find(quote.seed)
        if there is not None:
            return _Pair(here, number, there)
    return None


def _marks(found: Sequence[_Pair], seeds: int) -> tuple[list[_Marked], list[list[_Marked]]]:
    """Number the pairs in the order of the article; one passage may have several counterparts.

    Returns:
        The marks of the article, and those of each seed.
    """
    heres = sorted({pair.here for pair in found})
    theres = sorted({(pair.seed, pair.there) for pair in found})
    left = {span: _Marked(span, "pair", f"a{n}") for n, span in enumerate(heres, 1)}
    right = {place: _Marked(place[1], "pair", f"s{n}") for n, place in enumerate(theres, 1)}
    for pair in dict.fromkeys(found):
        one, two = left[pair.here], right[pair.seed, pair.there]
        one.partners.append(two.id)
        two.partners.append(one.id)
    for mark in left.values():
        mark.badges.append(Badge(mark.id[1:], mark.partners[0]))
    for mark in right.values():
        mark.partners.sort(key=lambda name: int(name[1:]))
        mark.badges += [Badge(name[1:], name) for name in mark.partners]
    return list(left.values()), [
        [mark for (seed, _), mark in right.items() if seed == number] for number in range(seeds)
    ]


def _additions(
    article: SearchableText, marks: list[_Marked], adds: Sequence[str]
) -> tuple[tuple[Addition, ...], tuple[str, ...]]:
    """Sort the additions into passages and facts, and mark the passages where they stand."""
    passages: list[Addition] = []
    facts: list[str] = []
    for text in dict.fromkeys(adds):
        if len(letters(text)) < _MIN_PASSAGE:
            facts.append(text)
            continue
        span = article.find(text)
        if span is None or any(span == m.span or span.clashes(m.span) for m in marks):
            passages.append(Addition(text))
            continue
        name = f"n{len(passages) + 1}"
        marks.append(_Marked(span, "new", name))
        passages.append(Addition(text, name))
    marks.sort(key=lambda mark: mark.span)
    return tuple(passages), tuple(facts)


def _paragraphs(text: str, marks: Sequence[_Marked]) -> tuple[Paragraph, ...]:
    """Cut a text into paragraphs, and those where a mark begins or ends."""
    starts = [mark.span.start for mark in marks]
    found: list[Paragraph] = []
    offset = 0
    for line in text.split("\n"):
        end = offset + len(line)
        if line.strip():
            first = max(bisect_right(starts, offset) - 1, 0)
            found.append(tuple(_pieces(text, Span(offset, end), marks[first:])))
        offset = end + 1
    return tuple(found)


def _pieces(text: str, line: Span, marks: Sequence[_Marked]) -> Iterable[Piece]:
    at = line.start
    for mark in marks:
        start, end = max(mark.span.start, line.start), min(mark.span.end, line.end)
        if start >= line.end:
            break
        if start >= end or not text[start:end].strip():
            continue
        if at < start:
            yield Piece(text[at:start])
        is_main = _is_main(text, mark.span, start)
        yield Piece(
            text[start:end],
            mark.kind,
            mark.id if is_main else "",
            tuple(mark.partners),
            tuple(mark.badges) if is_main else (),
        )
        at = end
    if at < line.end:
        yield Piece(text[at : line.end])


def _is_main(text: str, span: Span, start: int) -> bool:
    """Whether the piece at `start` is a passage's longest (it may begin in a heading)."""
    at, best, longest = span.start, span.start, 0
    for line in text[span.start : span.end].split("\n"):
        if len(line) > longest:
            best, longest = at, len(line)
        at += len(line) + 1
    return start == best
