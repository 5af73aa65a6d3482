"""One embedded run a data folder: a lock that the system lets go of when its process ends.

The file that stays behind means nothing by itself, so that no crash and no power cut leaves a
lock that somebody has to remove.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path
from types import TracebackType

from worker.errors import ConfigError

_NAME = "run.lock"
_TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


class FolderLock:
    """Holds a data folder for this process while the block runs.

    Args:
        folder: made if it is not there.

    Raises:
        ConfigError: another process holds it, named; or the folder cannot be locked.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = -1

    def __enter__(self) -> FolderLock:
        """Take it, or say who has it."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # not inherited by the processes that we start or fork, or they would hold it after our
            # death
            self._file = os.open(self._folder / _NAME, os.O_RDWR | os.O_CREAT, 0o644)
            _lock(self._file)
        except OSError as error:
            raise ConfigError("SEEDWATCH_DATA_DIR", self._problem(error)) from error
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._close)
        os.truncate(self._file, 0)
        os.write(self._file, str(os.getpid()).encode())
        return self

    def _problem(self, error: OSError) -> str:
        owner = b""
        if self._file >= 0:
            with contextlib.suppress(OSError):
                owner = os.read(self._file, 20)
            os.close(self._file)
        if error.errno not in _TAKEN or self._file < 0:
            return (
                f"{self._folder} cannot be locked ({error.strerror}); use a folder on a local disk"
            )
        who = f"process {int(owner)}" if owner.isdigit() else "another process"
        return (
            f"{self._folder} is in use by `seedwatch run` ({who}); stop it, or use another folder"
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of it."""
        self._close()

    def _close(self) -> None:
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)


def _lock(file: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(file, 1 << 30, os.SEEK_SET)  # a byte far off: the others can read who has it
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
