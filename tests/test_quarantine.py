"""What was given up can be seen, tried again and dropped, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.conftest import FEED_URL
from tests.fakes import FakeClock, FakeFetcher, ListChannel, flat
from tests.sites import KELP, Item, page, rss
from worker import health, pipeline
from worker.cli import main
from worker.domain import Failure
from worker.errors import NotFoundError
from worker.notify.rules import MAX_FAILURES
from worker.services import Services
from worker.store.quarantine import Kind
from worker.store.states import PAUSED

SITE = "https://news.example"


@pytest.fixture
def given_up(
    services: Services, fetcher: FakeFetcher, clock: FakeClock, channel: ListChannel
) -> Services:
    """One article that breaks the matcher, one delivery that nobody takes, one deadly feed."""
    channel.failures, channel.failure = MAX_FAILURES, Failure.SOFT
    fetcher.put(FEED_URL, rss(Item("kelp", "Kelp"), Item("bad", "Bad")), "text/xml")
    fetcher.put(f"{SITE}/kelp", page("Kelp", *KELP))
    fetcher.put(f"{SITE}/bad", page("Bad", "This is poison for a matcher. " * 20))
    pipeline.poll_feeds(services, flat(pipeline.due_feeds(services)))
    for _ in range(4):
        clock.advance(hours=6)
        for batch in pipeline.due_articles(services):
            pipeline.process_articles(services, batch)
    for _ in range(MAX_FAILURES):
        clock.advance(days=2)
        for batch in pipeline.due_deliveries(services):
            pipeline.deliver(services, batch)
    services.store.feeds.poll_now()
    for _ in range(5):
        assert services.store.feeds.claim(row.id for row in services.store.feeds.rows())
        clock.advance(seconds=121)
    pipeline.due_feeds(services)
    return services


def test_all_that_was_given_up_is_listed_with_its_cause(given_up: Services) -> None:
    found = {row.kind: row for row in given_up.store.quarantine.rows()}
    assert set(found) == set(Kind)
    assert "a bug in matching" in found[Kind.ARTICLE].error
    assert found[Kind.ARTICLE].what == f"{SITE}/bad"
    assert "nobody answers" in found[Kind.DELIVERY].error
    assert found[Kind.DELIVERY].title == "Kelp"
    assert "died 4 times" in found[Kind.FEED].error
    assert given_up.store.quarantine.counts() == dict.fromkeys(Kind, 1)
    assert health.given_up(given_up.store).status == "warn"


def test_what_is_tried_again_has_all_its_tries(
    given_up: Services, fetcher: FakeFetcher, channel: ListChannel
) -> None:
    quarantine = given_up.store.quarantine
    fetcher.put(f"{SITE}/bad", page("Bad", *KELP))
    for row in quarantine.rows():
        assert quarantine.retry(row.kind, [row.id]) == 1
    assert quarantine.rows() == []
    assert len(flat(pipeline.due_feeds(given_up))) == 1
    pipeline.process_articles(given_up, flat(pipeline.due_articles(given_up)))
    for batch in pipeline.due_deliveries(given_up):
        pipeline.deliver(given_up, batch)
    assert sorted(title for _, title in channel.told) == ["Bad", "Kelp"]
    assert given_up.store.articles.counts() == {"done": 2}
    assert health.given_up(given_up.store).status == "ok"


def test_what_is_dropped_stays_away_and_known(
    given_up: Services, fetcher: FakeFetcher, channel: ListChannel
) -> None:
    quarantine = given_up.store.quarantine
    assert [quarantine.drop(kind) for kind in Kind] == [1, 1, 1]
    assert quarantine.counts() == {}
    (feed,) = given_up.store.feeds.rows()
    assert feed.state == PAUSED
    given_up.store.feeds.set_state(feed.id, "active")
    # its feed brings it again, edited even: it is known, and not begun again
    fetcher.put(FEED_URL, rss(Item("bad", "Bad, edited")), "text/xml")
    polled = pipeline.poll_feeds(given_up, flat(pipeline.due_feeds(given_up)))
    assert polled.article_ids == []
    assert given_up.store.articles.counts() == {"done": 1, "dropped": 1}
    assert given_up.store.outbox.counts() == {"dropped": 1}
    assert channel.told == []


def test_only_what_is_given_up_is_touched(given_up: Services) -> None:
    quarantine = given_up.store.quarantine
    (bad,) = quarantine.rows(Kind.ARTICLE)
    done = 1 if bad.id != 1 else 2
    with pytest.raises(NotFoundError, match=f"article:{done}"):
        quarantine.get(Kind.ARTICLE, done)
    assert quarantine.drop(Kind.ARTICLE, [done]) == quarantine.retry(Kind.ARTICLE, [done]) == 0
    assert given_up.store.articles.counts() == {"done": 1, "quarantined": 1}


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(
    given_up: Services, store_url: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:  # fmt: skip
    """`seedwatch quarantine` on the same database."""
    monkeypatch.setenv("SEEDWATCH_DATABASE_URL", store_url)

    def run(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["seedwatch", "quarantine", *args])
        try:
            main()
            code = 0
        except SystemExit as error:
            code = int(error.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_an_operator_looks_tries_again_and_drops(command: Command, given_up: Services) -> None:
    _, out, _ = command("list", "--json")
    names = {row["kind"]: row["name"] for row in json.loads(out)}
    assert names == {kind: f"{kind}:{names[kind].partition(':')[2]}" for kind in Kind}
    _, out, _ = command("list", "articles")
    assert names["article"] in out
    assert "a bug in matching" in out
    assert "delivery" not in out
    _, out, _ = command("show", names["article"])
    assert f"{SITE}/bad" in out
    _, out, _ = command("show", names["feed"], "--json")
    shown = json.loads(out)
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["ok"]
    assert command("retry", names["article"], names["feed"])[1] == "2 due again\n"
    assert command("drop", "--all", "everything")[1] == "1 dropped\n"
    code, out, err = command("list")
    assert (code, out, err) == (0, "", "Nothing is in quarantine.\n")


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (["show", "article:999"], 1, "article:999: is not in quarantine"),
        (["retry", "article:999"], 1, "is not in quarantine"),
        (["drop", "story:1"], 2, "'story:1' is no name such as article:12"),
        (["retry", "article:x"], 2, "is no name"),
        (["retry", "feed:" + "9" * 30], 2, "is no name"),
        (["retry"], 2, "name some"),
        (["drop", "--all", "feeds", "feed:1"], 2, "name some"),
    ],
)
def test_what_cannot_be_meant_is_said_and_nothing_changes(
    command: Command, given_up: Services, args: list[str], code: int, told: str
) -> None:
    ended, _, err = command(*args)
    assert ended == code
    assert told in err
    assert given_up.store.quarantine.counts() == dict.fromkeys(Kind, 1)
