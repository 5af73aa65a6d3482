"""What many seeds cost: python -m bench.many_seeds [--seeds N] [--pages FOLDER]

The same articles are matched, turn about, with a watch of two seeds and with one of many: the
project's first watch, and the same with further seeds as its story would have gathered them. Those
are made up of sentences from its two seeds, as many reports of one event are. With --threads N a
third of each is from articles of N labelled stories: then names, figures and countries add up, too,
as in a watch that follows several things.
Told are processor milliseconds an article, whole matching (reading, gate, encoder, comparing, words
for the answer), for news of other things and for articles of the story, and their quotient.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.cached import cached_encoder
from bench.news_site import pages_of, title_of
from tests.eval.datasets import repo_stories
from worker.clock import utc_now
from worker.config import Settings
from worker.domain import ArticleText, Seed, Vectors, Watch
from worker.errors import ParseError
from worker.extract.page import extract_article
from worker.match.matcher import SeedMatcher
from worker.match.passages import sentences
from worker.matching import build_detector, build_encoder, build_loader

ROOT = Path(__file__).parents[1]
FEW = 2
PART = 7
"""Sentences of a third of a further seed."""
_WARM = 60


class SeedsKept:
    """The encoder of the settings; seeds' vectors come from the cache of all benches."""

    def __init__(self, settings: Settings) -> None:
        self._inner, self._kept = build_encoder(settings), cached_encoder(settings.encoder)

    @property
    def name(self) -> str:
        return self._inner.name

    def encode(self, texts: Sequence[str]) -> Vectors:
        return self._inner.encode(texts)

    def encode_kept(self, texts: Sequence[str]) -> Vectors:
        return self._kept.encode(texts)


def grown(watch: Watch, seeds: int, threads: int) -> Watch:
    """A watch with so many seeds: its own, and others of their length.

    Each further one has sentences of its own choice from both seeds and, with threads, from an
    article of some labelled story in whatever language, so that no two are the same.

    Args:
        watch: its seeds come first.
        seeds: how many in all.
        threads: from how many stories other sentences are.
    """
    chance = random.Random(5)
    others = [item.article for story in repo_stories()[:threads] for item in story.articles]
    own = itertools.cycle(watch.seeds)
    found = list(watch.seeds)
    while len(found) < seeds:
        seed, extra = next(own), chance.choice(others) if others else next(own)
        told, added = list(sentences(seed.text)), list(sentences(extra.text))
        kept = sorted(chance.sample(range(len(told)), min(2 * PART, len(told))))
        more = chance.sample(added, min(PART, len(added)))
        text = "\n\n".join([*(told[place] for place in kept), *more])
        found.append(Seed(f"{len(found)}.md", told[kept[0]][:90], text, seed.language))
    return replace(watch, seeds=tuple(found))


def articles_of(pages: Sequence[bytes], settings: Settings) -> list[ArticleText]:
    """The articles on pages; those without one are left out."""
    detector = build_detector(settings)
    found = []
    for number, page in enumerate(pages):
        try:
            extracted = extract_article(page, now=utc_now(), is_dated=True)
        except ParseError:
            continue
        title = title_of(page, number)
        language = detector.detect(f"{title}\n\n{extracted.text}").code
        found.append(ArticleText(title, extracted.text, language))
    return found


def told_of(watch: Watch) -> list[ArticleText]:
    """Articles of a watch's story: its seeds, cut and reordered."""
    chance = random.Random(11)
    found = []
    for seed in watch.seeds:
        told = list(sentences(seed.text))
        for share in (0.3, 0.5, 0.8):
            kept = chance.sample(told, max(1, int(share * len(told))))
            found.append(ArticleText(seed.title, "\n\n".join(kept), seed.language))
    return found


def article_ms(matcher: SeedMatcher, articles: Sequence[ArticleText]) -> float:
    """Processor milliseconds of matching, the mean of all articles."""
    began = time.process_time()
    for article in articles:
        matcher.match([article])
    return 1000 * (time.process_time() - began) / len(articles)


def measure(
    articles: Sequence[ArticleText], seeds: int, threads: int, rounds: int
) -> dict[str, list[float]]:
    """Measure in rounds, each with articles of its own: what is seen again costs less.

    Returns:
        By the number of seeds and the kind of article, milliseconds in each round.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        (watch,) = build_loader(settings).load_all(ROOT / "seeds")
        few = replace(watch, seeds=watch.seeds[:FEW])
        # an encoder each, or the second one would find the vectors of the first
        matchers = {
            number: SeedMatcher([one], SeedsKept(settings))
            for number, one in ((FEW, few), (seeds, grown(few, seeds, threads)))
        }
        for matcher in matchers.values():
            article_ms(matcher, articles[:_WARM])
        kinds = {"other": articles[_WARM:], "story": told_of(few)}
        found: dict[str, list[float]] = {}
        for number in range(rounds):
            order = list(matchers.items())
            for kind, told in kinds.items():
                for count, matcher in order[::-1] if number % 2 else order:
                    own = told[number::rounds]
                    found.setdefault(f"{count} {kind}", []).append(article_ms(matcher, own))
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--threads", type=int, default=0, help="stories in the further seeds")
    parser.add_argument("--pages", type=Path, help="A folder of pages; else they are made up.")
    parser.add_argument("--articles", type=int, default=360)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    articles = articles_of(pages_of(given.pages, given.articles), Settings())
    found = measure(articles, given.seeds, given.threads, given.rounds)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2))
    print(f"| articles | {FEW} seeds, ms | {given.seeds} seeds, ms | x |\n|---|---|---|---|")
    for kind in ("other", "story"):
        few, many = (statistics.median(found[f"{count} {kind}"]) for count in (FEW, given.seeds))
        print(f"| {kind} | {few:.1f} | {many:.1f} | {many / few:.2f} |")


if __name__ == "__main__":
    main()
