"""The page on telling: what it says of channels, and what its buttons do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time

import pytest
from fastapi import FastAPI
from lxml.html import HtmlElement
from starlette.testclient import TestClient

from tests.fakes import FakeClock, ListChannel
from tests.web.conftest import Filler
from tests.web.filling import KELP, OTHER, Found
from tests.web.test_inbox import words
from worker.config import load_settings
from worker.domain import (
    ChannelConfig,
    DigestTime,
    Failure,
    QuietHours,
    Relation,
    TellingRules,
)
from worker.store.notices import note
from worker.store.store import Store
from worker.telling import Telling
from worker.web.app import make_app

See = Callable[..., HtmlElement]
HOOK = ChannelConfig(
    "webhook",
    "desk",
    TellingRules(
        (Relation.COPY, Relation.TRANSLATION), 0.8, ("vi", "fr"), first_of_story=True,
        quiet=QuietHours(time(22), time(7)), per_hour=6, zone="Asia/Jakarta",
    ),
    to=("https://example.org/hook/geheim?key=verborgen",),
    secrets=("env:DESK_SECRET",),
)  # fmt: skip
MAIL = ChannelConfig(
    "mail", "morning", TellingRules(digest=DigestTime(time(7), 4)), to=("desk@example.org",)
)
WATCH = replace(KELP, channels=(HOOK, MAIL))


@pytest.fixture
def receiver() -> ListChannel:
    return ListChannel()


@pytest.fixture
def telling(sqlite_store: Store, clock: FakeClock, receiver: ListChannel) -> Telling:
    senders = {"webhook": receiver, "mail": receiver}
    made = Telling(sqlite_store, (WATCH, OTHER), senders, "", clock, lambda: 0.0)
    made.compose()
    return made


@pytest.fixture
def app(sqlite_store: Store, clock: FakeClock, telling: Telling) -> FastAPI:
    return make_app(sqlite_store, (WATCH, OTHER), load_settings(), clock, telling=telling)


@pytest.fixture
def press(client: TestClient, see: See) -> Callable[..., HtmlElement]:
    """Presses a button of the page and follows to what it shows then."""

    def press_button(act: str, **more: str) -> HtmlElement:
        token = see("/telling").xpath("//input[@name='token']/@value")[0]
        answer = client.post(
            "/telling",
            data={"token": token, "act": act, **more},
            headers={"origin": "http://127.0.0.1:8321"},
        )
        assert answer.status_code == 303, answer.text
        return see(answer.headers["location"])

    return press_button


def tell(store: Store, clock: FakeClock, match_id: int, channel: ChannelConfig) -> None:
    with store.database.write() as connection:
        note(store.database, connection, ("kelp", match_id), channel, clock())


def test_channels_and_their_rules_in_words(see: See) -> None:
    page = see("/telling")
    desk, morning = page.xpath("//table[1]/tbody/tr")
    for part in (
        "desk", "Webhook", "https://example.org/…", "only copy, translation",
        "Vietnamese, French", "the first of a story only", "quiet from 22:00 to 07:00",
        "at most 6 messages an hour", "In use", "never",
    ):  # fmt: skip
        assert part in words(desk)
    assert "Friday at 07:00 (UTC)" in words(morning)
    assert "desk@example.org" in words(morning)
    for secret in ("geheim", "verborgen"):
        assert secret not in page.text_content()
    assert "Nothing has been told yet." in words(page)


def test_a_test_message_says_what_came_back(
    press: Callable[..., HtmlElement], receiver: ListChannel
) -> None:
    page = press("test.kelp.desk")
    assert words(page.xpath("//*[@class='flash']")[0]) == "desk: Told"
    assert "a test message" in words(page.xpath("//section")[-1])
    receiver.failures = 1
    page = press("test.kelp.desk")
    assert words(page.xpath("//*[@class='flash']")[0]) == "desk: Cannot be reached nobody answers"
    assert len(page.xpath("//section[last()]//tbody/tr")) == 2


def test_what_failed_is_tried_again_at_a_press(
    see: See, press: Callable[..., HtmlElement], filled: Filler, telling: Telling,
    receiver: ListChannel, clock: FakeClock,
) -> None:  # fmt: skip
    (match_id,) = filled(Found("Kelp <b>at last</b>", language="vi", relation=Relation.COPY))
    tell(telling.store, clock, match_id, HOOK)
    receiver.failures = 1
    clock.advance(hours=12)  # past the quiet hours
    telling.compose()
    ((message_id,),) = telling.store.outbox.hint_due()
    telling.deliver([message_id])
    page = see("/telling")
    first = page.xpath("//table[1]/tbody/tr")[0]
    assert "Failing tried again in 1 min" in words(first)
    assert "nobody answers" in words(first)
    (failed,) = page.xpath("//section[@aria-labelledby='unsent']//tbody/tr")
    assert "Kelp <b>at last</b>" in words(failed)
    page = press(f"retry.{message_id}")
    assert "due now" in words(page.xpath("//*[@class='flash']")[0])
    telling.deliver([message_id])
    page = see("/telling")
    assert not page.xpath("//section[@aria-labelledby='unsent']")
    assert [title for _, title in receiver.told] == ["Kelp <b>at last</b>"]


def test_a_channel_that_is_off_is_used_again_at_a_press(
    see: See, press: Callable[..., HtmlElement], filled: Filler, telling: Telling,
    receiver: ListChannel, clock: FakeClock,
) -> None:  # fmt: skip
    (match_id,) = filled(Found("Kelp", language="vi", relation=Relation.COPY))
    tell(telling.store, clock, match_id, HOOK)
    receiver.failures, receiver.failure = 1, Failure.HARD
    clock.advance(hours=12)
    telling.compose()
    telling.deliver([one for batch in telling.store.outbox.hint_due() for one in batch])
    clock.advance(days=1)
    assert "Switched off" in words(see("/telling").xpath("//table[1]/tbody/tr")[0])
    page = press("on.kelp.desk")
    assert "desk: in use again" in words(page.xpath("//*[@class='flash']")[0])
    assert "In use" in words(page.xpath("//table[1]/tbody/tr")[0])


def test_nothing_is_sent_for_a_foreign_form(
    client: TestClient, see: See, receiver: ListChannel, telling: Telling, sqlite_store: Store
) -> None:
    token = see("/telling").xpath("//input[@name='token']/@value")[0]
    for data, origin in (
        ({"act": "test.kelp.desk"}, "http://127.0.0.1:8321"),
        ({"act": "test.kelp.desk", "token": token}, "https://evil.example"),
    ):
        assert client.post("/telling", data=data, headers={"origin": origin}).status_code == 403
    assert sqlite_store.channels.attempts() == []


@pytest.mark.parametrize(
    ("act", "status"),
    [("test.kelp.nope", 404), ("burn.kelp.desk", 404), ("retry.x", 400), ("", 404), ("on", 404)],
)
def test_what_means_nothing_is_refused(client: TestClient, see: See, act: str, status: int) -> None:
    token = see("/telling").xpath("//input[@name='token']/@value")[0]
    data = {"act": act, "token": token}
    answer = client.post("/telling", data=data, headers={"origin": "http://127.0.0.1:8321"})
    assert answer.status_code == status
    see("/telling?tested=7&done=on&of=nope")
    see("/telling?tested=x&done=nonsense")


def test_without_channels_it_says_so(sqlite_store: Store, clock: FakeClock) -> None:
    app = make_app(sqlite_store, (OTHER,), load_settings(), clock)
    with TestClient(app, base_url="http://127.0.0.1:8321") as client:
        assert "No channels" in client.get("/telling").text
