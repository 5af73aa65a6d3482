"""Vectors of the passages of matched articles and of seeds, by which the texts are compared."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; they fill as articles are matched, or matched again."""
    op.create_table(
        "article_vectors",
        sa.Column(
            "article_id",
            _ID,
            sa.ForeignKey(
                "article.id", ondelete="CASCADE", name="fk_article_vectors_article_id_article"
            ),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("encoder", sa.String(200), nullable=False),
        sa.Column("rows", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "seed_vectors",
        sa.Column("watch", sa.String(100), primary_key=True),
        sa.Column("seed", sa.String(300), primary_key=True),
        sa.Column("text_hash", sa.String(64), nullable=False),
        sa.Column("encoder", sa.String(200), nullable=False),
        sa.Column("rows", sa.LargeBinary, nullable=False),
    )
