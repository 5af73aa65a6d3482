"""Where a reader may be led to: addresses of articles, and passages on our own pages."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

_FRAGMENT, _LEAST = 60, 20
"""Characters of a passage by which a browser finds it on the match's page: about so many, and at
least."""
_JOINT = re.compile("([。！？｡][」』”）]*) .*")
"""Where sentences of a passage were joined that stand in the page without a space."""
_WORD_ENDS = re.compile("(?=[\\s、。，！？；：「」『』（）【】《》])")
"""Where a word ends for sure, also in scripts without spaces."""


def safe_link(url: str | None) -> str | None:
    """An address that a person may be led to: http or https, a host, no user name, no tricks.

    Everything else (javascript:, data:, a scheme with a tab in it) is shown as text.
    """
    if not url or len(url) > 4096:
        return None
    if any(c == "\\" or c.isspace() or not c.isprintable() for c in url):
        return None
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        return None
    return url if is_web and parts.username is None and parts.password is None else None


def passage_address(match_id: int, passage: str) -> str:
    """Where a passage stands on a match's page; browsers that know text fragments show it at once.

    Args:
        match_id: of the article.
        passage: of its text.
    """
    words = _JOINT.sub(r"\1", " ".join(passage.rpartition("\n")[2].split()))
    ends = [end.start() for end in _WORD_ENDS.finditer(words)]
    # browsers find nothing that ends within a word
    near = [end for end in ends if _LEAST <= end <= _FRAGMENT]
    beyond = [end for end in ends if end > _FRAGMENT]
    if len(words) > _FRAGMENT and (near or beyond):
        words = words[: near[-1] if near else beyond[0]]
    return f"/matches/{match_id}#:~:text={quote(words, safe='').replace('-', '%2D')}"
