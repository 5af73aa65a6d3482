"""Kept counts for the overview, filled with what is stored already."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_COUNT = """
INSERT INTO tally (dimension, relation, day, value, watch, number)
SELECT '{dimension}', {relation}, {day}, {value}, {watch}, count(*)
FROM {table} WHERE {where} GROUP BY 2, 3, 4, 5
"""
_OUTLET = "substr(coalesce({}, ''), 1, 200)"


def upgrade() -> None:
    """Make the table and count."""
    op.create_table(
        "tally",
        sa.Column("dimension", sa.String(16), nullable=False),
        sa.Column("relation", sa.String(16), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.Column("watch", sa.String(100), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("dimension", "relation", "day", "value", "watch", name="pk_tally"),
        sqlite_with_rowid=False,
    )
    count(op.get_bind())


def count(connection: sa.Connection) -> None:
    """Count what is stored."""
    is_sqlite = connection.dialect.name == "sqlite"
    day = "date({})" if is_sqlite else "CAST({} AS date)"
    for dimension, article_value, match_value in (
        ("language", "language", "language"),
        (
            "outlet",
            _OUTLET.format("nullif(outlet, ''), nullif(site, '')"),
            _OUTLET.format("outlet"),
        ),
    ):
        for table, at, value, watch, relation, where in (
            ("article", "first_seen_at", article_value, "''", "''",
             "version > 0 AND state != 'merged'"),
            ("match", "created_at", match_value, "watch", "relation", "relation != 'unrelated'"),
        ):  # fmt: skip
            connection.execute(
                sa.text(_COUNT.format(
                    dimension=dimension, day=day.format(at), value=value, watch=watch,
                    relation=relation, table=table, where=where,
                ))
            )  # fmt: skip
