"""Drawing the blind sample: a few articles below each watch's threshold, by chance, once a day."""

from __future__ import annotations

import random
from collections.abc import Sequence

from worker.domain import Watch
from worker.learn.sampling import FAR_AT_ONCE, NEAR_AT_ONCE, chosen
from worker.records import FAR, NEAR
from worker.services import Services

DRAW_EVERY_H = 20.0
"""A blind sample a day, at whatever hour the sweep comes by."""


def draw_samples(services: Services, *, always: bool = False) -> dict[str, int]:
    """Draw the day's blind sample of each watch that had none lately.

    Args:
        services: for the store, and the matcher that scores what came nowhere near.
        always: also where the last draw is not a day ago.

    Returns:
        How many articles were drawn, by watch.
    """
    drawn = {}
    for watch in services.watches:
        age = services.store.samples.drawn_age(watch.name)
        is_due = age is None or age.total_seconds() > DRAW_EVERY_H * 3600
        if is_due or always:
            drawn[watch.name] = _draw(services, watch)
    return drawn


def _draw(services: Services, watch: Watch) -> int:
    chance = random.SystemRandom()
    sizes = {NEAR: NEAR_AT_ONCE, FAR: FAR_AT_ONCE}
    found = services.store.samples.draw(
        watch.name,
        lambda strata: {name: chosen(ids, sizes[name], chance) for name, ids in strata.items()},
    )
    if found[FAR]:
        services.crew.do(services, _score, watch.name, found[FAR])
    services.store.samples.keep(watch.name, found[FAR])
    return sum(map(len, found.values()))


def _score(services: Services, watch_name: str, ids: Sequence[int]) -> None:
    """Match what came nowhere near, so that people find how it was scored."""
    channels = {one.name: one.channels for one in services.watches}
    for stored in services.store.samples.articles(ids):
        (matches,) = services.matcher.match([stored.article])
        services.store.rematches.store(
            stored,
            matches,
            services.matcher.version,
            channels,
            services.sketcher.sketch(stored.article, matches),
            services.story_rule,
            kept=watch_name,
        )
