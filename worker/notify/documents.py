"""The press review as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TextIO

from worker.notify.about import NOTHING_KNOWN, About
from worker.notify.links import safe_link
from worker.notify.wording import summary, title_of
from worker.records import MatchRow

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&])")


def write_markdown(rows: Iterable[MatchRow], out: TextIO, about: About = NOTHING_KNOWN) -> int:
    """Write a press review as Markdown, newest match first; returns the number of matches."""
    out.write(f"# {_text(about.title)}\n")
    if about.selection:
        out.write(f"\n{_text(about.selection)}\n")
    count = 0
    for row in rows:
        out.write("\n" + "\n".join(_section(row)) + "\n")
        count += 1
    return count


def _section(row: MatchRow) -> Iterator[str]:
    title, url = _text(title_of(row)), safe_link(row.url)
    yield f"## {f'[{title}](<{_target(url)}>)' if url else title}"
    yield f"\n{_text(summary(row))}"
    if row.note:
        yield f"\nNote: {_text(row.note)}"
    if row.reasons[1:]:
        yield ""
        yield from (f"- {_text(reason)}" for reason in row.reasons[1:])
    if row.evidence:
        yield "\nPassages of the article, each with the seed's:"
        for pair in row.evidence:
            yield f"\n> {_text(str(pair['article']))}\n>\n> — {_text(str(pair['seed']))}"
    if row.adds:
        yield "\nNo counterpart found in the seeds for:\n"
        yield from (f"- {_text(addition)}" for addition in row.adds)


def _text(text: str) -> str:
    """A text in one line in which nothing is markup."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _target(url: str) -> str:
    return url.replace("<", "%3C").replace(">", "%3E")
