"""Errors survive the way between processes, and read as one line."""

from __future__ import annotations

import pickle

import pytest

from worker.domain import Failure, Outcome
from worker.errors import (
    ConfigError,
    DamagedError,
    EncoderError,
    FetchError,
    InputError,
    NotFoundError,
    ParseError,
    SchemaError,
    SeedwatchError,
    StoppedError,
    StoreError,
    TellError,
    WatchError,
    WorkLostError,
)

EXAMPLES = {
    ConfigError: ("SEEDWATCH_X", "is no setting"),
    WatchError: ("seeds/x", "has no seed"),
    InputError: ("a.txt", "is empty"),
    FetchError: ("http://a/", Outcome.TIMEOUT, Failure.TEMPORARY, "10 s", 504, 30.0),
    TellError: (Outcome.RATE_LIMITED, Failure.TEMPORARY, "HTTP 429", 429, 60.0),
    ParseError: (Outcome.NOT_A_FEED, "HTML"),
    EncoderError: ("onnx:x", "no such folder"),
    StoppedError: ("worker",),
    WorkLostError: (),
    StoreError: ("no answer",),
    SchemaError: ("of a newer version",),
    DamagedError: ("malformed",),
    NotFoundError: ("7: no such match",),
}


def every_error(root: type[SeedwatchError] = SeedwatchError) -> list[type[SeedwatchError]]:
    return [error for child in root.__subclasses__() for error in [child, *every_error(child)]]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_an_error_survives_pickling_and_is_one_line(kind: type[SeedwatchError]) -> None:
    error = kind(*EXAMPLES[kind])
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert copy.__dict__ == error.__dict__
    assert str(copy) == str(error)
    assert str(error)
    assert "\n" not in str(error)


def test_every_error_is_drawn_in_the_tree() -> None:
    import worker.errors

    missing = [
        kind.__name__ for kind in every_error() if kind.__name__ not in worker.errors.__doc__
    ]
    assert missing == []
