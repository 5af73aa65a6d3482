"""What verdicts teach: settings that were decided, seeds added, blind samples."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "watch_setting",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("watch", sa.String(100), nullable=False),
        sa.Column("threshold", sa.Float),
        sa.Column("correction", _JSON),
        sa.Column("file_threshold", sa.Float),
        sa.Column("threshold_before", sa.Float),
        sa.Column("estimate", _JSON),
        sa.Column("reviewer", sa.Text),
        sa.Column("decided_at", _TIME, nullable=False),
        sa.Column("undoes", sa.BigInteger),
    )
    op.create_index("ix_watch_setting_watch", "watch_setting", ["watch"])
    op.create_table(
        "watch_seed",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("watch", sa.String(100), nullable=False),
        sa.Column("article_id", _ID, sa.ForeignKey("article.id"), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("url", sa.Text),
        sa.Column("published_at", _TIME),
        sa.Column("reviewer", sa.Text),
        sa.Column("added_at", _TIME, nullable=False),
        sa.UniqueConstraint("watch", "article_id", name="uq_watch_seed_watch_article_id"),
    )
    op.create_index("ix_watch_seed_article_id", "watch_seed", ["article_id"])
    op.create_table(
        "blind_draw",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("watch", sa.String(100), nullable=False),
        sa.Column("start_at", _TIME, nullable=False),
        sa.Column("end_at", _TIME, nullable=False),
        sa.Column("totals", _JSON, nullable=False),
    )
    op.create_index("ix_blind_draw_watch", "blind_draw", ["watch", "end_at"])
    op.create_table(
        "blind_sample",
        sa.Column(
            "match_id",
            _ID,
            sa.ForeignKey("match.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("draw_id", _ID, sa.ForeignKey("blind_draw.id"), nullable=False),
        sa.Column("stratum", sa.String(8), nullable=False),
    )
    op.create_index("ix_blind_sample_draw_id", "blind_sample", ["draw_id"])
