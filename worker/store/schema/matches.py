"""The tables of matches: stories, search, verdicts, saved lists and kept counts."""

from __future__ import annotations

import sqlalchemy as sa

from worker.store.columns import CleanJson, CleanText, CutText, UtcDateTime
from worker.store.schema.base import metadata, row_id

match = sa.Table(
    "match",
    metadata,
    row_id(),
    sa.Column("article_id", sa.ForeignKey("article.id"), nullable=False),
    sa.Column("watch", sa.String(100), nullable=False),
    sa.Column("seed", CleanText, nullable=False),
    sa.Column("relation", sa.String(16), nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("is_suggestion", sa.Boolean, nullable=False),
    sa.Column("evidence", CleanJson, nullable=False),
    sa.Column("adds", CleanJson, nullable=False),
    sa.Column("shared", CleanJson, nullable=False),
    sa.Column("reasons", CleanJson, nullable=False),
    sa.Column("features", CleanJson, nullable=False),
    sa.Column("matcher_version", sa.String(64), nullable=False),
    sa.Column("encoder", sa.String(200), nullable=False),
    sa.Column("article_version", sa.Integer, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("verdict", sa.String(16)),
    sa.Column("note", CleanText),
    sa.Column("reviewer", CleanText),
    sa.Column("reviewed_at", UtcDateTime),
    sa.Column("review_id", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("language", sa.String(16), nullable=False, server_default="und"),
    sa.Column("outlet", CleanText),
    sa.Column("story_id", sa.BigInteger),
    sa.Column("kind", sa.String(16)),
    sa.UniqueConstraint("article_id", "watch"),
    sa.Index("ix_match_created_at", "created_at", "id"),
    sa.Index("ix_match_updated_at", "updated_at"),
    # lists and their numbers are answered from these alone, however many articles are stored
    sa.Index("ix_match_verdict", "verdict", "id", "relation"),
    sa.Index("ix_match_language", "language", "id", "verdict", "relation"),
    sa.Index("ix_match_outlet", "outlet", "id", "verdict", "relation"),
    sa.Index("ix_match_watch", "watch", "relation", "score", "id"),
    sa.Index("ix_match_story_id", "story_id", "id", "verdict", "relation"),
)

story_member = sa.Table(
    "story_member",
    metadata,
    sa.Column(
        "match_id",
        sa.ForeignKey("match.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("watch", sa.String(100), nullable=False),
    sa.Column("component", sa.BigInteger, nullable=False, index=True),
    sa.Column("told_at", UtcDateTime, nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("anchor", CleanText),
    sa.Column("base_kind", sa.String(16), nullable=False),
    sa.Column("encoder", sa.String(200), nullable=False),
    sa.Column("vector", sa.LargeBinary),
    sa.Column("side", sa.BigInteger),
    sa.Index("ix_story_member_watch", "watch", "told_at"),
    sa.Index("ix_story_member_anchor", "watch", "anchor", "component"),
    sa.Index("ix_story_member_side", "side"),
)

article_vectors = sa.Table(
    "article_vectors",
    metadata,
    sa.Column(
        "article_id",
        sa.ForeignKey("article.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("encoder", sa.String(200), nullable=False),
    sa.Column("rows", sa.LargeBinary, nullable=False),
)

seed_vectors = sa.Table(
    "seed_vectors",
    metadata,
    sa.Column("watch", sa.String(100), primary_key=True),
    sa.Column("seed", sa.String(300), primary_key=True),
    sa.Column("text_hash", sa.String(64), nullable=False),
    sa.Column("encoder", sa.String(200), nullable=False),
    sa.Column("rows", sa.LargeBinary, nullable=False),
)

story_decision = sa.Table(
    "story_decision",
    metadata,
    row_id(),
    sa.Column("match_id", sa.ForeignKey("match.id"), nullable=False, index=True),
    sa.Column("side", sa.BigInteger, nullable=False),
    sa.Column("act", sa.String(32), nullable=False, index=True),
    sa.Column("reviewer", CleanText),
    sa.Column("decided_at", UtcDateTime, nullable=False),
)

search = sa.Table(
    "search",
    metadata,
    sa.Column(
        "match_id",
        sa.ForeignKey("match.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("tokens", CleanText, nullable=False),
)

review = sa.Table(
    "review",
    metadata,
    row_id(),
    sa.Column("match_id", sa.ForeignKey("match.id"), nullable=False, index=True),
    sa.Column("verdict", sa.String(16)),
    sa.Column("note", CleanText),
    sa.Column("reviewer", CleanText),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("relation", sa.String(16), nullable=False),
    sa.Column("matcher_version", sa.String(64), nullable=False),
    sa.Column("reviewed_at", UtcDateTime, nullable=False),
    sa.Column("act", sa.String(32), nullable=False, index=True),
    sa.Column("undoes", sa.BigInteger),
)

saved_filter = sa.Table(
    "saved_filter",
    metadata,
    row_id(),
    sa.Column("name", CutText(60), nullable=False, unique=True),
    sa.Column("query", CleanText, nullable=False),
    sa.Column("created_by", CleanText),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

tally = sa.Table(
    "tally",
    metadata,
    # in this order, since what counts matches is read apart from what counts articles
    sa.Column("dimension", sa.String(16), primary_key=True),
    sa.Column("relation", sa.String(16), primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("value", CutText(200), primary_key=True),
    sa.Column("watch", sa.String(100), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    # PostgreSQL alone has ix_tally_value, for the articles of a few outlets: SQLite would take it
    # for other questions too, to their harm
    sqlite_with_rowid=False,
)
