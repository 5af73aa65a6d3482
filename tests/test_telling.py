"""Telling, from the stored match to a real receiver: nothing is lost, nobody is rung up twice."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.conftest import FEED_URL
from tests.fakes import FakeClock, FakeFetcher, ListChannel, flat
from tests.fetch.conftest import LOOPBACK
from tests.receivers import Receiver
from tests.sites import KELP, Item, page, rss
from worker import __version__, pipeline
from worker.domain import (
    ChannelConfig,
    DigestTime,
    Fetched,
    NotModified,
    Outcome,
    QuietHours,
    TellingRules,
)
from worker.fetch import AddressGuard, HttpFetcher, Limits, Request
from worker.notify.channels import FileSink
from worker.notify.messages import Receipt
from worker.notify.webhook import WebhookSender
from worker.records import AttemptRow, ChannelRow
from worker.services import Services
from worker.telling import Telling

SITE = "https://news.example"
SECRET = "whsec_" + base64.b64encode(b"kelp" * 8).decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"tram" * 8).decode()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A webhook's receiver, whose address and secret are in the environment."""
    made = Receiver()
    monkeypatch.setenv("HOOK", made.url("/hook/geheim?key=verborgen"))
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    yield made
    made.close()


def sender(clock: Callable[[], object], *, allowed: bool = True) -> WebhookSender:
    fetcher = HttpFetcher(
        AddressGuard(LOOPBACK if allowed else ()), __version__, "", limits=Limits(1.0, 0.5, 0.5)
    )

    def post(url: str, headers: dict[str, str], body: bytes) -> Fetched | NotModified:
        return fetcher.request(
            Request(url, "POST", headers, body, max_bytes=10_000, is_cut=True, follow=False)
        )

    return WebhookSender(post, clock)  # type: ignore[arg-type]


def hook(name: str = "desk", **rules: object) -> ChannelConfig:
    return ChannelConfig(
        "webhook", name, TellingRules(**rules), to=("env:HOOK",), secrets=("env:HOOK_SECRET",)
    )  # type: ignore[arg-type]


@pytest.fixture
def tells(
    services: Services, fetcher: FakeFetcher, clock: FakeClock, channel: ListChannel
) -> Callable[..., Services]:
    """Services with these channels, which find some articles of the story."""

    def make(*channels: ChannelConfig, found: int = 1, allowed: bool = True) -> Services:
        watch = replace(services.watches[0], channels=channels)
        made = replace(
            services,
            watches=(watch,),
            senders={"list": channel, "mail": channel, "webhook": sender(clock, allowed=allowed)},
        )
        find(made, fetcher, found)
        return made

    return make


def find(services: Services, fetcher: FakeFetcher, number: int) -> None:
    """So many more articles of the story are found."""
    known = sum(1 for _ in services.store.matches.rows())
    for slug in [f"kelp-{n}" for n in range(known, known + number)]:
        fetcher.put(FEED_URL, rss(Item(slug, f"About {slug}")), "text/xml")
        fetcher.put(f"{SITE}/{slug}", page(f"About {slug}", *KELP, f"Only {slug} says this."))
        services.store.feeds.poll_now()
        polled = pipeline.poll_feeds(services, flat(pipeline.due_feeds(services, with_hinted=True)))
        assert pipeline.process_articles(services, polled.article_ids).relations.total() == 1


def tell(services: Services) -> dict[str, int]:
    """One look of the sweep, and all that it hands out."""
    done: dict[str, int] = {}
    for batch in pipeline.due_deliveries(services, with_hinted=True):
        for word, count in pipeline.deliver(services, batch).items():
            done[word] = done.get(word, 0) + count
    return done


def the_channel(services: Services, name: str = "desk") -> ChannelRow:
    return next(row for row in services.store.channels.rows() if row.name == name)


def last(services: Services) -> AttemptRow:
    return services.store.channels.attempts()[0]


def test_a_webhook_is_signed_as_the_public_library_verifies(
    tells: Callable[..., Services], receiver: Receiver, clock: FakeClock
) -> None:
    clock.now = clock.now.now(clock.now.tzinfo)  # the library knows no other time
    services = tells(hook())
    assert tell(services) == {"sent": 1}
    (got,) = receiver.got
    event = Webhook(SECRET).verify(got.body, got.headers)
    assert event["type"] == "matches.found"
    assert [match["title"] for match in event["data"]["matches"]] == ["About kelp-0"]
    assert event["data"]["matches"][0]["evidence"]
    for body, headers in (
        (got.body.replace(b"kelp-0", b"kelp-1"), got.headers),
        (got.body, {**got.headers, "webhook-id": "another"}),
        (got.body, {**got.headers, "webhook-timestamp": str(int(clock().timestamp()) - 600)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(body, headers)


def test_while_keys_change_either_verifies(
    tells: Callable[..., Services], receiver: Receiver, clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    clock.now = clock.now.now(clock.now.tzinfo)
    monkeypatch.setenv("OLD", OLD_SECRET)
    services = tells(replace(hook(), secrets=("env:HOOK_SECRET", "env:OLD")))
    tell(services)
    (got,) = receiver.got
    for secret in (SECRET, OLD_SECRET):
        assert Webhook(secret).verify(got.body, got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + base64.b64encode(b"other" * 8).decode()).verify(got.body, got.headers)


def test_a_message_that_failed_comes_again_as_it_was(
    tells: Callable[..., Services], receiver: Receiver, clock: FakeClock
) -> None:
    receiver.answers = [500, 503]
    services = tells(hook())
    assert tell(services) == {"failed": 1}
    assert tell(services) == {}
    clock.advance(minutes=2)
    assert tell(services) == {"failed": 1}
    clock.advance(minutes=6)
    assert tell(services) == {"sent": 1}
    assert len(set(receiver.ids)) == 1
    assert len({one.body for one in receiver.got}) == 1
    assert len({one.headers["webhook-timestamp"] for one in receiver.got}) == 3
    outcomes = [(row.outcome, row.status) for row in services.store.channels.attempts()]
    assert outcomes == [("sent", 200), ("server_error", 503), ("server_error", 500)]
    assert the_channel(services).failures == 0


def test_killed_between_send_and_commit_it_is_sent_again_under_the_same_id(
    tells: Callable[..., Services], receiver: Receiver, clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch, fetcher: FakeFetcher,
) -> None:  # fmt: skip
    services = tells(hook(quiet=QuietHours(time(11), time(13))), found=3)
    tell(services)
    clock.advance(hours=2)  # three that had waited go into one message

    class Killed(BaseException):
        pass

    def killed(*_: object) -> bool:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(services.store.outbox, "sent", killed)
        with pytest.raises(Killed):
            tell(services)
    find(services, fetcher, 1)  # what comes meanwhile does not change the message
    clock.advance(seconds=121)
    assert tell(services) == {"sent": 2}
    first, again, fourth = receiver.got
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert first.body == again.body
    assert first.titles == ["About kelp-0", "About kelp-1", "About kelp-2"]
    assert fourth.titles == ["About kelp-3"]
    clock.advance(days=1)
    assert tell(services) == {}


def test_410_switches_the_channel_off_and_says_why(
    tells: Callable[..., Services], receiver: Receiver, clock: FakeClock, fetcher: FakeFetcher
) -> None:
    receiver.answers = [410]
    services = tells(hook())
    tell(services)
    row = the_channel(services)
    assert row.state == "off"
    assert "gone for good (HTTP 410)" in (row.reason or "")
    clock.advance(days=30)
    find(services, fetcher, 2)
    assert tell(services) == {}
    assert (row.queued, the_channel(services).waiting) == (1, 2)  # nothing is lost
    services.store.channels.switch_on("kelp", "desk")
    assert tell(services) == {"sent": 3}


def test_a_channel_whose_settings_change_is_on_again(
    tells: Callable[..., Services], receiver: Receiver, clock: FakeClock
) -> None:
    receiver.answers = [410]
    services = tells(hook())
    tell(services)
    moved = replace(hook(), to=(receiver.url("/new"),))
    services = replace(services, watches=(replace(services.watches[0], channels=(moved,)),))
    clock.advance(minutes=5)
    assert tell(services) == {"sent": 1}
    assert receiver.got[-1].path == "/new"


def test_429_is_waited_out_as_long_as_it_asks(
    tells: Callable[..., Services], receiver: Receiver, clock: FakeClock
) -> None:
    receiver.answers = [(429, {"Retry-After": "1800"})]
    services = tells(hook(), found=2)
    assert tell(services) == {"failed": 1}
    assert len(receiver.got) == 1  # the second was not even tried
    clock.advance(seconds=1790)
    assert tell(services) == {}
    clock.advance(seconds=20)
    assert tell(services) == {"sent": 2}


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(
    tells: Callable[..., Services], receiver: Receiver, status: int
) -> None:
    receiver.answers = [(status, {"Location": receiver.url("/elsewhere")})]
    services = tells(hook())
    assert tell(services) == {"failed": 1}
    assert [one.path for one in receiver.got] == ["/hook/geheim?key=verborgen"]
    assert "redirects" in last(services).detail
    assert the_channel(services).failures == 1


def test_silence_ends_in_time(tells: Callable[..., Services], receiver: Receiver) -> None:
    receiver.answers = [5.0]
    services = tells(hook())
    assert tell(services) == {"failed": 1}
    assert last(services).outcome == Outcome.TIMEOUT


def test_loopback_is_not_asked_unless_the_setting_allows_it(
    tells: Callable[..., Services], receiver: Receiver
) -> None:
    services = tells(hook(), allowed=False)
    assert tell(services) == {"failed": 1}
    assert receiver.got == []
    assert last(services).outcome == Outcome.BLOCKED_ADDRESS
    assert "SEEDWATCH_FETCH_ALLOW_NETS" in (the_channel(services).reason or "")


def test_a_message_that_the_receiver_refuses_does_not_hold_up_the_next(
    tells: Callable[..., Services], receiver: Receiver, clock: FakeClock
) -> None:
    services = tells(hook(), found=2)
    for _ in range(10):
        receiver.answers = [422]
        tell(services)
        clock.advance(days=2)
    assert services.store.outbox.counts() == {"done": 1, "quarantined": 1}
    assert the_channel(services).given_up == 1
    (unsent,) = services.store.channels.unsent()
    assert (unsent.title, unsent.failures) == ("About kelp-0", 10)
    assert services.store.channels.retry([unsent.id]) == 1
    assert tell(services) == {"sent": 1}


def test_a_dead_receiver_holds_up_nobody_else(
    tells: Callable[..., Services], receiver: Receiver, channel: ListChannel, clock: FakeClock
) -> None:
    receiver.answers = [500] * 100
    services = tells(hook(), ChannelConfig("list"), found=3)
    assert tell(services) == {"failed": 1, "sent": 3}
    assert len(channel.told) == 3
    for _ in range(10):
        clock.advance(days=2)
        tell(services)
    row = the_channel(services)
    assert (row.state, row.queued) == ("off", 3)
    assert "10 failures in a row" in (row.reason or "")
    assert len(receiver.got) == 10
    assert services.store.outbox.oldest_due_age_s() is None  # nothing that a worker could do


def test_what_a_dead_receiver_missed_is_told_together(
    tells: Callable[..., Services], receiver: Receiver, clock: FakeClock, fetcher: FakeFetcher
) -> None:
    receiver.answers = [500]
    services = tells(hook())
    tell(services)
    find(services, fetcher, 4)
    clock.advance(hours=2)
    assert tell(services) == {"sent": 2}
    assert [len(one.titles) for one in receiver.got] == [1, 4, 1]


def test_at_most_so_many_an_hour(
    tells: Callable[..., Services], receiver: Receiver, clock: FakeClock
) -> None:
    services = tells(hook(per_hour=2), found=5)
    tell(services)
    assert [len(one.titles) for one in receiver.got] == [1, 1]
    clock.advance(minutes=59)
    assert tell(services) == {}
    clock.advance(minutes=2)
    tell(services)
    assert [len(one.titles) for one in receiver.got] == [1, 1, 3]


def test_quiet_hours_end_in_one_message(
    tells: Callable[..., Services], receiver: Receiver, clock: FakeClock
) -> None:
    services = tells(hook(quiet=QuietHours(time(19), time(20)), zone="Asia/Ho_Chi_Minh"), found=2)
    assert tell(services) == {}  # it is 19:00 there
    clock.advance(hours=1)
    assert tell(services) == {"sent": 1}
    assert receiver.got[0].titles == ["About kelp-0", "About kelp-1"]


def test_a_digest_comes_once_a_day_with_all_there_is(
    tells: Callable[..., Services], channel: ListChannel, clock: FakeClock, fetcher: FakeFetcher
) -> None:
    rules = TellingRules(digest=DigestTime(time(7)), zone="Asia/Jakarta")
    services = tells(ChannelConfig("mail", rules=rules, to=("a@example.org",)), found=2)
    assert tell(services) == {}  # it is 19:00 there
    clock.advance(hours=11)
    find(services, fetcher, 1)
    assert tell(services) == {}
    clock.advance(hours=1)
    assert tell(services) == {"sent": 1}
    assert [title for _, title in channel.told] == [f"About kelp-{n}" for n in range(3)]
    clock.advance(days=1)
    assert tell(services) == {}  # nothing new, no mail


def test_one_ring_a_story_whatever_its_copies_do(
    tells: Callable[..., Services], receiver: Receiver, clock: FakeClock, fetcher: FakeFetcher
) -> None:
    services = tells(hook(first_of_story=True), found=3)
    with services.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE match SET story_id = 1")
    assert tell(services) == {"sent": 1}
    clock.advance(days=3)
    find(services, fetcher, 1)
    with services.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE match SET story_id = 1")
    assert tell(services) == {}
    assert len(receiver.got) == 1
    assert services.store.notices.counts() == {"done": 1, "dropped": 3}


def test_what_the_rules_leave_out_is_not_told_later(
    tells: Callable[..., Services], receiver: Receiver, clock: FakeClock
) -> None:
    services = tells(hook(min_score=0.99))
    assert tell(services) == {}
    assert services.store.notices.counts() == {"dropped": 1}
    clock.advance(days=1)
    assert tell(services) == {}


def test_a_secret_that_is_missing_is_named_and_waited_for(
    tells: Callable[..., Services], receiver: Receiver, clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.delenv("HOOK_SECRET")
    services = tells(hook())
    assert tell(services) == {"failed": 1}
    assert last(services).detail == "the environment variable HOOK_SECRET is not set here"
    monkeypatch.setenv("HOOK_SECRET", "whsec_c2hvcnQ=")
    clock.advance(hours=2)
    tell(services)
    assert "holds no webhook secret" in last(services).detail
    assert "c2hvcnQ" not in last(services).detail
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    clock.advance(hours=12)
    assert tell(services) == {"sent": 1}


def test_no_secret_is_stored_or_logged(
    tells: Callable[..., Services], receiver: Receiver, clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level("DEBUG")
    receiver.answers = [500, (302, {"Location": "/x"}), (200, {"X": "y"})]
    services = tells(hook())
    for _ in range(3):
        tell(services)
        clock.advance(hours=5)
    receiver.close()
    with services.store.database.read() as connection:
        kept = str(
            [
                connection.exec_driver_sql(f"SELECT * FROM {table}").all()
                for table in ("channel", "attempt", "outbox", "notice")
            ]
        )
    for secret in ("geheim", "verborgen", SECRET, SECRET.removeprefix("whsec_")):
        assert secret not in kept
        assert secret not in "".join(
            record.getMessage() for record in caplog.records if record.name.startswith("worker")
        )


def test_a_bug_costs_one_message_an_attempt(
    tells: Callable[..., Services], channel: ListChannel, clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    services = tells(ChannelConfig("list"), found=2)
    send = channel.send

    def broken(message: object) -> Receipt:
        monkeypatch.setattr(channel, "send", send)
        raise RuntimeError("https://secret.example/token")

    monkeypatch.setattr(channel, "send", broken)
    assert tell(services) == {"failed": 1, "sent": 1}
    assert last(services).outcome == "sent"
    assert services.store.channels.attempts()[1].detail == "a bug here: RuntimeError"


def test_a_channel_that_no_file_names_is_forgotten_after_a_week(
    tells: Callable[..., Services], clock: FakeClock
) -> None:
    services = tells(ChannelConfig("list", "old"))
    without = replace(services, watches=(replace(services.watches[0], channels=()),))
    assert tell(without) == {}
    clock.advance(days=1)
    assert tell(without) == {}
    assert services.store.notices.counts() == {"pending": 1}
    clock.advance(days=7)
    tell(without)
    assert services.store.notices.counts() == {"dropped": 1}


def test_two_sweeps_at_once_make_one_message_of_each(
    tells: Callable[..., Services], channel: ListChannel
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    services = tells(ChannelConfig("list"), found=20)
    with ThreadPoolExecutor(4) as pool:
        batches = [
            batch for found in pool.map(pipeline.due_deliveries, [services] * 4) for batch in found
        ]
        list(pool.map(lambda batch: pipeline.deliver(services, batch), batches))
    assert sorted(title for _, title in channel.told) == sorted(
        f"About kelp-{n}" for n in range(20)
    )


def test_a_test_message_says_what_came_back(
    tells: Callable[..., Services], receiver: Receiver
) -> None:
    services = tells(hook(), found=0)
    telling = Telling(
        services.store, services.watches, services.senders, "", services.clock, services.jitter
    )
    attempt, _ = telling.test("kelp", "desk")
    assert (attempt.outcome, attempt.status, attempt.detail) == ("sent", 200, "said the receiver")
    assert receiver.got[0].json["type"] == "channel.test"
    receiver.answers = [403]
    attempt, attempt_id = telling.test("kelp", "desk")
    (row,) = services.store.channels.attempts(attempt_id=attempt_id)
    assert (row.outcome, row.status, row.message_id) == ("blocked", 403, None)


def test_a_match_that_is_merged_away_leaves_its_messages(
    tells: Callable[..., Services], receiver: Receiver, clock: FakeClock
) -> None:
    from worker.store.notices import forget_match

    services = tells(hook(quiet=QuietHours(time(11), time(13))), hook("now"), found=2)
    receiver.answers = [500]
    tell(services)
    clock.advance(hours=2)
    Telling(
        services.store, services.watches, services.senders, "", services.clock, services.jitter
    ).compose()
    ids = sorted(row.id for row in services.store.matches.rows())
    with services.store.database.write() as connection:
        forget_match(connection, ids[0])
    clock.advance(minutes=1)
    assert tell(services) == {"sent": 2}
    assert [one.titles for one in receiver.got[1:]] == [["About kelp-1"]] * 2
    assert timedelta(0) < clock() - services.store.channels.rows()[0].last_sent_at + timedelta(1)  # type: ignore[operator]


def test_doctor_names_a_channel_that_is_off(
    tells: Callable[..., Services], receiver: Receiver
) -> None:
    from worker.commands.doctor import _channels_finding

    services = tells(hook(), ChannelConfig("list"))
    assert _channels_finding(services.store, services.watches).status == "ok"
    receiver.answers = [410]
    tell(services)
    found = _channels_finding(services.store, services.watches)
    assert (found.status, found.detail) == ("warn", "kelp/desk off")
    assert _channels_finding(services.store, ()).status == "ok"  # no file names it any more


def test_a_file_has_each_match_once_though_its_writer_was_killed(
    tells: Callable[..., Services], clock: FakeClock, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    services = tells(ChannelConfig("file"), found=2)
    sink = FileSink(tmp_path / "output", clock)
    services = replace(services, senders={**services.senders, "file": sink})

    class Killed(BaseException):
        pass

    def killed(*_: object) -> bool:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(services.store.outbox, "sent", killed)
        with pytest.raises(Killed):
            tell(services)
    clock.advance(seconds=121)
    assert tell(services) == {"sent": 2}
    (file,) = (tmp_path / "output").iterdir()
    records = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [record["title"] for record in records] == ["About kelp-0", "About kelp-1"]
    assert len({record["key"] for record in records}) == 2
