from __future__ import annotations

from dataclasses import replace

import pytest

from worker.domain import ArticleText, Aspect, Seed, Watch
from worker.match.encoders import HashingEncoder
from worker.match.matcher import SeedMatcher
from worker.match.nameindex import NameIndex

SEED = Seed(
    "seed.md",
    "Vietnam and the United States sign a film pact in Hanoi",
    "HANOI. Film officials of Vietnam and the United States signed a pact on joint film work on "
    "Monday. Anna Whitlock of the Harbour Film Fund said that four films would be shot in Da Nang "
    "next year.\n\nThe fund will train 40 Vietnamese camera crews in Boston. Tran Van Minh of the "
    "Hanoi Film School called the film pact a beginning.",
    "en",
)
ASPECTS = (
    Aspect("Vietnam", ("Vietnam", "Việt Nam")),
    Aspect("film", ("film", "phim", "映画")),
)
WATCH = Watch("pact", "", (SEED,), aspects=ASPECTS)


def relation_of(article: ArticleText, watch: Watch = WATCH) -> tuple[bool, tuple[str, ...]]:
    (match,) = SeedMatcher([watch], HashingEncoder()).match([article])[0]
    return match.relation.is_related, match.reasons


ON_IT = ArticleText(
    "Film pact of Vietnam and the United States: first film crews in Boston",
    "BOSTON. The first 40 Vietnamese camera crews came to Boston under the film pact that Vietnam "
    "and the United States signed in Hanoi. Anna Whitlock of the Harbour Film Fund met them.\n\n"
    "Four films will be shot in Da Nang, said Tran Van Minh of the Hanoi Film School.",
    "en",
)
WITHOUT_FILM = ArticleText(
    "Vietnam and the United States: nurses from Hanoi learn in Boston",
    "BOSTON. Nurses of Hanoi and Da Nang, 40 in all, began a course in Boston. Vietnam and the "
    "United States pay for it, and Anna Whitlock greeted them at the airport.\n\n"
    "Clinics in Da Nang wait for them, as Tran Van Minh told the Vietnamese press on Tuesday.",
    "en",
)


def test_an_article_with_all_aspects_is_judged_as_without_them() -> None:
    assert relation_of(ON_IT)[0]
    (plain,) = SeedMatcher([replace(WATCH, aspects=())], HashingEncoder()).match([ON_IT])[0]
    (named,) = SeedMatcher([WATCH], HashingEncoder()).match([ON_IT])[0]
    assert named.score == plain.score


def test_an_article_that_lacks_an_aspect_is_a_near_miss_and_says_which() -> None:
    assert relation_of(WITHOUT_FILM, replace(WATCH, aspects=()))[0]
    is_related, reasons = relation_of(WITHOUT_FILM)
    assert not is_related
    assert "nothing on: film" in reasons


@pytest.mark.parametrize("term", ["phim", "Filme", "films"])
def test_a_term_counts_in_any_language_and_with_endings(term: str) -> None:
    watch = replace(WATCH, aspects=(Aspect("film", (term.lower()[:4],)),))
    article = replace(WITHOUT_FILM, text=f"{WITHOUT_FILM.text} {term}")
    assert relation_of(article, watch)[0]


def test_a_term_inside_another_word_does_not_count() -> None:
    text = NameIndex(["A vaccine is medicine."])
    assert not text.has_start("cine")
    assert text.has_start("medic")


def test_a_country_is_there_by_its_cities() -> None:
    watch = replace(WATCH, aspects=(Aspect("Vietnam", ("Vietnam",)),))
    text = ON_IT.text.replace("Vietnamese ", "").replace("Vietnam", "it")
    title = ON_IT.title.replace("Vietnam", "it")
    assert "Vietnam" not in title + text
    (match,) = SeedMatcher([watch], HashingEncoder()).match([ArticleText(title, text, "en")])[0]
    assert not any("nothing on" in reason for reason in match.reasons)


def test_the_seed_itself_is_a_copy_whatever_the_aspects() -> None:
    watch = replace(WATCH, aspects=(Aspect("opera", ("opera",)),))
    assert relation_of(ArticleText(SEED.title, SEED.text, "en"), watch)[0]


def test_an_aspect_without_terms_asks_for_nothing() -> None:
    assert relation_of(ON_IT, replace(WATCH, aspects=(Aspect("empty", ()),)))[0]
