"""The HTML pages of the made-up site, rendered by each outlet's look."""

from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from worker.demo.content import ROOT, DemoArticle, DemoContent, DemoOutlet, FeedFormat
from worker.demo.feeds import article_url

_SECTIONS = ("news", "economy", "sea", "culture", "sport")
_FEED_TYPES = {
    FeedFormat.RSS2: "application/rss+xml",
    FeedFormat.ATOM: "application/atom+xml",
    FeedFormat.RSS1: "application/rdf+xml",
    FeedFormat.JSONFEED: "application/feed+json",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A headline and where it leads."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Teaser:
    """An article as a front page shows it."""

    link: Link
    summary: str
    language: str
    direction: str


class Pages:
    """Renders the site's pages for one origin."""

    def __init__(self, content: DemoContent, base_url: str) -> None:
        self._content = content
        self._base_url = base_url
        self._outlets = {outlet.slug: outlet for outlet in content.outlets}
        self._templates = Environment(
            loader=FileSystemLoader(ROOT / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def article(self, article: DemoArticle) -> str:
        """The page of one article, in the look of its outlet."""
        outlet = self._outlets[article.outlet]
        phrases = self._content.phrases[article.language]
        related = [self._link(other) for other in self._content.related_to(article)]
        return self._render(
            f"{outlet.look}.html",
            self._frame(outlet)
            | {
                "article": article,
                "url": article_url(self._base_url, article),
                "direction": direction(article.language),
                "t": phrases,
                "sections": _SECTIONS,
                "date": article.published_at.strftime(phrases["date"]),
                "related": related,
                "read_also": related[0] if related else None,
                "comments": phrases["comments"].format(count=len(article.text) % 40),
                "author_text": phrases["author_text"].format(
                    name=article.byline, outlet=outlet.title
                ),
                "json_ld": self._json_ld(outlet, article),
            },
        )

    def front(self, outlet: DemoOutlet) -> str:
        """The outlet's front page: what its feed lists, with a link to the feed."""
        teasers = [
            Teaser(self._link(each), each.summary, each.language, direction(each.language))
            for each in self._content.listed_by(outlet)
        ]
        language = outlet.languages[0]
        return self._render(
            "front.html", self._frame(outlet) | {"language": language, "teasers": teasers}
        )

    def index(self) -> str:
        """The list of outlets at the root of the site."""
        return self._render("index.html", {"outlets": self._content.outlets})

    def notice(self, title: str, text: str) -> str:
        """A page that says why there is nothing to read."""
        return self._render("notice.html", {"title": title, "text": text})

    def picture(self, outlet: DemoOutlet) -> str:
        """The one picture of an outlet, an SVG drawing of waves in its colour."""
        return self._render("picture.svg", {"colour": outlet.colour})

    def _render(self, template: str, values: Mapping[str, object]) -> str:
        return self._templates.get_template(template).render(values)

    def _link(self, article: DemoArticle) -> Link:
        return Link(article.title, article_url(self._base_url, article))

    def _frame(self, outlet: DemoOutlet) -> dict[str, object]:
        home_url = f"{self._base_url}/{outlet.slug}/"
        return {
            "outlet": outlet,
            "home_url": home_url,
            "feed_url": f"{home_url}feed",
            "feed_type": _FEED_TYPES[outlet.feed],
            "picture_url": f"{home_url}picture.svg",
        }

    def _json_ld(self, outlet: DemoOutlet, article: DemoArticle) -> dict[str, object]:
        return {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": article.title,
            "description": article.summary,
            "inLanguage": article.language,
            "datePublished": article.published_at.isoformat(),
            "author": {"@type": "Person", "name": article.byline},
            "publisher": {"@type": "NewsMediaOrganization", "name": outlet.title},
            "mainEntityOfPage": article_url(self._base_url, article),
        }


def direction(language: str) -> str:
    """The writing direction, as HTML's `dir` names it."""
    return "rtl" if language == "ar" else "ltr"
