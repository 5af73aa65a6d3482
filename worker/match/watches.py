"""Watches: one folder each under the seeds folder, a watch.toml and the seed articles."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from worker.clock import read_time
from worker.domain import (
    Aspect,
    ExtractedArticle,
    FeedConfig,
    LanguageDetector,
    QueryConfig,
    Seed,
    Watch,
)
from worker.errors import ParseError, WatchError
from worker.match.watchfile import (
    WATCH_FILE,
    read_watch_file,
    split_front_matter,
    watch_file_text,
)

SEED_SUFFIXES = (".txt", ".md", ".html")
_MAX_SEED_BYTES = 2_000_000
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

HtmlReader = Callable[[bytes], ExtractedArticle]
"""Reads an HTML seed; the room that can is handed in, since rooms do not import each other."""


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
        folders = [folder for folder in _listed(seeds_dir) if is_watch(folder)]
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
        config = read_watch_file(folder / WATCH_FILE)
        paths = [path for path in _listed(folder) if _is_seed(path)]
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
            feeds=tuple(
                FeedConfig(item.url, item.title, item.language, item.fetch) for item in config.feed
            ),
            queries=tuple(
                QueryConfig(item.engine, item.terms, item.languages) for item in config.query
            ),
            channels=tuple(item.config() for item in config.channel),
        )

    def make(self, seeds_dir: Path, name: str, title: str, seeds: Sequence[str]) -> Watch:
        """Make a watch; its folder appears when it is whole and can be loaded, or not at all.

        Args:
            seeds_dir: the folder of the watches' folders, made if there is none.
            name: the watch's, and its folder's.
            title: the watch's.
            seeds: the content of each seed file; the n-th becomes seed-n.md.

        Raises:
            WatchError: the folder exists or cannot be written, or a seed is wrong; names the file
                as it would have been.
        """
        folder = seeds_dir / name
        try:
            seeds_dir.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=seeds_dir) as draft_dir:
                draft = Path(draft_dir) / name
                draft.mkdir()
                for number, text in enumerate(seeds, 1):
                    (draft / f"seed-{number}.md").write_text(text, encoding="utf-8")
                (draft / WATCH_FILE).write_text(watch_file_text(title), encoding="utf-8")
                try:
                    made = self.load(draft)
                except WatchError as error:
                    where = str(folder / Path(error.where).name)
                    raise WatchError(where, error.problem) from error
                draft.rename(folder)
        except OSError as error:
            raise WatchError(str(folder), f"cannot be written: {error.strerror}") from error
        return made

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


def is_watch(folder: Path) -> bool:
    """Whether a path is the folder of a watch.

    Raises:
        WatchError: nobody can say, since the folder cannot be read. To take it for no watch would
            retire its feeds.
    """
    try:
        (folder / WATCH_FILE).lstat()
    except (FileNotFoundError, NotADirectoryError) as error:
        if folder.is_symlink() and not folder.exists():
            raise WatchError(str(folder), "cannot be read: it links to nothing") from error
        return False
    except OSError as error:
        if not NAME.fullmatch(folder.name):
            return False  # lost+found and its like
        raise WatchError(str(folder), f"cannot be read: {error.strerror}") from error
    return True


def _listed(folder: Path) -> list[Path]:
    """The files of a folder by name, without the hidden ones; `glob` would pass over errors."""
    try:
        return [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    except FileNotFoundError as error:
        problem = "no such folder; set SEEDWATCH_SEEDS_DIR or run where seeds/ is"
        raise WatchError(str(folder), problem) from error
    except OSError as error:
        raise WatchError(str(folder), f"cannot be read: {error.strerror}") from error


def _is_seed(path: Path) -> bool:
    return path.suffix.lower() in SEED_SUFFIXES and path.stem.lower() != "readme"


def _time(path: Path, value: str | None) -> datetime | None:
    try:
        return read_time(value) if value else None
    except ValueError as error:
        raise WatchError(str(path), f"published_at {value!r} is no ISO 8601 time") from error
