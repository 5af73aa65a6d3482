"""Full-text search over matches, with the same answers on SQLite (FTS5) and PostgreSQL (GIN).

Both index the same tokens, made by `worker.store.folding`; neither database's own tokenizer,
dictionary or query syntax sees what a person typed. The index narrows down to the matches that
have all tokens; the order of tokens in a phrase is then checked in the tokens themselves.

A word of four letters or more also finds longer ones (viet finds Vietnam); words in quotation marks
are found as they are, in that order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from worker.store.engine import Database
from worker.store.folding import Piece, pieces_of, tokens_of
from worker.store.schema import article, match, search

_MAX_TOKENS = 40
_PREFIX_FROM = 4
"""Letters from which a word also finds longer ones."""
_QUOTES = re.compile('["“”„«»「」『』]')

_index = sa.table("search_index", sa.column("rowid", sa.Integer), sa.column("search_index"))


@dataclass(frozen=True, slots=True)
class Terms:
    """What is looked for.

    Attributes:
        whole: tokens that must occur.
        starts: of which some token must begin with each.
        phrases: stretches of the stored tokens that must occur, spaces included.
    """

    whole: tuple[str, ...]
    starts: tuple[str, ...]
    phrases: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.whole or self.starts)


def terms_of(text: str) -> Terms:
    """Read what a person typed; any text has a meaning, if only that nothing is looked for."""
    whole: dict[str, None] = {}
    starts: dict[str, None] = {}
    phrases: dict[str, None] = {}
    for number, part in enumerate(_QUOTES.split(text)):
        pieces = list(pieces_of(part))
        is_quoted = number % 2 == 1
        for group in [pieces] if is_quoted else [[piece] for piece in pieces]:
            if len(whole) + len(starts) >= _MAX_TOKENS or not group:
                continue
            tokens, last_start = _group(group, is_quoted)
            whole |= dict.fromkeys(tokens)
            if last_start:
                starts[last_start] = None
            if len(tokens) + bool(last_start) > 1:
                phrases[" ".join(["", *tokens, last_start])] = None
    return Terms(tuple(whole), tuple(starts), tuple(phrases))


def _group(pieces: list[Piece], is_quoted: bool) -> tuple[list[str], str]:
    """The tokens of pieces that belong together, and the beginning of the one that ends them."""
    tokens = [token for piece in pieces for token in piece.tokens()]
    last = pieces[-1]
    if last.is_run:
        # the pairs say all; a lone letter begins a pair wherever more follows it
        return (tokens[:-1], "") if len(last.text) > 1 else (tokens[:-1], tokens[-1])
    if not is_quoted and len(last.text) >= _PREFIX_FROM:
        return tokens[:-1], tokens[-1]
    return tokens, ""


def found_by(query: sa.Select[Any], text: str, database: Database) -> sa.Select[Any]:
    """A query of matches that sees only those found by what a person typed."""
    terms = terms_of(text)
    if not terms:
        return query.where(sa.false())
    if terms.phrases or not database.is_sqlite:
        query = query.join(search, search.c.match_id == match.c.id)
        padded = " " + search.c.tokens + " "
        query = query.where(*(padded.contains(phrase, autoescape=True) for phrase in terms.phrases))
    if database.is_sqlite:
        return query.where(
            _index.c.rowid == match.c.id, _index.c.search_index.op("MATCH")(_fts5(terms))
        )
    vector = sa.func.array_to_tsvector(sa.func.string_to_array(search.c.tokens, " "))
    return query.where(vector.op("@@")(sa.cast(_tsquery(terms), TSQUERY)))


def said_in(query: sa.Select[Any], text: str) -> sa.Select[Any]:
    """The same as `found_by` where few matches are left: their texts are read, not the index.

    PostgreSQL would make a vector of each text again (measured: a second for 9,000 of them). It
    would also begin a join with all texts that there are, as it expects next to none of them to
    have the words; the text is therefore asked for match by match, and last.
    """
    terms = terms_of(text)
    if not terms:
        return query.where(sa.false())
    padded = " " + search.c.tokens + " "
    pieces = [*(f" {one} " for one in terms.whole), *(f" {one}" for one in terms.starts)]
    is_said = sa.and_(
        *(padded.contains(piece, autoescape=True) for piece in [*pieces, *terms.phrases])
    )
    own = sa.select(is_said).where(search.c.match_id == match.c.id).correlate(match)
    return query.where(own.scalar_subquery())


def id_column(text: str | None, database: Database) -> sa.ColumnElement[int]:
    """The id of a match by which a list is ordered and cut into pages.

    FTS5 gives its rows in the order of their ids, if that order is asked of it and not of the
    matches; a word that is in every article then costs one page, not all of its matches.
    """
    if text and database.is_sqlite and terms_of(text):
        return _index.c.rowid
    return match.c.id


def index_article(connection: sa.Connection, article_id: int) -> None:
    """Bring what lists and search know of an article's matches up to its current text."""
    ids = list(
        connection.execute(sa.select(match.c.id).where(match.c.article_id == article_id)).scalars()
    )
    if not ids:
        return
    columns = [article.c[name] for name in ("title", "text", "language", "outlet", "site")]
    row = connection.execute(sa.select(*columns).where(article.c.id == article_id)).one()
    connection.execute(
        match.update()
        .where(match.c.id.in_(ids))
        .values(language=row.language, outlet=row.outlet or row.site)
    )
    tokens = tokens_of(row.title, row.text)
    known = sa.select(search.c.match_id, search.c.tokens).where(search.c.match_id.in_(ids))
    stored = {found.match_id: found.tokens for found in connection.execute(known)}
    for match_id in ids:
        if match_id not in stored:
            connection.execute(search.insert().values(match_id=match_id, tokens=tokens))
        elif stored[match_id] != tokens:
            connection.execute(
                search.update().where(search.c.match_id == match_id).values(tokens=tokens)
            )


def _fts5(terms: Terms) -> str:
    """The tokens as a query of FTS5; they are letters, digits and marks, so quotes suffice."""
    return " AND ".join(
        [f'"{token}"' for token in terms.whole] + [f'"{start}" *' for start in terms.starts]
    )


def _tsquery(terms: Terms) -> str:
    return " & ".join(
        [f"'{token}'" for token in terms.whole] + [f"'{start}':*" for start in terms.starts]
    )
