"""Bytes -> `ParsedFeed`; search queries -> feeds; the pure policy for the next poll."""

from worker.feeds.discover import find_feeds
from worker.feeds.parse import MAX_ENTRIES, parse_feed
from worker.feeds.queries import query_urls
from worker.feeds.schedule import PollState, max_age_s, next_poll_at
from worker.feeds.wrappers import unwrap

__all__ = [
    "MAX_ENTRIES",
    "PollState",
    "find_feeds",
    "max_age_s",
    "next_poll_at",
    "parse_feed",
    "query_urls",
    "unwrap",
]
