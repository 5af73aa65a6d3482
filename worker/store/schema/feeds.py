"""The tables of feeds: what is polled, how that went, and hubs that push."""

from __future__ import annotations

import sqlalchemy as sa

from worker.store.columns import CleanJson, CleanText, CutText, UtcDateTime
from worker.store.schema.base import claim_columns, metadata, row_id

feed = sa.Table(
    "feed",
    metadata,
    row_id(),
    sa.Column("url", CleanText, nullable=False),
    sa.Column("url_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("title", CleanText, nullable=False, server_default=""),
    sa.Column("language", CutText(16)),
    sa.Column("origin", sa.String(16), nullable=False),
    sa.Column("fetch", sa.String(8), nullable=False, server_default="all"),
    *claim_columns(),
    sa.Column("etag", CleanText),
    sa.Column("last_modified", CleanText),
    sa.Column("body_hash", sa.String(64)),
    sa.Column("body_at", UtcDateTime),
    sa.Column("body_url", CleanText),
    sa.Column("polls", sa.Integer, nullable=False, server_default="0"),
    sa.Column("ttl_s", sa.Float),
    sa.Column("entry_interval_s", sa.Float),
    sa.Column("interval_s", sa.Float),
    sa.Column("moved_to", CleanText),
    sa.Column("moved_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("overflow", sa.Integer, nullable=False, server_default="0"),
    sa.Column("entry_cap", sa.Integer),
    sa.Column("told_by", sa.String(16), nullable=False, server_default="id"),
    sa.Column("told_by_since", UtcDateTime),
    sa.Column("told_by_why", CleanText),
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

fetch_event = sa.Table(
    "fetch_event",
    metadata,
    row_id(),
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
