"""Just enough of ONNX's format to write a graph: nodes, constants, inputs, outputs.

An ONNX file is one protobuf message; the numbers of its fields are those of the ONNX project's
onnx.proto. The package `onnx` would write it too, but is large, and this is its only use.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FUSED = "com.microsoft"
"""The domain of the operators that ONNX Runtime adds to the standard's."""
_IR_VERSION, _OPSET, _FUSED_OPSET = 9, 17, 1
_ELEMENTS = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}
_FLOAT, _INT, _INTS = 1, 2, 7


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, value: int | float | str | bytes) -> bytes:
    """Return one field: a number as it is, a text or a message with its length."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    if isinstance(value, float):
        return _varint(number << 3 | 5) + struct.pack("<f", value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _attribute(name: str, value: int | float | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _field(1, name) + _field(3, value) + _field(20, _INT)
    if isinstance(value, float):
        return _field(1, name) + _field(2, value) + _field(20, _FLOAT)
    return _field(1, name) + b"".join(_field(8, v) for v in value) + _field(20, _INTS)


def _port(name: str, element: str, shape: Sequence[int | str]) -> bytes:
    """Return the declaration of an input or output; a dimension that varies has a name."""
    sizes = b"".join(
        _field(1, _field(2, size) if isinstance(size, str) else _field(1, size)) for size in shape
    )
    tensor = _field(1, _ELEMENTS[element]) + _field(2, sizes)
    return _field(1, name) + _field(2, _field(1, tensor))


class Graph:
    """Collects nodes; a value is its name."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []

    def input(self, name: str, element: str, shape: Sequence[int | str]) -> str:
        """Declare an input; return its name."""
        self._inputs.append(_port(name, element, shape))
        return name

    def output(self, name: str, element: str, shape: Sequence[int | str]) -> None:
        """Declare that a value is an output."""
        self._outputs.append(_port(name, element, shape))

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add an array; return its name."""
        shape = b"".join(_field(1, size) for size in values.shape)
        element = _field(2, _ELEMENTS[values.dtype.name])
        data = _field(9, np.ascontiguousarray(values).tobytes())
        self._constants.append(_field(5, shape + element + _field(8, name) + data))
        return name

    def node(
        self,
        operator: str,
        *inputs: str,
        to: str = "",
        domain: str = "",
        **attributes: int | float | Sequence[int],
    ) -> str:
        """Add a node with one output.

        Args:
            operator: its name in the domain.
            inputs: names of values; an optional one that is left out is "".
            to: name of the output; made up if empty.
            domain: `FUSED`, or the standard's.
            attributes: of the operator.

        Returns:
            The output's name.
        """
        name = to or f"{operator}.{len(self._nodes)}"
        parts = [_field(1, value) for value in inputs]
        parts += [_field(2, name), _field(4, operator)]
        parts += [_field(5, _attribute(key, value)) for key, value in attributes.items()]
        if domain:
            parts.append(_field(7, domain))
        self._nodes.append(_field(1, b"".join(parts)))
        return name

    def model(self) -> bytes:
        """Return the file's content."""
        graph = b"".join([*self._nodes, _field(2, "e5"), *self._constants])
        graph += b"".join(_field(11, port) for port in self._inputs)
        graph += b"".join(_field(12, port) for port in self._outputs)
        opsets = _field(8, _field(1, "") + _field(2, _OPSET))
        opsets += _field(8, _field(1, FUSED) + _field(2, _FUSED_OPSET))
        return _field(1, _IR_VERSION) + _field(7, graph) + opsets


def sealed(model: bytes) -> bytes:
    """Return a model with its digest behind it, as an entry of its metadata."""
    return model + _seal(model)


def is_sealed(data: bytes) -> bool:
    """Whether a file's content is what `sealed` returned: complete and undamaged."""
    size = len(_seal(b""))
    return len(data) > size and data[-size:] == _seal(data[:-size])


def _seal(model: bytes) -> bytes:
    digest = hashlib.sha256(model).hexdigest()
    return _field(14, _field(1, "sha256") + _field(2, digest))
