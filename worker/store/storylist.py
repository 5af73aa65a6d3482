"""Stories as the doors see them: the list of them, and the matches of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from worker.domain import Kind, Relation, Verdict
from worker.errors import InputError, NotFoundError
from worker.records import MatchFilter, StoryEntry, StoryGroup, StoryLine
from worker.store.engine import Database, Row
from worker.store.matches import filtered
from worker.store.schema import article, match, story_member
from worker.store.search import id_column, said_in

MOST_AT_ONCE = 5_000
"""Matches of one story that are decided on at once, at the most."""
_WALK = 500
"""Matches looked at in one step; a page of stories seldom needs a second one."""


class StoryStore:
    """What the doors ask of stories."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def lines(
        self, wanted: MatchFilter, limit: int, shown: int, language: str | None = None
    ) -> list[StoryLine]:
        """The stories of the wanted matches, the one with the newest wanted match first.

        Args:
            wanted: which matches count; `before_id` gives the next page: the stories whose newest
                wanted match is older than that one.
            limit: at most so many stories.
            shown: so many matches of each story are given, the newest ones, and the first one.
            language: the first one in this language is given too.
        """
        with self._db.read() as connection:
            found: dict[int, list[Row]] = {}
            heads = self._heads(connection, wanted, limit, found)
            if not heads:
                return []
            if wanted.text is None:
                groups = self._groups(connection, wanted, list(heads))
                ids = self._shown(connection, wanted, list(heads), shown)
            else:
                left = [story_id for story_id in heads if story_id not in found]
                if left:
                    found |= self._with_words(connection, wanted, left)
                groups, ids = _counted({one: found[one] for one in heads}, shown)
            parts = [part for story in groups.values() for part in story]
            firsts = {part.first for part in parts if part.language == language}
            entries = self._entries(connection, [*firsts.union(ids)])
        return [
            StoryLine(story_id, newest, tuple(groups[story_id]), tuple(entries[story_id]))
            for story_id, newest in heads.items()
        ]

    def _heads(
        self,
        connection: sa.Connection,
        wanted: MatchFilter,
        limit: int,
        searched: dict[int, list[Row]],
    ) -> dict[int, int]:
        """The newest wanted match of each story on a page, in their order.

        Args:
            connection: for reading.
            wanted: as for `lines`.
            limit: at most so many stories.
            searched: gets what `_with_words` has found on the way.
        """
        by = id_column(wanted.text, self._db)
        heads: dict[int, int] = {}
        before, turned_over = wanted.before_id, wanted.before_id
        while len(heads) < limit:
            ids = sa.select(match.c.id, match.c.story_id).order_by(by.desc()).limit(_WALK)
            query = filtered(ids, wanted, self._db).where(match.c.story_id.is_not(None))
            if before is not None:
                query = query.where(by < before)
            rows = connection.execute(query).all()
            found: dict[int, int] = {}
            for row in rows:
                if row.story_id not in heads:
                    found.setdefault(row.story_id, row.id)
            if turned_over is not None:
                for story_id in self._above(connection, wanted, list(found), turned_over, searched):
                    del found[story_id]  # it was on an earlier page
            heads |= found
            if len(rows) < _WALK:
                break
            before = rows[-1].id
        return dict(list(heads.items())[:limit])

    def _above(
        self,
        connection: sa.Connection,
        wanted: MatchFilter,
        stories: Sequence[int],
        before: int,
        searched: dict[int, list[Row]],
    ) -> set[int]:
        """Which of some stories have a wanted match that is not older than `before`."""
        if wanted.text is not None:
            found = self._with_words(connection, wanted, stories)
            searched |= found
            return {story_id for story_id, rows in found.items() if rows[-1].id >= before}
        above = sa.select(match.c.story_id).where(
            match.c.story_id.in_(stories), match.c.id >= before
        )
        return set(connection.execute(filtered(above.distinct(), wanted, self._db)).scalars())

    def _with_words(
        self, connection: sa.Connection, wanted: MatchFilter, stories: Sequence[int]
    ) -> dict[int, list[Row]]:
        """The wanted matches of some stories, oldest first, where words are looked for.

        Read once for all that a page asks of them.
        """
        names = ("id", "story_id", "kind", "language", "verdict", "review_id")
        query = sa.select(*(match.c[name] for name in names)).where(match.c.story_id.in_(stories))
        found: dict[int, list[Row]] = defaultdict(list)
        narrow = filtered(query, replace(wanted, text=None), self._db)
        for row in sorted(connection.execute(said_in(narrow, wanted.text or "")), key=_by_id):
            found[row.story_id].append(row)
        return found

    def _groups(
        self, connection: sa.Connection, wanted: MatchFilter, stories: Sequence[int]
    ) -> dict[int, list[StoryGroup]]:
        columns = (match.c.story_id, match.c.kind, match.c.language)
        query = sa.select(
            *columns,
            sa.func.count().label("number"),
            sa.func.max(match.c.review_id).label("review_id"),
            sa.func.count(match.c.verdict).label("reviewed"),
            sa.func.min(match.c.id).label("first"),
        ).where(match.c.story_id.in_(stories))
        query = filtered(query, wanted, self._db).group_by(*columns)
        found: dict[int, list[StoryGroup]] = defaultdict(list)
        for row in connection.execute(query):
            found[row.story_id].append(
                StoryGroup(
                    kind=Kind(row.kind),
                    language=row.language,
                    number=row.number,
                    reviewed=row.reviewed,
                    review_id=row.review_id,
                    first=row.first,
                )
            )
        return found

    def _shown(
        self, connection: sa.Connection, wanted: MatchFilter, stories: Sequence[int], shown: int
    ) -> list[int]:
        """The newest wanted matches of each story, and the first one."""
        number, story = sa.func.row_number(), match.c.story_id
        ranked = filtered(
            sa.select(
                match.c.id,
                number.over(partition_by=story, order_by=match.c.id.desc()).label("newest"),
                number.over(partition_by=story, order_by=match.c.id).label("oldest"),
            ).where(story.in_(stories)),
            wanted,
            self._db,
        ).subquery()
        is_shown = sa.or_(ranked.c.newest <= shown, ranked.c.oldest == 1)
        return list(connection.execute(sa.select(ranked.c.id).where(is_shown)).scalars())

    def _entries(
        self, connection: sa.Connection, ids: Sequence[int]
    ) -> dict[int, list[StoryEntry]]:
        """Some matches by their story, newest first."""
        query = _select_entries().where(match.c.id.in_(ids)).order_by(match.c.id.desc())
        found: dict[int, list[StoryEntry]] = defaultdict(list)
        for row in connection.execute(query):
            found[row.story_id].append(_entry(row))
        return found

    def id_of(self, match_id: int) -> int:
        """The story that a match is in now.

        Raises:
            NotFoundError: no match has that id, or it is in no story.
        """
        with self._db.read() as connection:
            found: int | None = connection.execute(
                sa.select(match.c.story_id).where(match.c.id == match_id)
            ).scalar()
        if found is None:
            raise NotFoundError(f"{match_id}: no such story")
        return found

    def entries(self, story_id: int, limit: int) -> list[StoryEntry]:
        """The matches of a story in the order in which they were told, earliest first."""
        query = (
            _select_entries()
            .join(story_member, story_member.c.match_id == match.c.id)
            .where(match.c.story_id == story_id)
            .order_by(story_member.c.told_at, match.c.id)
            .limit(limit)
        )
        with self._db.read() as connection:
            return [_entry(row) for row in connection.execute(query)]

    def size(self, story_id: int) -> int:
        """How many matches a story has."""
        with self._db.read() as connection:
            number: int = connection.execute(
                sa.select(sa.func.count()).where(match.c.story_id == story_id)
            ).scalar_one()
        return number

    def seen(self, story_id: int, newest: int, wanted: MatchFilter) -> dict[int, int]:
        """The wanted matches of a story that were there when it was shown, with their reviews.

        Args:
            story_id: of the story as it was shown.
            newest: the id of its newest wanted match at that time.
            wanted: which of its matches count.

        Raises:
            InputError: they are too many for one decision.
        """
        query = sa.select(match.c.id, match.c.review_id).where(
            match.c.story_id == story_id, match.c.id <= newest
        )
        anyhow = replace(wanted, before_id=None)
        query = filtered(query, anyhow, self._db).limit(MOST_AT_ONCE + 1)
        with self._db.read() as connection:
            found = {row.id: row.review_id for row in connection.execute(query)}
        if len(found) > MOST_AT_ONCE:
            raise InputError("story", f"at most {MOST_AT_ONCE} matches can be decided at once")
        return found


def _counted(
    found: dict[int, list[Row]], shown: int
) -> tuple[dict[int, list[StoryGroup]], list[int]]:
    """The matches of stories counted by kind and language, and those that are shown."""
    groups: dict[int, list[StoryGroup]] = {}
    ids: list[int] = []
    for story_id, rows in found.items():
        parts: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in rows:
            parts[row.kind, row.language].append(row)
        groups[story_id] = [
            StoryGroup(
                Kind(kind),
                language,
                len(part),
                sum(row.verdict is not None for row in part),
                max(row.review_id for row in part),
                part[0].id,
            )
            for (kind, language), part in parts.items()
        ]
        ids += {row.id for row in (rows[0], *rows[-shown:])}
    return groups, ids


def _by_id(row: Row) -> int:
    own: int = row.id
    return own


def _select_entries() -> sa.Select[Any]:
    names = ("id", "story_id", "watch", "kind", "relation", "score", "is_suggestion", "language",
             "outlet", "verdict", "review_id", "reviewer", "created_at")  # fmt: skip
    return sa.select(
        *(match.c[name] for name in names),
        *(article.c[name] for name in ("title", "published_at", "first_seen_at", "version")),
    ).join(article, article.c.id == match.c.article_id)


def _entry(row: Row) -> StoryEntry:
    return StoryEntry(
        id=row.id,
        story_id=row.story_id,
        watch=row.watch,
        kind=Kind(row.kind),
        relation=Relation(row.relation),
        score=row.score,
        is_suggestion=row.is_suggestion,
        title=row.title,
        language=row.language,
        outlet=row.outlet,
        published_at=row.published_at,
        first_seen_at=row.first_seen_at,
        created_at=row.created_at,
        version=row.version,
        verdict=Verdict(row.verdict) if row.verdict else None,
        reviewer=row.reviewer,
        review_id=row.review_id,
    )
