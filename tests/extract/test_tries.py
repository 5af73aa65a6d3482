"""Trafilatura's steps, called one by one: the text that its `extract` gives, in both modes."""

from __future__ import annotations

import random
from copy import deepcopy

import pytest
import trafilatura
from lxml import html

from tests.extract.pages import PARAGRAPHS, URL, page
from worker.extract.parsing import parse_page
from worker.extract.tries import VERSIONS, Tries, most_characters

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


def _made_up(number: int) -> html.HtmlElement:
    lots = random.Random(number)
    after = "".join(
        lots.choice(BLOCKS).format(_texts(lots)) for _ in range(lots.choice([0, 1, 4, 12, 30]))
    )
    own = lots.sample(PARAGRAPHS, lots.choice([1, 2, 7]))
    told = page(*own, before=lots.choice(["", "<br>", FORUM]), after=after)
    if number % 3 == 0:  # nothing that tells where the article is
        told = told.replace("<article>", "<div>").replace("</article>", "</div>")
    tree = parse_page(told)
    assert tree is not None
    return tree


@pytest.mark.parametrize("number", range(60))
def test_both_tries_give_the_text_of_trafilatura(number: int) -> None:
    tree = _made_up(number)
    tries = Tries(deepcopy(tree), URL)
    for found, is_fast in ((tries.fast(), True), (tries.thorough(), False)):
        told = trafilatura.extract(deepcopy(tree), url=URL, fast=is_fast, include_comments=False)
        assert found == (told or "")


def test_the_pages_lead_into_all_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = ["baseline", "html2txt", "_recall_retry", "justext_rescue", "compare_extraction"]
    taken = set()

    def watch(name: str) -> None:
        step = getattr(trafilatura.core, name)

        def watched(*args: object) -> object:
            taken.add(name)
            return step(*args)

        monkeypatch.setattr(trafilatura.core, name, watched)

    for name in steps:
        watch(name)
    for number in range(60):
        tries = Tries(_made_up(number), URL)
        tries.fast()
        tries.thorough()
    assert taken == set(steps)


def test_a_page_without_text_has_none() -> None:
    tree = html.fromstring("<html><body><div></div></body></html>")
    tries = Tries(tree, URL)
    assert (tries.fast(), tries.thorough()) == ("", "")


@pytest.mark.parametrize("number", range(60))
def test_the_length_of_a_page_is_never_taken_for_less_than_it_is(number: int) -> None:
    tree = _made_up(number)
    assert most_characters(tree) >= len(trafilatura.html2txt(tree))


def test_of_another_version_its_own_function_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trafilatura, "__version__", "99.0")
    monkeypatch.setattr(trafilatura, "extract", lambda *_, **options: f"fast: {options['fast']}")
    tries = Tries(_made_up(1), URL)
    assert (tries.fast(), tries.thorough()) == ("fast: True", "fast: False")


def test_the_installed_version_is_one_whose_steps_are_known() -> None:
    assert trafilatura.__version__ in VERSIONS, "compare `trafilatura.core.trafilatura_sequence`"
