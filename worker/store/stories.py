"""Stories of matches, kept in the transaction of whatever changes them.

The rule that groups is pure and comes from the room `story`; what it is applied to is read here
under one lock a watch, so that two workers who store two articles of one story at the same time
cannot miss each other. A new article costs one look at its neighbours; where an article leaves,
changes, or a person has decided, what hangs together with it is grouped anew.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain import Kind, Place, Relation, Sketch
from worker.records import Placed, StoryLink, StoryMember, StoryRule
from worker.store.engine import Database, Row, chunks
from worker.store.schema import article, match, story_decision, story_member

_BY_RELATION = {
    Relation.COPY: Kind.COPY,
    Relation.TRANSLATION: Kind.TRANSLATION,
    Relation.SAME_EVENT: Kind.SAME_EVENT,
}
Loose = set[tuple[str, int]]
"""Watches and components that have lost a match."""


_MATCHES_OF = (
    sa.select(match.c.id, match.c.watch, match.c.relation, match.c.article_id, match.c.language)
    .where(match.c.article_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(match.c.id)
)


class EachAlone:
    """The rule of a store that is not told one: every match is a story."""

    window = timedelta(0)

    def links(
        self, new: Sequence[StoryMember], known: Sequence[StoryMember]
    ) -> Sequence[StoryLink]:
        """No links."""
        return ()

    def kind(self, member: StoryMember, links: Sequence[StoryLink]) -> Kind:
        """What it was."""
        return member.kind

    def partition(self, members: Sequence[StoryMember]) -> Mapping[int, Placed]:
        """Each alone."""
        return {one.id: Placed(one.id, one.id, one.base_kind) for one in members}


EACH_ALONE = EachAlone()


class StoryKeeper:
    """Keeps the stories of what one transaction changes.

    Args:
        database: for its locks.
        connection: of the transaction.
        rule: which matches tell one story.
    """

    def __init__(self, database: Database, connection: sa.Connection, rule: StoryRule) -> None:
        self._db = database
        self._connection = connection
        self._rule = rule

    def settle(self, sketches: Mapping[int, Sketch | None], loose: Loose) -> None:
        """Give every match of some articles its story.

        Args:
            sketches: of the articles, by their id; without one a match is alone.
            loose: what other articles of this transaction have left.
        """
        rows = self._connection.execute(_MATCHES_OF, {"ids": list(sketches)}).all()
        by_watch: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            by_watch[row.watch].append(row)
        watches = sorted({*by_watch, *(watch for watch, _ in loose)})
        for watch in watches:  # all locks before any work, in one order
            self.hold(self._db, self._connection, watch)
        for watch in watches:
            changed, was_in = self._store_members(watch, by_watch[watch], sketches)
            was_in |= {component for name, component in loose if name == watch}
            if changed or was_in:
                self._regroup(watch, changed, was_in)

    @staticmethod
    def hold(database: Database, connection: sa.Connection, watch: str) -> None:
        """Hold a watch's stories until the transaction ends; SQLite's writer is alone anyhow."""
        if not database.is_sqlite:
            digest = hashlib.blake2b(f"story:{watch}".encode(), digest_size=8).digest()
            key = int.from_bytes(digest, "big", signed=True)
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))

    def _store_members(
        self, watch: str, rows: Iterable[Row], sketches: Mapping[int, Sketch | None]
    ) -> tuple[list[int], set[int]]:
        """Keep what is known of matches; which of them have changed, and where they were before."""
        rows = list(rows)
        known = {
            row.match_id: row
            for row in self._connection.execute(
                sa.select(story_member).where(story_member.c.match_id.in_([row.id for row in rows]))
            )
        }
        told = {
            row.id: min(row.published_at or row.first_seen_at, row.first_seen_at)
            for row in self._connection.execute(
                sa.select(article.c.id, article.c.published_at, article.c.first_seen_at).where(
                    article.c.id.in_({row.article_id for row in rows})
                )
            )
        }
        sides = sides_of(self._connection, [row.id for row in rows if row.id not in known])
        changed: list[int] = []
        was_in: set[int] = set()
        for row in rows:
            before = known.get(row.id)
            if row.relation == Relation.UNRELATED:
                if before is not None:
                    was_in.add(before.component)
                    self._remove(row.id)
                continue
            values = _values(row, sketches[row.article_id], told[row.article_id])
            if before is None:
                self._connection.execute(
                    story_member.insert().values(
                        match_id=row.id,
                        watch=watch,
                        component=row.id,
                        side=sides.get(row.id),
                        **values,
                    )
                )
                changed.append(row.id)
            elif any(getattr(before, name) != value for name, value in values.items()):
                self._connection.execute(
                    story_member.update().where(story_member.c.match_id == row.id).values(**values)
                )
                was_in.add(before.component)
                changed.append(row.id)
        return changed, was_in

    def _remove(self, match_id: int) -> None:
        self._connection.execute(story_member.delete().where(story_member.c.match_id == match_id))
        self._connection.execute(
            match.update().where(match.c.id == match_id).values(story_id=None, kind=None)
        )

    def _regroup(self, watch: str, changed: Sequence[int], was_in: set[int]) -> None:
        """Find the stories of changed matches, and of what hung together with them before."""
        new = self._members(story_member.c.match_id.in_(changed)) if changed else []
        known = self._neighbours(watch, new)
        links = self._rule.links(new, known)
        reached = {one.component for link in links for one in (link.one, link.other)}
        reached |= {one.component for one in new}
        if was_in or self._has_sides(reached):
            self.regroup(reached | was_in)
        else:
            self._join(new, known, links)

    def regroup(self, components: Collection[int]) -> None:
        """Group everything in some components anew."""
        members = self._members(story_member.c.component.in_(sorted(components)))
        placed = self._rule.partition(members)
        for member in members:
            self._place(member, placed[member.id])

    def _place(self, member: StoryMember, to: Placed) -> None:
        if member.component != to.component:
            self._connection.execute(
                story_member.update()
                .where(story_member.c.match_id == member.id)
                .values(component=to.component)
            )
        if (member.story_id, member.kind) != (to.story_id, to.kind):
            self._connection.execute(
                match.update()
                .where(match.c.id == member.id)
                .values(story_id=to.story_id, kind=to.kind)
            )

    def _join(
        self,
        new: Sequence[StoryMember],
        known: Sequence[StoryMember],
        links: Sequence[StoryLink],
    ) -> None:
        """Put new matches to what they are linked with, where that only makes groups larger."""
        groups = _joined(links, new)
        touched: dict[int, list[StoryLink]] = defaultdict(list)
        for link in links:
            if link.is_same_text:
                touched[link.one.id].append(link)
                touched[link.other.id].append(link)
        for old, target in sorted(groups.items()):
            if old != target:
                self._connection.execute(
                    match.update().where(match.c.story_id == old).values(story_id=target)
                )
                self._connection.execute(
                    story_member.update()
                    .where(story_member.c.component == old)
                    .values(component=target)
                )
        fresh = {member.id for member in new}
        for member in {one.id: one for one in (*known, *new)}.values():
            kind = self._rule.kind(member, touched[member.id])
            if member.id in fresh:
                target = groups[member.component]
                self._connection.execute(
                    match.update().where(match.c.id == member.id).values(story_id=target, kind=kind)
                )
            elif kind is not member.kind:
                self._connection.execute(
                    match.update().where(match.c.id == member.id).values(kind=kind)
                )

    def _neighbours(self, watch: str, new: Sequence[StoryMember]) -> list[StoryMember]:
        """The matches that new ones may be linked with, those excepted."""
        if not new:
            return []
        own = {member.id for member in new}
        times = [member.told_at for member in new]
        mine = story_member.c.watch == watch
        found = self._members(
            mine,
            story_member.c.told_at >= min(times) - self._rule.window,
            story_member.c.told_at <= max(times) + self._rule.window,
        )
        # all that have one anchor, or are on one side, hang together already: one of them will do
        for column, values in (
            (story_member.c.anchor, {member.anchor for member in new}),
            (story_member.c.side, {member.side for member in new}),
        ):
            for value in values - {None}:
                not_own = story_member.c.match_id.not_in(own)
                found += self._members(mine, column == value, not_own, limit=1)
        return [member for member in found if member.id not in own]

    def _has_sides(self, components: Collection[int]) -> bool:
        query = (
            sa.select(story_member.c.match_id)
            .where(
                story_member.c.component.in_(sorted(components)), story_member.c.side.is_not(None)
            )
            .limit(1)
        )
        return self._connection.execute(query).first() is not None

    def _members(
        self, *conditions: sa.ColumnElement[bool], limit: int | None = None
    ) -> list[StoryMember]:
        query = (
            sa.select(story_member, match.c.story_id, match.c.kind, article.c.key_hash)
            .join(match, match.c.id == story_member.c.match_id)
            .join(article, article.c.id == match.c.article_id)
            .where(*conditions)
            .limit(limit)
        )
        return [_member(row) for row in self._connection.execute(query)]


def components_of(connection: sa.Connection, match_ids: Collection[int]) -> Loose:
    """The watches and components that matches are in; ask before they are deleted."""
    found: Loose = set()
    for part in chunks(sorted(match_ids)):
        rows = connection.execute(
            sa.select(story_member.c.watch, story_member.c.component).where(
                story_member.c.match_id.in_(part)
            )
        )
        found |= {(row.watch, row.component) for row in rows}
    return found


def sides_of(connection: sa.Connection, match_ids: Collection[int]) -> dict[int, int]:
    """What a person last said that matches belong to, where anybody did."""
    rows = connection.execute(
        sa.select(story_decision.c.match_id, story_decision.c.side)
        .where(story_decision.c.match_id.in_(match_ids))
        .order_by(story_decision.c.id)
    )
    return {row.match_id: row.side for row in rows}


def move_decisions(connection: sa.Connection, from_id: int, to_id: int) -> None:
    """Give what a person said of a match's story to the match that takes its place."""
    decided = story_decision.c.match_id
    connection.execute(story_decision.update().where(decided == from_id).values(match_id=to_id))
    side = (
        sa.select(story_member.c.side).where(story_member.c.match_id == from_id).scalar_subquery()
    )
    connection.execute(
        story_member.update()
        .where(story_member.c.match_id == to_id, story_member.c.side.is_(None))
        .values(side=side)
    )


def _joined(links: Sequence[StoryLink], new: Sequence[StoryMember]) -> dict[int, int]:
    """Of each component that is reached, the smallest one that it hangs together with now."""
    parent = {member.component: member.component for member in new}

    def root(component: int) -> int:
        while parent.setdefault(component, component) != component:
            component = parent[component]
        return component

    for link in links:
        one, other = sorted((root(link.one.component), root(link.other.component)))
        parent[other] = one
    return {component: root(component) for component in list(parent)}


def _values(row: Row, sketch: Sketch | None, told_at: Any) -> dict[str, Any]:
    place = sketch.places.get(row.watch) if sketch else None
    if place is None:
        place = Place(None, _BY_RELATION.get(Relation(row.relation), Kind.SAME_TOPIC))
    return {
        "told_at": told_at,
        "language": row.language,
        "anchor": place.anchor,
        "base_kind": str(place.kind),
        "encoder": sketch.encoder if sketch else "",
        "vector": sketch.vector if sketch else None,
    }


def _member(row: Row) -> StoryMember:
    return StoryMember(
        id=row.match_id,
        key=row.key_hash,
        told_at=row.told_at,
        language=row.language,
        anchor=row.anchor,
        base_kind=Kind(row.base_kind),
        kind=Kind(row.kind or row.base_kind),
        encoder=row.encoder,
        vector=row.vector,
        side=row.side,
        component=row.component,
        story_id=row.story_id or 0,
    )
