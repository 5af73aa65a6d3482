"""The tables of what people teach: settings, added seeds, blind samples, names; matching again."""

from __future__ import annotations

import sqlalchemy as sa

from worker.store.columns import CleanJson, CleanText, CutText, UtcDateTime
from worker.store.schema.base import metadata, row_id

watch_setting = sa.Table(
    "watch_setting",
    metadata,
    row_id(),
    sa.Column("watch", sa.String(100), nullable=False, index=True),
    sa.Column("threshold", sa.Float),
    sa.Column("correction", CleanJson),
    sa.Column("file_threshold", sa.Float),
    sa.Column("threshold_before", sa.Float),
    sa.Column("estimate", CleanJson),
    sa.Column("reviewer", CleanText),
    sa.Column("decided_at", UtcDateTime, nullable=False),
    sa.Column("undoes", sa.BigInteger),
)

watch_seed = sa.Table(
    "watch_seed",
    metadata,
    row_id(),
    sa.Column("watch", sa.String(100), nullable=False),
    sa.Column("article_id", sa.ForeignKey("article.id"), nullable=False, index=True),
    sa.Column("title", CleanText, nullable=False),
    sa.Column("text", CleanText, nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("url", CleanText),
    sa.Column("published_at", UtcDateTime),
    sa.Column("reviewer", CleanText),
    sa.Column("added_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("watch", "article_id"),
)

blind_draw = sa.Table(
    "blind_draw",
    metadata,
    row_id(),
    sa.Column("watch", sa.String(100), nullable=False),
    sa.Column("start_at", UtcDateTime, nullable=False),
    sa.Column("end_at", UtcDateTime, nullable=False),
    sa.Column("totals", CleanJson, nullable=False),
    sa.Index("ix_blind_draw_watch", "watch", "end_at"),
)

blind_sample = sa.Table(
    "blind_sample",
    metadata,
    sa.Column(
        "match_id",
        sa.ForeignKey("match.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("draw_id", sa.ForeignKey("blind_draw.id"), nullable=False, index=True),
    sa.Column("stratum", sa.String(8), nullable=False),
)

name_rendering = sa.Table(
    "name_rendering",
    metadata,
    row_id(),
    sa.Column("watch", sa.String(100), nullable=False),
    sa.Column("name", CutText(200), nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("text", CutText(200), nullable=False),
    sa.Column("articles", sa.Integer, nullable=False, server_default="0"),
    sa.Column("sample", CleanText, nullable=False, server_default=""),
    sa.Column("standing", sa.String(16), nullable=False),
    sa.Column("reviewer", CleanText),
    sa.Column("decided_at", UtcDateTime),
    sa.UniqueConstraint("watch", "name", "language", "text"),
)

rematch = sa.Table(
    "rematch",
    metadata,
    row_id(),
    sa.Column("asked_at", UtcDateTime, nullable=False),
    sa.Column("reviewer", CleanText),
    sa.Column("since", sa.Date),
    sa.Column("version", sa.String(64)),
    sa.Column("total", sa.Integer),
    sa.Column("done", sa.Integer, nullable=False, server_default="0"),
    sa.Column("passed_over", sa.Integer, nullable=False, server_default="0"),
    sa.Column("cursor", sa.BigInteger),
    sa.Column("changes", CleanJson),
    sa.Column("started_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime, index=True),
    sa.Column("error", CleanText),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("token", sa.String(32)),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("hinted_at", UtcDateTime),
)
