"""Programs that ask the API, each with its token."""

from __future__ import annotations

from starlette.testclient import TestClient

from worker.domain import Scope
from worker.store.store import Store


def bearer(store: Store, scope: Scope = Scope.ADMIN, name: str = "") -> dict[str, str]:
    """The header of a program with a fresh token."""
    secret = store.tokens.add(name or f"{scope} {len(store.tokens.rows())}", scope).secret
    return {"authorization": f"Bearer {secret}"}


def pages(client: TestClient, path: str, **params: object) -> list[dict[str, object]]:
    """All rows of a list, page by page."""
    found: list[dict[str, object]] = []
    cursor: str | None = None
    while True:
        asked = params | ({"cursor": cursor} if cursor else {})
        answer = client.get(path, params=asked).json()
        name = next(key for key in answer if key != "next_cursor")
        found += answer[name]
        cursor = answer["next_cursor"]
        if cursor is None:
            return found
