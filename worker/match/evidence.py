"""What a person can check: aligned passages, what the article adds, and the reasons in words."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from worker.domain import AlignedPassage, Relation
from worker.locales import N_
from worker.match.features import Comparison
from worker.match.model import Model
from worker.match.reading import Reading
from worker.match.watchindex import WatchIndex

MAX_EVIDENCE = 12
MAX_ADDS = 80
MAX_REASONS = 6
WEAK = 0.1
"""Margin below which a pair is no evidence; an unrelated article still shows its nearest one."""
NO_COUNTERPART = 0.40
"""Plain similarity below which a passage of a report has no counterpart in any seed: of passages
of unrelated news 98% lie below 0.27, of translated ones 75% above 0.45 (`bench.parallel`)."""
PARTLY_NEW = 0.50
"""The same for a passage that holds a new name, figure or day."""
NEW_IN_COPY = 0.25
"""The same for copies and translations: nearly all of their passages have a counterpart."""

_CONTEXT = re.compile(r"\S+")
_PLAIN = {
    "core": N_("the text as a whole is about what the seeds are about"),
    "lead_core": N_("title and lead are about what the seeds are about"),
    "subject": N_("the subject, names and places aside, is that of the seeds"),
    "subject_gap": N_("the subject, names and places aside, is that of the seeds"),
    "names": N_("names of the seeds occur"),
    "name_cover": N_("passages name what the seeds name"),
    "name_share": N_("of the article's own names, a part is in the seeds"),
    "country_fit": N_("the seeds' countries are in focus"),
    "country_worst": N_("each of the seeds' countries is in focus"),
    "country_other": N_("no other country is in focus"),
    "number_share": N_("figures of the seeds occur"),
    "dates": N_("days of the seeds are named"),
    "near_date": N_("it was published about when the seeds were"),
    "width": N_("there is text enough to go on"),
}
_AGAINST = {"country_other": N_("a country other than the seeds' is in focus")}
"""What speaks against a match by being there; all else does so by being less than usual."""


def best_partners(comparison: Comparison) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return for each passage of the article its nearest seed passage and the margin."""
    best = comparison.margins.argmax(axis=1)
    return best, comparison.margins[np.arange(len(best)), best]


def evidence(
    reading: Reading, comparison: Comparison, index: WatchIndex
) -> tuple[AlignedPassage, ...]:
    """Return the aligned pairs, best first; at least the nearest one."""
    texts = index.passage_texts
    own = [p.text for p in reading.passages] or [reading.title]
    if len(texts) != comparison.margins.shape[1] or len(own) != comparison.margins.shape[0]:
        return ()
    best, values = best_partners(comparison)
    pairs: list[AlignedPassage] = []
    for i in np.argsort(-values, kind="stable")[:MAX_EVIDENCE]:
        if pairs and values[i] < WEAK:
            break
        raw = float(comparison.plain[i, best[i]])
        similarity = round(min(1.0, max(0.0, raw)), 3)
        pairs.append(AlignedPassage(own[i], texts[int(best[i])], similarity))
    return tuple(pairs)


def added(
    reading: Reading, comparison: Comparison, index: WatchIndex, relation: Relation
) -> tuple[str, ...]:
    """Return what the article says without a counterpart in any seed: facts first, then passages.

    Every string stands in the article as it is given here.
    """
    single = {name.folded for name in index.names if name.words == 1}
    names = [
        name.text
        for name in reading.names
        if not single.intersection(name.folded.split())
        and name.folded not in index.all_names
        and not any(index.readings[k].name_index.has(name) for k in comparison.near_seeds)
    ]
    figures = [t for value, t in reading.all_numbers.items() if value not in index.all_numbers]
    days = [
        text
        for day, text in reading.dates.items()
        if not any(day.agrees_with(known) for known in index.dates)
    ]
    facts = list(dict.fromkeys([*names, *figures, *days]))
    is_copy = relation in (Relation.COPY, Relation.TRANSLATION)
    passages = []
    if reading.passages:
        nearest = comparison.plain.max(axis=1)
        for passage, value in zip(reading.passages, nearest, strict=True):
            is_new = value < (NEW_IN_COPY if is_copy else NO_COUNTERPART)
            has_fact = not is_copy and any(fact in passage.text for fact in facts)
            if is_new or (value < PARTLY_NEW and has_fact):
                passages.append(passage.text)
    told = " ".join(passages)
    if is_copy:  # a translator's own wording of a name is nothing new
        facts = [fact for fact in facts if fact in told]
    with_context = [f if f in names else _in_context(f, reading) for f in facts]
    kept = [text for text in with_context if text in names or text not in told]
    return tuple(list(dict.fromkeys([*kept[: MAX_ADDS - len(passages)], *passages]))[:MAX_ADDS])


def _in_context(figure: str, reading: Reading) -> str:
    """Return a figure with the words around it, for "25" says nothing; exactly as in the text."""
    for text in reading.texts:
        start = text.find(figure)
        if start < 0:
            continue
        end = start + len(figure)
        before = text[max(0, start - 24) : start]
        after = _CONTEXT.match(text[end : end + 24].lstrip())
        first = start - len(before.rpartition(" ")[2] if not before.endswith(" ") else "")
        if before.endswith(" ") and len(before.split()) > 1:
            first = start - len(before.split()[-1]) - 1
        last = end if after is None else text.find(after[0], end) + len(after[0])
        return text[max(0, first) : last].split("\n")[-1].strip(" ,;:()\"'“”«»")
    return figure


def reasons(
    model: Model, comparison: Comparison, index: WatchIndex, relation: Relation
) -> tuple[str, ...]:
    """Return the features that decided, in plain words, most important first.

    They are stored as they are; `worker.words.reason` says each in the reader's language.
    """
    told = [f"nothing on: {', '.join(comparison.missing)}"] if comparison.missing else []
    alignment = comparison.alignment
    if relation in (Relation.COPY, Relation.TRANSLATION):
        told.append(f"{alignment.covered:.0%} of the text has a close counterpart in one seed")
        if alignment.order > 0.8:
            told.append(N_("in the seed's own order"))
    shared = [index.names[i].text for i in comparison.shared_names[:5]]
    if shared:
        told.append("both name " + ", ".join(shared))
    pushes = model.related.contributions(comparison.features)
    usual = model.related.contributions(model.typical)
    gains = sorted(((pushes[k] - usual[k], k) for k in pushes), key=lambda pair: -abs(pair[0]))
    for gain, name in gains:
        if abs(gain) < 0.15 or len(told) >= MAX_REASONS:
            break
        words = _PLAIN.get(name, name)
        told.append(words if gain > 0 else _AGAINST.get(name, f"less than usual: {words}"))
    return tuple(dict.fromkeys(told))
