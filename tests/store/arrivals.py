"""Articles that come into a store one by one or a few at a time, as the pipeline stores them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from tests.fakes import FakeClock
from tests.story.members import BEGIN
from worker.domain import (
    DetectedLanguage,
    FeedConfig,
    Kind,
    Match,
    Outcome,
    Place,
    Relation,
    Sketch,
    TextSource,
    Validators,
)
from worker.records import ArticleResult, NewEntry, PollResult, StoryMember
from worker.store.feeds import hash_of
from worker.store.schema import article, match, story_member
from worker.store.store import Store
from worker.story.grouping import Grouping

URL = "https://news.example/rss"
RULE = Grouping()
_RELATIONS = {
    Kind.COPY: Relation.COPY,
    Kind.TRANSLATION: Relation.TRANSLATION,
    Kind.SAME_EVENT: Relation.SAME_EVENT,
}


@dataclass(frozen=True)
class Seen:
    """A stored match: the article's key, its story and kind."""

    id: int
    key: str
    story_id: int | None
    component: int | None
    kind: str | None


def poll(store: Store, clock: FakeClock, members: Sequence[StoryMember]) -> dict[str, int]:
    """Bring articles in through a feed, after they were published; their ids by key."""
    clock.now = max(clock(), BEGIN + timedelta(days=400))
    store.feeds.sync({"kelp": [FeedConfig(URL)]})
    store.feeds.poll_now()
    (job,) = store.feeds.claim([store.feeds.find(URL)])
    entries = tuple(_entry(one) for one in members)
    later = clock() + timedelta(minutes=20)
    ids = store.feeds.finish_poll(
        PollResult(job, Outcome.OK, later, True, entries=entries, validators=Validators())
    )
    assert ids is not None
    with store.database.read() as connection:
        rows = connection.execute(sa.select(article.c.id, article.c.key_hash)).all()
    keys = {row.key_hash: row.id for row in rows}
    return {one.key: keys[hash_of(one.key)] for one in members}


def arrive(
    store: Store,
    clock: FakeClock,
    members: Sequence[StoryMember],
    *,
    rule: Grouping = RULE,
    relation: Relation | None = None,
) -> None:
    """Store articles in one transaction, found as the members say."""
    ids = poll(store, clock, members)
    finish(store, ids, members, rule=rule, relation=relation)


def finish(
    store: Store,
    ids: dict[str, int],
    members: Sequence[StoryMember],
    *,
    rule: Grouping = RULE,
    relation: Relation | None = None,
    text: str = "text",
) -> None:
    """Claim articles, perhaps once more, and store in one transaction what was found."""
    results = results_of(store, ids, members, relation=relation, text=text)
    assert len(store.articles.finish(results, {}, rule=rule)) == len(members)


def results_of(
    store: Store,
    ids: dict[str, int],
    members: Sequence[StoryMember],
    *,
    relation: Relation | None = None,
    text: str = "text",
) -> list[ArticleResult]:
    """Claim articles and say what was found, without storing it."""
    with store.database.write() as connection:
        connection.execute(article.update().values(state="pending", due_at=BEGIN))
    jobs = {job.id: job for job in store.articles.claim(ids[one.key] for one in members)}
    return [
        ArticleResult(
            jobs[ids[one.key]],
            Outcome.MATCHED,
            title=one.key,
            text=text,
            text_source=TextSource.PAGE,
            language=DetectedLanguage(one.language, 0.9),
            published_at=one.told_at,
            content_hash=hash_of(one.key + text),
            matches=(_match(one, relation),),
            sketch=Sketch({"kelp": Place(one.anchor, one.base_kind)}, one.vector, one.encoder),
        )
        for one in members
    ]


def stored(store: Store) -> list[Seen]:
    """All matches as they are grouped now."""
    columns = (
        match.c.id,
        article.c.title,
        match.c.story_id,
        story_member.c.component,
        match.c.kind,
    )
    query = (
        sa.select(*columns)
        .join(article, article.c.id == match.c.article_id)
        .outerjoin(story_member, story_member.c.match_id == match.c.id)
        .order_by(match.c.id)
    )
    with store.database.read() as connection:
        return [Seen(*row) for row in connection.execute(query)]


def groups(rows: Iterable[Seen]) -> set[frozenset[str]]:
    """The stories as sets of the articles' keys."""
    rows = list(rows)
    names = {row.story_id for row in rows if row.story_id is not None}
    assert all(min(row.id for row in rows if row.story_id == name) == name for name in names)
    return {frozenset(row.key for row in rows if row.story_id == name) for name in names}


def _entry(one: StoryMember) -> NewEntry:
    return NewEntry(
        entry_hash=hash_of(one.key),
        key_hash=hash_of(one.key),
        change_hash=hash_of(one.key),
        url=f"https://news.example/{hash_of(one.key)[:12]}",
        title=one.key,
        text="",
        author=None,
        language=one.language,
        outlet="The News",
        published_at=one.told_at,
        published_raw=None,
    )


def _match(one: StoryMember, relation: Relation | None) -> Match:
    return Match(
        watch="kelp",
        seed="en.md",
        relation=relation or _RELATIONS.get(one.base_kind, Relation.SAME_TOPIC),
        score=0.9,
        matcher_version="m1",
        encoder="none",
    )
