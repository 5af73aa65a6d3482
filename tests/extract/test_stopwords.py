"""What justext makes of a page does not depend on how its stop words are kept."""

from __future__ import annotations

from justext import core
from justext.utils import get_stoplist, get_stoplists
from lxml import html
from trafilatura import external

import worker.extract.page
from worker.extract.stopwords import StopWords
from worker.warmcalls import PARSER_CALLS

_PARAGRAPHS = (
    "Kapal feri itu berlayar lagi, kata kementerian pada hari Selasa, dan akan terus begitu. " * 3,
    "Пароход снова ходит между островами, сообщило министерство во вторник утром. " * 3,
    "Zqx vrtk plmw 4711 bnmx qwrt zxcv plok mnbv hjkl trew. " * 4,
    "The ferry between both islands SAILS again, the ministry said on Tuesday. " * 3,
)


def test_a_page_with_little_text_is_read_as_by_the_library() -> None:
    page = "".join(f"<div><p>{text}</p></div>" for text in _PARAGRAPHS)
    words = tuple(word for name in get_stoplists() for word in get_stoplist(name))

    def classes(stop_words: object) -> list[str]:
        paragraphs = core.ParagraphMaker.make_paragraphs(html.fromstring(page))
        core.classify_paragraphs(paragraphs, stop_words, 50, 150, 0.1, 0.2, 0.25, True)
        return [paragraph.cf_class for paragraph in paragraphs]

    assert classes(StopWords(words)) == classes(words)
    assert set(classes(words)) == {"good", "bad"}
    own = StopWords(words)
    assert all(word.lower() in own for word in words)
    assert not any(word in own for word in ("zqx", "4711", ""))


def test_the_template_of_parsers_has_them_loaded_once_for_all() -> None:
    *_, (_, args, kwargs) = PARSER_CALLS
    worker.extract.page.extract_article(*args, **kwargs)
    assert isinstance(external.JT_STOPLIST, StopWords)
    assert core.define_stoplist(external.JT_STOPLIST) is external.JT_STOPLIST
