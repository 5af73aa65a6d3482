"""Baseline and news: what the coverage of a story says that the seeds do not, and the other way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from worker.analysis.facts import facts_of
from worker.analysis.quotes import quotes_of
from worker.analysis.stories import MOST_SHOWN, Analyst, ReadStory, Telling
from worker.locales import spoken
from worker.match.evidence import NO_COUNTERPART
from worker.match.figures import dates, is_telling, numbers
from worker.match.nameindex import NameIndex
from worker.match.names import Name, find_names
from worker.match.passages import width
from worker.match.places import mentions
from worker.match.skeleton import fold
from worker.records import Brief, FactKind, MatchFilter, SeedShare, StoryBrief, Teller, ToldFact
from worker.store.store import Store

MOST_STORIES = 30
MOST_ARTICLES = 200
"""Articles that one briefing looks at; the stories after that are left out, and it says so."""
SAYS_THE_SAME = 0.5
"""Plain similarity from which two passages say the same: of passages of translations 75% lie above
.45, of passages of unrelated news 98% below .27 (`match.evidence`)."""
_PASSAGE_WIDTH = 40
"""Width from which an addition is a passage; names and figures in their context are shorter."""
_MOST_WORDS = 5
"""Words of a name; what has more is mostly a headline or two names."""
_QUOTED = re.compile(r"[«„“”\"「『]([^«»„“”\"「」『』]{12,})[»“”\"」』]")
_ORDER = list(FactKind)
_REMEMBERED = 3_000


@dataclass
class _Fact:
    """Something that is told, with who tells it and in which passage."""

    kind: FactKind
    text: str
    language: str
    told: dict[str, str] = field(default_factory=dict)
    beside: int | None = None


@dataclass(frozen=True)
class Period:
    """Of what a briefing is: any watch and any time where nothing is said."""

    watch: str | None = None
    since: datetime | None = None


def brief_of(analyst: Analyst, store: Store, period: Period, now: datetime) -> Brief:
    """Brief on the stories in which something was found in a period.

    Args:
        analyst: reads them.
        store: has them.
        period: that is wanted.
        now: when it is made.
    """
    wanted = MatchFilter(watch=period.watch, since=period.since)
    lines = store.stories.lines(wanted, MOST_STORIES + 1, 1)
    stories: list[StoryBrief] = []
    looked_at = 0
    for line in lines[:MOST_STORIES]:
        if looked_at >= MOST_ARTICLES:
            break
        read = analyst.read(line.story_id, MOST_SHOWN)
        stories.append(story_brief(read, period.since))
        looked_at += len(read.articles)
    return Brief(now, period.since, period.watch, tuple(stories), len(stories) < len(lines))


def story_brief(story: ReadStory, since: datetime | None = None) -> StoryBrief:
    """Brief on one story.

    Args:
        story: with its texts.
        since: only what articles tell that were first seen from then on.
    """
    group = _groups(story)
    facts = [_told_fact(one, story, group) for one in _new_facts(story)]
    if since is not None:
        late = {
            one.article.match_id
            for one in story.articles
            if one.article is not None and one.article.first_seen_at >= since
        }
        facts = [one for one in facts if any(teller.match_id in late for teller in one.tellers)]
    facts = _ranked(facts)
    said = [_told_fact(one, story, group, is_seeds=True) for one in _seed_passages(story)]
    own = (one for one in story.articles if one.told.language == spoken())
    first = next(own, story.articles[0])
    return StoryBrief(
        story_id=story.story_id,
        watch=story.watch,
        title=first.told.title,
        language=first.told.language,
        articles=story.number,
        looked_at=len(story.articles),
        independent=len({group[one.key] for one in story.articles}),
        languages=tuple(dict.fromkeys(one.told.language for one in story.articles)),
        facts=tuple(facts),
        repeated=tuple(sorted((one for one in said if one.independent > 1), key=_most_first)),
        silent=tuple(one for one in said if not one.tellers),
        shares=tuple(_share(one, story) for one in story.articles),
        quotes=tuple(one for one in quotes_of(story) if one.independent > 1),
        conflicts=tuple(one for one in facts_of(story) if one.is_conflict),
    )


def _ranked(facts: Sequence[ToldFact]) -> list[ToldFact]:
    """What most say first; of the rest each article's first line before any one's second."""
    told_before: Counter[tuple[int, FactKind]] = Counter()
    keys = []
    for number, one in enumerate(facts):
        turn = one.tellers[0].match_id, one.kind
        keys.append((-one.independent, told_before[turn], _ORDER.index(one.kind), number))
        told_before[turn] += 1
    return [facts[key[-1]] for key in sorted(keys)]


def _most_first(fact: ToldFact) -> int:
    return -fact.independent


def _groups(story: ReadStory) -> dict[str, str]:
    """The text that each article is a version of: copies and translations count once."""
    found = {one.key: one.key for one in story.tellings}
    for family in story.lineage.families:
        found |= dict.fromkeys(family, family[0])
    return found


def _new_facts(story: ReadStory) -> list[_Fact]:
    """What articles say and seeds do not, each thing once, with all who say it."""
    articles = sorted(story.articles, key=lambda one: story.lineage.order.index(one.key))
    facts: list[_Fact] = []
    claimed: set[tuple[str, str]] = set()
    for one in articles:
        for addition in one.article.adds if one.article is not None else ():
            if (one.key, addition) in claimed:
                continue
            fact = _fact(addition, one)
            if fact is None or _is_known(fact, story.baseline):
                continue
            said_by = _finder(fact, one)
            for other in articles:
                passage = addition if other is one else said_by(other)
                if passage:
                    fact.told[other.key] = _around(passage, other) if other is one else passage
                    claimed |= {(other.key, passage), (other.key, _same_addition(fact, other))}
            facts.append(fact)
    return facts


def _fact(addition: str, one: Telling) -> _Fact | None:
    """What an addition is; None for what says nothing without its passage."""
    language = one.reading.language
    if width(addition) >= _PASSAGE_WIDTH:
        kind = FactKind.QUOTATION if _QUOTED.search(addition) else FactKind.PASSAGE
        return _Fact(kind, addition, language)
    if dates(addition, language):
        return _Fact(FactKind.DATE, addition, language)
    if any(is_telling(value) for value in numbers(addition, language)):
        return _Fact(FactKind.FIGURE, addition, language)
    name = _name(addition)
    is_long = name.words > _MOST_WORDS or any(c.isdigit() for c in addition)
    if is_long or not (name.words > 1 or name.is_acronym) or mentions(addition, language):
        return None  # a small number, a single word, half a headline, a country's government
    if not any(addition in passage.text for passage in one.reading.passages):
        return None  # of the title alone, where much has capitals
    return _Fact(FactKind.NAME, addition, language)


def _is_known(fact: _Fact, seeds: Sequence[Telling]) -> bool:
    """Whether a name is a seed's, but for a title before it: "Dkt Mwanajuma Chivatsi"."""
    if fact.kind is not FactKind.NAME:
        return False
    rest = _name(fact.text.partition(" ")[2])
    names = [_name(fact.text), *([rest] if rest.words > 1 else [])]
    return any(seed.reading.name_index.has(name) for name in names for seed in seeds)


def _name(text: str) -> Name:
    return Name(text, fold(text), 1)


def _finder(fact: _Fact, one: Telling) -> Callable[[Telling], str]:
    """How to find the passage of another article that says the same; empty if none does."""
    language = one.reading.language
    if fact.kind in (FactKind.PASSAGE, FactKind.QUOTATION):
        # what has a counterpart in a seed is not the same news, though it may be of the same matter
        return lambda other: (
            _counterpart(fact.text, one, other, other.article.adds)
            if other.article is not None and other.article.adds
            else ""
        )
    if fact.kind is FactKind.DATE:
        days = set(dates(fact.text, language))
        return lambda other: next(
            (
                _around(text, other)
                for day, text in other.reading.dates.items()
                if any(day.agrees_with(known) for known in days)
            ),
            "",
        )
    if fact.kind is FactKind.FIGURE:
        values = [value for value in numbers(fact.text, language) if is_telling(value)]
        return lambda other: next(
            (
                _around(other.reading.all_numbers[value], other)
                for value in values
                if value in other.reading.all_numbers
            ),
            "",
        )
    name = _name(fact.text)
    return lambda other: _naming(name, other)


def _counterpart(passage: str, one: Telling, other: Telling, among: Sequence[str] = ()) -> str:
    """The passage of another article that says the same; one of a few, if some are given."""
    texts = [p.text for p in one.reading.passages]
    if one.rows is None or other.rows is None or passage not in texts:
        return ""
    if one.rows.space is not other.rows.space:
        return ""
    near = other.rows.body @ one.rows.body[texts.index(passage)]
    best = int(near.argmax())
    found = [p.text for p in other.reading.passages]
    is_same = float(near[best]) >= SAYS_THE_SAME and best < len(found)
    return found[best] if is_same and (not among or found[best] in among) else ""


def _around(text: str, one: Telling) -> str:
    """The passage that a few words stand in; the words themselves if none."""
    return next((p.text for p in one.reading.passages if text in p.text), text)


def _naming(name: Name, other: Telling) -> str:
    """The passage that has a name, in whatever script, or else the title; empty if neither has.

    The consonants of a name may well stand in a row across two passages by chance.
    """
    if not other.reading.name_index.has(name):
        return ""
    texts = (*(passage.text for passage in other.reading.passages), other.told.title)
    return next((text for text in texts if _index_of(text).has(name)), "")


@lru_cache(maxsize=_REMEMBERED)
def _index_of(text: str) -> NameIndex:
    return NameIndex([text], lambda: find_names([text]))


def _same_addition(fact: _Fact, other: Telling) -> str:
    """The addition of another article that is the same name or figure; empty if none."""
    adds = other.article.adds if other.article is not None else ()
    return next((one for one in adds if fold(one) == fold(fact.text)), "")


def _seed_passages(story: ReadStory) -> list[_Fact]:
    """The passages of the seeds, with the articles that repeat them."""
    found = []
    for seed in story.seeds:
        beside = story.beside.get(seed.seed.id) if seed.seed is not None else None
        for passage in seed.reading.passages:
            fact = _Fact(FactKind.PASSAGE, passage.text, seed.reading.language, beside=beside)
            for other in story.articles:
                said = _counterpart(passage.text, seed, other)
                if said:
                    fact.told[other.key] = said
            if seed.rows is not None:
                found.append(fact)
    return found


def _told_fact(
    fact: _Fact, story: ReadStory, group: dict[str, str], *, is_seeds: bool = False
) -> ToldFact:
    by_key = story.by_key
    tellers = []
    for key in sorted(fact.told, key=story.lineage.order.index):
        one = by_key[key].article
        if one is not None:
            told_at = min(one.published_at or one.first_seen_at, one.first_seen_at)
            tellers.append(Teller(one.match_id, one.outlet, one.language, told_at, fact.told[key]))
    is_whole = fact.kind in (FactKind.PASSAGE, FactKind.QUOTATION) and tellers
    return ToldFact(
        fact.kind,
        tellers[0].passage if is_whole and not is_seeds else fact.text,
        tellers[0].language if is_whole and not is_seeds else fact.language,
        len({group[key] for key in fact.told}),
        tuple(tellers),
        fact.beside,
    )


def _share(one: Telling, story: ReadStory) -> SeedShare:
    """The share of an article's text that some seed of the story has too."""
    best = _nearest(story.baseline, one)
    share = None
    if best is not None and one.rows is not None:
        widths = one.rows.widths
        share = float(widths[best >= NO_COUNTERPART].sum() / widths.sum())
    match_id = one.article.match_id if one.article is not None else 0
    return SeedShare(match_id, one.told.title, one.told.outlet, one.told.language, share)


def _nearest(seeds: Sequence[Telling], one: Telling) -> NDArray[np.float32] | None:
    rows = [
        seed.rows.body
        for seed in seeds
        if seed.rows is not None and one.rows is not None and seed.rows.space is one.rows.space
    ]
    if not rows or one.rows is None:
        return None
    nearest: NDArray[np.float32] = (one.rows.body @ np.concatenate(rows).T).max(axis=1)
    return nearest
