"""Requests to match stored articles again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "rematch",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("reviewer", sa.Text),
        sa.Column("since", sa.Date),
        sa.Column("version", sa.String(64)),
        sa.Column("total", sa.Integer),
        sa.Column("done", sa.Integer, nullable=False, server_default="0"),
        sa.Column("passed_over", sa.Integer, nullable=False, server_default="0"),
        sa.Column("cursor", sa.BigInteger),
        sa.Column("changes", _JSON),
        sa.Column("started_at", _TIME),
        sa.Column("finished_at", _TIME),
        sa.Column("error", sa.Text),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("token", sa.String(32)),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("hinted_at", _TIME),
    )
    op.create_index("ix_rematch_finished_at", "rematch", ["finished_at"])
