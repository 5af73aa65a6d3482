"""Watches and seeds: what a person writes, and what is said when it is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import EnglishDetector
from worker.domain import ExtractedArticle, Outcome
from worker.errors import ParseError, WatchError
from worker.match.watches import WatchLoader
from worker.match.watchfile import seed_text

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
        ("watch.toml", b'title = "x"\n[[feed]]\nurl = "https://u:geheim@x/rss"', "password"),
        ("watch.toml", b'title = "x"\n[[feed]]\nurl = "https://geheim@x/rss"', "user name"),
        ("watch.toml", b'title = "x"\n[[feed]]\nurl = "https:///rss"', "no usable host"),
        ("watch.toml", b'title = "x"\n[[feed]]\nurl = "https://x/\\u0001"', "control character"),
        ("watch.toml", b"x = " + b"[" * 5000, "nested too deeply"),
        ("watch.toml", b"x = " + b"1" * 5000, "not valid TOML"),
        ("a.md", b"---\npublished_at: 0001-01-01T00:00:00+14:00\n---\nText", "no ISO 8601 time"),
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
    assert "geheim" not in str(caught.value)


def test_a_readme_and_hidden_files_are_no_seeds(loader: WatchLoader, folder: Path) -> None:
    for name in ("README.md", "readme.txt", "._a.md"):
        (folder / name).write_text("About this watch.")
    assert len(loader.load(folder).seeds) == 3


@pytest.mark.parametrize("denied", ["seeds", "kelp", "watch.toml"])
def test_what_cannot_be_read_does_not_vanish(
    loader: WatchLoader, folder: Path, monkeypatch: pytest.MonkeyPatch, denied: str
) -> None:
    """`glob` passes over what it may not read; the watch's feeds would retire."""
    other = folder.parent / "trams"
    other.mkdir()
    (other / "watch.toml").write_text('title = "Trams"')
    (other / "a.txt").write_text("Trams.")

    def deny(name: str) -> None:
        def call(path: Path) -> Any:
            if path.name == denied:
                raise PermissionError(13, "Permission denied", str(path))
            return real(path)

        real = getattr(Path, name)
        monkeypatch.setattr(Path, name, call)

    deny("iterdir")
    deny("lstat")
    with pytest.raises(WatchError, match="cannot be read: Permission denied") as caught:
        loader.load_all(folder.parent)
    named = {"seeds": folder.parent, "kelp": folder, "watch.toml": folder}
    assert caught.value.where == str(named[denied])


def test_a_folder_that_links_to_nothing_does_not_vanish(loader: WatchLoader, folder: Path) -> None:
    (folder.parent / "gone").symlink_to("/nowhere/at/all")
    with pytest.raises(WatchError, match="links to nothing"):
        loader.load_all(folder.parent)


TITLES = ['a\x01b\x7f\x1b[31m "q" \\ \'', '"Quoted" and "quoted"', "'tis", '"One', "{x}", "海\n藻"]


@pytest.mark.parametrize("title", TITLES)
def test_what_is_written_is_read_again(loader: WatchLoader, tmp_path: Path, title: str) -> None:
    text = seed_text({"title": title, "url": None, "published_at": "2025-03-12"}, "---\nText.")
    loader.make(tmp_path / "seeds", "new", title, [text])
    (watch,) = loader.load_all(tmp_path / "seeds")
    assert watch.title == title
    assert watch.seeds[0].title == " ".join(title.split())
    assert (watch.seeds[0].text, watch.seeds[0].url) == ("---\nText.", None)


def test_half_a_character_in_a_title_is_no_error(loader: WatchLoader, tmp_path: Path) -> None:
    assert loader.make(tmp_path, "new", "a\udcffb", ["Text."]).title == "a?b"


def test_a_watch_that_could_not_be_loaded_is_not_made(loader: WatchLoader, tmp_path: Path) -> None:
    wrong = "---\npublished_at: yesterday\n---\nText."
    with pytest.raises(WatchError, match="yesterday") as caught:
        loader.make(tmp_path, "new", "New", ["Text.", wrong])
    assert caught.value.where == str(tmp_path / "new" / "seed-2.md")
    assert list(tmp_path.iterdir()) == []


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
