"""Looking at an address that somebody wants to add: a few at a time, and not for long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError

from worker.adding import FoundFeed
from worker.errors import InputError
from worker.locales import _

Find = Callable[[str], FoundFeed]
"""Asks an address for its feed; see `worker.adding.find_feed`."""

AT_ONCE = 3
"""Addresses looked at at the same time; all of them leave most of the server's threads free."""
PATIENCE_S = 20.0
"""What a person waits for a page; a slow site is asked up to 30 s, and then once more."""


class Finder:
    """Looks in threads of its own, so that one who waits for a slow site holds up nobody else.

    Args:
        find: does it.
        patience_s: after so many seconds the person is told that there was no answer.
    """

    def __init__(self, find: Find, patience_s: float = PATIENCE_S) -> None:
        self._find = find
        self._patience_s = patience_s
        self._free = threading.Semaphore(AT_ONCE)

    def __call__(self, url: str) -> FoundFeed:
        """Look at an address.

        Raises:
            InputError: no answer in time, or too many addresses are being looked at.
            StoreError: the database cannot be reached.
        """
        if not self._free.acquire(blocking=False):
            raise InputError(
                url,
                _("other addresses are being looked at; nothing was added, try again in a minute"),
            )
        answer: Future[FoundFeed] = Future()
        # a daemon: what hangs in it must not keep the process from ending
        threading.Thread(target=self._look, args=[url, answer], name="finder", daemon=True).start()
        try:
            return answer.result(self._patience_s)
        except FutureTimeoutError:
            raise InputError(
                url,
                _(
                    "did not answer within %(seconds)s s; nothing was added. Try again later, or "
                    "add the address of the feed itself",
                    seconds=round(self._patience_s),
                ),
            ) from None

    def _look(self, url: str, answer: Future[FoundFeed]) -> None:
        try:
            answer.set_result(self._find(url))
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            answer.set_exception(error)
        finally:
            self._free.release()
