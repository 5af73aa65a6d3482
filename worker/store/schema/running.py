"""The tables of the running system: signs of life, turns at hosts, counters, tokens."""

from __future__ import annotations

import sqlalchemy as sa

from worker.store.columns import CleanText, UtcDateTime
from worker.store.schema.base import metadata, row_id

pulse = sa.Table(
    "pulse",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("owner", CleanText),
)

host_turn = sa.Table(
    "host_turn",
    metadata,
    sa.Column("host", sa.String(300), primary_key=True),
    sa.Column("next_at_s", sa.Float, nullable=False),
)

host_place = sa.Table(
    "host_place",
    metadata,
    sa.Column("host", sa.String(300), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("token", sa.String(32), nullable=False),
    sa.Column("until_s", sa.Float, nullable=False),
)

counter = sa.Table(
    "counter",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("label", sa.String(64), primary_key=True),
    sa.Column("value", sa.Float, nullable=False),
)

token = sa.Table(
    "token",
    metadata,
    row_id(),
    sa.Column("name", CleanText, nullable=False),
    sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("scope", sa.String(16), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("last_used_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
)
