"""watch.toml and a seed's front matter: what they hold, how they are read and how written."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from worker.domain import FetchPolicy, declared_language, feed_url
from worker.errors import WatchError
from worker.match.channelfile import Channel, FileChannel

WATCH_FILE = "watch.toml"

# Stricter than what a fetch needs: an address with a password would be shown in every list and log.
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_NOT_IN_URL = re.compile(r"[\s\x00-\x1f\x7f-\x9f\\]")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(?::[0-9]{1,5})?")
_QUOTES = ("'", '"')

_TEMPLATE = '''\
title = {title}
description = """
What this watch follows, in two or three plain sentences. The clearer they are, the fewer
near misses you will see.
"""
languages = []        # of interest; empty means all

# [[feed]]
# url = "https://example.com/rss"
# title = "An outlet"
# language = "en"
# fetch = "triage"                # of a feed with all kinds of news: only pages that may matter

# [[query]]
# engine = "google-news"          # or bing-news, gdelt
# terms = '"words of the story"'
# languages = ["en", "fr"]

# [[channel]]                     # without any: a dated file under data/output/
# kind = "mail"                   # or file, webhook, chat
# to = ["desk@example.org"]
# language = "en"                 # or vi, fr, id
# at = "07:00"
# zone = "Asia/Ho_Chi_Minh"
'''


def _plain_url(url: str) -> str:
    url = url.strip()
    if url[:5].lower() == "feed:":
        url = feed_url(url)
    scheme = _SCHEME.match(url)
    if scheme is None:
        raise ValueError("not an http or https address")
    if _NOT_IN_URL.search(url):
        raise ValueError("contains a space, a backslash or a control character")
    authority = re.split(r"[/?#]", url[scheme.end() :], maxsplit=1)[0]
    if "@" in authority:
        raise ValueError("contains a user name or password, which lists and logs would show")
    if not _HOST.fullmatch(authority):
        raise ValueError("no usable host")
    return url


def _language(tag: str | None) -> str | None:
    return declared_language(tag) if tag else None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Thresholds(_Strict):
    related: float | None = Field(default=None, ge=0, le=1)


class _Aspect(_Strict):
    name: str
    terms: tuple[str, ...] = ()


class _Feed(_Strict):
    url: Annotated[str, Field(max_length=2048), AfterValidator(_plain_url)]
    title: str = ""
    language: Annotated[str | None, AfterValidator(_language)] = None
    fetch: FetchPolicy = FetchPolicy.ALL


class _Query(_Strict):
    engine: Literal["google-news", "bing-news", "gdelt"]
    terms: str = Field(min_length=1, max_length=500)
    languages: tuple[str, ...] = Field(min_length=1)


class WatchFile(_Strict):
    """The content of a watch.toml; the names are those of the file."""

    title: str
    description: str = ""
    languages: tuple[str, ...] = ()
    thresholds: _Thresholds = _Thresholds()
    aspect: tuple[_Aspect, ...] = ()
    feed: tuple[_Feed, ...] = ()
    query: tuple[_Query, ...] = ()
    channel: tuple[Channel, ...] = (FileChannel(kind="file"),)

    @model_validator(mode="after")
    def _check_names(self) -> WatchFile:
        names = [one.name or one.kind for one in self.channel]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"channel {twice}: name: two channels have it; give each its own")
        return self


def read_watch_file(path: Path) -> WatchFile:
    """Read a watch.toml.

    Raises:
        WatchError: it cannot be read, is no TOML or holds what no watch has; names the place.
    """
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WatchError(str(path), f"cannot be read: {error.strerror}") from error
    except RecursionError as error:
        raise WatchError(str(path), "is not valid TOML: nested too deeply") from error
    except ValueError as error:  # no TOML, no UTF-8, or a number of more than 4,300 digits
        raise WatchError(str(path), f"is not valid TOML: {error}") from error
    try:
        return WatchFile.model_validate(content)
    except ValidationError as error:
        raise WatchError(str(path), _problem(error, content)) from error


def _problem(error: ValidationError, content: dict[str, Any]) -> str:
    """The first thing that is wrong, and where; a channel goes by its name."""
    first = error.errors()[0]
    where = [str(part) for part in first["loc"]]
    problem = "is no setting of a watch" if first["type"] == "extra_forbidden" else first["msg"]
    problem = problem.removeprefix("Value error, ")
    if where[:1] == ["channel"] and len(where) > 1:
        table = content["channel"][int(where[1])]
        kind = table.get("kind") if isinstance(table, dict) else None
        named = (
            (isinstance(table, dict) and table.get("name")) or kind or f"number {int(where[1]) + 1}"
        )
        if first["type"] == "extra_forbidden":
            problem = f"is no setting of a {kind} channel"
        elif first["type"].startswith("union_tag"):
            where, problem = [*where[:2], "-", "kind"], "use file, webhook, mail or chat"
        field = [*where[3:4], *(f"number {int(part) + 1}" for part in where[4:] if part.isdigit())]
        return ": ".join([f"channel {named}", *field, problem])
    return f"{'.'.join(where)}: {problem}" if where else problem


def watch_file_text(title: str) -> str:
    """A watch.toml to begin with, as text."""
    # What JSON escapes, TOML reads the same way; JSON leaves DEL, which TOML forbids, and escapes
    # half a surrogate pair, which stands for no character.
    whole = title.encode("utf-8", "replace").decode()
    quoted = json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007F")
    return _TEMPLATE.format(title=quoted)


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """Split an optional block of `key: value` lines between two `---` lines from the text.

    Returns:
        The block's values by key, without the pair of quotes around one, and the rest.
    """
    lines = text.lstrip("\n").splitlines()
    if not lines or lines[0].strip() != "---":
        return {}, text
    try:
        end = next(n for n, line in enumerate(lines[1:], 1) if line.strip() == "---")
    except StopIteration:
        return {}, text
    head = {}
    for line in lines[1:end]:
        key, colon, value = line.partition(":")
        if colon:
            head[key.strip().lower()] = _unquoted(value.strip())
    return head, "\n".join(lines[end + 1 :])


def seed_text(head: Mapping[str, str | None], text: str) -> str:
    """A seed file: front matter that `split_front_matter` reads again, and the text.

    Args:
        head: values by key; those that are empty are left out.
        text: the article.
    """
    values = {key: " ".join((value or "").split()) for key, value in head.items()}
    lines = [f"{key}: {_quoted(value)}" for key, value in values.items() if value]
    return "\n".join(["---", *lines, "---", "", text, ""])


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in _QUOTES
    return value[1:-1] if is_quoted else value


def _quoted(value: str) -> str:
    return f'"{value}"' if _unquoted(value) != value else value
