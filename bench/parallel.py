"""Parallel news documents as seeds: a translation is one, an unrelated document is none."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from tests.eval.datasets import Document, ntrex, ntrex_groups
from worker.domain import ArticleText, Encoder, Relation, Vectors, Watch
from worker.match.candidates import is_candidate
from worker.match.evidence import added
from worker.match.matcher import compare_vectors, decide, hopeless_lead, read_article
from worker.match.model import Model
from worker.match.reading import Reading
from worker.match.skim import Skimmer
from worker.match.watchindex import build_index

SEED_LANGUAGES = ("en", "fr", "id", "ar", "ja")
UNRELATED_PER_SEED = 12


def whole(text: str) -> str:
    return text


def first_part(text: str) -> str:
    """The first 40% of the sentences, title included."""
    lines = text.split("\n")
    return "\n".join(lines[: max(2, round(0.4 * len(lines)))])


def every_second(text: str) -> str:
    """The title and every second sentence."""
    lines = text.split("\n")
    return "\n".join([lines[0], *lines[1::2]])


VARIANTS: dict[str, Callable[[str], str]] = {
    "whole": whole,
    "first 40%": first_part,
    "every second sentence": every_second,
}


@dataclass
class Counts:
    """Translations found, missed, and unrelated documents taken for related."""

    found: int = 0
    missed: int = 0
    wrong: int = 0
    unrelated: int = 0

    def add(self, other: Counts) -> None:
        self.found += other.found
        self.missed += other.missed
        self.wrong += other.wrong
        self.unrelated += other.unrelated

    @property
    def f1(self) -> float:
        return 2 * self.found / max(2 * self.found + self.missed + self.wrong, 1)


def change_article(document: Document, change: Callable[[str], str]) -> ArticleText:
    return replace(document, text=change(document.text)).article


def measure(
    encoder: Encoder, model: Model, change: Callable[[str], str], *, step: int = 1
) -> dict[tuple[str, str], Counts]:
    """Match every translation of every seed, and a dozen unrelated documents a seed.

    Args:
        step: only every so many documents are seeds.

    Returns:
        (language of the seed, language of the article) -> counts.
    """
    chance, skimmer = random.Random(7), Skimmer()
    documents: dict[str, dict[str, Document]] = defaultdict(dict)
    for document in ntrex():
        documents[document.id][document.language] = document
    groups = ntrex_groups()
    ids = sorted(documents)

    @cache
    def article(doc: str, language: str) -> tuple[Reading, Vectors]:
        reading = read_article(change_article(documents[doc][language], change))
        return reading, encoder.encode(list(reading.texts))

    counts: dict[tuple[str, str], Counts] = defaultdict(Counts)
    for doc in ids[::step]:
        strangers = [d for d in ids if d != doc and not any({d, doc} <= g for g in groups)]
        for language in SEED_LANGUAGES:
            watch = Watch("parallel", "", (documents[doc][language].seed(),))
            index = build_index(watch, encoder, skimmer)
            pairs = [(doc, other) for other in documents[doc] if other != language]
            pairs += [
                (chance.choice(strangers), chance.choice(sorted(documents[doc])))
                for _ in range(UNRELATED_PER_SEED)
            ]
            for other_doc, other in pairs:
                reading, vectors = article(other_doc, other)
                relation = Relation.UNRELATED
                if is_candidate(reading, index, skimmer) and not hopeless_lead(
                    model, reading, index, encoder
                ):
                    comparison = compare_vectors(reading, vectors, index)
                    relation, _ = decide(model, reading, comparison, index)
                count = counts[language, other]
                if other_doc == doc:
                    is_found = relation in (Relation.TRANSLATION, Relation.COPY)
                    count.found += is_found
                    count.missed += not is_found
                else:
                    count.unrelated += 1
                    count.wrong += relation.is_related
    return counts


def measure_added(encoder: Encoder, *, step: int = 1) -> dict[str, float]:
    """What is told as added where it is known: a translation with another document's text put in.

    The first half of a translated document and the first half of an unrelated one make an article;
    all that comes from the second has no counterpart in the seed, all from the first has one.

    Returns:
        wrong: share of the told text that has a counterpart. recall: share of the foreign text
        that is told.
    """
    chance, right, wrong, foreign = random.Random(5), 0, 0, 0
    documents: dict[str, dict[str, Document]] = defaultdict(dict)
    for document in ntrex():
        documents[document.id][document.language] = document
    groups, ids = ntrex_groups(), sorted(documents)
    for doc in ids[::step]:
        stranger = chance.choice(
            [d for d in ids if d != doc and not any({d, doc} <= g for g in groups)]
        )
        for language in SEED_LANGUAGES:
            index = build_index(Watch("parallel", "", (documents[doc][language].seed(),)), encoder)
            other = chance.choice([code for code in sorted(documents[doc]) if code != language])
            own, strange = (_half(documents[d][other].text) for d in (doc, stranger))
            title, _, body = own.partition("\n")
            reading = read_article(ArticleText(title, f"{body}\n\n{strange}", other))
            comparison = compare_vectors(reading, encoder.encode(list(reading.texts)), index)
            has, lacks = " ".join(body.split()), " ".join(strange.split())
            for text in added(reading, comparison, index, Relation.SAME_EVENT):
                is_passage = any(text == passage.text for passage in reading.passages)
                wrong += len(text) * (is_passage and text in has)
                right += len(text) * (is_passage and text in lacks)
            foreign += sum(len(p.text) for p in reading.passages if p.text in lacks)
    return {"wrong": wrong / max(wrong + right, 1), "recall": right / max(foreign, 1)}


def _half(text: str) -> str:
    lines = text.split("\n")
    return "\n".join(lines[: max(2, len(lines) // 2)])
