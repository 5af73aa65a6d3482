"""Of which entries of a feed the pages are fetched."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column; so far it was all of them."""
    op.add_column("feed", sa.Column("fetch", sa.String(8), nullable=False, server_default="all"))
