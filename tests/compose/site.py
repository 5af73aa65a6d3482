"""The news site of the compose test: 20 feeds of 100 articles, one of each is the story.

A feed shows ten more at each poll, so that there is work as long as the test wants. `/hook` takes
webhooks whose signature is right, `/told` says of how many matches they told, under how many ids.
Only Python's own library, so that it runs in any container with Python.
"""

from base64 import b64decode, b64encode
from collections import Counter
from hmac import digest
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import loads
from os import environ
from pathlib import Path
from random import Random
from re import fullmatch

SITE = "http://news.test:8080"
ENTRIES = int(environ.get("ENTRIES", "100"))
AT_A_POLL = 10
polls: Counter[int] = Counter()
told: set[tuple[int, str]] = set()
STORY = Path("/seeds/lighthouse/seed.md")
STORY_TITLE = "Skarvøy moves its lighthouse before the sea takes it"
SUBJECTS = ["council", "bakery", "orchestra", "ferry", "school", "vineyard", "library", "choir"]
DEEDS = ["opens", "repairs", "postpones", "paints", "enlarges", "rents", "sells", "celebrates"]
THINGS = ["roof", "kitchen", "archive", "garden", "bridge", "stage", "cellar", "playground"]
PLACES = ["Aldermere", "Brackwell", "Corvina", "Dunmouth", "Estrela", "Fernhill", "Hartlow"]


def story_in(feed: int) -> int:
    """Which entry of a feed is the story: the first, or one that comes amid the killing."""
    return 0 if feed % 2 == 0 else feed * ENTRIES // 20


def title_of(feed: int, entry: int) -> str:
    """The title of an article."""
    if entry == story_in(feed):
        return f"{STORY_TITLE} (edition {feed})"
    random = Random(feed * ENTRIES + entry)
    words = [random.choice(words) for words in (PLACES, SUBJECTS, DEEDS, THINGS)]
    return f"{words[0]}: the {words[1]} {words[2]} its {words[3]} (number {feed}-{entry})"


def feed_document(feed: int) -> str:
    """RSS 2.0."""
    items = "".join(
        f"<item><title>{escape(title_of(feed, entry))}</title>"
        f"<link>{SITE}/a/{feed}-{entry}.html</link><guid>{feed}-{entry}</guid></item>"
        for entry in range(min(ENTRIES, AT_A_POLL * polls[feed]))
    )
    head = f"<title>News {feed}</title><link>{SITE}/</link><description>News</description>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{items}</channel></rss>'


def page(feed: int, entry: int) -> str:
    """An article: the story, or made-up local news of its own."""
    title = title_of(feed, entry)
    if entry == story_in(feed):
        text = STORY.read_text("utf-8").split("---\n")[2]
        paragraphs = [*text.strip().split("\n\n"), f"Edition {feed} of the evening paper."]
    else:
        random = Random(title)
        paragraphs = [
            " ".join(
                f"In {random.choice(PLACES)} the {random.choice(SUBJECTS)} {random.choice(DEEDS)} "
                f"the {random.choice(THINGS)} of the {random.choice(SUBJECTS)} "
                f"for {random.randint(3, 900)} guests."
                for _ in range(3)
            )
            for _ in range(3)
        ]
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    heading = escape(title)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{heading}</title>'
        f"<body><article><h1>{heading}</h1>{body}</article></body></html>"
    )


class Handler(BaseHTTPRequestHandler):
    """Serves /feed/N.xml and /a/N-M.html."""

    def do_GET(self) -> None:
        """Answer a GET."""
        if found := fullmatch(r"/feed/(\d+)\.xml", self.path):
            polls[int(found[1])] += 1
            self.answer("application/rss+xml", feed_document(int(found[1])))
        elif found := fullmatch(r"/a/(\d+)-(\d+)\.html", self.path):
            self.answer("text/html; charset=utf-8", page(int(found[1]), int(found[2])))
        elif self.path == "/told":
            matches, ids = len({match for match, _ in told}), len(told)
            self.answer("text/plain", f"{matches} matches, {ids} ids")
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        """Take a webhook (https://www.standardwebhooks.com)."""
        body = self.rfile.read(int(self.headers["content-length"]))
        message_id, at = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        key = b64decode(environ["HOOK_SECRET"].removeprefix("whsec_"))
        signature = b64encode(digest(key, f"{message_id}.{at}.".encode() + body, "sha256")).decode()
        if f"v1,{signature}" not in self.headers["webhook-signature"].split(" "):
            self.send_error(401)
            return
        told.update((match["id"], message_id) for match in loads(body)["data"]["matches"])
        self.answer("text/plain", "")

    def answer(self, content_type: str, text: str) -> None:
        """Send a document."""
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8080), Handler).serve_forever()
