"""The JSON-LD of a page: untrusted, so lengths are capped and nesting is walked flatly."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lxml.html import HtmlElement

_MAX_SCRIPT_CHARACTERS = 500_000
_MAX_NODES = 300
_ARTICLE_TYPES = re.compile(r"Article|BlogPosting|Report$|LiveBlog|NewsPosting|MediaObject|WebPage")


def read_objects(scripts: Iterable[HtmlElement]) -> Iterator[dict[str, Any]]:
    """Yield the objects in a page's JSON-LD, lists and @graph opened, articles first."""
    found: list[dict[str, Any]] = []
    for script in scripts:
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        source = script.text or ""
        if not 2 < len(source) <= _MAX_SCRIPT_CHARACTERS:
            continue
        try:
            queue = [json.loads(source.strip().rstrip(";"), strict=False)]
        except (ValueError, RecursionError):
            continue
        while queue and len(found) < _MAX_NODES:
            node = queue.pop(0)
            if isinstance(node, list):
                queue.extend(node[:_MAX_NODES])
            elif isinstance(node, dict):
                found.append(node)
                queue.extend(node[key] for key in ("@graph", "mainEntity") if key in node)
    return iter(
        sorted(found, key=lambda node: not _ARTICLE_TYPES.search(str(node.get("@type"))[:200]))
    )


def strings_of(value: object, key: str) -> Iterator[str]:
    """Yield the strings of a JSON-LD value: itself, its `key`, or those of its items."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from strings_of(value.get(key), "")
    elif isinstance(value, list):
        for item in value[:20]:
            if not isinstance(item, list):
                yield from strings_of(item, key)
