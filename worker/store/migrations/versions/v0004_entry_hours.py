"""The hours in which a feed publishes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add the column; it fills as entries come."""
    op.add_column("feed", sa.Column("entry_hours", _JSON))
