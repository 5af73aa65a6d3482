"""Counters of what all workers did; a deleted text is told by its hash that is gone."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the table and the index anew."""
    op.drop_index("ix_article_with_text", "article")
    has_text = sa.text("content_hash IS NOT NULL")
    op.create_index(
        "ix_article_with_text",
        "article",
        ["processed_at"],
        sqlite_where=has_text,
        postgresql_where=has_text,
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("label", sa.String(64), primary_key=True),
        sa.Column("value", sa.Float, nullable=False),
    )
