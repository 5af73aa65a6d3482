"""Articles against the seeds of every watch: read, encode, compare, judge, explain."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from worker.domain import ArticleText, Encoder, Match, Relation, Tuning, Vectors, Watch
from worker.domain.learning import GENERAL_SCORE, MISSING_ASPECTS
from worker.match.align import STRONG
from worker.match.candidates import is_candidate, shared_name_weight
from worker.match.evidence import added, evidence, reasons
from worker.match.features import Comparison, Encoded, compare
from worker.match.model import Model, shipped_model
from worker.match.reading import ARTICLE_PASSAGES, Reading, read
from worker.match.skim import Skimmer
from worker.match.watchindex import WatchIndex, build_index

DEFAULT_THRESHOLD = 0.5
MIN_TEXT_WIDTH = 80
"""Below this an article is a title alone: shown as a suggestion at most."""
SUGGESTION_CAP = 0.45
COPY_SHINGLES = 0.5
"""Share of an article's runs of five words that stand in the seed: a copy, in whatever order."""
MIN_COPY_SHINGLES = 0.08
COPY_SCORE = 0.97
MIN_SHARE = 0.08
"""Of a seed's length, below which a text is a brief on the same event rather than the seed
shortened: of 52 labelled copies and translations the shortest has 0.15."""
MIN_ORDERED = 3
BRIEF_NEAR = 0.45
SAME_NEAR, SAME_LOW = 0.46, 0.34
"""Mean similarity of an article's passages to the seed's nearest ones, and its lower quartile: of
translations 4% and 3% fall below, of reports of the same event 92% and 90%."""
IN_ORDER = 0.95
"""Share of the alignment that the best one in the seed's order keeps: of translations in any
language 90% keep all of it, of reports the median keeps 0.94."""
MENTION_NEAR, MENTION_NAMES, MENTION_COUNTRY = 0.5, 0.6, 0.2
"""Plain similarity, weight of names and focus of countries from which one passage tells of the
story. Of six stories' 169 near misses and other news no article reaches all three; of 83 other
articles with a paragraph on the story put in, 15 do: the paragraph has to say what a seed says."""
LEADS = ((1, 0.005), (2, 0.02), (8, 0.05))
"""First passages, and the score that they and the title have at the most where the rest is not
encoded. With the weights of the other stories, none of 159 related articles is below .022 by one
passage, none of 246 that score .1 as a whole below .028 by two, none of 126 longer ones below .075
by eight; of 2,640 translations no more are missed. Of 81 pages of other news that the gate lets
pass, 45 are below .005 by one passage. The title alone, below .002, would end 19 of them, and cost
as much as that saves."""
MISSING_ASPECT = 0.8
"""What is left of the score for each aspect of the watch that the article lacks: a near miss."""
_ALGORITHM = "2"
Tunings = Callable[[], Mapping[str, Tuning]]
"""What has been decided for watches until now, by their names; asked once a batch."""
NOTHING_SHARED = "hardly a name, number or country of the seeds is in the article"


class SeedMatcher:
    """Matches articles against watches; the seeds are encoded at the first article.

    Args:
        watches: with at least one seed each.
        encoder: one space for all languages.
        model: the weights; the shipped ones unless a measurement brings its own.
        tunings: thresholds and corrections that people decided on meanwhile.
    """

    def __init__(
        self,
        watches: Sequence[Watch],
        encoder: Encoder,
        model: Model | None = None,
        tunings: Tunings = dict,
    ) -> None:
        self._watches = tuple(watches)
        self._tunings = tunings
        self._watches_hash = _hash([encoder.name, *map(_said_of, self._watches)])
        self._encoder = encoder
        self._indexes: tuple[WatchIndex, ...] | None = None
        self._lock = threading.Lock()
        self._skimmer = Skimmer()
        self._model = model or shipped_model()

    @property
    def version(self) -> str:
        """Algorithm and weights, a hash of watches and encoder, and what was decided meanwhile."""
        marks = sorted(f"{name}{tuning.mark}" for name, tuning in self._tunings().items())
        decided = f"+{_hash(marks)}" if marks else ""
        return f"{self._own_version}.{self._watches_hash}{decided}"

    @property
    def _own_version(self) -> str:
        return f"{_ALGORITHM}.{self._model.version}"

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of most news, ISO 639-1."""
        return self._skimmer.languages

    def match(self, articles: Sequence[ArticleText]) -> list[tuple[Match, ...]]:
        """Match a batch: for each article, in order, one `Match` a watch."""
        indexes = self._ready()
        tunings = self._tunings()
        return [
            tuple(
                self._marked(match, tunings) for match in self._match_one(article, indexes, tunings)
            )
            for article in articles
        ]

    def _marked(self, match: Match, tunings: Mapping[str, Tuning]) -> Match:
        """Return a match with the version that scored it: the matcher's and the watch's own."""
        tuning = tunings.get(match.watch)
        return replace(match, matcher_version=self._own_version + (tuning.mark if tuning else ""))

    def _ready(self) -> tuple[WatchIndex, ...]:
        with self._lock:
            if self._indexes is None:
                self._indexes = tuple(
                    build_index(watch, self._encoder, self._skimmer) for watch in self._watches
                )
            return self._indexes

    def _match_one(
        self,
        article: ArticleText,
        indexes: tuple[WatchIndex, ...],
        tunings: Mapping[str, Tuning],
    ) -> tuple[Match, ...]:
        reading = read_article(article)
        if reading.is_empty:
            return tuple(self._none(index, "the article has no text") for index in indexes)
        early = [self._early(reading, index, tunings.get(index.watch.name)) for index in indexes]
        if None not in early:
            return tuple(match for match in early if match)
        vectors = self._encoder.encode(list(reading.texts))
        return tuple(
            match or self._judge(reading, vectors, index, tunings.get(index.watch.name))
            for index, match in zip(indexes, early, strict=True)
        )

    def _early(self, reading: Reading, index: WatchIndex, tuning: Tuning | None) -> Match | None:
        """Return the answer where the article need not be encoded, or not all of it."""
        if not index.readings:
            return self._none(index, "the watch has no seeds")
        if not is_candidate(reading, index, self._skimmer):
            return self._none(index, NOTHING_SHARED, reading)
        found = hopeless_lead(self._model, reading, index, self._encoder, tuning)
        return self._told(*found, index, tuning) if found else None

    def _none(self, index: WatchIndex, reason: str, reading: Reading | None = None) -> Match:
        """Return what is said of an article that is not worth encoding."""
        seed = index.watch.seeds[0].id if index.watch.seeds else ""
        shared = 0.0 if reading is None else shared_name_weight(reading, index, is_quick=True)
        return Match(
            index.watch.name,
            seed,
            Relation.UNRELATED,
            round(0.005 + 0.01 * min(shared, 1.0), 4),
            reasons=(reason,),
            is_suggestion=reading is None or not reading.has_width(MIN_TEXT_WIDTH),
            encoder=self._encoder.name,
        )

    def _judge(
        self, reading: Reading, vectors: Vectors, index: WatchIndex, tuning: Tuning | None
    ) -> Match:
        comparison = compare_vectors(reading, vectors, index)
        relation, score = decide(self._model, reading, comparison, index, tuning)
        return self._told(reading, comparison, relation, score, index, tuning)

    def _told(
        self,
        reading: Reading,
        comparison: Comparison,
        relation: Relation,
        score: float,
        index: WatchIndex,
        tuning: Tuning | None,
    ) -> Match:
        """Return a match with all that explains it."""
        is_suggestion = reading.width < MIN_TEXT_WIDTH
        if is_suggestion:
            score = min(score, SUGGESTION_CAP)
            relation = Relation.UNRELATED
        return Match(
            watch=index.watch.name,
            seed=index.watch.seeds[comparison.seed].id,
            relation=relation,
            score=round(score, 4),
            evidence=evidence(reading, comparison, index),
            adds=added(reading, comparison, index, relation),
            shared_names=tuple(index.names[i].text for i in comparison.shared_names)[:30],
            shared_numbers=tuple(t for v, t in reading.numbers.items() if v in index.numbers),
            shared_dates=tuple(
                t for d, t in reading.dates.items() if any(d.agrees_with(s) for s in index.dates)
            ),
            reasons=reasons(self._model, comparison, index, relation),
            features={
                **{k: round(v, 4) for k, v in comparison.features.items()},
                **_behind(self._model, reading, comparison, index, tuning),
            },
            is_suggestion=is_suggestion,
            encoder=self._encoder.name,
        )


def _said_of(watch: Watch) -> str:
    """Return all of a watch that an answer depends on."""
    seeds = [f"{seed.id} {seed.language} {seed.title}\n{seed.text}" for seed in watch.seeds]
    settings = (watch.name, watch.description, watch.threshold, watch.aspects, watch.renderings)
    return "\n".join([repr(settings), *seeds])


def _hash(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:8]


def read_article(article: ArticleText) -> Reading:
    """Read an article as far as matching looks at it."""
    return read(
        article.title,
        article.text,
        article.language,
        limit=ARTICLE_PASSAGES,
        published_at=article.published_at,
    )


def compare_vectors(reading: Reading, vectors: Vectors, index: WatchIndex) -> Comparison:
    """Compare an article with a watch.

    Args:
        reading: the article.
        vectors: of `reading.texts`, as the encoder gives them.
        index: the watch.
    """
    centred = index.space.centre(vectors, reading.language)
    plain = index.space.plain(vectors, reading.language)
    first = 1 if reading.title and len(centred) > 1 else 0
    return compare(reading, Encoded(centred[:1], centred[first:], plain[first:]), index)


def compare_article(
    article: ArticleText, index: WatchIndex, encoder: Encoder
) -> tuple[Reading, Comparison]:
    """Read, encode and compare an article that has some text."""
    reading = read_article(article)
    return reading, compare_vectors(reading, encoder.encode(list(reading.texts)), index)


def hopeless_lead(
    model: Model,
    reading: Reading,
    index: WatchIndex,
    encoder: Encoder,
    tuning: Tuning | None = None,
) -> tuple[Reading, Comparison, Relation, float] | None:
    """Judge a long article by its title and first passages.

    Returns:
        What was read and how it compares, with its relation and score, if that is so far from the
        story that the rest cannot change the answer; None if the rest has to be looked at.
    """
    if _may_mention(reading, index):
        return None
    for number, hopeless in LEADS:
        if len(reading.passages) <= number:
            return None
        lead = reading.part(reading.passages[:number])
        comparison = compare_vectors(lead, encoder.encode(list(lead.texts)), index)
        relation, score = decide(model, lead, comparison, index, tuning)
        if score < hopeless and not relation.is_related:
            return lead, comparison, relation, score
    return None


def shared_text(reading: Reading, seed: Reading) -> float:
    """Return the share of the article's runs of words that stand in the seed too."""
    own = reading.shingles
    return len(own & seed.shingles) / len(own) if own else 0.0


def _is_same_text(model: Model, reading: Reading, comparison: Comparison, seed: Reading) -> bool:
    """Whether the article is the seed's own text, copied or translated."""
    verbatim = shared_text(reading, seed)
    if verbatim >= COPY_SHINGLES:
        return True
    if reading.width < MIN_SHARE * seed.width:
        return False  # a brief
    if reading.language == seed.language and verbatim < MIN_COPY_SHINGLES:
        return False  # a report in the seed's own language that quotes none of it
    near, low = comparison.features["same_near"], comparison.features["same_low"]
    in_order = comparison.alignment.in_order >= IN_ORDER * comparison.alignment.mean
    if near < SAME_NEAR and low < SAME_LOW and not in_order:
        return False  # neither near throughout nor in the seed's order throughout
    few = len(comparison.alignment.pairs) < MIN_ORDERED
    if few and near < BRIEF_NEAR:
        return False  # too short to have an order: only what is very near will do
    return model.same_text.probability(comparison.features) >= 0.5


def is_mentioned(reading: Reading, comparison: Comparison, index: WatchIndex) -> bool:
    """Whether one passage of an article that is about something else tells of the story.

    It lies near to a seed's passage and names what the seeds name, and the article names the two
    countries that the watch is most about.
    """
    if not _may_mention(reading, index):
        return False
    near = comparison.plain.max(axis=1) >= MENTION_NEAR
    apart = comparison.margins.max(axis=1) >= STRONG
    return any(
        shared_name_weight(reading.part([passage], with_title=False), index) >= MENTION_NAMES
        for passage, is_near in zip(reading.passages, near & apart, strict=False)
        if is_near
    )


def _may_mention(reading: Reading, index: WatchIndex) -> bool:
    """Whether an article has the names and countries that a mention needs, in whatever passage."""
    return shared_name_weight(reading, index) >= MENTION_NAMES and all(
        reading.countries.get(code, 0.0) >= MENTION_COUNTRY for code, _ in index.foremost
    )


def general_score(
    model: Model, reading: Reading, comparison: Comparison, index: WatchIndex
) -> float:
    """Return the probability that the article is related, whatever was decided for the watch."""
    score = model.related.probability(comparison.features)
    seed = index.readings[comparison.seed]
    if _is_same_text(model, reading, comparison, seed):
        score = max(score, model.same_text.probability(comparison.features))
        verbatim = shared_text(reading, seed)
        return max(score, COPY_SCORE + 0.03 * verbatim if verbatim >= COPY_SHINGLES else 0.0)
    is_doubtful = score < DEFAULT_THRESHOLD and not comparison.missing
    if is_doubtful and is_mentioned(reading, comparison, index):
        return DEFAULT_THRESHOLD
    return score


def _behind(
    model: Model,
    reading: Reading,
    comparison: Comparison,
    index: WatchIndex,
    tuning: Tuning | None,
) -> dict[str, float]:
    """Return what has to be known to judge the article by another threshold or correction."""
    told: dict[str, float] = {}
    seed = index.readings[comparison.seed]
    if comparison.missing and not _is_same_text(model, reading, comparison, seed):
        told[MISSING_ASPECTS] = float(len(comparison.missing))
    if tuning is not None and tuning.correction is not None:
        told[GENERAL_SCORE] = round(general_score(model, reading, comparison, index), 4)
    return told


def decide(
    model: Model,
    reading: Reading,
    comparison: Comparison,
    index: WatchIndex,
    tuning: Tuning | None = None,
) -> tuple[Relation, float]:
    """Return the relation and the probability that the article is related at all."""
    features = comparison.features
    seed = index.readings[comparison.seed]
    threshold = index.watch.threshold if index.watch.threshold is not None else DEFAULT_THRESHOLD
    if tuning is not None and tuning.threshold is not None:
        threshold = tuning.threshold
    score = general_score(model, reading, comparison, index)
    is_same = _is_same_text(model, reading, comparison, seed)
    if tuning is not None and tuning.correction is not None:
        score = tuning.correction.score(score, features)
    if comparison.missing and not is_same:
        return Relation.UNRELATED, min(score, threshold) * MISSING_ASPECT ** len(comparison.missing)
    if score < threshold:
        return Relation.UNRELATED, score
    if is_same:
        is_copy = reading.language == seed.language or shared_text(reading, seed) >= COPY_SHINGLES
        return (Relation.COPY if is_copy else Relation.TRANSLATION), score
    is_told = model.related.probability(features) >= min(threshold, DEFAULT_THRESHOLD)
    if is_told and model.same_event.probability(features) >= 0.5:
        return Relation.SAME_EVENT, score
    return Relation.SAME_TOPIC, score
