"""A story read from the store, and what can be concluded from its texts beside each other.

Nothing of it is kept: it is worked out when somebody asks, from the texts and the vectors that
were kept when they were matched, so that it is the same in whatever order they came in and right
after every decision of a person. Readings and comparisons are remembered in the process.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any
from urllib.parse import urlsplit

from worker.domain import ArticleText, Likeness, Lineage, Relation, Rendering, Seed, Told, Watch
from worker.match.matcher import read_article
from worker.match.pairs import TextRows, likeness
from worker.match.reading import Reading
from worker.match.vectorspace import space_of, unpack
from worker.records import StoryText
from worker.sketching import as_article, text_hash_of
from worker.store.store import Store
from worker.story.lineage import lineage
from worker.tuning import with_learnt

MOST_SHOWN = 60
"""Texts of a story that a page looks at; 60 that nobody has looked at before take two seconds."""
MOST_READ = 300
"""The same for the command and the API."""
_ON_EVENT = (Relation.COPY, Relation.TRANSLATION, Relation.SAME_EVENT)
_REMEMBERED = 3_000
_CLOCK = re.compile(r"\d{1,2}[:.h]\d{2}|T\d{2}")
"""A time of day in a date as it was written."""


@dataclass(frozen=True, eq=False)
class Telling:
    """One text of a story: of an article, or of a seed.

    Attributes:
        article: None for a seed. seed: None for an article.
        rows: None where no vectors are kept, or they are of another text.
    """

    told: Told
    reading: Reading
    article: StoryText | None = None
    seed: Seed | None = None
    rows: TextRows | None = None

    @property
    def key(self) -> str:
        """See `worker.domain.Told`."""
        return self.told.key


@dataclass(frozen=True)
class ReadStory:
    """A story with its texts, as far as they are looked at.

    Attributes:
        tellings: seeds first, then articles in the order in which they were told.
        number: how many articles the story has.
        lineage: who may have taken it from whom.
        likenesses: of the pairs that were worth comparing.
        baseline: the seeds that are the nearest ones of its articles, also where these tell of
            another event.
        renderings: of the seeds' names, as far as a person approved them.
    """

    story_id: int
    watch: str
    tellings: tuple[Telling, ...]
    number: int
    lineage: Lineage
    likenesses: tuple[Likeness, ...]
    baseline: tuple[Telling, ...]
    renderings: tuple[Rendering, ...] = ()

    @property
    def head(self) -> dict[str, Any]:
        """What each JSON document about a story begins with; see `docs/columns.md`."""
        return {
            "story_id": self.story_id,
            "watch": self.watch,
            "articles": self.number,
            "looked_at": len(self.articles),
        }

    @property
    def articles(self) -> list[Telling]:
        """Without the seeds."""
        return [one for one in self.tellings if one.article is not None]

    @property
    def seeds(self) -> list[Telling]:
        """The seeds alone."""
        return [one for one in self.tellings if one.seed is not None]

    @property
    def beside(self) -> dict[str, int]:
        """By a seed's id a match whose page shows it: the earliest that it is the nearest of."""
        found: dict[str, int] = {}
        for one in self.articles:
            if one.article is not None:
                found.setdefault(one.article.seed, one.article.match_id)
        return found

    @property
    def by_key(self) -> dict[str, Telling]:
        """All of them by key."""
        return {one.key: one for one in self.tellings}


class Analyst:
    """Reads stories.

    Args:
        store: has them.
        watches: give the texts of the seeds.
    """

    def __init__(self, store: Store, watches: Iterable[Watch]) -> None:
        self._store = store
        self._watches = {watch.name: watch for watch in watches}

    def read(self, story_id: int, limit: int = MOST_READ) -> ReadStory:
        """Read a story and lay its texts beside each other.

        Args:
            story_id: of the story as it is now.
            limit: at most so many of its articles, the earliest.

        Raises:
            NotFoundError: no story has that id.
        """
        story_id = self._store.stories.id_of(story_id)
        texts = self._store.tellings.texts(story_id, limit)
        articles = [_article(text) for text in texts]
        name = texts[0].watch
        known = [self._watches[name]] if name in self._watches else []
        watch = next(iter(with_learnt(self._store, known)), None)
        baseline = self._seeds(watch, {text.seed for text in texts}) if watch is not None else []
        on_event = {text.seed for text in texts if text.relation in _ON_EVENT}
        pages = {_page(text.url) for text in texts}  # of a seed that a feed has brought too
        seeds = [
            one
            for one in baseline
            if one.seed is not None and one.seed.id in on_event
            if not (one.seed.url and _page(one.seed.url) in pages)
        ]
        tellings = [*seeds, *articles]
        found = tuple(_likenesses([one.rows for one in tellings if one.rows is not None]))
        return ReadStory(
            story_id,
            name,
            tuple(tellings),
            self._store.stories.size(story_id),
            lineage([one.told for one in tellings], found),
            found,
            tuple(baseline),
            watch.renderings if watch is not None else (),
        )

    def _seeds(self, watch: Watch, wanted: Collection[str]) -> list[Telling]:
        """Some seeds of a watch as they are now, those that people added among them."""
        kept = {one.rows.seed: one for one in self._store.tellings.seeds(watch.name)}
        found = []
        for seed in watch.seeds:
            if seed.id not in wanted:
                continue
            told = Told(f"seed:{seed.id}", seed.title, seed.text, seed.language, "", seed.url or "",
                        seed.published_at)  # fmt: skip
            reading = _reading(as_article(seed))
            row, rows = kept.get(seed.id), None
            if row is not None and row.rows.text_hash == text_hash_of(seed):
                rows = _rows(told.key, reading, row.encoder, row.rows.rows)
            found.append(Telling(told, reading, seed=seed, rows=rows))
        return found


def _article(text: StoryText) -> Telling:
    told = Told(
        text.key,
        text.title,
        f"{text.text}\n{text.author}",  # "translated by" is often said there
        text.language,
        text.outlet,
        text.url,
        text.published_at,
        is_day_only=bool(text.published_raw) and not _CLOCK.search(text.published_raw),
        seen_at=text.first_seen_at,
    )
    reading = _reading(ArticleText(text.title, text.text, text.language, text.published_at))
    return Telling(told, reading, text, rows=_rows(text.key, reading, text.encoder, text.rows))


@lru_cache(maxsize=_REMEMBERED)
def _reading(article: ArticleText) -> Reading:
    return read_article(article)


@lru_cache(maxsize=_REMEMBERED)
def _rows(key: str, reading: Reading, encoder: str, packed: bytes) -> TextRows | None:
    space = space_of(encoder)
    plain = unpack(packed, len(reading.texts), space)
    return TextRows(key, reading, plain, space) if plain is not None else None


@lru_cache(maxsize=20 * _REMEMBERED)
def _likeness(one: TextRows, other: TextRows) -> Likeness | None:
    return likeness(one, other)


def _likenesses(rows: Sequence[TextRows]) -> list[Likeness]:
    pairs = (
        _likeness(one, other) for one, other in combinations(rows, 2) if one.space is other.space
    )
    return [one for one in pairs if one is not None]


def _page(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}?{parts.query}"
