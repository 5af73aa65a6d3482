"""No words stand in a template for themselves: a reader of another language would get English."""

from __future__ import annotations

import re

import pytest
from lxml import html

from worker.web.views import _TEMPLATES

TOLD = ("title", "alt", "placeholder", "label", "aria-label", "aria-description", "content")
"""Attributes that people read or hear; those of data- are handed to scripts, which show them."""
NAMES = re.compile(
    "Seedwatch|UTC|HTTP|Atom|JSON Feed|utf-8|https://|light dark|same-origin"
    "|width=device-width, initial-scale=1"
)
"""What is called the same in every language, and what only the browser reads."""
WORD = re.compile(r"[^\W\d_]{2,}")


def words_of(template: str) -> list[str]:
    """What a template itself says, all that it fills in left out."""
    assert _TEMPLATES.loader is not None
    source, _, _ = _TEMPLATES.loader.get_source(_TEMPLATES, template)
    text = ""
    for _line, kind, value in _TEMPLATES.lex(source):
        if kind == "data":
            text += value
        elif kind == "variable_begin":
            text += "b" if text.endswith(("<", "</")) else " "  # the name of an element
    page = html.fromstring(f"<div>{text}</div>")
    said = [str(one) for one in page.xpath(".//text()[not(ancestor::kbd or ancestor::code)]")]
    said += [
        value
        for element in page.iter()
        for name, value in element.items()
        if name in TOLD or name.startswith("data-")
    ]
    return [one.strip() for one in said if WORD.search(NAMES.sub("", one))]


@pytest.mark.parametrize("template", _TEMPLATES.list_templates())
def test_every_word_of_a_template_is_translated(template: str) -> None:
    assert not words_of(template)
