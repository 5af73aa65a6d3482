"""ONNX Runtime, which reports nothing to anybody here.

Since 1.29 it tells its maker about each process that loads it: the machine, the program's path, the
model. It does so from a thread of its own, with a file in the home folder, past the rules on which
addresses may be asked. A variable turns that off, if it is set before the import.
"""

from __future__ import annotations

import os
from typing import Any

_NO_REPORTS = "ORT_DISABLE_TELEMETRY"


def onnx_runtime() -> Any:
    """Import ONNX Runtime.

    Raises:
        ImportError: it is not installed.
    """
    os.environ[_NO_REPORTS] = "1"
    import onnxruntime

    return onnxruntime
