"""Tokens of programs: made once, kept as a hash, good until they end or are revoked."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from worker.domain import Scope
from worker.errors import InputError, NotFoundError
from worker.records import TokenRow
from worker.store.engine import Database, Row
from worker.store.schema import token

PREFIX = "seedwatch_"
"""By which a token that has strayed into a log or a repository is known."""
_USE_NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made.

    Attributes:
        secret: to be shown once; it cannot be had again.
    """

    secret: str
    row: TokenRow


class TokenStore:
    """What the doors ask of tokens."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, name: str, scope: Scope, lasts: timedelta | None = None) -> NewToken:
        """Make a token.

        Raises:
            InputError: a valid token has that name.
        """
        secret = PREFIX + secrets.token_urlsafe(32)
        with self._db.write() as connection:
            now = self._db.now(connection)
            named = sa.select(token.c.id).where(token.c.name == name, _is_valid(now))
            if connection.execute(named).first() is not None:
                raise InputError(name, "a valid token has that name; revoke it or take another")
            row = connection.execute(
                token.insert()
                .values(
                    name=name,
                    secret_hash=_hash(secret),
                    scope=scope,
                    created_at=now,
                    expires_at=now + lasts if lasts else None,
                )
                .returning(*token.c)
            ).one()
        return NewToken(secret, _token_row(row))

    def find(self, secret: str) -> TokenRow | None:
        """The valid token that this is, its use noted; None if it is none."""
        with self._db.read() as connection:
            now = self._db.now(connection)
            row = connection.execute(
                sa.select(token).where(token.c.secret_hash == _hash(secret), _is_valid(now))
            ).first()
        if row is None:
            return None
        if row.last_used_at is None or row.last_used_at < now - _USE_NOTED_EVERY:
            with self._db.write() as connection:
                connection.execute(
                    token.update().where(token.c.id == row.id).values(last_used_at=now)
                )
        return _token_row(row)

    def rows(self) -> list[TokenRow]:
        """All tokens, revoked ones too, in the order they were made."""
        with self._db.read() as connection:
            return [_token_row(row) for row in connection.execute(sa.select(token).order_by("id"))]

    def revoke(self, name: str) -> TokenRow:
        """End the validity of the token of a name, from the next request on.

        Raises:
            NotFoundError: no valid token has it.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            row = connection.execute(
                token.update()
                .where(token.c.name == name, _is_valid(now))
                .values(revoked_at=now)
                .returning(*token.c)
            ).first()
        if row is None:
            raise NotFoundError(f"{name}: no valid token; `seedwatch token list` shows them")
        return _token_row(row)


def _hash(secret: str) -> str:
    """Plain SHA-256: a token has 256 random bits, so that nothing slower makes guessing harder."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _is_valid(now: datetime) -> sa.ColumnElement[bool]:
    is_current = sa.or_(token.c.expires_at.is_(None), token.c.expires_at > now)
    return sa.and_(token.c.revoked_at.is_(None), is_current)


def _token_row(row: Row) -> TokenRow:
    return TokenRow(
        id=row.id,
        name=row.name,
        scope=Scope(row.scope),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
