"""One door to the store: `Store(url)` with a part for each thing that is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from worker.clock import utc_now
from worker.errors import SchemaError
from worker.store.articles import ArticleStore
from worker.store.channels import ChannelStore
from worker.store.counters import CounterStore
from worker.store.engine import Database
from worker.store.feedhistory import FeedHistory
from worker.store.feeds import FeedStore
from worker.store.filters import FilterStore
from worker.store.learning import LearningStore
from worker.store.library import LibraryStore
from worker.store.matches import MatchStore
from worker.store.migrate import head_revision, upgrade
from worker.store.naming import NameStore
from worker.store.notices import NoticeStore
from worker.store.outbox import OutboxStore
from worker.store.pages import PageStore
from worker.store.pulse import PulseStore
from worker.store.quarantine import QuarantineStore
from worker.store.rematches import RematchStore
from worker.store.retention import RetentionStore
from worker.store.reviews import ReviewStore
from worker.store.samples import SampleStore
from worker.store.silence import SilenceStore
from worker.store.storydecisions import StoryDecisionStore
from worker.store.storylist import StoryStore
from worker.store.subscriptions import SubscriptionStore
from worker.store.tallies import TallyStore
from worker.store.tellings import TellingStore
from worker.store.tokens import TokenStore
from worker.store.triage import TriageStore
from worker.store.turns import TurnStore


class Store:
    """The database.

    Args:
        url: a SQLAlchemy URL, sqlite or postgresql.
        clock: see `Database`.

    Raises:
        ConfigError: the URL cannot be used.
    """

    def __init__(self, url: str, clock: Callable[[], datetime] = utc_now) -> None:
        self.database = Database(url, clock)
        self.feeds = FeedStore(self.database)
        self.feed_history = FeedHistory(self.database)
        self.articles = ArticleStore(self.database)
        self.library = LibraryStore(self.database)
        self.matches = MatchStore(self.database)
        self.reviews = ReviewStore(self.database)
        self.stories = StoryStore(self.database)
        self.tellings = TellingStore(self.database)
        self.story_decisions = StoryDecisionStore(self.database)
        self.filters = FilterStore(self.database)
        self.notices = NoticeStore(self.database)
        self.outbox = OutboxStore(self.database)
        self.channels = ChannelStore(self.database)
        self.quarantine = QuarantineStore(self.database)
        self.pulse = PulseStore(self.database)
        self.retention = RetentionStore(self.database)
        self.tokens = TokenStore(self.database)
        self.counters = CounterStore(self.database)
        self.turns = TurnStore(self.database)
        self.pages = PageStore(self.database)
        self.tallies = TallyStore(self.database)
        self.silence = SilenceStore(self.database)
        self.triage = TriageStore(self.database)
        self.names = NameStore(self.database)
        self.learning = LearningStore(self.database)
        self.samples = SampleStore(self.database)
        self.rematches = RematchStore(self.database)
        self.subscriptions = SubscriptionStore(self.database)

    def migrate(self) -> None:
        """Bring the schema to this version's; does nothing where it is.

        Raises:
            StoreError: the database cannot be reached, or was made by a newer version.
        """
        if self.revision() != head_revision():
            upgrade(self.database)

    def revision(self) -> str | None:
        """The schema's revision, None for an empty database.

        Raises:
            StoreError: the database cannot be reached.
        """
        with self.database.read() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.execute(
                sa.text("SELECT version_num FROM alembic_version")
            ).scalar()
        return found

    def check(self) -> None:
        """Make sure that the database answers and has this version's schema.

        Raises:
            SchemaError: it has another one; the message says what to do.
            StoreError: it does not answer.
        """
        revision, head = self.revision(), head_revision()
        if revision is not None and revision > head:
            raise SchemaError(
                f"{self.database.url}: made by a newer version of seedwatch (schema {revision}, "
                f"this one has {head}); run that version, or restore a backup"
            )
        if revision != head:
            raise SchemaError(
                f"{self.database.url}: schema is {revision or 'empty'}, this version needs "
                f"{head}; run `seedwatch migrate`"
            )

    def close(self) -> None:
        """Close all connections."""
        self.turns.close()
        self.database.dispose()
