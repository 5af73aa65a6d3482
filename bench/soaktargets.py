"""What bench.soak loads, `seedwatch run` or the compose project, and how much memory it has."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

HOSTS = 20
_PARSER = "worker.isolatedchild import serve"


@dataclass(frozen=True)
class Memory:
    """Of one kind of process, in MiB: means, and the largest of them."""

    processes: int
    rss_mib: float
    pss_mib: float
    peak_mib: float


class Target(Protocol):
    """What is loaded.

    Attributes:
        url: of its pages. addresses: where the site has to listen for it.
    """

    url: str
    addresses: list[str]

    def origins(self, ports: list[int]) -> list[str]:
        """The hosts under which it sees the site."""

    def started(self, folder: Path, seeds: Path) -> AbstractContextManager[None]:
        """It runs, and is ready, while the block does."""

    def memory(self) -> dict[str, Memory]:
        """By kind of process."""


class Embedded:
    """`seedwatch run` on SQLite."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.addresses = [f"127.0.1.{number + 1}" for number in range(HOSTS)]

    def origins(self, ports: list[int]) -> list[str]:
        return [f"http://{a}:{port}" for a, port in zip(self.addresses, ports, strict=True)]

    @contextmanager
    def started(self, folder: Path, seeds: Path) -> Iterator[None]:
        environment = {
            **os.environ,
            "PYTHONPATH": str(self._root),
            "OMP_NUM_THREADS": "1",
            "SEEDWATCH_SEEDS_DIR": str(seeds),
            "SEEDWATCH_DATA_DIR": str(folder / "data"),
            "SEEDWATCH_FETCH_ALLOW_NETS": "127.0.0.0/8",
            "SEEDWATCH_FETCH_DELAY_S": "0",
            "SEEDWATCH_LOG_FORMAT": "json",
            "SOAK_SECRET": secret(),
        }
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "worker.cli", "run", "--port", str(self._port)],
                env=environment, cwd=folder, stderr=log,
            )  # fmt: skip
        try:
            wait_until_ready(self.url)
            yield
        finally:
            self._process.terminate()
            self._process.wait(60)

    def memory(self) -> dict[str, Memory]:
        return _memory({"run": self._process.pid})


class Compose:
    """The compose project, with the site on the engine's own bridge."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        gateway = _output("docker", "network", "inspect", "bridge", "--format",
                          "{{(index .IPAM.Config 0).Gateway}}")  # fmt: skip
        self.addresses = [gateway or "172.17.0.1"]

    def origins(self, ports: list[int]) -> list[str]:
        return [f"http://news{number}.test:{ports[0]}" for number in range(HOSTS)]

    @contextmanager
    def started(self, folder: Path, seeds: Path) -> Iterator[None]:
        (folder / "env").write_text(
            f"POSTGRES_PASSWORD={secrets.token_hex(16)}\nREDIS_PASSWORD={secrets.token_hex(16)}\n"
            f"SOAK_SECRET={secret()}\nSEEDWATCH_FETCH_ALLOW_NETS=172.16.0.0/12\n"
            "SEEDWATCH_FETCH_DELAY_S=0\n"
        )
        hosts = "".join(f'\n      - "news{n}.test:{self.addresses[0]}"' for n in range(HOSTS))
        override = folder / "override.yml"
        override.write_text(f"services:\n  worker:\n    extra_hosts:{hosts}\n")
        environment = {
            **os.environ,
            "ENV_FILE": str(folder / "env"),
            "SEEDS": str(seeds),
            "WEB_PORT": str(self._port),
            "COMPOSE_PROJECT_NAME": "seedwatch-soak",
        }
        command = [*compose_command(), "--env-file", str(folder / "env"),
                   "-f", "docker-compose.yml", "-f", str(override)]  # fmt: skip

        def compose(*args: str) -> None:
            subprocess.run([*command, *args], env=environment, cwd=self._root, check=True)

        try:
            compose("up", "-d")
            wait_until_ready(self.url)
            yield
        finally:
            compose("down", "-v", "--remove-orphans")

    def memory(self) -> dict[str, Memory]:
        ids = _output("docker", "ps", "-q", "--filter",
                      "label=com.docker.compose.project=seedwatch-soak").split()  # fmt: skip
        what = '{{index .Config.Labels "com.docker.compose.service"}} {{.State.Pid}}'
        told = _output("docker", "inspect", "--format", what, *ids)
        return _memory({line.split()[0]: int(line.split()[1]) for line in told.splitlines()})


def compose_command() -> list[str]:
    """`docker compose`, or what came before it."""
    new = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return ["docker-compose"] if new.returncode else ["docker", "compose"]


def secret() -> str:
    """Of a webhook."""
    return "whsec_" + "c29hay1zZWNyZXQt" * 3


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_until_ready(url: str) -> None:
    """Wait until the pages answer."""
    ends_at = time.monotonic() + 180
    while True:
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=5).close()
            return
        except OSError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.5)


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _memory(roots: dict[str, int]) -> dict[str, Memory]:
    """By service and kind: its main process, its children, and the parsers of either."""
    children: dict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children[parent].append(int(stat.parent.name))
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for service, root in roots.items():
        todo = [(root, service)]
        while todo:
            pid, kind = todo.pop()
            with suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                if _PARSER in command:
                    kind = f"{service} parser"
                is_init = "docker-init" in command.split(" ")[0]
                if not is_init:
                    found[kind].append(_smaps(pid))
                below = kind if is_init or kind.endswith("parser") else f"{service} child"
                todo += [(child, below) for child in children[pid]]
    return {
        kind: Memory(
            len(seen),
            round(sum(rss for rss, _ in seen) / len(seen), 2),
            round(sum(pss for _, pss in seen) / len(seen), 2),
            round(max(rss for rss, _ in seen), 2),
        )
        for kind, seen in found.items()
    }


def _smaps(pid: int) -> tuple[float, float]:
    """Resident memory and proportional share, MiB."""
    told = dict(
        line.split(":", 1)
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    )
    return int(told["Rss"].split()[0]) / 1024, int(told["Pss"].split()[0]) / 1024
