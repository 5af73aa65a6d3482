"""`/metrics` for Prometheus: read from the store at each scrape, so any web process tells all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from worker import __version__, health
from worker.config import Settings
from worker.errors import StoreError
from worker.measures import BUCKETS_S, STAGES, Counted
from worker.store.store import Store

_COUNTERS = {
    "polls": "Polls of feeds, by outcome.",
    "articles": "Articles processed, by outcome; one that is tried again counts again.",
    "deliveries": "Deliveries, by outcome.",
}


Values = dict[tuple[str, ...], float]
"""A number for each combination of the labels' values."""


class Metrics:
    """The page of one store.

    Args:
        store: is read at each scrape.
        settings: where the queue is.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_StoreCollector(store, settings))

    def router(self) -> APIRouter:
        """The route."""
        router = APIRouter()
        router.add_api_route("/metrics", self.metrics, include_in_schema=False)
        return router

    def metrics(self) -> Response:
        """All metrics."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)


class _StoreCollector(Collector):
    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        yield _gauge("build_info", "The version that answers.", {(__version__,): 1}, "version")
        try:
            found = list(self._of_store())
        except StoreError:
            found = []
        yield _gauge("store_up", "Whether the store answers.", {(): float(bool(found))})
        yield from found
        lengths = health.queue_lengths(self._settings)
        if lengths is not None:
            keys: Values = {(name,): float(length) for name, length in lengths.items()}
            yield _gauge("queue_length", "Hints that wait in the broker.", keys, "queue")

    def _of_store(self) -> Iterator[Metric]:
        store = self._store
        for name, counts in (
            ("feeds", store.feeds.counts()),
            ("articles", store.articles.counts()),
            ("deliveries", store.outbox.counts()),
        ):
            yield _gauge(name, f"How many {name} are in each state.", _keyed(counts), "state")
        matches: Values = {
            (str(relation), language): float(count)
            for (relation, language), count in store.matches.numbers().items()
        }
        help_ = "Matches by relation and language; `unrelated` are near misses."
        yield _gauge("matches", help_, matches, "relation", "language")
        waits = {
            "articles": store.articles.oldest_due_age_s(),
            "feeds": store.feeds.oldest_due_age_s(),
            "deliveries": store.outbox.oldest_due_age_s(),
        }
        late: Values = {(kind,): max(0.0, waits_s or 0.0) for kind, waits_s in waits.items()}
        yield _gauge("oldest_due_seconds", "For how long the oldest due one waits.", late, "kind")
        yield _gauge(
            "pulse_age_seconds",
            "Seconds since a tick was acted on: poll_due, sweep.",
            _keyed(store.pulse.ages_s()),
            "name",
        )
        yield from _counters(store.counters.all())


def _counters(stored: Mapping[Counted, float]) -> Iterator[Metric]:
    for name, help_ in _COUNTERS.items():
        family = CounterMetricFamily(f"seedwatch_{name}_done", help_, labels=["outcome"])
        for counted, value in sorted(stored.items()):
            if counted.name == name:
                family.add_metric([counted.label], value)
        yield family
    stages = HistogramMetricFamily(
        "seedwatch_stage_seconds",
        "How long a stage takes: poll a feed; fetch a page, read it, match a few articles, store.",
        labels=["stage"],
    )
    bounds = [*(f"{bound:g}" for bound in BUCKETS_S), "+Inf"]
    for stage in STAGES:
        classes, below = [], 0.0
        for bound in bounds:
            below += stored.get(Counted(f"seconds_{stage}", bound), 0.0)
            classes.append((bound, below))
        total_s = stored.get(Counted(f"seconds_{stage}", "sum"), 0.0)
        stages.add_metric([stage], classes, total_s)
    yield stages


def _keyed(counts: Mapping[str, float]) -> Values:
    return {(name,): float(value) for name, value in counts.items()}


def _gauge(name: str, help_: str, values: Values, *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"seedwatch_{name}", help_, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family
