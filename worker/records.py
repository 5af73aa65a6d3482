"""The frozen types that pass between the pipeline, the store and the doors.

A `...Job` is a claimed row: it carries the token that fences its finish. A `...Result` is what
came of it. A `...Row` is what the doors read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from worker.domain import (
    NO_LANGUAGE,
    ArticleText,
    DetectedLanguage,
    FetchPolicy,
    Kind,
    Match,
    Outcome,
    Relation,
    Scope,
    Sketch,
    TextSource,
    Validators,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class FeedJob:
    """A feed that this process has claimed until its lease ends.

    Attributes:
        failures: polls in a row that failed, before this one.
        tries: claims since the last finish, this one included.
        entry_interval_s: the mean time between two entries, as last measured.
        interval_s: how long the feed was left alone before this poll.
        moved_to, moved_count: where permanent redirects led lately, and at how many good polls in
            a row.
        polls: finished polls. body_at: when the server last sent a body.
        entry_days: how many entries were published on each of the latest days, by ISO date.
        entry_hours: how many lately in each hour of the day, "0" to "23" UTC.
        is_pushed: its hub pushes new entries, and has missed none since.
    """

    id: int
    token: str
    url: str
    tries: int
    failures: int
    validators: Validators
    body_hash: str | None
    title: str
    language: str | None
    ttl_s: float | None
    entry_interval_s: float | None
    interval_s: float | None
    last_success_at: datetime | None
    moved_to: str | None = None
    moved_count: int = 0
    polls: int = 0
    body_at: datetime | None = None
    entry_count: int = 0
    entry_days: Mapping[str, int] = field(default_factory=dict)
    entry_hours: Mapping[str, int] = field(default_factory=dict)
    last_entry_at: datetime | None = None
    is_pushed: bool = False


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry as the store wants it; hashes are hex SHA-256.

    Attributes:
        entry_hash: of the feed's own id of the entry.
        key_hash: of the article's url_key: its identity across feeds.
        change_hash: of title and text, to notice an edit.
    """

    entry_hash: str
    key_hash: str
    change_hash: str
    url: str | None
    title: str
    text: str
    author: str | None
    language: str | None
    outlet: str | None
    published_at: datetime | None
    published_raw: str | None


@dataclass(frozen=True, slots=True)
class HubLink:
    """A feed's hub (None if it names none) and the address by which the hub knows the feed."""

    hub_url: str | None
    topic_url: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """What is agreed with a feed's hub.

    Attributes:
        token: the secret part of our callback's address. secret: with which the hub signs.
        asked_at: when we asked last. until: when the hub stops pushing; None = it never agreed.
        failures: requests in a row that it did not take.
    """

    feed_id: int
    token: str
    secret: str
    hub_url: str
    topic_url: str
    asked_at: datetime | None
    until: datetime | None
    failures: int


@dataclass(frozen=True, slots=True)
class PollResult:
    """What a poll of one feed came to; the store writes it in one transaction.

    Attributes:
        has_body: whether the server sent a body, changed or not.
        moved_to, moved_count: as they are after this poll.
        hub: what the feed says of its hub; None where that is not asked, or not known.
    """

    job: FeedJob
    outcome: Outcome
    next_poll_at: datetime
    is_success: bool
    detail: str = ""
    status: int | None = None
    elapsed_s: float = 0.0
    size_bytes: int = 0
    validators: Validators | None = None
    body_hash: str | None = None
    title: str | None = None
    language: str | None = None
    ttl_s: float | None = None
    entry_interval_s: float | None = None
    entries: tuple[NewEntry, ...] = ()
    overflow: int = 0
    moved_to: str | None = None
    moved_count: int = 0
    has_body: bool = False
    hub: HubLink | None = None


@dataclass(frozen=True, slots=True)
class KnownEntries:
    """What is stored already of the entries of a poll.

    Attributes:
        changes: the change_hash of the entries that the feed brought before, by entry_hash.
        articles: the key_hashes for which there is an article, whichever feed brought it.
    """

    changes: Mapping[str, str]
    articles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Moved:
    """A feed whose address was changed.

    Attributes:
        feed_id: of the feed that has the new address.
        is_merged: it was a feed already; the moved one has become part of it.
    """

    feed_id: int
    old_url: str
    new_url: str
    is_merged: bool


@dataclass(frozen=True, slots=True)
class ArticleJob:
    """An article that this process has claimed until its lease ends.

    Attributes:
        tries: claims since the last finish, this one included.
        content_hash: of the text stored by an earlier pass, or None.
        feed_language: as declared by entry or feed.
    """

    id: int
    token: str
    tries: int
    url: str | None
    entry_title: str
    entry_text: str
    entry_author: str | None
    feed_language: str | None
    outlet: str | None
    published_at: datetime | None
    first_seen_at: datetime
    content_hash: str | None
    text_source: TextSource | None


@dataclass(frozen=True, slots=True)
class ArticleResult:
    """What processing one article came to.

    Attributes:
        matches: one a watch, unrelated ones too.
        matcher_version: what gave them.
        fetch_outcome: how the fetch of its page ended; None if none was made.
        retry_at: set if the article is to be taken up again (its results so far are kept).
        is_quarantined: given up, needs a person.
        sketch: what the stories of its matches are found by; None where it has none.
        page_hash: of the text found on the page, also where it is not used.
        is_boilerplate: the page had a text that many addresses of its host share.
        canonical_key_hash: identity under the address that the page declares, or was fetched from.
        content: whether title, text and language were obtained and shall be stored.
    """

    job: ArticleJob
    outcome: Outcome
    title: str = ""
    text: str = ""
    text_source: TextSource | None = None
    language: DetectedLanguage = NO_LANGUAGE
    published_at: datetime | None = None
    author: str | None = None
    site: str | None = None
    final_url: str | None = None
    canonical_url: str | None = None
    canonical_key_hash: str | None = None
    content_hash: str | None = None
    method: str = ""
    matches: tuple[Match, ...] = ()
    sketch: Sketch | None = None
    matcher_version: str | None = None
    fetch_outcome: Outcome | None = None
    detail: str = ""
    elapsed_s: float = 0.0
    size_bytes: int = 0
    retry_at: datetime | None = None
    is_quarantined: bool = False
    page_hash: str | None = None
    is_boilerplate: bool = False

    @property
    def has_content(self) -> bool:
        """Whether there is a text to store."""
        return self.content_hash is not None

    @property
    def keeps_page(self) -> bool:
        """Whether the page is out of reach today: text and matches made from it are better."""
        return (
            self.job.text_source is TextSource.PAGE
            and self.text_source is TextSource.FEED
            and not self.is_boilerplate
        )


@dataclass(frozen=True, slots=True)
class PageTwin:
    """An article whose page has the same text as another's; the title is the feed's."""

    article_id: int
    url: str
    title: str


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article as matching sees it, read back from the store."""

    id: int
    version: int
    article: ArticleText


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed as `feeds list` and `feeds health` show it.

    Attributes:
        entries: seen so far.
        entry_days: how many were published on each of the latest days that had any, by ISO date.
        origin: "config" for one that a watch's file names, "user" for one that was added.
        interval_s: from the last poll to the next. entry_interval_s: the mean time between two
            entries. ttl_s: how long the feed asks to be left alone.
        is_conditional: whether its server gave validators, so that a poll costs little.
    """

    id: int
    url: str
    title: str
    language: str | None
    state: str
    watches: tuple[str, ...]
    next_poll_at: datetime
    last_outcome: str | None
    last_detail: str | None
    last_polled_at: datetime | None
    last_success_at: datetime | None
    failures: int
    overflow: int
    moved_to: str | None
    entries: int
    moved_count: int
    entry_days: Mapping[str, int]
    last_entry_at: datetime | None
    created_at: datetime
    origin: str = "config"
    fetch: FetchPolicy = FetchPolicy.ALL
    interval_s: float | None = None
    entry_interval_s: float | None = None
    ttl_s: float | None = None
    is_conditional: bool = False


@dataclass(frozen=True, slots=True)
class PollEvent:
    """One attempt to poll a feed."""

    at: datetime
    outcome: str
    status: int | None
    detail: str | None
    elapsed_s: float
    size_bytes: int
    entries: int
    new_entries: int


@dataclass(frozen=True, slots=True)
class SeenEntry:
    """An entry as a feed brought it."""

    url: str | None
    title: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many articles (relation None) or matches of a relation were found on a day."""

    day: date
    relation: Relation | None
    number: int


@dataclass(frozen=True, slots=True)
class ValueCount:
    """How many articles and matches there are of a language or an outlet."""

    value: str
    articles: int
    matches: int


@dataclass(frozen=True, slots=True)
class MostOf:
    """The first of many counts, and how many there are in all."""

    counts: Sequence[ValueCount]
    total: int


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A match with its article and the verdict that counts, as lists and exports show it.

    Attributes:
        review_id: of the latest review, 0 without one; a further verdict names the one it saw.
        story_id: the smallest id of a match of its story: its own if it was the first one found.
            None for a near miss, which belongs to no story.
        kind: what it is to that story.
    """

    id: int
    watch: str
    seed: str
    relation: Relation
    score: float
    is_suggestion: bool
    created_at: datetime
    matcher_version: str
    encoder: str
    article_id: int
    url: str | None
    title: str
    language: str
    outlet: str | None
    author: str | None
    published_at: datetime | None
    first_seen_at: datetime
    text_source: TextSource | None
    version: int
    evidence: tuple[Mapping[str, Any], ...]
    adds: tuple[str, ...]
    shared: Mapping[str, Any]
    reasons: tuple[str, ...]
    features: Mapping[str, float]
    verdict: Verdict | None
    note: str | None
    reviewed_at: datetime | None
    reviewer: str | None = None
    review_id: int = 0
    story_id: int | None = None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """An article as the API lists it, without its text."""

    id: int
    url: str | None
    final_url: str | None
    canonical_url: str | None
    title: str
    language: str
    outlet: str | None
    author: str | None
    published_at: datetime | None
    first_seen_at: datetime
    processed_at: datetime | None
    state: str
    outcome: str | None
    text_source: TextSource | None
    version: int


@dataclass(frozen=True, slots=True)
class Sums:
    """How many matches of a list there are of each kind, most first; days in their order.

    Attributes:
        outlets: None where it is not known. verdicts: None counts those not reviewed.
        days: by the day (UTC) on which they were found, and by relation.
    """

    total: int
    relations: Mapping[str, int]
    languages: Mapping[str, int]
    outlets: Mapping[str | None, int]
    verdicts: Mapping[str | None, int]
    days: Mapping[date, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict that somebody wants to give, or to take back.

    Attributes:
        seen: `review_id` of the match as they saw it; None = whatever was decided meanwhile.
        verdict: None takes the latest verdict back.
        note: None leaves the match's note as it is.
    """

    match_id: int
    seen: int | None
    verdict: Verdict | None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of decisions that were made at once.

    Attributes:
        act: names those that were stored; empty if none was.
        done: the matches that are now as it was decided.
        refused: those that somebody else had decided meanwhile; nothing was changed there.
    """

    act: str
    done: tuple[int, ...]
    refused: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One step in the history of a match's verdicts.

    Attributes:
        verdict: None where taking back left the match without one.
        undoes: the review that this one took back.
        is_latest: nothing was decided after it.
    """

    id: int
    match_id: int
    title: str
    language: str
    verdict: Verdict | None
    note: str | None
    reviewer: str | None
    score: float
    relation: Relation
    matcher_version: str
    reviewed_at: datetime
    undoes: int | None
    is_latest: bool


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A program's token, without the secret, which nobody keeps but the program.

    Attributes:
        expires_at: None = never. last_used_at: to within an hour; None = never.
    """

    id: int
    name: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A match that a channel may tell.

    Attributes:
        story: what it shares with other reports of the same.
        noted_at: when it was found. has_waited: it was held back before.
    """

    id: int
    relation: Relation
    score: float
    language: str
    story: int
    verdict: Verdict | None
    noted_at: datetime
    has_waited: bool = False


@dataclass(frozen=True, slots=True)
class ToldLately:
    """What a channel has told.

    Attributes:
        sent_at: when, within the last hour.
        stories: those of the notices in question that it has told already, whenever that was.
    """

    sent_at: tuple[datetime, ...] = ()
    stories: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class TellingPlan:
    """What becomes of the notices of one channel.

    Attributes:
        messages: to be sent now, each with the ids of its notices, oldest first.
        held: until when, by id.
        left_out: why, by id; for good.
    """

    messages: tuple[tuple[int, ...], ...] = ()
    held: Mapping[int, datetime] = field(default_factory=dict)
    left_out: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed outbox row: one message to be sent through one channel.

    Attributes:
        key: the same at every attempt; receivers drop what they have seen.
        failures: of this message so far. channel_failures: of its channel, in a row.
        match_ids: what it tells of, oldest first.
        claimed_at: on the store's clock.
    """

    id: int
    token: str
    tries: int
    failures: int
    key: str
    watch: str
    channel: str
    match_ids: tuple[int, ...]
    created_at: datetime
    claimed_at: datetime
    channel_failures: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt to send went.

    Attributes:
        detail: what the receiver said, or what is wrong; shown to people.
        status: of HTTP or SMTP, where there was one.
    """

    outcome: Outcome
    detail: str = ""
    status: int | None = None
    elapsed_s: float = 0.0


@dataclass(frozen=True, slots=True)
class AfterFailure:
    """What becomes of a message and its channel after a failed attempt.

    Attributes:
        retry_in_s: when the message is due again.
        channel_rests_s: for how long nothing is sent through the channel; 0 if only the message
            was refused.
        switched_off: why the channel is used no more until a person says so.
        is_given_up: the message waits for a person.
    """

    retry_in_s: float
    channel_rests_s: float = 0.0
    switched_off: str | None = None
    is_given_up: bool = False


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel as lists show it.

    Attributes:
        state: "active", "off" (switched off by a failure, see `reason`).
        rests_until: nothing is sent before.
        failures: in a row.
        waiting: matches that are held back. queued: messages that are to be sent.
        given_up: messages that wait for a person.
    """

    watch: str
    name: str
    kind: str
    state: str
    reason: str | None
    failures: int
    rests_until: datetime
    last_sent_at: datetime | None
    last_failed_at: datetime | None
    waiting: int
    queued: int
    given_up: int


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """A line of the delivery log.

    Attributes:
        message_id: None for a test message.
        title: of the first match told.
    """

    id: int
    at: datetime
    watch: str
    channel: str
    message_id: int | None
    outcome: str
    status: int | None
    detail: str
    elapsed_s: float
    matches: int
    title: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message that has not been sent, as lists show it."""

    id: int
    key: str
    watch: str
    channel: str
    state: str
    due_at: datetime
    failures: int
    last_error: str | None
    created_at: datetime
    matches: int
    title: str


@dataclass(frozen=True, slots=True)
class StoryMember:
    """A match as grouping sees it; nothing in it depends on when the match was found.

    Attributes:
        id: of the match. key: of its article, the same whenever it comes in.
        told_at: when it was published; when first seen, where that is not known.
        anchor, kind: see `worker.domain.Place`; `kind` as it stands now.
        base_kind: the kind that its own article alone gives it.
        side: what a person said it belongs to; None where nobody did.
        component: what it hung together with so far, whatever a person said; 0 if it is new.
        story_id: of the story that it is in so far; 0 if it is new.
    """

    id: int
    key: str
    told_at: datetime
    language: str
    anchor: str | None
    base_kind: Kind
    kind: Kind
    encoder: str
    vector: bytes | None
    side: int | None = None
    component: int = 0
    story_id: int = 0


@dataclass(frozen=True, slots=True)
class StoryLink:
    """Two matches that tell one story, by what they are; `is_same_text`: copy or translation."""

    one: StoryMember
    other: StoryMember
    is_same_text: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """Where grouping puts a match: fields as in `StoryMember`."""

    component: int
    story_id: int
    kind: Kind


class StoryRule(Protocol):
    """Which matches tell one story: a pure rule, whose answers depend on no order."""

    @property
    def window(self) -> timedelta:
        """How far apart two articles are told at the most that are linked by what they say."""
        ...

    def links(
        self, new: Sequence[StoryMember], known: Sequence[StoryMember]
    ) -> Sequence[StoryLink]:
        """The links of each new match with the known ones, and of the new ones among each other."""
        ...

    def kind(self, member: StoryMember, links: Sequence[StoryLink]) -> Kind:
        """What a match is to its story, seen from these links; never less than it was."""
        ...

    def partition(self, members: Sequence[StoryMember]) -> Mapping[int, Placed]:
        """Group matches anew, a person's word first; by the match's id."""
        ...


@dataclass(frozen=True, slots=True)
class StoryGroup:
    """So many matches of a story are of one kind and in one language.

    Attributes:
        reviewed: how many of them have a verdict. review_id: the latest of their reviews.
    """

    kind: Kind
    language: str
    number: int
    reviewed: int
    review_id: int


@dataclass(frozen=True, slots=True)
class StoryEntry:
    """A match as one line of its story; fields as in `MatchRow`."""

    id: int
    story_id: int
    watch: str
    kind: Kind
    relation: Relation
    score: float
    is_suggestion: bool
    title: str
    language: str
    outlet: str | None
    published_at: datetime | None
    first_seen_at: datetime
    created_at: datetime
    version: int
    verdict: Verdict | None
    reviewer: str | None
    review_id: int


@dataclass(frozen=True, slots=True)
class StoryLine:
    """A story in a list, as far as its matches are wanted there.

    Attributes:
        newest: the id of its newest wanted match, by which lists are ordered and paged.
        groups: all its wanted matches, counted.
        entries: its newest wanted matches, newest first; the last one is the first that was found.
    """

    story_id: int
    newest: int
    groups: tuple[StoryGroup, ...]
    entries: tuple[StoryEntry, ...]

    @property
    def number(self) -> int:
        """How many wanted matches it has."""
        return sum(group.number for group in self.groups)

    @property
    def review_id(self) -> int:
        """The latest review of any of them, 0 without one."""
        return max(group.review_id for group in self.groups)


@dataclass(frozen=True, slots=True)
class StoryDecisionRow:
    """What somebody said of a story: of so many of its matches, when."""

    decided_at: datetime
    reviewer: str | None
    number: int


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A list of the inbox that was given a name; `query` as its address has it."""

    id: int
    name: str
    query: str
    created_by: str | None
