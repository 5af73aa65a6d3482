"""langdetect with its profiles in a fifth of their memory; its answers are the same to the bit.

The library keeps a list of 55 probabilities for each of 88,000 n-grams, though an n-gram stands in
two languages' profiles on average: 63 MB. Here are those that are not zero, in arrays. This module
imports langdetect: import it where that is needed first.
"""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
from langdetect import detector_factory
from langdetect.detector import Detector


class Profiles:
    """Which n-grams have which probability in which languages; filled one language at a time."""

    def __init__(self) -> None:
        self._languages = 0
        self._rows: dict[str, int] = {}
        self._starts, self._owners, self._values = array("L"), array("B"), array("d")
        self._drafts: list[tuple[array[int], array[float]]] = []

    def add(self, profile: Any) -> None:
        """Take in the profile of the next language."""
        rows, values = array("L"), array("d")
        for ngram, count in profile.freq.items():
            if 1 <= len(ngram) <= len(profile.n_words):
                rows.append(self._rows.setdefault(ngram, len(self._rows)))
                values.append(count / profile.n_words[len(ngram) - 1])
        self._drafts.append((rows, values))

    def pack(self) -> None:
        """Order by n-gram what came by language."""
        rows, values = (np.concatenate(parts) for parts in zip(*self._drafts, strict=True))
        owners = np.repeat(
            np.arange(len(self._drafts), dtype=np.uint8), [len(part) for part, _ in self._drafts]
        )
        order = np.argsort(rows, kind="stable")
        starts = np.searchsorted(rows[order], np.arange(len(self._rows) + 1))
        self._languages = len(self._drafts)
        self._starts = array("L", starts.astype(np.uint64).tobytes())
        self._owners = array("B", owners[order].tobytes())
        self._values = array("d", values[order].tobytes())
        self._drafts.clear()

    def __contains__(self, ngram: str) -> bool:
        return ngram in self._rows

    def __getitem__(self, ngram: str) -> list[float]:
        """The probability of an n-gram in each language."""
        row = self._rows[ngram]
        found = [0.0] * self._languages
        for place in range(self._starts[row], self._starts[row + 1]):
            found[self._owners[place]] = self._values[place]
        return found


class _Detector(Detector):  # type: ignore[misc]
    def __init__(self, factory: Factory) -> None:
        super().__init__(factory)
        self._seen: dict[str, list[float]] = {}  # the n-grams of a text are drawn again and again

    def _update_lang_prob(self, prob: list[float], word: str, alpha: float) -> bool:
        """Multiply as the library does."""
        found = self._seen.get(word)
        if found is None:
            found = self._seen[word] = self.word_lang_prob_map[word]
        weight = alpha / self.BASE_FREQ
        prob[:] = [each * (weight + known) for each, known in zip(prob, found, strict=True)]
        return True


class Factory(detector_factory.DetectorFactory):  # type: ignore[misc]
    """langdetect's factory, with the library's own profiles loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.word_lang_prob_map = Profiles()
        self.load_profile(detector_factory.PROFILES_DIRECTORY)
        self.word_lang_prob_map.pack()

    def add_profile(self, profile: Any, index: int, langsize: int) -> None:
        """Add the profile of a language; called by `load_profile`."""
        del index, langsize
        self.langlist.append(profile.name)
        self.word_lang_prob_map.add(profile)

    def _create_detector(self) -> _Detector:
        return _Detector(self)
