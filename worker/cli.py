"""The command `seedwatch`: parses arguments and prints; every command's work is elsewhere.

Exit codes: 0 done, 1 the work failed, 2 usage or configuration error. An error is one line on
stderr. With --json one JSON document is all that stdout gets; progress and logs go to stderr.
"""

from __future__ import annotations

import importlib
import sys

import click

from worker import __version__
from worker.errors import ConfigError, SeedwatchError

_COMMANDS = {
    "run": "worker.commands.run:run",
    "check": "worker.commands.check:check",
    "extract": "worker.commands.inspect:extract",
    "feed": "worker.commands.inspect:feed",
    "feeds": "worker.commands.feeds:feeds",
    "watch": "worker.commands.watch:watch",
    "matches": "worker.commands.review:matches",
    "review": "worker.commands.review:review",
    "export": "worker.commands.review:export",
    "worker": "worker.commands.parts:worker",
    "beat": "worker.commands.parts:beat",
    "web": "worker.commands.parts:web",
    "migrate": "worker.commands.parts:migrate",
    "rematch": "worker.commands.run:rematch",
    "doctor": "worker.commands.doctor:doctor",
    "demo": "worker.commands.run:demo",
}
_SUMMARIES = {
    "run": "Watch: poll, process, match and serve the review pages, in one process.",
    "check": "Match one article against the seeds and explain the answer.",
    "extract": "Show the article on a page.",
    "feed": "Show what is in a feed.",
    "feeds": "The feeds of a watch: list, add, pause, health, OPML.",
    "watch": "Watches: list, new, show.",
    "matches": "List the matches to review.",
    "review": "Say whether a match is relevant.",
    "export": "Write the matches to a file.",
    "worker": "Run a Celery worker (for docker compose).",
    "beat": "Run the scheduler (for docker compose).",
    "web": "Serve the review pages (for docker compose).",
    "migrate": "Bring the database to this version.",
    "rematch": "Match what is stored again, after seeds, encoder or version have changed.",
    "doctor": "Find out what is wrong, and what to do.",
    "demo": "Watch a made-up news site in twelve languages, end to end.",
}


class _LazyGroup(click.Group):
    """Imports a command's module only when that command runs: `--help` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = _COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, name = target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_SUMMARIES.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="seedwatch")
def seedwatch() -> None:
    """Watch the news in every language for what a few seed articles started."""


def main() -> None:
    """Run the command line; errors become one line and an exit code."""
    try:
        seedwatch(standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone: nothing is wrong
        sys.exit(0)
    except ConfigError as error:
        _fail(error, 2)
    except SeedwatchError as error:
        _fail(error, 1)


def _fail(error: SeedwatchError, code: int) -> None:
    click.echo(f"seedwatch: {error}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
