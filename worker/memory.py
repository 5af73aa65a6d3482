"""Giving memory back to the system, and keeping what forked processes share as it is.

All of it only lowers what is held: where the C library or the platform cannot do something, nothing
happens.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
from functools import lru_cache
from typing import Any

MOST_ARENAS = 2
"""glibc gives threads heaps of their own, up to eight a core; each keeps what was freed in it."""
_M_ARENA_MAX = -8


def few_arenas() -> None:
    """Let the threads of this process share a few heaps; what it forks does so too."""
    if "MALLOC_ARENA_MAX" not in os.environ:  # an operator's own word counts
        _call("mallopt", _M_ARENA_MAX, MOST_ARENAS)


def give_back() -> None:
    """Return freed memory to the system; takes about a millisecond in a process of 100 MB."""
    _call("malloc_trim", 0)


def settle() -> None:
    """Make all that is loaded so far part of what forked processes share.

    The garbage collector would write into every object that it looks at, and so have each process
    make a copy of its own.
    """
    gc.collect()
    give_back()
    gc.freeze()


def _call(name: str, *args: int) -> None:
    with contextlib.suppress(AttributeError):  # another C library than glibc has no such function
        getattr(_library(), name)(*args)


@lru_cache(maxsize=1)
def _library() -> Any:
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):  # Windows
        return None
