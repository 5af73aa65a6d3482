"""How long the overview's numbers take: `python -m bench.overview DATABASE_URL [--days 90]`.

Fills an empty database with 200,000 generated articles (40 languages, 800 outlets, one in twenty
with a match) spread evenly over the days, counts them, and prints the best of nine times of each
question in milliseconds (the median of a busy machine tells of its other work). Never point it at
a database that is used.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain import Relation
from worker.store.schema import article, match, tally
from worker.store.store import Store

ARTICLES, LANGUAGES, OUTLETS = 200_000, 40, 800
RELATIONS = [relation for relation in Relation if relation.is_related]
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def fill(store: Store, days: int) -> None:
    """Store the generated articles and matches."""
    draw = random.Random(1)
    for start in range(1, ARTICLES + 1, 5_000):
        articles = [_article(number, days, draw) for number in range(start, start + 5_000)]
        matches = [_match(row, draw) for row in articles if draw.random() < 0.05]
        with store.database.write() as connection:
            connection.execute(article.insert(), articles)
            connection.execute(match.insert(), matches)


def _article(number: int, days: int, draw: random.Random) -> dict[str, Any]:
    outlet = int(OUTLETS * draw.random() ** 3)
    seen_at = NOW - timedelta(seconds=draw.random() * days * 86_400)
    return {
        "id": number, "key_hash": f"{number:064x}", "state": "done", "due_at": seen_at,
        "version": 1, "first_seen_at": seen_at, "outlet": f"The outlet number {outlet}",
        "language": f"l{outlet % LANGUAGES}", "title": "A title", "text": "text " * 300,
    }  # fmt: skip


def _match(row: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    return {
        "article_id": row["id"], "watch": "kelp", "seed": "en.md", "score": 0.9,
        "relation": draw.choice(RELATIONS), "is_suggestion": False, "evidence": [], "adds": [],
        "shared": {}, "reasons": [], "features": {}, "matcher_version": "m", "encoder": "e",
        "article_version": 1, "created_at": row["first_seen_at"],
        "updated_at": row["first_seen_at"], "language": row["language"], "outlet": row["outlet"],
    }  # fmt: skip


def best_ms(ask: Callable[[], object], times: int = 9) -> float:
    """The least time that a question took, in milliseconds."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        ask()
        took.append(time.perf_counter() - started)
    return min(took) * 1_000


def main() -> None:
    """Fill, count, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--days", type=int, default=90)
    given = parser.parse_args()
    store = Store(given.url)
    store.migrate()
    with store.database.read() as connection:
        is_empty = connection.execute(sa.select(article.c.id).limit(1)).first() is None
    if is_empty:
        fill(store, given.days)
    started = time.perf_counter()
    store.tallies.rebuild()
    print(f"counting anew: {time.perf_counter() - started:.1f} s")
    with store.database.read() as connection:
        rows = connection.execute(sa.select(sa.func.count()).select_from(tally)).scalar_one()
    print(f"rows of counts: {rows:,}")
    counts = store.tallies
    for days in (7, 30, 90, 365):
        since = (NOW - timedelta(days=days)).date()
        asked = {
            "by day": lambda since=since: counts.by_day(since),
            "languages": lambda since=since: counts.by_language(since),
            "outlets": lambda since=since: counts.by_outlet(since, None, 20),
        }
        took = {name: best_ms(ask) for name, ask in asked.items()}
        told = ", ".join(f"{name} {ms:.1f}" for name, ms in took.items())
        print(f"{days} days: {told}; in all {sum(took.values()):.1f} ms")
    store.close()


if __name__ == "__main__":
    main()
