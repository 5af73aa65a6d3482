"""What the pages show to the browser: some of everything, and the addresses that show it."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

from playwright.sync_api import Page

from tests.fakes import FakeClock, ListChannel
from tests.web.filling import FEED_URL, KELP, OTHER, Found, fill
from tests.web.test_brief import NEWS, PADDING, found
from tests.web.test_facts import MO_CUA, OPENS
from tests.web.test_match import FRENCH, HOSTILE
from tests.web.test_quotes import SAID, SHORT
from worker.domain import (
    ChannelConfig,
    DigestTime,
    Failure,
    FeedConfig,
    Outcome,
    QuietHours,
    Relation,
    Rendering,
    TellingRules,
    TextSource,
    Validators,
    Verdict,
)
from worker.match.evidence import _AGAINST, _PLAIN
from worker.records import Attempt, Decision, NewSetting, PollResult
from worker.store.notices import note
from worker.store.store import Store
from worker.telling import Telling

CHANNELS = (
    ChannelConfig("file"),
    ChannelConfig(
        "webhook",
        "a-desk-with-quite-a-long-name",
        TellingRules(
            (Relation.COPY, Relation.TRANSLATION), 0.8, ("vi", "fr"), first_of_story=True,
            quiet=QuietHours(time(22), time(7)), per_hour=6, zone="Asia/Ho_Chi_Minh",
        ),
        to=("env:A_VARIABLE_WITH_QUITE_A_LONG_NAME_FOR_AN_ADDRESS",),
    ),
    ChannelConfig(
        "mail", "morning", TellingRules(digest=DigestTime(time(7), 4)),
        to=("desk@example.org", "a.reader.with.a.long.name@department.example.org"),
    ),
)  # fmt: skip
WATCHES = (
    replace(KELP, channels=CHANNELS),
    replace(OTHER, title="The joint bid of Laos and Thailand for the Mekong River Games of 2029"),
)
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
ARTICLES = (
    FRENCH,
    Found(
        "مختبر الأعشاب البحرية يفتح أبوابه في كيليفي",
        "يفتح مختبر الأعشاب البحرية في كيليفي أبوابه في أكتوبر.\n\nالميزانية 4.2 مليون يورو.",
        language="ar",
        relation=Relation.TRANSLATION,
        story="kelp",
        outlet="صحيفة البحر",
        names=("كيليفي",),
        reasons=("38% of the text has a close counterpart in one seed", "in the seed's own order"),
    ),
    Found(
        "海藻の研究所が十月にキリフィで開所",
        "海藻の研究所が十月にキリフィで開所する。",
        language="ja",
        relation=Relation.COPY,
        story="kelp",
        score=0.61,
        reasons=("both name キリフィ", *_PLAIN.values(), *_AGAINST.values()),
    ),
    Found(
        f"{LONG_WORD} eröffnet",
        f"{LONG_WORD} eröffnet ein Labor. " * 20,
        language="de",
        outlet=LONG_WORD,
        relation=Relation.SAME_TOPIC,
        score=0.4,
        is_suggestion=True,
        source=TextSource.FEED,
        adds=(f"{LONG_WORD} eröffnet ein Labor.", LONG_WORD, "640 Bäuerinnen"),
    ),
    Found(
        HOSTILE,
        f"{HOSTILE}\n\n{HOSTILE}",
        outlet=HOSTILE,
        url="javascript:alert(3)",
        reasons=(HOSTILE,),
    ),
    Found("", "No title at all, in a language that nobody knows.", language="und", outlet=None),
    Found("Kelp is dear", "Kelp is dear this year.", relation=Relation.UNRELATED, score=0.3),
    found("One", {OPENS: 1, SAID: 3, NEWS: 4, PADDING[0]: 20}, adds=(NEWS,)),
    found("Ba", {MO_CUA: 1, PADDING[1]: 21}, "vi", outlet=LONG_WORD),
    found("Again", {SHORT: 3, PADDING[2]: 22}, outlet="Gazette"),
)  # fmt: skip
"""Newest last, as their matches are numbered: from 1. The last three tell a fact that they
contradict each other in, and a quotation."""
STORY = len(ARTICLES)

CHOICES = ("https://many.example/rss", f"https://many.example/{'<b>' * 30}/atom.xml")
"""The feeds of a site that somebody wants to add."""
PAGES = {
    "/": "/",
    "/matches/{match_id}": "/matches/1",
    "/stories/{match_id}": "/stories/1",
    "/watches": "/watches",
    "/watches/{name}": "/watches/kelp?threshold=62",
    "/watches/{name}/sample": "/watches/kelp/sample",
    "/watches/{name}/names": "/watches/kelp/names",
    "/overview": "/overview",
    "/brief": "/brief?days=90",
    "/silence": "/silence",
    "/feeds": "/feeds",
    "/feeds/{feed_id}": "/feeds/1",
    "/telling": "/telling",
}
"""Each page of the application by its route, and an address at which it shows something."""
VIEWS = (
    f"/stories/{STORY}",
    "/matches/2",
    "/matches/4",
    "/feeds/2",
    "/?verdict=all&language=fr&outlet=The+News&since=2026-01-01",
    "/?view=flat",
    "/?verdict=all&q=kilifi",
    "/?q=nothing+like+that",
    "/?before=1",
    "/?relation=nonsense",
    "/watches/river",
    "/watches/river/sample",
)
"""The same pages with something else on them: search, no match, what is not there."""


def ask_for_keys(page: Page) -> None:
    """Open the dialog with the list of keys."""
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")


def choose_language(page: Page) -> None:
    """Open the menu of languages."""
    page.locator(".languages summary").click()


def decide(page: Page) -> None:
    """Tick all, so that what to do with them comes into sight."""
    page.locator("#tick-all input").check()


def add_nonsense(page: Page) -> None:
    """Add an address that is none."""
    page.fill(".add input[name=url]", "https://not an address <b>")
    page.locator(".add button").click()
    page.wait_for_selector(".wrong")


def add_a_site(page: Page) -> None:
    """Add a site that has several feeds."""
    page.fill(".add input[name=url]", "http://93.184.215.14/")
    page.locator(".add button").click()
    page.wait_for_selector(".choices")


DEEDS = {
    ask_for_keys: "/",
    choose_language: "/watches",
    decide: "/?verdict=all",
    add_nonsense: "/feeds",
    add_a_site: "/feeds",
}
"""What a reader does to a page that changes how it looks, but nothing stored."""
NO_PAGES = {
    "/login",
    "/logout",
    "/metrics",
    "/feeds/add",
    "/events",
    "/matches.atom",
    "/matches.json",
    "/stories/{match_id}/lineage.json",
    "/stories/{match_id}/lineage.graphml",
    "/stories/{match_id}/facts.json",
    "/stories/{match_id}/quotes.json",
    "/documents/{format_name}",
    "/api/openapi.json",
}
"""What the application answers that is no page, or one that needs a password."""


def fill_store(path: Path, clock: FakeClock) -> None:
    """Make a store with matches, verdicts, and feeds in each state."""
    store = Store(f"sqlite:///{path}", clock)
    store.migrate()
    for article in ARTICLES:
        clock.advance(hours=20)
        fill(store, clock, article)
    clock.advance(minutes=1)
    store.samples.draw("kelp", lambda strata: strata)
    estimate = {"right": 4, "wrong": 0, "f1_before": 0.5, "f1_after": 0.8}
    store.learning.decide(NewSetting("kelp", 0.55, None, None, 0.5, estimate), "Ana")
    store.learning.add_seed(2, "Ana")
    store.names.propose("kelp", [Rendering("Kilifi County", "ar", "كيليفي", 3, LONG_WORD)])
    store.names.add("kelp", Rendering("Kilifi", "ja", "キリフィ"), "approved", "Ana")
    store.reviews.decide([Decision(3, 0, Verdict.RELEVANT, "to be told on Monday")], "Ana")
    store.reviews.decide([Decision(4, 0, Verdict.UNSURE, None)], None)
    told = [Decision(STORY - one, 0, Verdict.RELEVANT, None) for one in range(3)]
    store.reviews.decide(told, "Ana")
    failing = "https://broken.example/a/very/long/path/" + "x" * 90
    feeds = (*KELP.feeds, FeedConfig(failing, LONG_WORD), FeedConfig("https://new.example/rss"))
    store.feeds.sync({KELP.name: list(feeds)})
    (job,) = store.feeds.claim([store.feeds.find(failing)])
    store.feeds.finish_poll(
        PollResult(
            job,
            Outcome.UNREACHABLE,
            clock() + timedelta(hours=3),
            is_success=False,
            detail="HTTPSConnectionPool(host='broken.example', port=443): name not known",
            validators=Validators(),
        )
    )
    assert store.feeds.find(FEED_URL)
    fill_deliveries(store, clock)
    store.close()


def fill_deliveries(store: Store, clock: FakeClock) -> None:
    """Some messages that were told, one that failed, and a channel that is off."""
    for attempt in (Attempt(Outcome.SENT, LONG_WORD, 200, 0.2), Attempt(Outcome.TIMEOUT)):
        store.channels.log_test(KELP.name, CHANNELS[1].name, attempt)
    with store.database.write() as connection:
        for match_id in (1, 4):
            note(store.database, connection, (KELP.name, match_id), CHANNELS[0], clock())
    receiver = ListChannel(1)
    receiver.failure = Failure.HARD
    telling = Telling(store, WATCHES, {"file": receiver}, "", clock, lambda: 0.0)
    clock.advance(hours=10)
    telling.compose()
    for batch in store.outbox.hint_due():
        telling.deliver(batch)
