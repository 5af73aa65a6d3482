"""The names of a watch's seeds as other languages write them."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "name_rendering",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("watch", sa.String(100), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("articles", sa.Integer, nullable=False, server_default="0"),
        sa.Column("sample", sa.Text, nullable=False, server_default=""),
        sa.Column("standing", sa.String(16), nullable=False),
        sa.Column("reviewer", sa.Text),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint(
            "watch", "name", "language", "text", name="uq_name_rendering_watch_name_language_text"
        ),
    )
