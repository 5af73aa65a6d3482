"""Subscriptions to hubs (WebSub)."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "subscription",
        sa.Column(
            "feed_id",
            _ID,
            sa.ForeignKey("feed.id", name="fk_subscription_feed_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("hub_url", sa.Text, nullable=False),
        sa.Column("topic_url", sa.Text, nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("asked_at", _TIME),
        sa.Column("until", _TIME),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("last_error", sa.Text),
        sa.Column("pushed_at", _TIME),
        sa.Column("missed_at", _TIME),
        sa.UniqueConstraint("token", name="uq_subscription_token"),
    )
    op.create_index("ix_subscription_due_at", "subscription", ["due_at"])
