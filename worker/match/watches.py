"""Watches: one folder each under the seeds folder, a watch.toml and the seed articles."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from worker.domain import (
    Aspect,
    ChannelConfig,
    ExtractedArticle,
    FeedConfig,
    LanguageDetector,
    QueryConfig,
    Seed,
    Watch,
)
from worker.errors import ParseError, WatchError

WATCH_FILE = "watch.toml"
SEED_SUFFIXES = (".txt", ".md", ".html")
_MAX_SEED_BYTES = 2_000_000
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

HtmlReader = Callable[[bytes], ExtractedArticle]
"""Reads an HTML seed; the room that can is handed in, since rooms do not import each other."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Thresholds(_Strict):
    related: float | None = Field(default=None, ge=0, le=1)


class _Aspect(_Strict):
    name: str
    terms: tuple[str, ...] = ()


class _Feed(_Strict):
    url: str = Field(pattern=r"^https?://\S+$", max_length=2048)
    title: str = ""
    language: str | None = None


class _Query(_Strict):
    engine: Literal["google-news", "bing-news", "gdelt"]
    terms: str = Field(min_length=1, max_length=500)
    languages: tuple[str, ...] = Field(min_length=1)


class _Channel(_Strict):
    model_config = ConfigDict(extra="allow", frozen=True)
    kind: Literal["file"]


class _WatchFile(_Strict):
    title: str
    description: str = ""
    languages: tuple[str, ...] = ()
    thresholds: _Thresholds = _Thresholds()
    aspect: tuple[_Aspect, ...] = ()
    feed: tuple[_Feed, ...] = ()
    query: tuple[_Query, ...] = ()
    channel: tuple[_Channel, ...] = (_Channel(kind="file"),)


class WatchLoader:
    """Reads watches and seeds.

    Args:
        detector: gives a seed's language where its front matter does not.
        read_html: reads a seed that is an HTML page.
    """

    def __init__(self, detector: LanguageDetector, read_html: HtmlReader) -> None:
        self._detector = detector
        self._read_html = read_html

    def load_all(self, seeds_dir: Path, *, with_seeds: bool = True) -> tuple[Watch, ...]:
        """Load every watch below a folder, by name.

        Args:
            seeds_dir: the folder of the watches' folders.
            with_seeds: without them it is faster, for who wants feeds and settings only.

        Raises:
            WatchError: the folder holds no watch, or one of them is wrong; names the file.
        """
        if not seeds_dir.is_dir():
            raise WatchError(
                str(seeds_dir), "no such folder; set SEEDWATCH_SEEDS_DIR or run where seeds/ is"
            )
        folders = sorted(path.parent for path in seeds_dir.glob(f"*/{WATCH_FILE}"))
        if not folders:
            raise WatchError(
                str(seeds_dir), "holds no watch; make one with `seedwatch watch new NAME FILE ...`"
            )
        return tuple(self.load(folder, with_seeds=with_seeds) for folder in folders)

    def load(self, folder: Path, *, with_seeds: bool = True) -> Watch:
        """Load one watch.

        Raises:
            WatchError: its name, its watch.toml or a seed is wrong, or it has no seed.
        """
        if not NAME.fullmatch(folder.name):
            raise WatchError(str(folder), "a watch's name is made of a-z, 0-9, - and _")
        config = _read_watch_file(folder / WATCH_FILE)
        paths = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SEED_SUFFIXES]
        if not paths:
            raise WatchError(str(folder), "a watch without seeds; put a .txt, .md or .html there")
        return Watch(
            name=folder.name,
            title=config.title,
            description=config.description.strip(),
            languages=config.languages,
            threshold=config.thresholds.related,
            seeds=self.load_seeds(paths) if with_seeds else (),
            aspects=tuple(Aspect(item.name, item.terms) for item in config.aspect),
            feeds=tuple(FeedConfig(item.url, item.title, item.language) for item in config.feed),
            queries=tuple(
                QueryConfig(item.engine, item.terms, item.languages) for item in config.query
            ),
            channels=tuple(
                ChannelConfig(item.kind, {k: str(v) for k, v in (item.model_extra or {}).items()})
                for item in config.channel
            ),
        )

    def load_seeds(self, paths: Iterable[Path]) -> tuple[Seed, ...]:
        """Load seed files, in the order given.

        Raises:
            WatchError: a file cannot be read, is too large or has no text.
        """
        return tuple(self._load_seed(path) for path in paths)

    def _load_seed(self, path: Path) -> Seed:
        try:
            body = path.read_bytes()
        except OSError as error:
            raise WatchError(str(path), f"cannot be read: {error.strerror}") from error
        if len(body) > _MAX_SEED_BYTES:
            raise WatchError(str(path), f"larger than {_MAX_SEED_BYTES:,} bytes")
        if path.suffix.lower() == ".html":
            try:
                page = self._read_html(body)
            except ParseError as error:
                raise WatchError(str(path), f"no article on this page ({error})") from error
            head: dict[str, str] = {}
            title, text, published_at = page.title, page.text, page.published_at
        else:
            try:
                head, text = split_front_matter(body.decode("utf-8-sig"))
            except UnicodeDecodeError as error:
                raise WatchError(str(path), "is not UTF-8 text") from error
            title, published_at = head.get("title", ""), _time(path, head.get("published_at"))
        if not text.strip():
            raise WatchError(str(path), "a seed without text")
        language = head.get("language") or self._detector.detect(f"{title}\n{text}").code
        return Seed(path.name, title, text.strip(), language, head.get("url"), published_at)


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """Split an optional block of `key: value` lines between two `---` lines from the text.

    Returns:
        The block's values by key, and the rest.
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
            head[key.strip().lower()] = value.strip().strip("\"'")
    return head, "\n".join(lines[end + 1 :])


def _time(path: Path, value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        try:
            moment = datetime.combine(date.fromisoformat(value), time())
        except ValueError as error:
            raise WatchError(str(path), f"published_at {value!r} is no ISO 8601 time") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _read_watch_file(path: Path) -> _WatchFile:
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WatchError(str(path), f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WatchError(str(path), f"is not valid TOML: {error}") from error
    try:
        return _WatchFile.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        problem = "is no setting of a watch" if first["type"] == "extra_forbidden" else first["msg"]
        raise WatchError(str(path), f"{where}: {problem}") from error
