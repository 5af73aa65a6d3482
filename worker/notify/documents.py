"""The press review as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TextIO

from worker.locales import _
from worker.notify.about import NOTHING_KNOWN, About
from worker.notify.links import safe_link
from worker.notify.wording import heading_of, passages_heading, summary, title_of
from worker.records import MatchRow
from worker.words import reason

_SPACES = re.compile(r"[^\S\u00a0\u202f]+")
"""All but those that keep a mark on the line of its word."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&])")


def write_markdown(rows: Iterable[MatchRow], out: TextIO, about: About = NOTHING_KNOWN) -> int:
    """Write a press review as Markdown, newest match first; returns the number of matches.

    It speaks the language that is spoken (`worker.locales.speaking`).
    """
    out.write(f"# {_text(heading_of(about))}\n")
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
    yield "\n" + _text(summary(row))
    if row.note:
        yield "\n" + _text(_("Note: %(note)s", note=row.note))
    if row.reasons[1:]:
        yield ""
        yield from (f"- {_text(reason(one))}" for one in row.reasons[1:])
    if row.evidence:
        yield "\n" + _text(passages_heading())
        for pair in row.evidence:
            yield f"\n> {_text(str(pair['article']))}\n>\n> — {_text(str(pair['seed']))}"
    if row.adds:
        yield "\n" + _text(_("No counterpart found in the seeds")) + "\n"
        yield from (f"- {_text(addition)}" for addition in row.adds)


def as_markdown(text: str) -> str:
    """A text in one line in which nothing is markup."""
    return _MARKDOWN.sub(r"\\\1", _SPACES.sub(" ", text).strip())


_text = as_markdown


def _target(url: str) -> str:
    return url.replace("<", "%3C").replace(">", "%3E")
