"""The first schema.

Written out in full: a migration never imports live code, which changes under it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make all tables."""
    _article()
    _feed()
    _pulse()
    _host_turn()
    _article_alias()
    _article_version()
    _feed_alias()
    _feed_watch()
    _fetch_event()
    _match()
    _search()
    _sighting()
    _outbox()
    _review()


def _article() -> None:
    op.create_table(
        "article",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("url", sa.Text),
        sa.Column("final_url", sa.Text),
        sa.Column("canonical_url", sa.Text),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("token", sa.String(32)),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("hinted_at", _TIME),
        sa.Column("merged_into", _ID, sa.ForeignKey("article.id", name="fk_article_merged_into")),
        sa.Column("is_edited", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("entry_title", sa.Text, nullable=False, server_default=""),
        sa.Column("entry_text", sa.Text, nullable=False, server_default=""),
        sa.Column("feed_language", sa.String(16)),
        sa.Column("outlet", sa.Text),
        sa.Column("title", sa.Text, nullable=False, server_default=""),
        sa.Column("text", sa.Text, nullable=False, server_default=""),
        sa.Column("text_source", sa.String(8)),
        sa.Column("method", sa.String(64)),
        sa.Column("language", sa.String(16), nullable=False, server_default="und"),
        sa.Column("language_confidence", sa.Float, nullable=False, server_default="0"),
        sa.Column("author", sa.Text),
        sa.Column("site", sa.Text),
        sa.Column("published_at", _TIME),
        sa.Column("published_raw", sa.Text),
        sa.Column("first_seen_at", _TIME, nullable=False),
        sa.Column("processed_at", _TIME),
        sa.Column("content_hash", sa.String(64)),
        sa.Column("page_hash", sa.String(64)),
        sa.Column("version", sa.Integer, nullable=False, server_default="0"),
        sa.Column("matcher_version", sa.String(64)),
        sa.Column("outcome", sa.String(32)),
        sa.Column("fetch_outcome", sa.String(32)),
        sa.Column("last_error", sa.Text),
        sa.UniqueConstraint("key_hash", name="uq_article_key_hash"),
    )
    op.create_index("ix_article_page_hash", "article", ["page_hash"])
    op.create_index("ix_article_first_seen_at", "article", ["first_seen_at"])
    op.create_index("ix_article_merged_into", "article", ["merged_into"])
    op.create_index("ix_article_processed_at", "article", ["processed_at"])
    op.create_index("ix_article_state_due_at", "article", ["state", "due_at"])


def _feed() -> None:
    op.create_table(
        "feed",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("url_hash", sa.String(64), nullable=False),
        sa.Column("title", sa.Text, nullable=False, server_default=""),
        sa.Column("language", sa.String(16)),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("token", sa.String(32)),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("hinted_at", _TIME),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("body_hash", sa.String(64)),
        sa.Column("body_at", _TIME),
        sa.Column("polls", sa.Integer, nullable=False, server_default="0"),
        sa.Column("ttl_s", sa.Float),
        sa.Column("entry_interval_s", sa.Float),
        sa.Column("interval_s", sa.Float),
        sa.Column("moved_to", sa.Text),
        sa.Column("moved_count", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("overflow", sa.Integer, nullable=False, server_default="0"),
        sa.Column("entry_count", sa.Integer, nullable=False, server_default="0"),
        sa.Column("entry_days", _JSON),
        sa.Column("last_entry_at", _TIME),
        sa.Column("last_outcome", sa.String(32)),
        sa.Column("last_detail", sa.Text),
        sa.Column("last_polled_at", _TIME),
        sa.Column("last_success_at", _TIME),
        sa.Column("created_at", _TIME, nullable=False),
        sa.UniqueConstraint("url_hash", name="uq_feed_url_hash"),
    )
    op.create_index("ix_feed_state_due_at", "feed", ["state", "due_at"])


def _pulse() -> None:
    op.create_table(
        "pulse",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("owner", sa.Text),
    )


def _host_turn() -> None:
    op.create_table(
        "host_turn",
        sa.Column("host", sa.String(300), primary_key=True),
        sa.Column("next_at_s", sa.Float, nullable=False),
    )


def _article_alias() -> None:
    op.create_table(
        "article_alias",
        sa.Column("key_hash", sa.String(64), primary_key=True),
        sa.Column(
            "article_id",
            _ID,
            sa.ForeignKey("article.id", name="fk_article_alias_article_id"),
            nullable=False,
        ),
    )
    op.create_index("ix_article_alias_article_id", "article_alias", ["article_id"])


def _article_version() -> None:
    op.create_table(
        "article_version",
        sa.Column(
            "article_id",
            _ID,
            sa.ForeignKey("article.id", name="fk_article_version_article_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
    )


def _feed_alias() -> None:
    op.create_table(
        "feed_alias",
        sa.Column("url_hash", sa.String(64), primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column(
            "feed_id",
            _ID,
            sa.ForeignKey("feed.id", name="fk_feed_alias_feed_id", ondelete="CASCADE"),
            nullable=False,
        ),
    )
    op.create_index("ix_feed_alias_feed_id", "feed_alias", ["feed_id"])


def _feed_watch() -> None:
    op.create_table(
        "feed_watch",
        sa.Column(
            "feed_id",
            _ID,
            sa.ForeignKey("feed.id", name="fk_feed_watch_feed_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("watch", sa.String(100), primary_key=True),
    )


def _fetch_event() -> None:
    op.create_table(
        "fetch_event",
        sa.Column("id", _ID, primary_key=True),
        sa.Column(
            "feed_id",
            _ID,
            sa.ForeignKey("feed.id", name="fk_fetch_event_feed_id", ondelete="CASCADE"),
        ),
        sa.Column("article_id", _ID, sa.ForeignKey("article.id", name="fk_fetch_event_article_id")),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("detail", sa.Text),
        sa.Column("elapsed_s", sa.Float, nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("new_entries", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("ix_fetch_event_article_id", "fetch_event", ["article_id"])
    op.create_index("ix_fetch_event_feed_id", "fetch_event", ["feed_id"])


def _match() -> None:
    op.create_table(
        "match",
        sa.Column("id", _ID, primary_key=True),
        sa.Column(
            "article_id",
            _ID,
            sa.ForeignKey("article.id", name="fk_match_article_id"),
            nullable=False,
        ),
        sa.Column("watch", sa.String(100), nullable=False),
        sa.Column("seed", sa.Text, nullable=False),
        sa.Column("relation", sa.String(16), nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("is_suggestion", sa.Boolean, nullable=False),
        sa.Column("evidence", _JSON, nullable=False),
        sa.Column("adds", _JSON, nullable=False),
        sa.Column("shared", _JSON, nullable=False),
        sa.Column("reasons", _JSON, nullable=False),
        sa.Column("features", _JSON, nullable=False),
        sa.Column("matcher_version", sa.String(64), nullable=False),
        sa.Column("encoder", sa.String(200), nullable=False),
        sa.Column("article_version", sa.Integer, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("verdict", sa.String(16)),
        sa.Column("note", sa.Text),
        sa.Column("reviewer", sa.Text),
        sa.Column("reviewed_at", _TIME),
        sa.Column("review_id", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("language", sa.String(16), nullable=False, server_default="und"),
        sa.Column("outlet", sa.Text),
        sa.UniqueConstraint("article_id", "watch", name="uq_match_article_id_watch"),
    )
    op.create_index("ix_match_created_at", "match", ["created_at", "id"])
    op.create_index("ix_match_verdict", "match", ["verdict", "id", "relation"])
    op.create_index("ix_match_language", "match", ["language", "id", "verdict", "relation"])
    op.create_index("ix_match_outlet", "match", ["outlet", "id", "verdict", "relation"])
    op.create_index("ix_match_watch", "match", ["watch", "relation", "score", "id"])


def _search() -> None:
    """The texts by which matches are found; each database indexes them in its own way."""
    op.create_table(
        "search",
        sa.Column(
            "match_id",
            _ID,
            sa.ForeignKey("match.id", name="fk_search_match_id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("tokens", sa.Text, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE INDEX ix_search_tokens ON search "
            "USING gin (array_to_tsvector(string_to_array(tokens, ' ')))"
        )
        return
    # the tokenizer `ascii` cuts at spaces only, for nothing else in `tokens` is ASCII punctuation
    op.execute(
        "CREATE VIRTUAL TABLE search_index USING fts5(tokens, content='search', "
        "content_rowid='match_id', tokenize='ascii', detail='none', columnsize=0)"
    )
    delete = (
        "INSERT INTO search_index (search_index, rowid, tokens) "
        "VALUES ('delete', old.match_id, old.tokens);"
    )
    insert = "INSERT INTO search_index (rowid, tokens) VALUES (new.match_id, new.tokens);"
    for event, steps in (("INSERT", insert), ("DELETE", delete), ("UPDATE", delete + insert)):
        op.execute(
            f"CREATE TRIGGER search_after_{event.lower()} AFTER {event} ON search BEGIN {steps} END"
        )


def _sighting() -> None:
    op.create_table(
        "sighting",
        sa.Column("id", _ID, primary_key=True),
        sa.Column(
            "feed_id",
            _ID,
            sa.ForeignKey("feed.id", name="fk_sighting_feed_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("entry_hash", sa.String(64), nullable=False),
        sa.Column("change_hash", sa.String(64), nullable=False),
        sa.Column(
            "article_id",
            _ID,
            sa.ForeignKey("article.id", name="fk_sighting_article_id"),
            nullable=False,
        ),
        sa.Column("url", sa.Text),
        sa.Column("title", sa.Text, nullable=False, server_default=""),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.UniqueConstraint("feed_id", "entry_hash", name="uq_sighting_feed_id_entry_hash"),
    )
    op.create_index("ix_sighting_article_id", "sighting", ["article_id"])
    op.create_index("ix_sighting_feed_id", "sighting", ["feed_id", "article_id"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("options", _JSON, nullable=False),
        sa.Column(
            "match_id", _ID, sa.ForeignKey("match.id", name="fk_outbox_match_id"), nullable=False
        ),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("token", sa.String(32)),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("hinted_at", _TIME),
        sa.Column("last_error", sa.Text),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("sent_at", _TIME),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index("ix_outbox_state_due_at", "outbox", ["state", "due_at"])


def _review() -> None:
    op.create_table(
        "review",
        sa.Column("id", _ID, primary_key=True),
        sa.Column(
            "match_id", _ID, sa.ForeignKey("match.id", name="fk_review_match_id"), nullable=False
        ),
        sa.Column("verdict", sa.String(16)),
        sa.Column("note", sa.Text),
        sa.Column("reviewer", sa.Text),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("relation", sa.String(16), nullable=False),
        sa.Column("matcher_version", sa.String(64), nullable=False),
        sa.Column("reviewed_at", _TIME, nullable=False),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("undoes", sa.BigInteger),
    )
    op.create_index("ix_review_act", "review", ["act"])
    op.create_index("ix_review_match_id", "review", ["match_id"])
