"""Other sentence encoders in ONNX Runtime, from a folder or to be downloaded.

`SEEDWATCH_ENCODER=onnx:PATH_OR_HUB_ID`, with the extra `seedwatch[onnx]`. A folder holds
`tokenizer.json` and a model file; of several, an int8 one is preferred.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from worker.domain import Vectors
from worker.errors import EncoderError
from worker.match.encoders import normalised
from worker.match.onnxload import onnx_runtime

MAX_TOKENS = 512
BATCH = 16
_PREFERRED = ("int8", "quint8", "quantized", "q8", "avx512_vnni", "arm64", "avx2")
_NEEDS_EXTRA = "needs ONNX Runtime: pip install 'seedwatch[onnx]'"


def choose_model(files: Sequence[Path]) -> Path | None:
    """Return the model file to load: int8 first, then the shortest path; None if there is none."""
    models = [path for path in files if path.suffix == ".onnx"]

    def rank(path: Path) -> tuple[int, int, str]:
        hits = [i for i, word in enumerate(_PREFERRED) if word in path.name.lower()]
        return (min(hits, default=len(_PREFERRED)), len(path.parts), path.name)

    return min(models, key=rank, default=None)


class OnnxEncoder:
    """A transformer with mean pooling, from a local folder or a model hub.

    Args:
        source: a folder, or the hub's `owner/name`.
        cache: where a download from the hub is kept.
    """

    def __init__(self, source: str, cache: Path) -> None:
        self._source = source
        self._cache = cache
        self._lock = threading.Lock()
        self._session: Any = None
        self._tokenizer: Any = None
        # e5 models were trained with a prefix for each kind of text
        self._prefix = "passage: " if "e5" in Path(source).name.lower() else ""

    @property
    def name(self) -> str:
        """Engine and model."""
        return f"onnx-{Path(self._source).name}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts in batches.

        Raises:
            EncoderError: nothing can be loaded, or the engine failed.
        """
        self._load()
        if not texts:
            return np.zeros((0, self._dimension), dtype=np.float32)
        try:
            batches = [
                self._encode_batch(texts[start : start + BATCH])
                for start in range(0, len(texts), BATCH)
            ]
        except (RuntimeError, ValueError) as error:
            raise EncoderError(f"onnx:{self._source}", f"failed on a text: {error}") from error
        return np.concatenate(batches)

    @property
    def _dimension(self) -> int:
        size = self._session.get_outputs()[0].shape[-1]
        return size if isinstance(size, int) else 0

    def _encode_batch(self, texts: Sequence[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch([self._prefix + text for text in texts])
        ids = np.array([e.ids for e in encoded], dtype=np.int64)
        mask = np.array([e.attention_mask for e in encoded], dtype=np.int64)
        wanted = {tensor.name for tensor in self._session.get_inputs()}
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        inputs = {name: tensor for name, tensor in given.items() if name in wanted}
        hidden = np.asarray(self._session.run(None, inputs)[0], dtype=np.float32)
        if hidden.ndim == 3:  # tokens: mean over those that are no padding
            weights = mask[..., None].astype(np.float32)
            hidden = (hidden * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1.0)
        return normalised(hidden)

    def _load(self) -> None:
        with self._lock:
            if self._session is not None:
                return
            try:
                onnxruntime = onnx_runtime()
                from tokenizers import Tokenizer
            except ImportError as error:
                raise EncoderError(f"onnx:{self._source}", _NEEDS_EXTRA) from error
            folder = self._folder()
            model = choose_model(sorted(folder.rglob("*.onnx")))
            vocabulary = next(iter(sorted(folder.rglob("tokenizer.json"))), None)
            if model is None or vocabulary is None:
                lacking = "an .onnx file" if model is None else "tokenizer.json"
                raise EncoderError(f"onnx:{self._source}", f"{lacking} is missing in {folder}")
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            try:
                tokenizer = Tokenizer.from_file(str(vocabulary))
                tokenizer.enable_truncation(MAX_TOKENS)
                tokenizer.enable_padding()
                session = onnxruntime.InferenceSession(
                    str(model), options, providers=["CPUExecutionProvider"]
                )
            except Exception as error:
                raise EncoderError(f"onnx:{self._source}", f"cannot be loaded: {error}") from error
            self._tokenizer, self._session = tokenizer, session

    def _folder(self) -> Path:
        """Return the model's folder, downloaded from the hub if it is not a local one."""
        local = Path(self._source).expanduser()
        if local.is_dir():
            return local
        if self._source.count("/") != 1 or local.is_absolute():
            raise EncoderError(f"onnx:{self._source}", "no such folder, and no owner/name of a hub")
        try:
            from huggingface_hub import snapshot_download
        except ImportError as error:
            raise EncoderError(f"onnx:{self._source}", _NEEDS_EXTRA) from error
        patterns = ["tokenizer.json", "onnx/*int8*.onnx", "onnx/*quant*.onnx", "onnx/model.onnx"]
        try:
            path = snapshot_download(
                self._source, cache_dir=str(self._cache), allow_patterns=patterns
            )
        except Exception as error:
            problem = f"cannot be had from the hub ({error}); name a local folder instead"
            raise EncoderError(f"onnx:{self._source}", problem) from error
        return Path(path)
