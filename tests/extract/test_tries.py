"""Trafilatura's steps, called one by one: the text that its `extract` gives, in both modes."""

from __future__ import annotations

import random
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
import trafilatura
from lxml import html

from tests.extract.pages import PARAGRAPHS, URL, page
from worker.extract.content import length
from worker.extract.parsing import parse_page
from worker.extract.tries import VERSIONS, Tries

FORUM = """<script type="application/ld+json">{"@type": "DiscussionForumPosting"}</script>"""
BLOCKS = (
    "<article>{}</article>",
    "<div class='post-content'>{}</div>",
    "<div class='teaser'>{}</div>",
    "<div id='comments' class='comments'>{}</div>",
    "<div class='infinite-scroll'><h2>More</h2>{}</div>",
    "<aside>{}</aside>",
    "<footer><div>{}</div></footer>",
    "<div class='page-footer'>{}</div>",
    "<div class='cookie-consent-banner'>{}</div>",
    "<form><select><option>{}</option></select></form>",
    "<ul><li><a href='/a'>{}</a></li><li><a href='/b'>More</a></li></ul>",
    "<table><tr><td>{}</td><td>1</td></tr></table>",
    "<div><div>{}</div><div>Text in a box</div></div>",
    "<section><h2>Heading</h2>{}</section>",
    "<blockquote>{}</blockquote>",
    "<template>{}</template>",
    "<nav>" + "<a href='/section'>A section of the paper</a> " * 150 + "{}</nav>",
)


def _texts(lots: random.Random) -> str:
    chosen = lots.sample(PARAGRAPHS, lots.randint(1, 3))
    tag = lots.choice(["p", "p", "div", "span"])
    return "".join(f"<{tag}>{text}</{tag}>" for text in chosen)


def _made_up(number: int) -> str:
    lots = random.Random(number)
    after = "".join(
        lots.choice(BLOCKS).format(_texts(lots)) for _ in range(lots.choice([0, 1, 4, 12, 30]))
    )
    own = lots.sample(PARAGRAPHS, lots.choice([1, 2, 7]))
    told = page(*own, before=lots.choice(["", "<br>", FORUM]), after=after)
    if number % 3 == 0:  # nothing that tells where the article is
        told = told.replace("<article>", "<div>").replace("</article>", "</div>")
    return told


def _tree(source: str) -> html.HtmlElement:
    tree = parse_page(source)
    assert tree is not None
    return tree


def _tries(source: str) -> Tries:
    return Tries(_tree(source), source, URL)


def _is_little(steps: Any, text: str) -> bool:
    """By the length that trafilatura measures, which counts spaces, but no banners."""
    length = len(trafilatura.html2txt(steps.page))
    return len(text) < trafilatura.core.ESCALATION_PAGE_SHARE * length


@pytest.mark.parametrize("number", range(60))
def test_both_tries_give_the_text_of_trafilatura(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.extract.tries._Steps._is_little", _is_little)
    source = _made_up(number)
    tries = _tries(source)
    for found, is_fast in ((tries.fast(), True), (tries.thorough(), False)):
        told = trafilatura.extract(_tree(source), url=URL, fast=is_fast, include_comments=False)
        assert found == (told or "")


def test_the_pages_lead_into_all_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {
        "core": ["baseline", "justext_rescue", "extract_content"],
        "external": ["try_readability", "sanitize_tree"],
        "main_extractor": ["recover_wild_text"],
    }
    taken = set()

    def watch(module: ModuleType, name: str) -> None:
        step = getattr(module, name)

        def watched(*args: object) -> object:
            taken.add(name)
            return step(*args)

        monkeypatch.setattr(module, name, watched)

    for module, names in steps.items():
        for name in names:
            watch(import_module(f"trafilatura.{module}"), name)
    for number in range(60):
        tries = _tries(_made_up(number))
        tries.fast()
        tries.thorough()
    assert taken == {name for names in steps.values() for name in names}


def test_a_first_text_that_does_is_not_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    source = page(*PARAGRAPHS)
    tries = _tries(source)
    monkeypatch.setattr("worker.extract.tries.parse_page", None)
    assert PARAGRAPHS[0] in tries.fast()


@pytest.mark.parametrize(
    ("added", "counted"),
    [
        ("<nav>Five words of a menu</nav>", 16),
        ("<p>One&nbsp;two\n\tthree</p>", 11),
        ("<aside>Elsewhere</aside><footer>Imprint</footer><style>p {}</style>", 0),
        ("<template><p>Shown later</p></template>", 0),
    ],
)
def test_the_length_of_a_page_is_that_of_its_letters(added: str, counted: int) -> None:
    bare, fuller = page(*PARAGRAPHS), page(*PARAGRAPHS, after=added)
    assert length(_tree(fuller)) == length(_tree(bare)) + counted


def test_a_page_without_text_has_none() -> None:
    tries = _tries("<html><body><div></div></body></html>")
    assert (tries.fast(), tries.thorough()) == ("", "")


def test_of_another_version_its_own_function_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trafilatura, "__version__", "99.0")
    monkeypatch.setattr(trafilatura, "extract", lambda *_, **options: f"fast: {options['fast']}")
    tries = _tries(_made_up(1))
    assert (tries.fast(), tries.thorough()) == ("fast: True", "fast: False")


def test_the_installed_version_is_one_whose_steps_are_known() -> None:
    assert trafilatura.__version__ in VERSIONS, "compare `trafilatura.core.trafilatura_sequence`"
