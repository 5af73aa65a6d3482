"""The tables. Every column is explained in docs/columns.md; a test holds the two together.

What is claimed and worked on (feed, article, outbox) has the same four columns: `state`, `due_at`
(when anybody may take it: the schedule, the backoff and the lease in one), `token` (fences the
finish of whoever claimed it last) and `tries` (claims since the last finish). A request to match
again (rematch) has them too, but for the state: it is open until `finished_at`.
"""

from worker.store.schema.articles import (
    article,
    article_alias,
    article_version,
    fingerprint,
    sighting,
)
from worker.store.schema.base import metadata
from worker.store.schema.feeds import feed, feed_alias, feed_watch, fetch_event, subscription
from worker.store.schema.learning import (
    blind_draw,
    blind_sample,
    name_rendering,
    rematch,
    watch_seed,
    watch_setting,
)
from worker.store.schema.matches import (
    article_vectors,
    match,
    review,
    saved_filter,
    search,
    seed_vectors,
    story_decision,
    story_member,
    tally,
)
from worker.store.schema.running import counter, host_place, host_turn, pulse, token
from worker.store.schema.telling import attempt, channel, notice, outbox

__all__ = [
    "article",
    "article_alias",
    "article_vectors",
    "article_version",
    "attempt",
    "blind_draw",
    "blind_sample",
    "channel",
    "counter",
    "feed",
    "feed_alias",
    "feed_watch",
    "fetch_event",
    "fingerprint",
    "host_place",
    "host_turn",
    "match",
    "metadata",
    "name_rendering",
    "notice",
    "outbox",
    "pulse",
    "rematch",
    "review",
    "saved_filter",
    "search",
    "seed_vectors",
    "sighting",
    "story_decision",
    "story_member",
    "subscription",
    "tally",
    "token",
    "watch_seed",
    "watch_setting",
]
