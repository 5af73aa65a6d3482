"""A real site on loopback for tests that kill who reads it: a feed, and pages that take a while."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.sites import KELP, Item, page, rss


class AskedByTheKilled(BaseHTTPRequestHandler):
    """Says nothing of its requests, nor of those whose askers were killed: that is tested."""

    def log_message(self, *args: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            return


@contextmanager
def slow_site(articles: int, page_s: float) -> Iterator[str]:
    """Serve a feed of so many articles, each page after so many seconds; give its address."""

    class Site(AskedByTheKilled):
        def do_GET(self) -> None:
            if self.path == "/rss":
                items = [Item(f"kelp-{number}", f"Kelp {number}") for number in range(articles)]
                body = rss(*items, site=f"http://127.0.0.1:{server.server_port}")
            else:
                time.sleep(page_s)
                body = page(self.path, *KELP, f"This is the page {self.path} of the series.")
            self.send_response(200)
            self.send_header("Content-Type", "text/xml" if self.path == "/rss" else "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/rss"
    finally:
        server.shutdown()
        server.server_close()
