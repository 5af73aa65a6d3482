"""What `bench.quality` and the gate in CI measure on labelled stories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.damage import damaged
from bench.scores import average_precision, f1
from tests.eval.datasets import Labelled, Story, label_of
from worker.domain import ArticleText, Encoder, Match, Relation, Vectors
from worker.match.matcher import SeedMatcher
from worker.match.model import Model

KINDS = ("copy_or_translation", "same_event", "same_topic", "unrelated")


class CountingEncoder:
    """Counts the texts that the encoder is asked for."""

    def __init__(self, inner: Encoder) -> None:
        self._inner = inner
        self.texts = 0

    @property
    def name(self) -> str:
        return self._inner.name

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.texts += len(texts)
        return self._inner.encode(texts)


@dataclass(frozen=True)
class Judged:
    """An article, its label and what the matcher said."""

    item: Labelled
    match: Match


def judge(story: Story, encoder: Encoder, model: Model | None = None) -> list[Judged]:
    """Every article of a story, matched with its watch."""
    matcher = SeedMatcher([story.watch], encoder, model)
    found = matcher.match([item.article for item in story.articles])
    return [Judged(item, m[0]) for item, m in zip(story.articles, found, strict=True)]


def summary(judged: Sequence[Judged]) -> dict[str, float]:
    """The measures of one story (or of several, pooled)."""
    truth = np.array([j.item.is_related for j in judged])
    taken = np.array([j.match.relation.is_related for j in judged])
    scores = np.array([j.match.score for j in judged])
    label = np.array([j.item.label for j in judged])
    guess = np.array([label_of(j.match.relation) for j in judged])
    actual = np.array([j.item.label if j.item.is_related else "unrelated" for j in judged])
    by_kind = {kind: f1(guess == kind, actual == kind) for kind in KINDS}
    facts = [(fact, j) for j in judged for fact in j.item.new_facts]
    told = [any(fact in text for text in j.match.adds) for fact, j in facts]
    return {
        "f1": f1(taken, truth),
        "average_precision": average_precision(scores, truth),
        "near_misses_taken": float((taken & (label == "hard_negative")).sum()),
        "near_misses": float((label == "hard_negative").sum()),
        "easy_negatives_taken": float((taken & (label == "easy_negative")).sum()),
        "missed": float((~taken & truth).sum()),
        "relation_macro_f1": float(np.mean(list(by_kind.values()))),
        **{f"{kind}_f1": value for kind, value in by_kind.items()},
        "adds_recall": float(np.mean(told)) if told else 1.0,
        "adds_in_copies": _told_in_copies(judged),
    }


def _told_in_copies(judged: Sequence[Judged]) -> float:
    """Share of the text of copies and translations that is told as added: it never should be."""
    told = total = 0
    for j in judged:
        if j.item.label == "copy_or_translation":
            total += len(j.item.article.text)
            told += sum(len(text) for text in j.match.adds if len(text) > 60)
    return told / total if total else 0.0


def by_language(judged: Sequence[Judged]) -> dict[str, tuple[int, int]]:
    """Language of the article -> (articles, rightly related or unrelated)."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for j in judged:
        counts[j.item.article.language][0] += 1
        is_right = j.match.relation.is_related == j.item.is_related
        counts[j.item.article.language][1] += is_right
    return {code: (total, right) for code, (total, right) in sorted(counts.items())}


def copies(stories: Sequence[Story], encoder: Encoder) -> dict[str, float]:
    """Share of the seeds' own texts, damaged by 30%, that are called copy."""
    shares = {}
    for how in ("cut", "reorder", "reword"):
        right = []
        for story in stories:
            matcher = SeedMatcher([story.watch], encoder)
            articles = [
                ArticleText(seed.title, damaged(seed.text, how), seed.language)
                for seed in story.watch.seeds
            ]
            right += [m[0].relation is Relation.COPY for m in matcher.match(articles)]
        shares[how] = float(np.mean(right))
    return shares


def gate(story: Story, unrelated: Sequence[ArticleText], encoder: Encoder) -> dict[str, float]:
    """How often the encoder runs on unrelated news, and what the gate loses of the story."""
    counting = CountingEncoder(encoder)
    matcher = SeedMatcher([story.watch], counting)
    matcher.match([ArticleText("", "")])
    runs = texts = 0
    for article in unrelated:
        before = counting.texts
        matcher.match([article])
        runs += counting.texts > before
        texts += counting.texts - before
    related = [item for item in story.articles if item.is_related]
    found = matcher.match([replace(item.article) for item in related])
    lost = sum(not m[0].features for m in found)
    return {
        "encoder_runs": runs / max(len(unrelated), 1),
        "texts_per_article": texts / max(len(unrelated), 1),
        "recall": 1 - lost / max(len(related), 1),
    }
