"""Telling: channels with a state, notices apart from the messages they go into, a delivery log."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; what was in the outbox becomes a message with one notice."""
    _channel()
    _notice()
    _attempt()
    op.add_column("outbox", sa.Column("watch", sa.String(100), nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("failures", sa.Integer, nullable=False, server_default="0"))
    op.execute("UPDATE outbox SET watch = (SELECT watch FROM match WHERE match.id = match_id)")
    op.execute(
        "INSERT INTO notice (watch, channel, match_id, state, due_at, outbox_id, created_at) "
        "SELECT watch, channel, match_id, 'done', due_at, id, created_at FROM outbox "
        "WHERE id IN (SELECT min(id) FROM outbox GROUP BY match_id, channel)"
    )
    op.drop_column("outbox", "options")
    op.create_index("ix_outbox_watch", "outbox", ["watch", "channel", "created_at"])


def _channel() -> None:
    op.create_table(
        "channel",
        sa.Column("watch", sa.String(100), primary_key=True),
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("reason", sa.Text),
        sa.Column("last_sent_at", _TIME),
        sa.Column("last_failed_at", _TIME),
    )


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("watch", sa.String(100), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column(
            "match_id",
            _ID,
            sa.ForeignKey("match.id", name="fk_notice_match_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("has_waited", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("reason", sa.Text),
        sa.Column("outbox_id", sa.BigInteger),
        sa.Column("created_at", _TIME, nullable=False),
        sa.UniqueConstraint("match_id", "channel", name="uq_notice_match_id_channel"),
    )
    op.create_index("ix_notice_state_due_at", "notice", ["state", "due_at", "watch", "channel"])
    op.create_index("ix_notice_outbox_id", "notice", ["outbox_id"])


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("watch", sa.String(100), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("outbox_id", sa.BigInteger),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("detail", sa.Text),
        sa.Column("elapsed_s", sa.Float, nullable=False),
        sa.Column("matches", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("ix_attempt_watch", "attempt", ["watch", "channel", "id"])
    op.create_index("ix_attempt_outbox_id", "attempt", ["outbox_id"])
