"""One tree of errors. A room translates its library's errors at its door, `__cause__` kept.

::

    SeedwatchError
    ├── ConfigError           a setting, watch or seed is wrong: exit code 2, one line
    │   └── WatchError        ... in a watch's folder
    ├── InputError            what a command was given cannot be used: exit code 1 (or 2), one line
    ├── FetchError            bytes could not be had; carries its Outcome and Failure class
    ├── TellError             a message could not be told; carries its Outcome and Failure class
    ├── ParseError            bytes are no feed or no article; carries its Outcome
    ├── EncoderError          the encoder cannot be loaded or failed
    ├── StoppedError          a part of the embedded run has ended by itself
    ├── WorkLostError         the process that worked on something has died
    └── StoreError            the database cannot be reached or refused
        ├── SchemaError       ... has another version's tables
        ├── DamagedError      ... is a file that SQLite cannot read
        └── NotFoundError     no row with that id

Arguments are kept as attributes and as `args`, so that every error survives pickling between
processes; `str()` is the one line that a person reads.
"""

from __future__ import annotations

from worker.domain import Failure, Outcome


class SeedwatchError(Exception):
    """Root of every error that leaves a room of this project."""


class ConfigError(SeedwatchError):
    """A setting is wrong.

    Args:
        where: the setting, file or folder.
        problem: what is wrong with it, and what to do.
    """

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(where, problem)
        self.where = where
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


class WatchError(ConfigError):
    """A watch's folder, its watch.toml or one of its seeds is wrong."""


class InputError(SeedwatchError):
    """What a command was given cannot be used.

    Args:
        what: the input as the user named it.
        problem: what is wrong with it, and what to do.
    """

    def __init__(self, what: str, problem: str) -> None:
        super().__init__(what, problem)
        self.what = what
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.what}: {self.problem}"


class FetchError(SeedwatchError):
    """The bytes of an address could not be had.

    Args:
        url: the address, without user information.
        outcome: the one word for how the attempt ended.
        failure: the class that retry and backoff read.
        detail: for the log.
        status: the HTTP status, where there was one.
        retry_after_s: what the server asked for, in seconds, capped by the caller.
    """

    def __init__(
        self,
        url: str,
        outcome: Outcome,
        failure: Failure,
        detail: str = "",
        status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(url, outcome, failure, detail, status, retry_after_s)
        self.url = url
        self.outcome = outcome
        self.failure = failure
        self.detail = detail
        self.status = status
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        extra = f" ({self.detail})" if self.detail else ""
        return f"{self.url}: {self.outcome}{extra}"


class TellError(SeedwatchError):
    """A message could not be told through a channel.

    Args:
        outcome: the one word for how the attempt ended.
        failure: SOFT if this message is not taken while others may be; otherwise it is the
            channel that fails: TEMPORARY for now, BLOCKED until somebody corrects something,
            HARD for good.
        detail: what a person reads; never an address's secret part.
        status: of HTTP or SMTP, where there was one.
        retry_after_s: what the receiver asked for, in seconds.
    """

    def __init__(
        self,
        outcome: Outcome,
        failure: Failure,
        detail: str,
        status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(outcome, failure, detail, status, retry_after_s)
        self.outcome = outcome
        self.failure = failure
        self.detail = detail
        self.status = status
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"{self.outcome}: {self.detail}"


class ParseError(SeedwatchError):
    """The bytes are not what they should be.

    Args:
        outcome: the one word for how the attempt ended.
        detail: for the log.
    """

    def __init__(self, outcome: Outcome, detail: str = "") -> None:
        super().__init__(outcome, detail)
        self.outcome = outcome
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.outcome}: {self.detail}" if self.detail else str(self.outcome)


class EncoderError(SeedwatchError):
    """The encoder cannot be loaded, or failed on a text.

    Args:
        encoder: the setting that names it.
        problem: what is wrong, and what to do.
    """

    def __init__(self, encoder: str, problem: str) -> None:
        super().__init__(encoder, problem)
        self.encoder = encoder
        self.problem = problem

    def __str__(self) -> str:
        return f"encoder {self.encoder}: {self.problem}"


class StoppedError(SeedwatchError):
    """A part of the embedded run has ended by itself.

    Args:
        part: which one.
    """

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part

    def __str__(self) -> str:
        return (
            f"the {self.part} has stopped by itself; the log says why. Start `seedwatch run` again"
        )


class WorkLostError(SeedwatchError):
    """The process that worked on something has died, or took too long; what it held comes back."""

    def __str__(self) -> str:
        return (
            "the process that worked on this has died or took too long; what it had not stored "
            "is taken up again when its lease ends"
        )


class StoreError(SeedwatchError):
    """The database cannot be reached, is not migrated, or refused.

    Args:
        problem: what is wrong, and what to do; never a URL with a password in it.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


class SchemaError(StoreError):
    """The database is of another version; the message says which way to go."""


class DamagedError(StoreError):
    """The database's file is no longer one."""


class NotFoundError(StoreError):
    """No row has that id."""
