"""An index of the articles that have a text, for retention to find old ones among millions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the index."""
    has_text = sa.text("version > 0")
    op.create_index(
        "ix_article_with_text",
        "article",
        ["processed_at"],
        sqlite_where=has_text,
        postgresql_where=has_text,
    )
