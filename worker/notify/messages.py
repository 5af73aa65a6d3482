"""What a sender is handed, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from worker.clock import iso
from worker.domain import ChannelConfig, Outcome, Watch
from worker.notify.records import match_record
from worker.records import MatchRow


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one channel.

    Attributes:
        key: the same at every attempt; a receiver drops what it has seen.
        watch: gives titles, and the seeds' addresses.
        rows: the matches told, oldest first; none in a test message.
        made_at: when it was put together, the same at every attempt.
        pages_url: where the review pages are reached, without a slash at the end; or empty.
        is_again: whether who had it before died with it, so that it may have been sent.
    """

    key: str
    watch: Watch
    channel: ChannelConfig
    rows: tuple[MatchRow, ...]
    made_at: datetime
    pages_url: str = ""
    is_again: bool = False

    @property
    def is_test(self) -> bool:
        """Whether it is sent only to see whether it arrives."""
        return not self.rows

    def review_url(self, row: MatchRow) -> str | None:
        """Where a match is reviewed, if the pages have an address that others can open."""
        return f"{self.pages_url}/matches/{row.id}" if self.pages_url else None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came back from the receiver.

    Attributes:
        detail: in its own words.
        status: of HTTP or SMTP.
    """

    outcome: Outcome = Outcome.SENT
    detail: str = ""
    status: int | None = None


class Sender(Protocol):
    """Sends the messages of all channels of one kind. Safe to call from several threads."""

    def send(self, message: Message) -> Receipt:
        """Send it; bounded in time.

        Raises:
            TellError: it was not sent, or not surely; it is tried again under the same key.
        """
        ...


Senders = Mapping[str, Sender]
"""How to send, by the kind of channel."""


def event_of(message: Message) -> dict[str, Any]:
    """The message as a program reads it: `type`, `timestamp` and `data`, as Standard Webhooks asks.

    It is the same at every attempt.
    """
    data: dict[str, Any] = {"watch": message.watch.name, "channel": message.channel.name}
    if message.is_test:
        kind = "channel.test"
        data["text"] = "A test message: this channel works."
    else:
        kind = "matches.found"
        data["matches"] = [
            {**match_record(row, message.watch), "review_url": message.review_url(row)}
            for row in message.rows
        ]
    return {"type": kind, "timestamp": iso(message.made_at), "data": data}
