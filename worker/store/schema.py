"""The tables. Every column is explained in docs/columns.md; a test holds the two together.

What is claimed and worked on (feed, article, outbox) has the same four columns: `state`, `due_at`
(when anybody may take it: the schedule, the backoff and the lease in one), `token` (fences the
finish of whoever claimed it last) and `tries` (claims since the last finish).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.store.columns import CleanJson, CleanText, CutText, UtcDateTime

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> sa.Column[int]:
    # SQLite only auto-increments a column declared INTEGER PRIMARY KEY
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, primary_key=True, autoincrement=True)


def _claim_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("token", sa.String(32)),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("hinted_at", UtcDateTime),
    ]


feed = sa.Table(
    "feed",
    metadata,
    _id(),
    sa.Column("url", CleanText, nullable=False),
    sa.Column("url_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("title", CleanText, nullable=False, server_default=""),
    sa.Column("language", CutText(16)),
    sa.Column("origin", sa.String(16), nullable=False),
    sa.Column("fetch", sa.String(8), nullable=False, server_default="all"),
    *_claim_columns(),
    sa.Column("etag", CleanText),
    sa.Column("last_modified", CleanText),
    sa.Column("body_hash", sa.String(64)),
    sa.Column("body_at", UtcDateTime),
    sa.Column("polls", sa.Integer, nullable=False, server_default="0"),
    sa.Column("ttl_s", sa.Float),
    sa.Column("entry_interval_s", sa.Float),
    sa.Column("interval_s", sa.Float),
    sa.Column("moved_to", CleanText),
    sa.Column("moved_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("overflow", sa.Integer, nullable=False, server_default="0"),
    sa.Column("entry_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("entry_days", CleanJson),
    sa.Column("entry_hours", CleanJson),
    sa.Column("last_entry_at", UtcDateTime),
    sa.Column("last_outcome", sa.String(32)),
    sa.Column("last_detail", CleanText),
    sa.Column("last_polled_at", UtcDateTime),
    sa.Column("last_success_at", UtcDateTime),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index("ix_feed_state_due_at", "state", "due_at"),
)

feed_alias = sa.Table(
    "feed_alias",
    metadata,
    sa.Column("url_hash", sa.String(64), primary_key=True),
    sa.Column("url", CleanText, nullable=False),
    sa.Column("feed_id", sa.ForeignKey("feed.id", ondelete="CASCADE"), nullable=False, index=True),
)

feed_watch = sa.Table(
    "feed_watch",
    metadata,
    sa.Column("feed_id", sa.ForeignKey("feed.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("watch", sa.String(100), primary_key=True),
)

article = sa.Table(
    "article",
    metadata,
    _id(),
    sa.Column("key_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("url", CleanText),
    sa.Column("final_url", CleanText),
    sa.Column("canonical_url", CleanText),
    *_claim_columns(),
    sa.Column("merged_into", sa.ForeignKey("article.id"), index=True),
    sa.Column("is_edited", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("entry_title", CleanText, nullable=False, server_default=""),
    sa.Column("entry_text", CleanText, nullable=False, server_default=""),
    sa.Column("feed_language", CutText(16)),
    sa.Column("outlet", CleanText),
    sa.Column("title", CleanText, nullable=False, server_default=""),
    sa.Column("text", CleanText, nullable=False, server_default=""),
    sa.Column("text_source", sa.String(8)),
    sa.Column("method", sa.String(64)),
    sa.Column("language", sa.String(16), nullable=False, server_default="und"),
    sa.Column("language_confidence", sa.Float, nullable=False, server_default="0"),
    sa.Column("author", CleanText),
    sa.Column("site", CleanText),
    sa.Column("published_at", UtcDateTime),
    sa.Column("published_raw", CleanText),
    sa.Column("first_seen_at", UtcDateTime, nullable=False),
    sa.Column("processed_at", UtcDateTime),
    sa.Column("content_hash", sa.String(64)),
    sa.Column("page_hash", sa.String(64), index=True),
    sa.Column("version", sa.Integer, nullable=False, server_default="0"),
    sa.Column("matcher_version", sa.String(64)),
    sa.Column("outcome", sa.String(32)),
    sa.Column("fetch_outcome", sa.String(32)),
    sa.Column("last_error", CleanText),
    sa.Index("ix_article_state_due_at", "state", "due_at"),
    sa.Index("ix_article_first_seen_at", "first_seen_at"),
    sa.Index("ix_article_processed_at", "processed_at"),
    sa.Index(
        "ix_article_with_text",
        "processed_at",
        sqlite_where=sa.text("content_hash IS NOT NULL"),
        postgresql_where=sa.text("content_hash IS NOT NULL"),
    ),
)

article_alias = sa.Table(
    "article_alias",
    metadata,
    sa.Column("key_hash", sa.String(64), primary_key=True),
    sa.Column("article_id", sa.ForeignKey("article.id"), nullable=False, index=True),
)

sighting = sa.Table(
    "sighting",
    metadata,
    _id(),
    sa.Column("feed_id", sa.ForeignKey("feed.id", ondelete="CASCADE"), nullable=False),
    sa.Column("entry_hash", sa.String(64), nullable=False),
    sa.Column("change_hash", sa.String(64), nullable=False),
    sa.Column("article_id", sa.ForeignKey("article.id"), nullable=False, index=True),
    sa.Column("url", CleanText),
    sa.Column("title", CleanText, nullable=False, server_default=""),
    sa.Column("seen_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("feed_id", "entry_hash"),
    sa.Index("ix_sighting_feed_id", "feed_id", "article_id"),
)

article_version = sa.Table(
    "article_version",
    metadata,
    sa.Column("article_id", sa.ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("title", CleanText, nullable=False),
    sa.Column("text", CleanText, nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
)

match = sa.Table(
    "match",
    metadata,
    _id(),
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

story_decision = sa.Table(
    "story_decision",
    metadata,
    _id(),
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
    _id(),
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

fetch_event = sa.Table(
    "fetch_event",
    metadata,
    _id(),
    sa.Column("feed_id", sa.ForeignKey("feed.id", ondelete="CASCADE"), index=True),
    sa.Column("article_id", sa.ForeignKey("article.id"), index=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("outcome", sa.String(32), nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("detail", CleanText),
    sa.Column("elapsed_s", sa.Float, nullable=False),
    sa.Column("size_bytes", sa.Integer, nullable=False),
    sa.Column("entries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("new_entries", sa.Integer, nullable=False, server_default="0"),
)

channel = sa.Table(
    "channel",
    metadata,
    sa.Column("watch", sa.String(100), primary_key=True),
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("reason", CleanText),
    sa.Column("last_sent_at", UtcDateTime),
    sa.Column("last_failed_at", UtcDateTime),
)

notice = sa.Table(
    "notice",
    metadata,
    _id(),
    sa.Column("watch", sa.String(100), nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("match_id", sa.ForeignKey("match.id", ondelete="CASCADE"), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("has_waited", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("reason", CleanText),
    sa.Column("outbox_id", sa.BigInteger, index=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("match_id", "channel"),
    sa.Index("ix_notice_state_due_at", "state", "due_at", "watch", "channel"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    _id(),
    sa.Column("key", sa.String(300), nullable=False, unique=True),
    sa.Column("watch", sa.String(100), nullable=False, server_default=""),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("match_id", sa.ForeignKey("match.id"), nullable=False),
    *_claim_columns(),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_error", CleanText),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("sent_at", UtcDateTime),
    sa.Index("ix_outbox_state_due_at", "state", "due_at"),
    sa.Index("ix_outbox_watch", "watch", "channel", "created_at"),
)

attempt = sa.Table(
    "attempt",
    metadata,
    _id(),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("watch", sa.String(100), nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("outbox_id", sa.BigInteger, index=True),
    sa.Column("outcome", sa.String(32), nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("detail", CleanText),
    sa.Column("elapsed_s", sa.Float, nullable=False),
    sa.Column("matches", sa.Integer, nullable=False, server_default="0"),
    sa.Index("ix_attempt_watch", "watch", "channel", "id"),
)

pulse = sa.Table(
    "pulse",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("owner", CleanText),
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
    sqlite_with_rowid=False,
)

host_turn = sa.Table(
    "host_turn",
    metadata,
    sa.Column("host", sa.String(300), primary_key=True),
    sa.Column("next_at_s", sa.Float, nullable=False),
)

host_place = sa.Table(
    "host_place",
    metadata,
    sa.Column("host", sa.String(300), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("token", sa.String(32), nullable=False),
    sa.Column("until_s", sa.Float, nullable=False),
)

token = sa.Table(
    "token",
    metadata,
    _id(),
    sa.Column("name", CleanText, nullable=False),
    sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("scope", sa.String(16), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("last_used_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
)

saved_filter = sa.Table(
    "saved_filter",
    metadata,
    _id(),
    sa.Column("name", CutText(60), nullable=False, unique=True),
    sa.Column("query", CleanText, nullable=False),
    sa.Column("created_by", CleanText),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

subscription = sa.Table(
    "subscription",
    metadata,
    sa.Column("feed_id", sa.ForeignKey("feed.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("token", sa.String(64), nullable=False, unique=True),
    sa.Column("secret", sa.String(64), nullable=False),
    sa.Column("hub_url", CleanText, nullable=False),
    sa.Column("topic_url", CleanText, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False, index=True),
    sa.Column("asked_at", UtcDateTime),
    sa.Column("until", UtcDateTime),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_error", CleanText),
    sa.Column("pushed_at", UtcDateTime),
    sa.Column("missed_at", UtcDateTime),
)

counter = sa.Table(
    "counter",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("label", sa.String(64), primary_key=True),
    sa.Column("value", sa.Float, nullable=False),
)
