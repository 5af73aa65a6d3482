"""What a quick Celery application does with news, as the baseline of bench/throughput.py.

One task a feed, one task an item; no politeness, no guard, no retries, no isolation, no matching.
NAIVE_BROKER names the broker, NAIVE_STORE the SQLite file.
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import feedparser
import trafilatura
import urllib3
from celery import Celery
from langdetect import DetectorFactory, LangDetectException, detect

app = Celery("naive", broker=os.environ.get("NAIVE_BROKER", "memory://"))
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)
DetectorFactory.seed = 0
_http = urllib3.PoolManager(maxsize=4)


def store() -> sqlite3.Connection:
    """The store, with a full-text index as ours has one."""
    connection = sqlite3.connect(os.environ["NAIVE_STORE"], timeout=60)
    connection.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "CREATE TABLE IF NOT EXISTS article (id INTEGER PRIMARY KEY, url TEXT UNIQUE, title TEXT,"
        " text TEXT, language TEXT, published TEXT);"
        "CREATE VIRTUAL TABLE IF NOT EXISTS article_text USING fts5(title, text);"
    )
    return connection


@app.task  # type: ignore[untyped-decorator]
def poll(url: str) -> None:
    """Read a feed; a task for each item that is not stored."""
    feed = feedparser.parse(_http.request("GET", url, timeout=30).data)
    with store() as connection:
        for entry in feed.entries:
            found = connection.execute("SELECT 1 FROM article WHERE url = ?", (entry.link,))
            if not found.fetchone():
                process.delay(entry.link)


@app.task  # type: ignore[untyped-decorator]
def process(url: str) -> None:
    """Fetch, extract, detect the language, store."""
    body = _http.request("GET", url, timeout=30).data
    document = trafilatura.bare_extraction(body, url=url, with_metadata=True)
    title, text, published = "", "", None
    if document is not None and not isinstance(document, dict):
        title, text, published = document.title or "", document.text or "", document.date
    try:
        language = detect(text)
    except LangDetectException:
        language = "und"
    with store() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO article (url, title, text, language, published)"
            " VALUES (?, ?, ?, ?, ?)",
            (url, title, text, language, published),
        )
        connection.execute("INSERT INTO article_text (title, text) VALUES (?, ?)", (title, text))


@app.task  # type: ignore[untyped-decorator]
def ready(path: str) -> None:
    """Say that this child is warm."""
    trafilatura.bare_extraction("<html><body><p>Warm, warm, warm.</p></body></html>")
    detect("This is a sentence in English.")
    with Path(path).open("a") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(0.5)  # so that the other child takes the other one
