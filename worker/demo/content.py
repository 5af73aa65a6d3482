"""The made-up site's files, read once into frozen types.

An article is a text file with a front matter block of ``key: value`` lines; outlets and the
phrases around an article are TOML. The files ship with the package, so a mistake in one is a
mistake of ours and raises ``DemoContentError`` with the file's name.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
SEEDS_DIR = ROOT / "seeds"
"""The folder of the demo's watches, one folder a watch, as `SEEDWATCH_SEEDS_DIR` expects it."""


class DemoContentError(ValueError):
    """A file of the made-up site is not as it should be."""


class Label(StrEnum):
    """How an article of the site relates to the story."""

    COPY = "copy"
    TRANSLATION = "translation"
    SAME_EVENT = "same_event"
    SAME_TOPIC = "same_topic"
    HARD_NEGATIVE = "hard_negative"
    EASY_NEGATIVE = "easy_negative"

    @property
    def in_story(self) -> bool:
        """Whether an article with this label should be matched."""
        return self not in {Label.HARD_NEGATIVE, Label.EASY_NEGATIVE}


class FeedFormat(StrEnum):
    """The formats in which the outlets publish their feeds."""

    RSS2 = "rss2"
    ATOM = "atom"
    RSS1 = "rss1"
    JSONFEED = "jsonfeed"


class Look(StrEnum):
    """The page templates, from much metadata to hardly any."""

    BROADSHEET = "broadsheet"
    BULLETIN = "bulletin"
    PORTAL = "portal"


@dataclass(frozen=True, slots=True)
class DemoArticle:
    """One invented article with its label.

    `of_seed` names the seed's file for a copy or translation, `translation_of` the site's article
    this one translates; `new_facts` are strings of the text that occur in no seed.
    """

    id: str
    outlet: str
    language: str
    label: Label
    of_seed: str | None
    translation_of: str | None
    title: str
    slug: str
    published_at: datetime
    summary: str
    byline: str
    caption: str | None
    tags: tuple[str, ...]
    related: tuple[str, ...]
    new_facts: tuple[str, ...]
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        """The body, its paragraphs separated by blank lines."""
        return "\n\n".join(self.paragraphs)

    @property
    def path(self) -> str:
        """The page's path on the site, not percent-encoded."""
        return f"/{self.outlet}/{self.published_at:%Y/%m}/{self.slug}"


@dataclass(frozen=True, slots=True)
class DemoOutlet:
    """One invented outlet; `outlets.toml` explains each setting."""

    slug: str
    title: str
    tagline: str
    languages: tuple[str, ...]
    feed: FeedFormat
    look: Look
    colour: str
    tracking: bool = False
    also: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def language(self) -> str | None:
        """The outlet's language, if it has just one."""
        return self.languages[0] if len(self.languages) == 1 else None


@dataclass(frozen=True, slots=True)
class DemoContent:
    """Everything on the site: articles by id, outlets in order, phrases by language."""

    articles: tuple[DemoArticle, ...]
    outlets: tuple[DemoOutlet, ...]
    phrases: Mapping[str, Mapping[str, str]]
    seeds_dir: Path = SEEDS_DIR

    def article(self, article_id: str) -> DemoArticle:
        """The article with this id.

        Raises:
            KeyError: there is none.
        """
        for article in self.articles:
            if article.id == article_id:
                return article
        raise KeyError(article_id)

    def published_by(self, outlet: DemoOutlet) -> tuple[DemoArticle, ...]:
        """The outlet's own articles, newest first."""
        return _newest_first(article for article in self.articles if article.outlet == outlet.slug)

    def listed_by(self, outlet: DemoOutlet) -> tuple[DemoArticle, ...]:
        """What the outlet's feed lists, newest first: its own articles and those it passes on."""
        passed_on = tuple(self.article(article_id) for article_id in outlet.also)
        return _newest_first(self.published_by(outlet) + passed_on)

    def related_to(self, article: DemoArticle, count: int = 3) -> tuple[DemoArticle, ...]:
        """What the page of `article` links to: its own choice, then the nearest in time.

        Only articles in the same language; those of the same outlet come first.
        """
        chosen = tuple(self.article(article_id) for article_id in article.related)
        others = sorted(
            (
                other
                for other in self.articles
                if other.language == article.language and other.id != article.id
            ),
            key=lambda other: (
                other.outlet != article.outlet,
                abs(other.published_at - article.published_at),
                other.id,
            ),
        )
        return (chosen + tuple(other for other in others if other not in chosen))[:count]


def load_demo() -> DemoContent:
    """Read the made-up site from the package's files.

    Raises:
        DemoContentError: a file is not as it should be.
    """
    outlets = tuple(_outlet(table) for table in _toml("outlets.toml")["outlet"])
    articles = tuple(_article(path) for path in sorted((ROOT / "articles").glob("*.md")))
    phrases = _toml("phrases.toml")
    _check(articles, outlets, phrases)
    return DemoContent(articles, outlets, phrases)


def _newest_first(articles: Iterable[DemoArticle]) -> tuple[DemoArticle, ...]:
    return tuple(sorted(articles, key=lambda a: (a.published_at, a.id), reverse=True))


def _toml(name: str) -> dict[str, Any]:
    try:
        return tomllib.loads((ROOT / name).read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise DemoContentError(f"{name}: {error}") from error


def _outlet(table: Mapping[str, Any]) -> DemoOutlet:
    try:
        return DemoOutlet(
            slug=table["slug"],
            title=table["title"],
            tagline=table["tagline"],
            languages=tuple(table["languages"]),
            feed=FeedFormat(table["feed"]),
            look=Look(table["look"]),
            colour=table["colour"],
            tracking=table.get("tracking", False),
            also=tuple(table.get("also", ())),
            refused=tuple(table.get("refused", ())),
            gone=tuple(table.get("gone", ())),
        )
    except (KeyError, ValueError) as error:
        raise DemoContentError(f"outlets.toml: {table.get('slug', '?')}: {error!r}") from error


def _article(path: Path) -> DemoArticle:
    try:
        keys, body = _front_matter(path.read_text(encoding="utf-8"))
        return DemoArticle(
            id=keys["id"],
            outlet=keys["outlet"],
            language=keys["language"],
            label=Label(keys["label"]),
            of_seed=keys.get("of_seed"),
            translation_of=keys.get("translation_of"),
            title=keys["title"],
            slug=keys["slug"],
            published_at=datetime.fromisoformat(keys["published_at"]),
            summary=keys["summary"],
            byline=keys["byline"],
            caption=keys.get("caption"),
            tags=_parts(keys.get("tags", "")),
            related=tuple(keys.get("related", "").split()),
            new_facts=_parts(keys.get("new_facts", "")),
            paragraphs=tuple(part.strip() for part in body.split("\n\n") if part.strip()),
        )
    except (KeyError, ValueError) as error:
        raise DemoContentError(f"{path.name}: {error!r}") from error


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    opening, block, body = text.split("---\n", 2)
    if opening:
        raise ValueError("the front matter does not come first")
    pairs = (line.partition(":") for line in block.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}, body


def _parts(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(" | ") if part.strip())


def _check(
    articles: tuple[DemoArticle, ...],
    outlets: tuple[DemoOutlet, ...],
    phrases: Mapping[str, Mapping[str, str]],
) -> None:
    """Refuse references that lead nowhere; what the texts say is checked in the tests."""
    ids = {article.id for article in articles}
    languages_of = {outlet.slug: outlet.languages for outlet in outlets}
    named = {name for outlet in outlets for name in outlet.also + outlet.refused + outlet.gone}
    for article in articles:
        named.update(article.related, filter(None, [article.translation_of]))
        if article.language not in languages_of.get(article.outlet, ()):
            raise DemoContentError(f"{article.id}: its outlet has no such language")
        if article.language not in phrases:
            raise DemoContentError(f"{article.id}: no phrases in {article.language}")
    if len(ids) != len(articles) or not named <= ids:
        raise DemoContentError(f"ids twice or unknown: {sorted(named - ids)}")
