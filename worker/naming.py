"""Names in all languages, and the searches that they make: for the command line and the pages."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from worker.domain import FeedConfig, QueryConfig, Rendering, Watch
from worker.errors import ConfigError, InputError
from worker.feeds.queries import min_interval_s, query_urls
from worker.match.renderings import harvest
from worker.records import NameRow, QueryYield
from worker.store.naming import APPROVED, STANDINGS
from worker.store.store import Store

MOST_NAMES = 6
"""Names in one search of Google News: longer ones are cut by it."""


@dataclass(frozen=True, slots=True)
class QueryProposal:
    """A search that would look for approved names in one language.

    Attributes:
        query: one language. feed: what is polled for it.
    """

    query: QueryConfig
    feed: FeedConfig


def harvest_names(store: Store, watch: Watch) -> int:
    """Look for names in the relevant matches of a watch; they wait for a person's word.

    Returns:
        How many are new.
    """
    languages = {seed.id: seed.language for seed in watch.seeds}
    return store.names.propose(watch.name, harvest(store.names.confirmed(watch.name, languages)))


def query_proposals(store: Store, watch: Watch) -> list[QueryProposal]:
    """Searches for the approved names of a watch that it does not make yet, by language.

    Google News gets all names of a language at once, Bing, which is reported to answer OR with
    nothing, the one of most articles.
    """
    by_language: dict[str, list[NameRow]] = defaultdict(list)
    for row in store.names.rows(watch.name, APPROVED):
        by_language[row.language].append(row)
    known = {one.url for one in store.names.yields(watch.name)}
    proposals = []
    for language, rows in sorted(by_language.items()):
        names = [row.text for row in sorted(rows, key=lambda row: -row.articles)]
        texts = list(dict.fromkeys(names))[:MOST_NAMES]
        for engine, terms in (
            ("google-news", " OR ".join(_quoted(text) for text in texts)),
            ("bing-news", _quoted(texts[0])),
        ):
            query = QueryConfig(engine, terms, (language,))
            try:
                feeds = query_urls(query)
            except ConfigError:
                continue  # the engine does not serve the language
            new = [feed for feed in feeds if feed.url not in known]
            proposals += [QueryProposal(query, feed) for feed in new]
    return proposals


def query_yields(store: Store, watch: Watch) -> list[QueryYield]:
    """What the searches of a watch have brought, those of the file and those that were added."""
    return [one for one in store.names.yields(watch.name) if min_interval_s(one.url)]


def _quoted(text: str) -> str:
    return f'"{text.replace(chr(34), " ").strip()}"'


def written(rows: Iterable[NameRow]) -> str:
    """The ledger as a file: one JSON object a line."""
    fields = ("name", "language", "text", "standing")
    lines = [json.dumps({f: getattr(row, f) for f in fields}, ensure_ascii=False) for row in rows]
    return "".join(f"{line}\n" for line in lines)


def read_in(store: Store, watch: Watch, text: str, reviewer: str | None = None) -> int:
    """Read such a file into the ledger; a person's word in it counts here too.

    Returns:
        How many lines were read.

    Raises:
        InputError: a line is none of such a file; nothing of it is stored.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            one = Rendering(str(row["name"]), str(row["language"])[:16], str(row["text"]))
            standing = str(row.get("standing", APPROVED))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(
                f"line {number}", "is no JSON object with name, language, text"
            ) from error
        if standing not in STANDINGS or not one.name.strip() or not one.text.strip():
            raise InputError(
                f"line {number}", f"standing is one of {', '.join(STANDINGS)}; no text is empty"
            )
        found.append((one, standing))
    for one, standing in found:
        store.names.add(watch.name, one, standing, reviewer)
    return len(found)
