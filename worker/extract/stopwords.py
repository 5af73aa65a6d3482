"""justext's stop words of a hundred languages in 1 MB instead of 28.

trafilatura asks justext about pages with little text, with the words of all its languages. It keeps
these 154,000 twice, as they are and in small letters. Here are their hashes, in order; that another
word has one of these 64-bit hashes does not happen.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from typing import Any

from justext import core
from justext.utils import get_stoplist, get_stoplists
from trafilatura import external


class StopWords:
    """Words that justext looks up in a process that made this, or in one forked from it.

    Args:
        words: in any case.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._hashes = array("q", sorted({hash(word.lower()) for word in words}))

    def __contains__(self, word: str) -> bool:
        wanted = hash(word)
        at = bisect_left(self._hashes, wanted)
        return at < len(self._hashes) and self._hashes[at] == wanted


def share_stop_words() -> None:
    """Let justext look words up in these where trafilatura asks for those of all languages."""
    libraries: Any = external
    make_set = core.define_stoplist

    def load() -> StopWords:
        lists = (get_stoplist(name) for name in get_stoplists())
        found = libraries.JT_STOPLIST = StopWords(word for words in lists for word in words)
        return found

    def define(words: Any) -> Any:
        return words if isinstance(words, StopWords) else make_set(words)

    libraries.jt_stoplist_init = load
    core.define_stoplist = define
