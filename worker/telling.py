"""Step 5: notices become messages, and messages are sent.

What is sent next is decided by `worker.notify.rules` alone; this file carries the decisions out. A
channel that fails rests by itself: its messages are not handed out meanwhile, those of the others
are.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from worker.domain import ChannelConfig, Failure, Outcome, Watch
from worker.errors import NotFoundError, TellError
from worker.notify import rules
from worker.notify.messages import Message, Senders
from worker.records import Attempt, Delivery, Notice, TellingPlan, ToldLately

if TYPE_CHECKING:
    from worker.store.store import Store

log = logging.getLogger(__name__)

SEND_BUDGET_S = 45.0
"""After so long a batch sends no more; with one slow receiver it ends before the hard limit."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Tells the matches of the watches through their channels.

    Attributes:
        senders: how to send, by the kind of channel.
        pages_url: where the review pages are reached by those who are told; or empty.
        clock: aware UTC. jitter: a number from 0 to 1, fresh at each call.
    """

    store: Store
    watches: Sequence[Watch]
    senders: Senders
    pages_url: str
    clock: Callable[[], datetime]
    jitter: Callable[[], float]

    def compose(self) -> int:
        """Turn the notices that are due into messages, channel by channel.

        Returns:
            How many messages were made.

        Raises:
            StoreError: the database cannot be reached.
        """
        self.store.channels.sync({watch.name: watch.channels for watch in self.watches})
        made = 0
        for watch, name in self.store.notices.due_channels():
            found = self._find(watch, name)
            if found is None:
                self.store.notices.orphan(watch, name)
            else:
                config = found[1]
                made += self.store.notices.compose(
                    watch, name, partial(_decide, config), with_stories=config.rules.first_of_story
                )
        return made

    def deliver(self, message_ids: Iterable[int]) -> Counter[str]:
        """Send what is due, at least once; the key stays the same at every attempt.

        Returns:
            How many messages were `sent`, `failed`.

        Raises:
            StoreError: the database cannot be reached; the messages come back when their lease
                ends.
        """
        done: Counter[str] = Counter()
        ends_at = time.monotonic() + SEND_BUDGET_S
        left = self.store.outbox.claim(message_ids)
        resting: set[tuple[str, str]] = set()
        given_back: list[Delivery] = []
        for delivery in left:
            channel = (delivery.watch, delivery.channel)
            if channel in resting or time.monotonic() > ends_at:
                given_back.append(delivery)
                continue
            error = self._deliver_one(delivery)
            done["failed" if error else "sent"] += 1
            if error and error.failure is not Failure.SOFT:
                resting.add(channel)
        self.store.outbox.release(given_back)
        return done

    def test(self, watch: str, name: str) -> tuple[Attempt, int]:
        """Send a test message through a channel, whatever state it is in.

        Returns:
            How it went, and the id of its line in the delivery log.

        Raises:
            NotFoundError: there is no such channel.
        """
        found = self._find(watch, name)
        if found is None:
            raise NotFoundError(f"{watch}/{name}: no such channel; `seedwatch channels list`")
        now = self.clock()
        key = f"{watch}:{name}:test-{now:%Y%m%d%H%M%S}"
        message = Message(key, *found, (), now, self.pages_url)
        attempt, _ = self._attempt(message)
        return attempt, self.store.channels.log_test(watch, name, attempt)

    def _deliver_one(self, delivery: Delivery) -> TellError | None:
        found = self._find(delivery.watch, delivery.channel)
        if found is None:
            error = TellError(Outcome.MISCONFIGURED, Failure.BLOCKED, "no watch's file has it here")
            attempt = Attempt(error.outcome, error.detail)
        else:
            rows = tuple(self.store.matches.get(one) for one in delivery.match_ids)
            message = Message(
                delivery.key, *found, rows, delivery.created_at, self.pages_url,
                is_again=delivery.tries > 1,
            )  # fmt: skip
            attempt, failed = self._attempt(message)
            if failed is None:
                self.store.outbox.sent(delivery, attempt)
                told = {"outcome": str(attempt.outcome), "key": delivery.key}
                log.info("told", extra=told)
                return None
            error = failed
        after = rules.after_failure(delivery, error, self.jitter())
        self.store.outbox.failed(delivery, attempt, after)
        log.warning("could not tell", extra={"key": delivery.key, "detail": str(error)})
        return error

    def _attempt(self, message: Message) -> tuple[Attempt, TellError | None]:
        started = time.monotonic()
        error: TellError | None = None
        try:
            got = self.senders[message.channel.kind].send(message)
            attempt = Attempt(got.outcome, got.detail, got.status)
        except TellError as failed:
            error = failed
        except Exception as bug:  # noqa: BLE001 - costs one message an attempt, never its batch
            # without its text, which may hold an address that is a secret
            frames = "".join(traceback.format_tb(bug.__traceback__))
            log.error("telling %s failed: %s\n%s", message.key, type(bug).__name__, frames)
            error = TellError(Outcome.FAILED, Failure.SOFT, f"a bug here: {type(bug).__name__}")
        if error:
            attempt = Attempt(error.outcome, error.detail, error.status)
        elapsed_s = time.monotonic() - started
        return Attempt(attempt.outcome, attempt.detail, attempt.status, elapsed_s), error

    def _find(self, watch: str, name: str) -> tuple[Watch, ChannelConfig] | None:
        """A watch and its channel by name; None if no file that was read has them."""
        for one in self.watches:
            if one.name == watch:
                for channel in one.channels:
                    if channel.name == name:
                        return one, channel
        return None


def _decide(
    config: ChannelConfig, notices: Sequence[Notice], lately: ToldLately, now: datetime
) -> TellingPlan:
    return rules.plan(notices, config.rules, lately, now)
