"""Templates and how they are filled: autoescape on, nothing of an article is ever markup."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from worker import __version__, locales
from worker.notify.briefs import Block
from worker.notify.factwords import MEASURES, drift_of
from worker.notify.links import passage_address, safe_link
from worker.notify.valuewords import in_readers_words
from worker.web import words
from worker.web.featurewords import feature_name
from worker.web.safety import has_password, without_user
from worker.web.storylines import KINDS
from worker.web.visitors import known_name

HERE = Path(__file__).parent
STATIC = HERE / "static"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.newstyle_gettext = True  # type: ignore[attr-defined]  # values are escaped
    for name in (
        "likelihood", "percent", "language_name", "direction", "lang_attribute", "outcome", "day",
        "minute", "since", "gist", "language_heading", "reason", "sentence",
    ):  # fmt: skip
        environment.filters[name] = getattr(words, name)
    environment.tests["against"] = words.speaks_against
    environment.filters["safe_link"] = safe_link
    environment.filters["passage_address"] = passage_address
    environment.filters["drift"] = drift_of
    environment.filters["in_readers_words"] = in_readers_words
    environment.filters["without_user"] = without_user
    environment.filters["feature_name"] = feature_name
    environment.filters["groupby_level"] = _by_level
    environment.filters["written"] = locales.written
    environment.globals.update(
        _=_gettext,
        gettext=_gettext,
        ngettext=_ngettext,
        pgettext=_pgettext,
        spoken=locales.spoken,
        LANGUAGES=locales.LANGUAGES,
        version=__version__,
        MEASURES=MEASURES,
        RELATIONS=words.RELATIONS,
        RELATION_MEANS=words.RELATION_MEANS,
        VERDICTS=words.VERDICTS,
        KINDS=KINDS,
        FEED_STATES=words.FEED_STATES,
        has_password=has_password.get,
        known_name=known_name.get,
    )
    return environment


def _by_level(blocks: Iterable[Block]) -> list[tuple[int, list[Block]]]:
    """Pieces of a briefing, those of one level that follow each other together: a list, say."""
    grouped = groupby(blocks, key=lambda block: block.level)
    return [(level, list(group)) for level, group in grouped]


def _gettext(message: str, /, **values: object) -> Markup:
    """A message in the reader's language; it may hold markup, its values never do."""
    return Markup(locales.translations().gettext(message)) % values  # noqa: S704


def _ngettext(one: str, many: str, number: int, /, **values: object) -> Markup:
    text = Markup(locales.translations().ngettext(one, many, number))  # noqa: S704
    return text % ({"num": locales.written(number)} | values)


def _pgettext(context: str, message: str, /, **values: object) -> Markup:
    return Markup(locales.translations().pgettext(context, message)) % values  # noqa: S704


_TEMPLATES = _environment()


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Fill a template.

    Args:
        template: its file's name, without `.html`.
        status: of the answer.
        values: what the template shows.
    """
    return HTMLResponse(_TEMPLATES.get_template(f"{template}.html").render(values), status)
