"""Small feeds and pages, written out as a server would send them."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Item:
    slug: str
    title: str
    summary: str = ""
    guid: str = ""
    date: str = "Sun, 01 Mar 2026 09:00:00 GMT"


def rss(*items: Item, site: str = "https://news.example", language: str = "en") -> str:
    """An RSS 2.0 feed."""
    body = "".join(
        f"<item><title>{escape(item.title)}</title><link>{site}/{item.slug}</link>"
        f"<guid>{item.guid or item.slug}</guid><description>{escape(item.summary)}</description>"
        f"<pubDate>{item.date}</pubDate></item>"
        for item in items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>The News</title><link>{site}</link><language>{language}</language>"
        f"{body}</channel></rss>"
    )


def page(title: str, *paragraphs: str, canonical: str = "", language: str = "en") -> str:
    """An article's page."""
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    return (
        f"<!doctype html><html lang='{language}'><head><title>{escape(title)}</title>{link}</head>"
        f"<body><nav><a href='/'>Home</a></nav><article><h1>{escape(title)}</h1>{body}</article>"
        "</body></html>"
    )


KELP = (
    "Farmers in Kilifi harvested twelve tonnes of seaweed this spring, the county said on Monday.",
    "The lines were laid in shallow water last autumn and survived two storms without much loss.",
    "A buyer from Porto has promised to take the whole crop at a price agreed before the planting.",
)
TRAM = (
    "The city has ordered nine new trams, which will run on the northern line from next winter on.",
    "Each of them has room for two hundred people and doors wide enough for two prams at once.",
    "The old ones, some of them built in 1974, go to a museum and to a film studio in the suburbs.",
)
