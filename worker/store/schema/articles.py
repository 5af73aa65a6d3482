"""The tables of articles: what feeds bring, under which addresses, in which versions."""

from __future__ import annotations

import sqlalchemy as sa

from worker.store.columns import CleanText, CutText, UtcDateTime
from worker.store.schema.base import claim_columns, metadata, row_id

article = sa.Table(
    "article",
    metadata,
    row_id(),
    sa.Column("key_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("url", CleanText),
    sa.Column("final_url", CleanText),
    sa.Column("canonical_url", CleanText),
    *claim_columns(),
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

fingerprint = sa.Table(
    "fingerprint",
    metadata,
    sa.Column("article_id", sa.ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("place", sa.String(64), nullable=False),
    sa.Column("value", sa.BigInteger, nullable=False),
    sa.Index("ix_fingerprint_place", "place", "article_id"),
)

sighting = sa.Table(
    "sighting",
    metadata,
    row_id(),
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
