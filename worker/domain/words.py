"""The vocabulary: how things end, how an article stands to a seed, what a person says of it."""

from __future__ import annotations

from enum import StrEnum


class Failure(StrEnum):
    """The class of a failure: the only thing that retry and backoff look at."""

    TEMPORARY = "temporary"
    """The network or the server, for now: try again soon, with growing delays."""
    SOFT = "soft"
    """The answer is of no use today (not a feed, 404): try again, far less often."""
    HARD = "hard"
    """The address itself is bad or gone: a person must look."""
    BLOCKED = "blocked"
    """We are not wanted (bot wall, robots.txt, 403): no evasion, try rarely."""


class Outcome(StrEnum):
    """How an attempt ended: one word for the log line, the counter and the event row."""

    # polls of a feed, and fetches in general
    OK = "ok"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    NOT_A_FEED = "not_a_feed"
    TOO_LARGE = "too_large"
    TOO_COMPLEX = "too_complex"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    BAD_URL = "bad_url"
    BAD_RESPONSE = "bad_response"
    BLOCKED_ADDRESS = "blocked_address"
    BLOCKED = "blocked"
    RATE_LIMITED = "rate_limited"
    POSTPONED = "postponed"
    """Not asked yet, out of politeness: its host is being asked by us already."""
    WRAPPED = "wrapped"
    """The link holds the article's address in a form that only its maker can read."""
    TOO_MANY_REDIRECTS = "too_many_redirects"
    SERVER_ERROR = "server_error"
    CLIENT_ERROR = "client_error"
    NOT_FOUND = "not_found"
    GONE = "gone"
    # articles
    MATCHED = "matched"
    UNRELATED = "unrelated"
    NO_TEXT = "no_text"
    UNLIKE = "unlike"
    """The page's text is not what its feed tells of: a wall that no list knows, or a front page."""
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    """Its page was not fetched: title and summary cannot belong to any watch."""
    # messages of a channel
    SENT = "sent"
    PARTLY_SENT = "partly_sent"
    """Some of the readers' addresses were refused for good."""
    REFUSED = "refused"
    """The receiver does not take this message, or none from us."""
    MISCONFIGURED = "misconfigured"
    """A secret, an address or a setting is missing here."""
    # all
    FAILED = "failed"
    LEASE_LOST = "lease_lost"
    QUARANTINED = "quarantined"


class Relation(StrEnum):
    """How an article relates to a seed."""

    COPY = "copy"
    """The same text in the same language, edited or not."""
    TRANSLATION = "translation"
    SAME_EVENT = "same_event"
    SAME_TOPIC = "same_topic"
    UNRELATED = "unrelated"

    @property
    def is_related(self) -> bool:
        """Whether an article with this relation belongs into the list to review."""
        return self is not Relation.UNRELATED


class Verdict(StrEnum):
    """What a person said of a match."""

    RELEVANT = "relevant"
    IRRELEVANT = "irrelevant"
    UNSURE = "unsure"


class Kind(StrEnum):
    """What an article is to the story that it belongs to."""

    COPY = "copy"
    """An earlier text of the story, or a seed, in the same language, edited or not."""
    TRANSLATION = "translation"
    SAME_EVENT = "same_event"
    FOLLOW_UP = "follow_up"
    """What came of the seeds' event, or after it: a story of its own that goes on from theirs."""
    SAME_TOPIC = "same_topic"


class Scope(StrEnum):
    """What a program may do with its token; each may do all that the ones before it may."""

    READ = "read"
    REVIEW = "review"
    """Give verdicts."""
    ADMIN = "admin"
    """Change what is watched: feeds."""

    def allows(self, wanted: Scope) -> bool:
        """Whether who has this scope may do what wants another one."""
        order = list(Scope)
        return order.index(self) >= order.index(wanted)


class TextSource(StrEnum):
    """Where an article's text came from."""

    PAGE = "page"
    FEED = "feed"
    """The page could not be had or held no text: the feed's own title and summary."""
