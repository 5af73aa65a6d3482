"""Bytes over HTTP: conditional GET, limits, politeness, address guard.

The only room that opens connections; feeds, pages, queries and webhooks all go through
`HttpFetcher`.
"""

from worker.fetch.client import HttpFetcher, Limits, Request
from worker.fetch.guard import AddressGuard, CheckedUrl, parse_nets, safe_url
from worker.fetch.politeness import HostLimiter

__all__ = [
    "AddressGuard",
    "CheckedUrl",
    "HostLimiter",
    "HttpFetcher",
    "Limits",
    "Request",
    "parse_nets",
    "safe_url",
]
