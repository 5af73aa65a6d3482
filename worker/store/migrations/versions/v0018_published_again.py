"""Fingerprints of texts that may be published again; where a feed's body came from."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table and the column."""
    op.add_column("feed", sa.Column("body_url", sa.Text))
    op.create_table(
        "fingerprint",
        sa.Column(
            "article_id",
            _ID,
            sa.ForeignKey("article.id", name="fk_fingerprint_article_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_fingerprint_place", "fingerprint", ["place", "article_id"])
