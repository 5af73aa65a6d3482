"""Watches and seeds: what a person writes, and what is said when it is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes import EnglishDetector
from worker.domain import ExtractedArticle, Outcome
from worker.errors import ParseError, WatchError
from worker.match.watches import WatchLoader

SEED = "---\ntitle: A title: with a colon\nlanguage: fr\npublished_at: 2025-03-12\n---\nLe texte.\n"


def read_html(body: bytes) -> ExtractedArticle:
    if b"<p>" not in body:
        raise ParseError(Outcome.NO_TEXT)
    return ExtractedArticle("From a page", "Text of the page.")


@pytest.fixture
def loader() -> WatchLoader:
    return WatchLoader(EnglishDetector(), read_html)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A watch that is right."""
    folder = tmp_path / "seeds" / "kelp"
    folder.mkdir(parents=True)
    (folder / "watch.toml").write_text(
        'title = "Kelp"\nlanguages = ["en"]\n[thresholds]\nrelated = 0.4\n'
        '[[feed]]\nurl = "https://a.example/rss"\n'
        '[[query]]\nengine = "gdelt"\nterms = "kelp"\nlanguages = ["en"]\n'
        '[[aspect]]\nname = "Kenya"\n'
    )
    (folder / "a.md").write_text(SEED)
    (folder / "b.html").write_text("<p>Text of the page.</p>")
    (folder / "c.txt").write_text("\ufeffPlain text.")
    return folder


def test_a_watch_is_a_folder(loader: WatchLoader, folder: Path) -> None:
    (watch,) = loader.load_all(folder.parent)
    assert (watch.name, watch.title, watch.threshold) == ("kelp", "Kelp", 0.4)
    assert [channel.kind for channel in watch.channels] == ["file"]
    front, page, plain = watch.seeds
    assert (front.title, front.text, front.language) == ("A title: with a colon", "Le texte.", "fr")
    assert front.published_at == datetime(2025, 3, 12, tzinfo=UTC)
    assert (page.title, page.language) == ("From a page", "en")
    assert plain.text == "Plain text."


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("watch.toml", b"title = ", "not valid TOML"),
        ("watch.toml", b"languages = []", "title"),
        ("watch.toml", b'title = "x"\nfeeds = 1', "feeds: is no setting"),
        ("watch.toml", b'title = "x"\n[[feed]]\nurl = "ftp://x"', "feed.0.url"),
        ("watch.toml", b'title = "x"\n[thresholds]\nrelated = 7', "thresholds.related"),
        ("a.md", b"\xff\xfe\x00", "not UTF-8"),
        ("a.md", b"---\ntitle: only\n---\n \n", "without text"),
        ("a.md", b"---\npublished_at: soon\n---\nText", "soon"),
        ("b.html", b"<html></html>", "no article"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(
    loader: WatchLoader, folder: Path, name: str, content: bytes, told: str
) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(WatchError) as caught:
        loader.load_all(folder.parent)
    assert caught.value.where == str(folder / name)
    assert told in caught.value.problem


def test_a_watch_without_seeds_is_refused(loader: WatchLoader, folder: Path) -> None:
    for seed in ("a.md", "b.html", "c.txt"):
        (folder / seed).unlink()
    with pytest.raises(WatchError, match="without seeds"):
        loader.load_all(folder.parent)


def test_no_watch_at_all_says_how_to_make_one(loader: WatchLoader, tmp_path: Path) -> None:
    with pytest.raises(WatchError, match="watch new"):
        loader.load_all(tmp_path)
    with pytest.raises(WatchError, match="SEEDWATCH_SEEDS_DIR"):
        loader.load_all(tmp_path / "nowhere")


def test_the_projects_own_watches_load(loader: WatchLoader) -> None:
    watches = loader.load_all(Path(__file__).parents[2] / "seeds")
    assert "aiws-film-park" in [watch.name for watch in watches]
    (film,) = [watch for watch in watches if watch.name == "aiws-film-park"]
    assert len(film.seeds) == 2
    assert len(film.feeds) >= 25
    assert len({language for query in film.queries for language in query.languages}) >= 12
