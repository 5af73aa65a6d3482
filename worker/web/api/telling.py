"""Telling: the channels, a test message, the delivery log, and what waits to be sent again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from pydantic import BaseModel, Field

from worker.domain import ChannelConfig, Scope
from worker.notify.references import shown
from worker.records import AttemptRow, ChannelRow
from worker.telling import Telling
from worker.web.api.access import needs
from worker.web.api.cursors import cursor_of, read_cursor
from worker.web.api.models import Id, WatchName
from worker.web.api.queries import PageQuery

_DELIVERIES = "d"
_CHANGES = [Depends(needs(Scope.ADMIN))]
_CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "It does not wait"}}
ChannelName = Annotated[str, Path(min_length=1, max_length=64)]


class Channel(BaseModel):
    """A channel of a watch's file, and how it is."""

    watch: str
    name: str
    kind: str
    to: list[str] = Field(description="where it leads, without what must not be seen")
    state: str | None = Field(description="`active`, or `off` after a failure; null: not used yet")
    reason: str | None = Field(description="why it is off or rests")
    failures: int = Field(description="in a row")
    rests_until: datetime | None
    last_sent_at: datetime | None
    last_failed_at: datetime | None
    waiting: int = Field(description="matches that are held back")
    queued: int = Field(description="messages that are to be sent")
    given_up: int = Field(description="messages that wait for a person")


class ChannelList(BaseModel):
    """The channels of all watches."""

    channels: list[Channel]


class Attempted(BaseModel):
    """A line of the delivery log."""

    id: int
    at: datetime
    watch: str
    channel: str
    message_id: int | None = Field(description="null: a test message")
    outcome: str
    status: int | None = Field(description="of HTTP or SMTP")
    detail: str
    elapsed_s: float
    matches: int
    title: str = Field(description="of the first match told")


class DeliveryPage(BaseModel):
    """Attempts to send, the latest first."""

    deliveries: list[Attempted]
    next_cursor: str | None


class Message(BaseModel):
    """A message that failed and waits."""

    id: int
    key: str = Field(description="the same at every attempt")
    watch: str
    channel: str
    state: str = Field(description="`pending`, or `quarantined`: given up until a person retries")
    due_at: datetime
    failures: int
    last_error: str | None
    created_at: datetime
    matches: int
    title: str


class MessageList(BaseModel):
    """Messages that failed and wait, those that were given up first."""

    messages: list[Message]


class TellingApi:
    """Telling over the API.

    Args:
        telling: the channels, and what sends a test message.
    """

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._channels = telling.store.channels

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(tags=["telling"])
        add = router.add_api_route
        one = "/channels/{name}/{channel}"
        add("/channels", self.channels, response_model=ChannelList)
        add(f"{one}/test", self.test, methods=["POST"], response_model=Attempted,
            dependencies=_CHANGES)  # fmt: skip
        add(f"{one}/on", self.switch_on, methods=["POST"], response_model=Channel,
            dependencies=_CHANGES)  # fmt: skip
        add("/deliveries", self.deliveries, response_model=DeliveryPage)
        add("/messages", self.messages, response_model=MessageList)
        add("/messages/{message_id}/retry", self.retry, methods=["POST"], status_code=204,
            response_model=None, dependencies=_CHANGES, responses=_CONFLICT)  # fmt: skip
        return router

    def channels(self) -> Any:
        """List the channels and how each is."""
        rows = {(row.watch, row.name): row for row in self._channels.rows()}
        return {
            "channels": [
                _record(watch.name, config, rows.get((watch.name, config.name)))
                for watch in self._telling.watches
                for config in watch.channels
            ]
        }

    def test(self, name: WatchName, channel: ChannelName) -> Any:
        """Send a test message through a channel of a watch, and say what came back."""
        self._named(name, channel)
        _, attempt_id = self._telling.test(name, channel)
        (row,) = self._channels.attempts(attempt_id=attempt_id)
        return row

    def switch_on(self, name: WatchName, channel: ChannelName) -> Any:
        """Use a channel again, at once, that a failure has switched off."""
        config = self._named(name, channel)
        self._channels.switch_on(name, channel)
        rows = [row for row in self._channels.rows() if (row.watch, row.name) == (name, channel)]
        return _record(name, config, rows[0])

    def deliveries(self, query: Annotated[PageQuery, Query()]) -> Any:
        """List attempts to send, the latest first."""
        key = read_cursor(_DELIVERIES, query.cursor)
        rows = self._channels.attempts(before_id=key[0] if key else None, limit=query.limit + 1)
        shown_rows: list[AttemptRow] = rows[: query.limit]
        is_more = len(rows) > query.limit
        return {
            "deliveries": shown_rows,
            "next_cursor": cursor_of(_DELIVERIES, shown_rows[-1].id) if is_more else None,
        }

    def messages(self, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> Any:
        """List messages that failed and wait."""
        return {"messages": self._channels.unsent(limit)}

    def retry(self, message_id: Id) -> None:
        """Send a message that waits again, within a minute."""
        if not self._channels.retry([message_id]):
            raise HTTPException(409, "No message of that id waits to be sent.")

    def _named(self, watch_name: str, name: str) -> ChannelConfig:
        for watch in self._telling.watches:
            for config in watch.channels:
                if (watch.name, config.name) == (watch_name, name):
                    return config
        raise HTTPException(404, f"{watch_name}/{name[:64]}: no such channel")


def _record(watch: str, config: ChannelConfig, row: ChannelRow | None) -> dict[str, Any]:
    return {
        "watch": watch,
        "name": config.name,
        "kind": config.kind,
        "to": [shown(one) for one in config.to],
        "state": row.state if row else None,
        "reason": row.reason if row else None,
        "failures": row.failures if row else 0,
        "rests_until": row.rests_until if row and row.failures else None,
        "last_sent_at": row.last_sent_at if row else None,
        "last_failed_at": row.last_failed_at if row else None,
        "waiting": row.waiting if row else 0,
        "queued": row.queued if row else 0,
        "given_up": row.given_up if row else 0,
    }
