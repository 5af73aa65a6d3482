"""Labelled stories and parallel news for measuring: loaders only, no judgement."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from worker.demo.content import load_demo
from worker.domain import ArticleText, Aspect, Relation, Seed, Watch

ROOT = Path(__file__).resolve().parents[2]
STORIES = Path(__file__).parent / "stories"


@dataclass(frozen=True)
class Labelled:
    """An article with its label (a label of the dev set) and what it says that is new."""

    id: str
    label: str
    article: ArticleText
    of_seed: str = ""
    new_facts: tuple[str, ...] = ()
    same_text_as: str = ""
    """The id of the article of this story that this one translates or copies."""

    @property
    def is_related(self) -> bool:
        return not self.label.endswith("negative")


@dataclass(frozen=True)
class Story:
    """A watch and the articles labelled for it."""

    watch: Watch
    articles: tuple[Labelled, ...] = field(repr=False)

    @property
    def name(self) -> str:
        return self.watch.name


@dataclass(frozen=True)
class Attributed:
    """A quotation of `speakers.tsv`, and who says it: a name, or "" where nobody is named.

    Attributes:
        before: the sentence up to its words. behind: from the closing mark on.
    """

    language: str
    before: str
    behind: str
    speaker: str


def attributed_quotations() -> list[Attributed]:
    """Sentences with a quotation in Hindi, Bengali and Thai, written for this project."""
    found = []
    for line in (STORIES.parent / "speakers.tsv").read_text(encoding="utf-8").splitlines():
        language, text, speaker = line.split("\t")
        before, _, rest = text.partition("“")
        found.append(Attributed(language, f"{before}“", rest[rest.index("”") :], speaker))
    return found


def label_of(relation: Relation) -> str:
    """The dev set's label for a relation; both kinds of negative are `unrelated`."""
    if relation in (Relation.COPY, Relation.TRANSLATION):
        return "copy_or_translation"
    return str(relation)


def language_of(tag: str) -> str:
    """zh-Hans -> zh."""
    return tag.partition("-")[0]


def _when(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def read_articles(path: Path) -> tuple[Labelled, ...]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return tuple(
        Labelled(
            row["id"],
            row["label"],
            ArticleText(
                row["title"],
                row["text"],
                language_of(row["lang"]),
                _when(row.get("published_at", "")),
            ),
            row.get("of_seed") or "",
            tuple(row.get("new_facts", ())),
            row.get("translation_of") or row.get("copied_from") or "",
        )
        for row in rows
    )


def read_seed(path: Path, language: str = "und") -> Seed:
    """A seed file: optional front matter of `key: value` lines between `---`, then the text."""
    text = path.read_text(encoding="utf-8")
    fields: dict[str, str] = {}
    if text.startswith("---\n"):
        head, _, text = text[4:].partition("\n---\n")
        for line in head.splitlines():
            key, _, value = line.partition(":")
            fields[key.strip()] = value.strip().strip("\"'")
    return Seed(
        path.name,
        fields.get("title", ""),
        text.strip(),
        fields.get("language", language),
        fields.get("url"),
        _when(fields.get("published_at", "")),
    )


def read_watch(folder: Path) -> Watch:
    """A folder's watch.toml and seeds, without feeds and channels."""
    settings = tomllib.loads((folder / "watch.toml").read_text(encoding="utf-8"))
    seeds = tuple(read_seed(p) for p in sorted((folder / "seeds").glob("*.md")))
    if not seeds:
        seeds = tuple(read_seed(p) for p in sorted(folder.glob("*.md")))
    aspects = tuple(
        Aspect(a["name"], tuple(a.get("terms", ()))) for a in settings.get("aspect", ())
    )
    return Watch(
        folder.name, settings["title"], seeds, settings.get("description", ""), aspects=aspects
    )


def repo_stories() -> list[Story]:
    """The stories that the project itself contains."""
    told = [
        Story(read_watch(path.parent), read_articles(path))
        for path in sorted(STORIES.glob("*/articles.jsonl"))
    ]
    return [demo_story(), *told]


def demo_story() -> Story:
    """The demo's made-up news site, which is labelled too."""
    content = load_demo()
    watch = read_watch(next(content.seeds_dir.iterdir()))
    articles = tuple(
        Labelled(
            article.id,
            "copy_or_translation" if article.label in ("copy", "translation") else article.label,
            ArticleText(article.title, article.text, article.language, article.published_at),
            article.of_seed or "",
            article.new_facts,
            article.translation_of or "",
        )
        for article in content.articles
    )
    return Story(watch, articles)


def shared_path(variable: str, default: str) -> Path | None:
    """A folder named by the environment or lying beside the repository; None if it is not there."""
    path = Path(os.environ.get(variable, "") or ROOT.parent / "shared" / default)
    return path if path.is_dir() else None


DEV_SEEDS = {"000_8fbfee4196059688.txt": "fr", "004_c111cfefa5bbe0fe.txt": "id"}


def dev_story() -> Story | None:
    """The development set, which lies outside the repository; None if it is not there."""
    folder = shared_path("BENCH_DEV_SET", "dev-set")
    if folder is None or not (folder.parent / "seeds").is_dir():
        return None
    seeds = tuple(
        read_seed(folder.parent / "seeds" / name, language) for name, language in DEV_SEEDS.items()
    )
    return Story(Watch("dev-set", "", seeds), read_articles(folder / "watch_dev.jsonl"))


NTREX_LANGUAGES = {
    "eng": "en", "fra": "fr", "ind": "id", "vie": "vi", "deu": "de", "spa": "es", "por": "pt",
    "rus": "ru", "zho-CN": "zh", "jpn": "ja", "kor": "ko", "tha": "th", "arb": "ar", "hin": "hi",
    "khm": "km", "msa": "ms", "tur": "tr",
}  # fmt: skip


@dataclass(frozen=True)
class Document:
    """A news document in one language; the first line of `text` is the title."""

    id: str
    language: str
    text: str

    @property
    def article(self) -> ArticleText:
        title, _, body = self.text.partition("\n")
        return ArticleText(title, body, self.language)

    def seed(self) -> Seed:
        title, _, body = self.text.partition("\n")
        return Seed(self.id, title, body, self.language)


def ntrex() -> Iterator[Document]:
    """The parallel news documents; nothing if they are not there."""
    folder = shared_path("BENCH_NTREX", "ntrex-dev")
    if folder is None:
        return
    with (folder / "ntrex_dev.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield Document(row["doc"], NTREX_LANGUAGES[row["code"]], row["text"])


def ntrex_groups() -> list[frozenset[str]]:
    """Sets of documents on one event or one story line."""
    folder = shared_path("BENCH_NTREX", "ntrex-dev")
    if folder is None:
        return []
    groups = json.loads((folder / "groups.json").read_text(encoding="utf-8"))
    return [frozenset(group) for kind in groups.values() for group in kind]


def outlets_of(story: Story) -> dict[str, str]:
    """The outlet of each article that has one, by its id."""
    path = STORIES / story.name / "articles.jsonl"
    if story.name == "dev-set":
        path = (shared_path("BENCH_DEV_SET", "dev-set") or path.parent) / "watch_dev.jsonl"
    if path.is_file():
        rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        return {row["id"]: row["outlet"] for row in rows}
    return {article.id: article.outlet for article in load_demo().articles}
