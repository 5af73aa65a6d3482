"""Who took it from whom: what decides, what leaves it open, and that no order matters."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from worker.domain import Clue, Descent, Evidence, Likeness, Lineage, Told, Way
from worker.story.lineage import lineage

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BODY = "The laboratory opens in October.\nIt has cost four million.\n"


def told(key: str, language: str = "en", hours: float | None = 0.0, **fields: object) -> Told:
    at = None if hours is None else NOON + timedelta(hours=hours)
    known = {"title": key, "text": BODY, "outlet": f"Outlet {key}", "published_at": at}
    return Told(key=key, language=language, **(known | fields))  # type: ignore[arg-type]


def like(
    one: str,
    other: str,
    probability: float = 0.95,
    verbatim: float = 0.0,
    length_ratio: float = 1.0,
) -> Likeness:
    return Likeness(one, other, probability, verbatim, 0.9, 0.8, 1.0, length_ratio)


def all_alike(texts: list[Told]) -> list[Likeness]:
    return [like(one.key, other.key) for one, other in combinations(texts, 2)]


def sources(found: Lineage) -> dict[str, str]:
    return {one.text: one.source for one in found.descents}


def clues(descent: Descent) -> set[Clue]:
    return {each.clue for each in descent.evidence}


def test_translations_go_back_to_the_earliest_and_the_times_decide() -> None:
    texts = [told("fr", "fr", 3), told("en"), told("ja", "ja", 30)]
    found = lineage(texts, all_alike(texts))
    assert found.order == ("en", "fr", "ja")
    assert found.families == (("en", "fr", "ja"),)
    assert sources(found) == {"fr": "en", "ja": "en"}
    assert {one.way for one in found.descents} == {Way.TRANSLATION}
    assert all(one.is_decided and Clue.EARLIER in clues(one) for one in found.descents)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (told("a"), told("b", "fr", 0.05)),  # within what clocks differ by
        (told("a", is_day_only=True), told("b", "fr", 20)),  # some time on that day
        (told("a", hours=None), told("b", "fr", 1)),  # nobody knows
        (told("a", hours=None, seen_at=NOON), told("b", "fr", -9)),  # seen after, told whenever
    ],
)
def test_times_with_a_doubt_leave_the_direction_undecided(one: Told, other: Told) -> None:
    (found,) = lineage([one, other], [like("a", "b")]).descents
    assert not found.is_decided
    assert Clue.TIME_OPEN in clues(found)


def test_what_says_that_it_was_published_after_it_was_seen_counts_from_the_sight() -> None:
    later = told("a", hours=40, seen_at=NOON)
    (found,) = lineage([later, told("b", "fr", 5)], [like("a", "b")]).descents
    assert (found.text, found.source) == ("b", "a")
    assert found.is_decided  # its clock is wrong, but by noon it was there


@pytest.mark.parametrize(
    ("line", "clue"),
    [
        ("Theo Les Carnets du Mékong", Clue.CREDITED),
        ("(Übersetzt aus Les Carnets du Mékong)", Clue.CREDITED),
        ("出典：Les Carnets du Mékong", Clue.CREDITED),
        ("Nguồn: https://www.carnetsdumekong.example/2026/jeux", Clue.LINKED),
    ],
)
def test_a_credit_decides_where_the_times_do_not(line: str, clue: Clue) -> None:
    original = told("fr", "fr", None, outlet="Les Carnets du Mékong",
                    url="https://carnetsdumekong.example/a")  # fmt: skip
    (found,) = lineage(
        [told("vi", "vi", None, text=BODY + line), original], [like("fr", "vi")]
    ).descents
    assert (found.text, found.source, found.is_decided) == ("vi", "fr", True)
    assert clue in clues(found)


def test_a_name_in_the_midst_of_a_paragraph_is_no_credit() -> None:
    body = "A first line.\nA second.\n" + "The reporter once worked for Outlet b, he said. " * 9
    texts = [told("a", text=f"{body}\nMore.\nMore.\nThe end.", hours=None), told("b", "fr", None)]
    (found,) = lineage(texts, [like("a", "b")]).descents
    assert not found.is_decided


def test_a_credit_against_the_times_is_said_and_left_undecided() -> None:
    texts = [told("a", text=f"{BODY}Source: Outlet b"), told("b", "fr", 9)]
    (found,) = lineage(texts, [like("a", "b")]).descents
    assert (found.text, found.source, found.is_decided) == ("a", "b", False)
    assert Clue.TIME_AGAINST in clues(found)


def test_a_slug_in_common_is_a_clue_to_a_translation() -> None:
    slug = "film-park-opens-in-hanoi-20260302"
    texts = [
        told("vi", "vi", url=f"https://vietnam.example/{slug}.html"),
        told("en", hours=3, url=f"https://en.vietnam.example/culture/{slug}/"),
        told("fr", "fr", 4, url="https://fr.vietnam.example/culture/a-film-park-in-hanoi-opens"),
    ]
    likely = [like(a.key, b.key, 0.5) for a, b in combinations(texts, 2)]
    by_text = {one.text: one for one in lineage(texts, likely).descents}
    assert (by_text["en"].source, by_text["en"].way) == ("vi", Way.TRANSLATION)
    assert Evidence(Clue.SAME_SLUG, slug) in by_text["en"].evidence
    assert Clue.SAME_SLUG not in clues(by_text["fr"])
    assert by_text["en"].confidence is not by_text["fr"].confidence
    short = [replace(one, url=f"https://{one.key}.example/news") for one in texts]
    assert not any(Clue.SAME_SLUG in clues(one) for one in lineage(short, likely).descents)


def test_a_copy_goes_back_to_what_it_repeats_word_for_word() -> None:
    texts = [told("original", "pt"), told("first", "en", 2), told("again", "en", 5)]
    links = [
        like("original", "first"),
        like("original", "again"),
        like("first", "again", 0.97, 0.9),
    ]
    found = lineage(texts, links)
    assert sources(found) == {"first": "original", "again": "first"}
    assert [one.way for one in found.descents] == [Way.TRANSLATION, Way.COPY]


def test_two_reports_with_translations_stay_two_families() -> None:
    """Each report's translation is like the other report too, only less."""
    texts = [told("a"), told("a2", "fr", 1), told("b", "vi", 2), told("b2", "th", 3)]
    links = [like("a", "a2", 0.9), like("b", "b2", 0.9), like("a", "b", 0.6), like("a2", "b", 0.55)]
    found = lineage(texts, links)
    assert found.families == (("a", "a2"), ("b", "b2"))


def test_excerpts_of_a_longer_text_that_share_little_go_back_to_it() -> None:
    texts = [told("long"), told("first half", "fr", 2), told("second half", "ja", 5)]
    links = [
        like("long", "first half", 0.9, length_ratio=2.5),
        like("second half", "long", 0.6, length_ratio=0.4),
        like("first half", "second half", 0.1),
    ]
    found = lineage(texts, links)
    assert found.families == (("long", "first half", "second half"),)
    assert sources(found) == {"first half": "long", "second half": "long"}


def test_reports_that_are_nearly_as_long_as_a_third_one_must_be_like_each_other() -> None:
    texts = [told("long"), told("report", "fr", 2), told("other report", "ja", 5)]
    links = [
        like("long", "report", 0.9, length_ratio=1.5),
        like("long", "other report", 0.6, length_ratio=1.5),
        like("report", "other report", 0.1),
    ]
    assert lineage(texts, links).families == (("long", "report"),)


def test_an_excerpt_that_came_before_its_source_gives_nothing_to_another_excerpt() -> None:
    texts = [told("early half"), told("late half", "fr", 2), told("long", "ja", 5)]
    links = [
        like("long", "early half", 0.9, length_ratio=2.5),
        like("long", "late half", 0.9, length_ratio=2.5),
        like("early half", "late half", 0.1),
    ]
    assert sources(lineage(texts, links)) == {"long": "early half"}


def test_a_report_of_its_own_may_name_its_source() -> None:
    texts = [told("a", outlet="The Kilifi Herald"),
             told("b", "fr", 5, text=f"{BODY}Source : The Kilifi Herald")]  # fmt: skip
    (found,) = lineage(texts, []).descents
    assert (found.way, found.text, found.source) == (Way.CREDIT, "b", "a")
    own = replace(texts[1], key="c", outlet="The Kilifi Herald")
    assert lineage([own, texts[0]], []).descents == ()


def test_credits_in_a_circle_end_without_one() -> None:
    says = [f"{BODY}Source: Outlet {other}" for other in "ba"]
    texts = [told("a", text=says[0]), told("b", "fr", text=says[1])]
    found = lineage(texts, [like("a", "b")])
    assert len(found.descents) == 1


def test_no_order_changes_anything() -> None:
    chance = random.Random(5)
    texts = [
        told(f"t{n}", chance.choice(["en", "fr", "vi"]), chance.choice([None, *range(6)]),
             seen_at=NOON + timedelta(hours=chance.randrange(9)))
        for n in range(24)
    ]  # fmt: skip
    links = [
        like(a.key, b.key, chance.random(), chance.choice([0.0, 0.9]), chance.choice([0.4, 1, 3]))
        for a, b in combinations(texts, 2) if chance.random() < 0.5
    ]  # fmt: skip
    first = lineage(texts, links)
    assert len(first.descents) > 5
    for _ in range(10):
        chance.shuffle(texts)
        chance.shuffle(links)
        assert lineage(texts, links) == first
