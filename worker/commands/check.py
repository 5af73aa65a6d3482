"""`seedwatch check`: articles against the seeds, one explained in words or many as JSON Lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import click

from worker.clock import read_time
from worker.commands.common import extract_isolated, print_json, read_input
from worker.config import Settings, load_settings
from worker.domain import UNDETERMINED, ArticleText, LanguageDetector, Match, Watch
from worker.errors import ConfigError, InputError

_AT_ONCE = 16
"""Articles matched together: the output keeps pace with the input."""
_MAX_LINE_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class _Item:
    """A line of input: an article, or what is wrong with the line."""

    id: Any
    article: ArticleText | None = None
    error: str = ""


@click.command()
@click.argument("source", metavar="FILE|URL|-", required=False)
@click.option("--jsonl", "as_lines", is_flag=True, help="Many articles: JSON Lines in and out.")
@click.option("--watch", "watch_name", help="Only this watch; otherwise the best answer of all.")
@click.option(
    "--seed",
    "seeds",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A seed file instead of the watch's own seeds; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(
    source: str | None,
    as_lines: bool,
    watch_name: str | None,
    seeds: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Match one article against the seeds and explain it, or many with --jsonl.

    With --jsonl each line of stdin is an object with id, title and text (lang and published_at
    if known), and each line of stdout its answer, in the same order. A line that cannot be used
    gives an object with id and error.
    """
    if as_lines == (source is not None):
        raise click.UsageError("give one article (FILE, URL or -), or --jsonl with lines on stdin")
    settings = load_settings()
    from worker.match.matcher import SeedMatcher
    from worker.matching import build_detector, build_encoder

    watches = _watches(settings, watch_name, seeds)
    detector = build_detector(settings)
    matcher = SeedMatcher(watches, build_encoder(settings))
    if source is None:
        _check_lines(matcher, detector)
        return
    article = _read_article(source, settings, detector)
    match = _best(matcher.match([article])[0])
    if as_json:
        print_json(_record(source, article, match))
    else:
        click.echo(explain(article, match))


def _watches(
    settings: Settings, watch_name: str | None, seeds: Sequence[Path]
) -> tuple[Watch, ...]:
    from worker.matching import build_loader

    loader = build_loader(settings)
    if seeds and not watch_name:
        return (Watch("seeds", "", loader.load_seeds(seeds)),)
    watches = loader.load_all(settings.seeds_dir)
    if watch_name:
        watches = tuple(watch for watch in watches if watch.name == watch_name)
        if not watches:
            raise ConfigError(watch_name, "no such watch; `seedwatch watch list` shows them")
    if seeds:
        from dataclasses import replace

        watches = tuple(replace(watch, seeds=loader.load_seeds(seeds)) for watch in watches)
    return watches


# --- one ----------------------------------------------------------------------------------------


def _read_article(source: str, settings: Settings, detector: LanguageDetector) -> ArticleText:
    """Read a seed-like text file with front matter, or a page."""
    from worker.match.watchfile import split_front_matter

    got = read_input(source, settings)
    url = got.final_url if got.final_url.startswith("http") else None
    if url is None and not _looks_like_html(got.body):
        try:
            head, text = split_front_matter(got.body.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise InputError(source, "is neither UTF-8 text nor HTML") from error
        title, published_at = head.get("title", ""), None
    else:
        page = extract_isolated(got, url)
        title, text, published_at = page.title, page.text, page.published_at
    if not f"{title}{text}".strip():
        raise InputError(source, "is empty")
    language = detector.detect(f"{title}\n\n{text}").code
    return ArticleText(title, text.strip(), language, published_at, url)


def _looks_like_html(body: bytes) -> bool:
    start = body[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<!--"))


def _best(matches: Iterable[Match]) -> Match:
    """The answer of the watch that the article fits best."""
    return max(matches, key=lambda match: match.score)


_IN_WORDS = {
    "copy": "is a copy of",
    "translation": "is a translation of",
    "same_event": "reports the same event as",
    "same_topic": "is about the same topic as",
    "unrelated": "is not related to",
}


def explain(article: ArticleText, match: Match) -> str:
    """A match in words, for a person at a terminal."""
    name = article.title or article.text[:60].splitlines()[0]
    where = f"the seed {match.seed}" + (f" of {match.watch}" if match.watch != "seeds" else "")
    lines = [
        f"“{name}” ({article.language})",
        f"{_IN_WORDS[match.relation]} {where}: {match.score:.2f}",
    ]
    if match.is_suggestion:
        lines.append("Too little text to go on: a suggestion at most.")
    lines += [f"- {reason}" for reason in match.reasons]
    for title, values in (
        ("Names in both", match.shared_names),
        ("Numbers in both", match.shared_numbers),
        ("Dates in both", match.shared_dates),
    ):
        if values:
            lines.append(f"{title}: {', '.join(values)}")
    if match.evidence:
        lines.append("\nPassages that say the same:")
        for pair in match.evidence:
            lines += [f"  {pair.similarity:.2f}  {pair.article}", f"        {pair.seed}"]
    if match.adds and match.relation.is_related:
        lines.append("\nNo counterpart found in the seeds for:")
        lines += [f"  + {addition}" for addition in match.adds]
    return "\n".join(lines)


def _record(item_id: Any, article: ArticleText, match: Match) -> dict[str, Any]:
    return {
        "id": item_id,
        "relation": str(match.relation),
        "score": round(match.score, 4),
        "seed": match.seed,
        "language": article.language,
        "evidence": [
            {
                "article": pair.article,
                "seed": pair.seed,
                "similarity": round(pair.similarity, 4),
            }
            for pair in match.evidence
        ],
        "adds": list(match.adds),
    }


# --- many ---------------------------------------------------------------------------------------


def _check_lines(matcher: Any, detector: LanguageDetector) -> None:
    from rich.console import Console
    from rich.progress import track

    items: Iterator[_Item] = (_read_line(line, detector) for line in _input_lines())
    if sys.stderr.isatty():
        items = iter(track(items, "checking", console=Console(stderr=True), transient=True))
    while batch := list(islice(items, _AT_ONCE)):
        articles = [item.article for item in batch if item.article is not None]
        answers = iter(matcher.match(articles))
        for item in batch:
            if item.article is None:
                _print_line({"id": item.id, "error": item.error})
            else:
                _print_line(_record(item.id, item.article, _best(next(answers))))
        sys.stdout.flush()


def _input_lines() -> Iterator[bytes]:
    """The lines of stdin that are not empty; of one that is too long only the beginning."""
    stream = sys.stdin.buffer
    try:
        while line := stream.readline(_MAX_LINE_BYTES + 1):
            if line.strip():
                yield line
            while not line.endswith(b"\n") and (line := stream.readline(_MAX_LINE_BYTES)):
                pass  # its rest, which may be endless
    except OSError as error:
        raise InputError("stdin", f"cannot be read: {error.strerror}") from error


def _print_line(record: dict[str, Any]) -> None:
    text = json.dumps(record, ensure_ascii=False)
    sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")


def _read_line(line: bytes, detector: LanguageDetector) -> _Item:
    try:
        item = _read_object(line)
    except (ValueError, RecursionError) as error:
        return _Item(None, error=str(error))
    item_id = item.get("id")
    title, text = item.get("title") or "", item.get("text") or ""
    if not isinstance(title, str) or not isinstance(text, str):
        return _Item(item_id, error="title and text must be strings")
    if not f"{title}{text}".strip():
        return _Item(item_id, error="neither title nor text")
    declared = item.get("lang")
    language = detector.detect(
        f"{title}\n\n{text}", declared=(declared if isinstance(declared, str) else None,)
    ).code
    if language == UNDETERMINED and isinstance(declared, str):
        language = declared
    return _Item(item_id, ArticleText(title, text, language, _when(item.get("published_at"))))


def _read_object(line: bytes) -> dict[str, Any]:
    """Read a line.

    Raises:
        ValueError: it is too long or no JSON object, or its id could not be written again.
        RecursionError: it is nested too deeply.
    """
    if len(line) > _MAX_LINE_BYTES:
        raise ValueError(f"a line longer than {_MAX_LINE_BYTES:,} bytes")
    try:
        item = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a JSON object: {error}") from error
    if not isinstance(item, dict):
        raise ValueError("not a JSON object")
    # Python reads NaN and 1e999 without a word
    json.dumps(item.get("id"), allow_nan=False)
    return item


def _when(value: Any) -> datetime | None:
    """A hint only: a time that cannot be read is none."""
    try:
        return read_time(value) if isinstance(value, str) else None
    except ValueError:
        return None
