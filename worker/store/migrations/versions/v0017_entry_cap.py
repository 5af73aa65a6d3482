"""With which cap on entries a feed was read."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column."""
    op.add_column("feed", sa.Column("entry_cap", sa.Integer))
