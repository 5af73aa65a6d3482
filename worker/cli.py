"""The command `seedwatch`: parses arguments and prints; every command's work is elsewhere.

Exit codes: 0 done, 1 the work failed, 2 usage or configuration error. An error is one line on
stderr. With --json one JSON document is all that stdout gets; progress and logs go to stderr.
"""

from __future__ import annotations

import importlib
import os
import sys

import click

from worker import __version__
from worker.commands import streams
from worker.errors import ConfigError, SeedwatchError

_COMMANDS = {
    "run": "worker.commands.run:run",
    "check": "worker.commands.check:check",
    "extract": "worker.commands.inspect:extract",
    "feed": "worker.commands.inspect:feed",
    "feeds": "worker.commands.feeds:feeds",
    "silence": "worker.commands.silence:silence",
    "watch": "worker.commands.watch:watch",
    "matches": "worker.commands.review:matches",
    "story": "worker.commands.story:story",
    "brief": "worker.commands.story:brief",
    "review": "worker.commands.review:review",
    "export": "worker.commands.review:export",
    "backup": "worker.commands.backup:backup",
    "restore": "worker.commands.backup:restore",
    "channels": "worker.commands.channels:channels",
    "quarantine": "worker.commands.quarantine:quarantine",
    "token": "worker.commands.token:token",
    "worker": "worker.commands.parts:worker",
    "beat": "worker.commands.parts:beat",
    "web": "worker.commands.parts:web",
    "migrate": "worker.commands.parts:migrate",
    "rematch": "worker.commands.rematch:rematch",
    "recount": "worker.commands.parts:recount",
    "doctor": "worker.commands.doctor:doctor",
    "demo": "worker.commands.run:demo",
}
_SUMMARIES = {
    "run": "Watch: poll, process, match and serve the review pages, in one process.",
    "check": "Match one article against the seeds and explain the answer.",
    "extract": "Show the article on a page.",
    "feed": "Show what is in a feed.",
    "feeds": "The feeds of a watch: list, add, pause, health, OPML.",
    "silence": "Which outlets were not heard, had nothing, or did not match.",
    "watch": "Watches: list, new, show; tune the threshold, judge a blind sample, add seeds.",
    "matches": "List the matches to review.",
    "story": "Who may have taken a story from whom, and why: table, JSON, GraphML.",
    "brief": "What the coverage says that the seeds do not, and the other way: a page a story.",
    "review": "Say whether a match is relevant.",
    "export": "Write the matches to a file.",
    "backup": "Copy the store into one file, while everything runs.",
    "restore": "Put such a copy back.",
    "token": "Tokens for programs that use the API or read the feeds: add, list, revoke.",
    "channels": "Where matches are told: list, test, log, on.",
    "quarantine": "What was given up after repeated failures: list, show, retry, drop.",
    "worker": "Run a Celery worker (for docker compose).",
    "beat": "Run the scheduler (for docker compose).",
    "web": "Serve the review pages (for docker compose).",
    "migrate": "Bring the database to this version.",
    "rematch": "Match what is stored again, after seeds, encoder or version have changed.",
    "recount": "Count articles and matches anew for the overview.",
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
    streams.prepare()
    try:
        _run()
        streams.flush_stdout()
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        _show(error)
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)
    except ConfigError as error:
        _fail(error, 2)
    except SeedwatchError as error:
        _fail(error, 1)
    except OSError as error:
        _fail_on_system(error)
    except UnicodeEncodeError as error:  # an argument whose bytes are no UTF-8, where it matters
        _fail(f"{error.object[error.start : error.end]!a} is no character: use UTF-8", 1)


def _run() -> None:
    """Parse and run, as click's `main` does but for errors: that one exits 1 on a broken pipe."""
    if "_SEEDWATCH_COMPLETE" in os.environ:
        seedwatch.main(prog_name="seedwatch")  # a shell asks for completions
    with seedwatch.make_context("seedwatch", sys.argv[1:]) as context:
        seedwatch.invoke(context)


def _show(error: click.ClickException) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    if isinstance(error, click.UsageError) and error.ctx is not None:
        path = error.ctx.command_path
        _say(f"{error.ctx.get_usage()}\nTry '{path} --help' for help.\n")
    _say(f"Error: {' '.join(error.format_message().split())}")


def _fail(error: SeedwatchError | str, code: int) -> None:
    _say(f"seedwatch: {' '.join(str(error).split())}")
    sys.exit(code)


def _fail_on_system(error: OSError) -> None:
    is_gone = isinstance(error, BrokenPipeError) and streams.is_reader_gone()
    is_output = streams.give_up_stdout()
    if is_gone:
        sys.exit(0)  # nothing is wrong: `| head -1` has seen enough
    where = "cannot write the output: " if is_output else ""
    if error.filename:
        where = f"{error.filename}: "
    _fail(f"{where}{error.strerror or error}", 1)


def _say(text: str) -> None:
    try:
        click.echo(text, err=True)
    except OSError:
        return  # stderr is full or gone, too: the exit code has to do


if __name__ == "__main__":
    main()
