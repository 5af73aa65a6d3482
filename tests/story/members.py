"""Made-up members of stories: vectors around a few events, in several languages."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import numpy as np

from worker.domain import Kind
from worker.records import StoryMember

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
WIDTH = 48


def vector(seed: int, noise: float = 0.0, variant: int = 0) -> bytes:
    """A direction of an event, moved off it by some noise (0: the very same)."""
    made = np.random.default_rng(seed).normal(size=WIDTH)
    made /= np.linalg.norm(made)
    off = np.random.default_rng([seed, variant]).normal(size=WIDTH)
    made = made + noise * off / np.linalg.norm(off)
    return np.rint(made * 127 / np.abs(made).max()).astype(np.int8).tobytes()


def member(
    number: int,
    *,
    key: str = "",
    day: float = 0.0,
    language: str = "en",
    anchor: str | None = None,
    kind: Kind = Kind.SAME_TOPIC,
    at: bytes | None = None,
    side: int | None = None,
    encoder: str = "e",
) -> StoryMember:
    return StoryMember(
        id=number,
        key=key or f"key {number}",
        told_at=BEGIN + timedelta(days=day),
        language=language,
        anchor=anchor,
        base_kind=kind,
        kind=kind,
        encoder=encoder,
        vector=at,
        side=side,
    )


def crowd(count: int, seed: int = 0) -> list[StoryMember]:
    """Articles of some events, most of them told close to each other, some by a seed's event."""
    chance = random.Random(seed)
    made = []
    for number in range(1, count + 1):
        event = chance.randrange(6)
        is_seeds = event == 0 or chance.random() < 0.05
        made.append(
            member(
                number,
                day=event * 5 + chance.random() * 8,
                language=chance.choice(["en", "fr", "ja"]),
                anchor="seed" if is_seeds else None,
                kind=Kind.SAME_EVENT if is_seeds else Kind.SAME_TOPIC,
                at=vector(event + 1, chance.choice([0.2, 0.6, 1.0]), number),
            )
        )
    return made
