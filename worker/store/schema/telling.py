"""The tables of telling: channels, what they may tell, messages, and the delivery log."""

from __future__ import annotations

import sqlalchemy as sa

from worker.store.columns import CleanText, UtcDateTime
from worker.store.schema.base import claim_columns, metadata, row_id

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
    row_id(),
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
    row_id(),
    sa.Column("key", sa.String(300), nullable=False, unique=True),
    sa.Column("watch", sa.String(100), nullable=False, server_default=""),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("match_id", sa.ForeignKey("match.id"), nullable=False),
    *claim_columns(),
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
    row_id(),
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
