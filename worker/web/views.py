"""Templates and how they are filled: autoescape on, nothing of an article is ever markup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from worker import __version__
from worker.web import words
from worker.web.safety import has_password, safe_link, without_user

HERE = Path(__file__).parent
STATIC = HERE / "static"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in (
        "likelihood", "percent", "language_name", "direction", "lang_attribute", "outcome", "day",
        "minute", "since", "feature_name", "count", "gist",
    ):  # fmt: skip
        environment.filters[name] = getattr(words, name)
    environment.filters["safe_link"] = safe_link
    environment.filters["without_user"] = without_user
    environment.globals.update(
        version=__version__,
        RELATIONS=words.RELATIONS,
        RELATION_MEANS=words.RELATION_MEANS,
        VERDICTS=words.VERDICTS,
        FEED_STATES=words.FEED_STATES,
        has_password=has_password.get,
    )
    return environment


_TEMPLATES = _environment()


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Fill a template.

    Args:
        template: its file's name, without `.html`.
        status: of the answer.
        values: what the template shows.
    """
    return HTMLResponse(_TEMPLATES.get_template(f"{template}.html").render(values), status)
