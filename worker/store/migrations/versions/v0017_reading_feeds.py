"""How a feed is read: with which cap on entries, and by what they are told apart."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("feed", sa.Column("entry_cap", sa.Integer))
    op.add_column("feed", sa.Column("told_by", sa.String(16), nullable=False, server_default="id"))
    op.add_column("feed", sa.Column("told_by_since", sa.DateTime(timezone=True)))
    op.add_column("feed", sa.Column("told_by_why", sa.Text))
