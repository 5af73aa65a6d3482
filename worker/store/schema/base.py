"""What the tables have in common: their metadata, and columns that several of them have."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.store.columns import UtcDateTime

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def row_id() -> sa.Column[int]:
    """The primary key of a table whose rows are numbered."""
    # SQLite only auto-increments a column declared INTEGER PRIMARY KEY
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, primary_key=True, autoincrement=True)


def claim_columns() -> list[sa.Column[Any]]:
    """The columns of what is claimed and worked on."""
    return [
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("token", sa.String(32)),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("hinted_at", UtcDateTime),
    ]
