"""From any address that a person names to the feed that is meant, and into the list of feeds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.domain import FeedConfig, FetchPolicy, Outcome, declared_language, feed_url
from worker.errors import InputError, NotFoundError
from worker.polling import trial
from worker.records import FeedRow
from worker.services import Services
from worker.store.store import Store

_SITE = re.compile(r"[^\s/:?#@]+\.[^\s/:?#@]+(?:[:/?#].*)?")
# An answer that says: nobody should poll this.
_REFUSED = frozenset(
    {Outcome.NOT_A_FEED, Outcome.NOT_FOUND, Outcome.GONE, Outcome.BAD_URL, Outcome.BLOCKED_ADDRESS}
)


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """What an address came to.

    Attributes:
        url: of the feed, which may be another than was asked for.
        outcome: of a poll of it, made now. detail: of that, for the log.
        choices: the feeds that a page names, where it names several: a person has to choose one.
        moved_to: where it is redirected permanently.
    """

    url: str
    outcome: Outcome
    detail: str = ""
    choices: tuple[str, ...] = ()
    moved_to: str | None = None

    @property
    def is_refused(self) -> bool:
        """Whether nothing there can be polled, today or later."""
        return self.outcome in _REFUSED

    @property
    def is_read(self) -> bool:
        """Whether it could be read now; what could not may be well tomorrow."""
        return self.outcome in (Outcome.OK, Outcome.EMPTY, Outcome.UNCHANGED)


@dataclass(frozen=True, slots=True)
class FeedWish:
    """A feed that somebody wants to be watched, and what they say of it; None = nothing said.

    Attributes:
        language: a BCP 47 tag.
    """

    url: str
    watch: str
    title: str | None = None
    language: str | None = None
    fetch: FetchPolicy | None = None


@dataclass(frozen=True, slots=True)
class AddedFeed:
    """What became of a wish.

    Attributes:
        row: the feed as it is now.
        was: as it was before; None for a new one.
    """

    row: FeedRow
    was: FeedRow | None

    @property
    def is_known(self) -> bool:
        """Whether it was watched for this watch already."""
        return self.was is not None and self.was.watches == self.row.watches

    @property
    def changes(self) -> tuple[str, ...]:
        """What is another now than it was, in words; empty for a new one."""
        if self.was is None:
            return ()
        pairs = {
            "title": (self.was.title, self.row.title),
            "language": (self.was.language, self.row.language),
            "fetch": (str(self.was.fetch), str(self.row.fetch)),
            "watches": (", ".join(self.was.watches), ", ".join(self.row.watches)),
            "state": (self.was.state, self.row.state),
        }
        return tuple(
            f"{name}: {before or 'none'} -> {after}"
            for name, (before, after) in pairs.items()
            if before != after
        )


def typed_address(text: str) -> str:
    """An address as somebody types it: that of a site without the scheme, too."""
    text = text.strip()
    return f"https://{text}" if _SITE.fullmatch(text) else feed_url(text)


def add_feed(store: Store, wish: FeedWish) -> AddedFeed:
    """Add a feed; one that is known is watched for this watch too, and what is said is changed.

    Raises:
        InputError: its language is none, or a watch's file says something else of it.
    """
    language = _language(wish.language)
    was = _known(store, wish.url)
    said = {"title": wish.title or "", "language": language, "fetch": wish.fetch}
    if was is not None and was.origin == "config" and was.state != "retired":
        differing = [name for name, value in said.items() if value and value != getattr(was, name)]
        if differing:
            raise InputError(
                wish.url,
                f"is watched already (feed {was.id}), and a watch.toml names it: change "
                f"{', '.join(differing)} there, or nothing stays changed",
            )
    config = FeedConfig(wish.url, wish.title or "", language, wish.fetch or FetchPolicy.ALL)
    feed_id = store.feeds.add(config, wish.watch)
    if was is not None:
        store.feeds.change(feed_id, wish.title or "", language, wish.fetch)
    return AddedFeed(store.feeds.get(feed_id), was)


def _language(tag: str | None) -> str | None:
    try:
        return declared_language(tag) if tag else None
    except ValueError as error:
        raise InputError("language", str(error)) from error


def _known(store: Store, url: str) -> FeedRow | None:
    try:
        return store.feeds.get(store.feeds.find(feed_url(url)))
    except NotFoundError:
        return None


def find_feed(services: Services, url: str) -> FoundFeed:
    """Ask an address for its feed, or for the one that it names.

    Raises:
        StoreError: the database cannot be reached.
    """
    url = feed_url(url)
    seen = trial(services, url)
    named = tuple(dict.fromkeys(map(feed_url, seen.named)))
    if len(named) == 1:
        (url,) = named
        seen = trial(services, url)
    choices = named if len(named) > 1 else ()
    result, detail = seen.result, seen.result.detail
    if seen.got is not None and seen.got.final_url != seen.got.url and not result.is_success:
        detail = f"{detail} at {seen.got.final_url}, where it is redirected to"
    return FoundFeed(url, result.outcome, detail, choices, result.moved_to)
