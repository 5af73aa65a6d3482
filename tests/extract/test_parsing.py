"""A page's tree is the one that trafilatura makes."""

from __future__ import annotations

import pytest
import trafilatura
from lxml import etree

from tests.extract.pages import page
from worker.extract.parsing import parse_page

XHTML = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/x.dtd">'


@pytest.mark.parametrize(
    "text",
    [
        page(),
        page("Nước lũ đã rút.", "洪水は引いた。", "😀"),
        page("A bell\x07 and a null\x00, \x0b\x1f, \ufffe\uffff and a soft\xadhyphen.\r\n\x85"),
        page().replace("<!DOCTYPE html>", f"{XHTML}\n"),
        page().replace("<html", "\n<html xmlns='http://www.w3.org/1999/xhtml'"),
        f"<!-- html -->{page()}",
        f'<?xml version="1.0" encoding="iso-8859-1"?>\n{page("é")}',
        "<html lang='en'/>\n<head></head><body><p>text</p></body>",
        "<p>no page</p>",
        "<!doctype html>",
        "",
    ],
)
def test_the_tree_is_that_of_trafilatura(text: str) -> None:
    ours, theirs = parse_page(text), trafilatura.load_html(text)
    assert (ours is None) == (theirs is None)
    if ours is not None:
        assert etree.tostring(ours).strip() == etree.tostring(theirs).strip()


def test_half_a_character_does_not_lose_the_page() -> None:
    tree = parse_page(page("The river\ud800 fell."))
    assert tree is not None
    assert "fell." in "".join(tree.itertext())
