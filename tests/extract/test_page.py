"""extract_article: the text, what is left out, encodings, plain text, and the typed errors."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.extract.pages import NOW, PARAGRAPHS, URL, page
from worker.domain import ExtractedArticle, Outcome
from worker.errors import ParseError
from worker.extract.page import extract_article


def extract(body: str | bytes, content_type: str = "text/html", **options: str) -> ExtractedArticle:
    raw = body.encode() if isinstance(body, str) else body
    return extract_article(raw, url=URL, content_type=content_type, now=NOW, **options)  # type: ignore[arg-type]


def outcome(body: str | bytes, content_type: str = "text/html") -> Outcome:
    with pytest.raises(ParseError) as caught:
        extract(body, content_type)
    return caught.value.outcome


def test_paragraphs_are_kept_apart_and_the_surroundings_left_out() -> None:
    article = extract(page())
    assert article.text == "\n\n".join(PARAGRAPHS)
    assert article.title == "Bridge closed after rain"
    assert article.language == "en"
    assert article.method == "trafilatura-fast"


def test_a_short_text_is_tried_again_in_the_default_mode() -> None:
    article = extract(page(PARAGRAPHS[0], PARAGRAPHS[1]))
    assert article.text == "\n\n".join(PARAGRAPHS[:2])
    assert article.method == "trafilatura"


def test_pointers_and_calls_to_share_are_left_out() -> None:
    text = extract(
        page(
            PARAGRAPHS[0],
            "Read also: Ferry to run every hour from Friday",
            PARAGRAPHS[1],
            "Xem thêm: Cầu cũ đóng cửa sau mưa lớn",
            "関連記事：大雨で橋が通行止めに",
            "Advertisement",
            "Share this article",
            *PARAGRAPHS[2:],
            "Related: Rain will last until Sunday",
        )
    ).text
    assert text == "\n\n".join(PARAGRAPHS)


def test_a_paragraph_that_only_begins_like_a_pointer_stays() -> None:
    longer = "Related costs of the closure are hard to estimate, the mayor said on Wednesday."
    assert longer in extract(page(*PARAGRAPHS, longer)).text


def test_the_text_of_a_script_page_is_taken_from_its_json_ld() -> None:
    body = " ".join(PARAGRAPHS)
    head = (
        "<title>t</title><script type='application/ld+json'>"
        f'{{"@type": "NewsArticle", "headline": "Bridge closed", "articleBody": "{body}"}}</script>'
    )
    article = extract(f"<html><head>{head}</head><body><div id=app></div><p>Hi</p></body></html>")
    assert PARAGRAPHS[1] in article.text
    assert article.title == "Bridge closed"


@pytest.mark.parametrize(
    ("lang", "codec", "said", "text"),
    [
        (
            "ja",
            "shift_jis",
            "Shift_JIS",
            "大雨のため、川にかかる古い橋が火曜日の朝に通行止めとなった。",
        ),
        (
            "ja",
            "euc_jp",
            "EUC-JP",
            "市長によると、けが人はいないが、約三百世帯が避難しなければならない。",
        ),
        ("ja", "iso2022_jp", "ISO-2022-JP", "大雨のため、川にかかる古い橋が通行止めとなった。"),
        ("ko", "euc_kr", "EUC-KR", "폭우로 강을 건너는 오래된 다리가 화요일 아침 폐쇄됐다."),
        (
            "zh",
            "gb18030",
            "GB2312",
            "连续两天暴雨之后，河上的老桥于星期二早上关闭。市长说没有人受伤。",
        ),
        ("zh", "big5", "Big5", "連續兩天暴雨之後，河上的老橋於星期二早上關閉。市長說沒有人受傷。"),
        ("vi", "cp1258", "windows-1258", "Cây câù cũ đa đóng cưa vào sáng thư Ba vì mưa lơn."),
        ("th", "tis_620", "TIS-620", "สะพานเก่าข้ามแม่น้ำถูกปิดเมื่อเช้าวันอังคาร หลังจากฝนตกหนัก"),
        (
            "ru",
            "cp1251",
            "windows-1251",
            "Старый мост через реку закрыли во вторник утром после дождей.",
        ),
        (
            "ru",
            "koi8_r",
            "KOI8-R",
            "Мэр сообщил, что никто не пострадал, однако семьи покинут дома.",
        ),
        (
            "el",
            "cp1253",
            "windows-1253",
            "Η παλιά γέφυρα πάνω από το ποτάμι έκλεισε το πρωί της Τρίτης.",
        ),
        (
            "fr",
            "cp1252",
            "ISO-8859-1",
            "Le vieux pont a été fermé mardi matin après de fortes pluies…",
        ),
        (
            "pl",
            "iso8859_2",
            "ISO-8859-2",
            "Stary most został zamknięty we wtorek rano po ulewnych deszczach.",
        ),
        (
            "ar",
            "cp1256",
            "windows-1256",
            "أُغلق الجسر القديم فوق النهر صباح يوم الثلاثاء بعد يومين.",
        ),
        ("th", "utf_16", "utf-16", "สะพานเก่าข้ามแม่น้ำถูกปิดเมื่อเช้าวันอังคาร หลังจากฝนตกหนัก"),
    ],
)
@pytest.mark.parametrize("where", ["header", "meta", "nowhere"])
def test_encodings(lang: str, codec: str, said: str, text: str, where: str) -> None:
    html = page(*[text] * 6, lang=lang)
    if where == "meta" and codec != "utf_16":
        html = html.replace("<head>", f"<head><meta charset='{said}'>")
    content_type = f"text/html; charset={said}" if where == "header" else "text/html"
    if where == "nowhere" and codec in ("iso2022_jp", "big5", "iso8859_2", "koi8_r"):
        pytest.skip("cannot be told from its rivals on so short a text")
    raw = html.encode(codec, "xmlcharrefreplace")
    assert text in extract(raw, content_type).text


def test_utf8_wins_over_a_wrong_header_and_a_wrong_prolog() -> None:
    html = page("Cây cầu cũ đã đóng cửa sau hai ngày mưa lớn. " * 5, lang="vi")
    html = html.replace("<head>", "<head><meta charset='iso-8859-1'>")
    assert "đã đóng cửa" in extract(html, "text/html; charset=windows-1251").text


def test_a_latin1_header_yields_to_the_page() -> None:
    html = page("Старый мост через реку закрыли во вторник утром. " * 5, lang="ru")
    html = html.replace("<head>", "<head><meta charset='windows-1251'>")
    assert "Старый мост" in extract(html.encode("cp1251"), "text/html; charset=ISO-8859-1").text


def test_a_few_broken_bytes_do_not_change_the_encoding() -> None:
    raw = page("Cây cầu cũ đã đóng cửa sau hai ngày mưa lớn. " * 20, lang="vi").encode()
    raw = raw.replace(b"</article>", b"\xff\xc3 </article>")
    assert "đã đóng cửa" in extract(raw).text


def test_text_is_composed_and_without_control_characters() -> None:
    decomposed = "Ca\u0302\u0300u cu\u0303 \x00\x07\ufffe\u00ad đóng cửa vì mưa lớn kéo dài."
    article = extract(page(*[decomposed] * 12))
    assert "Cầu cũ" in article.text
    assert not any((ord(c) < 32 and c != "\n") or 0xD800 <= ord(c) < 0xE000 for c in article.text)
    assert "\u00ad" not in article.text


def test_plain_text() -> None:
    article = extract(
        "Bridge closed\r\n\r\nFirst\r\nparagraph.\r\n\r\nSecond one.\r\n", "text/plain"
    )
    assert (article.title, article.text) == ("Bridge closed", "First paragraph.\n\nSecond one.")
    assert article.method == "plain-text"
    assert extract("Only one line, without a title.", "text/plain").title == ""
    assert extract("First line\nSecond line", "").text == "Second line"


def test_html_that_is_served_as_plain_text_is_read_as_html() -> None:
    assert extract(page(), "text/plain; charset=utf-8").text == "\n\n".join(PARAGRAPHS)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "text/html"),
        (b" \n\x00 ", "text/html"),
        (b"<html><head><title>x</title></head><body></body></html>", "text/html"),
        (b"<html><body><script>var a = 1;</script></body></html>", "text/html"),
        (b"--- *** ---", "text/plain"),
        (b"%PDF-1.7 ...", ""),
        (b"\x89PNG\r\n\x1a\n", "text/html"),
        (b"{}", "application/json"),
        (b"<html><p>text</p></html>", "image/svg+xml"),
        (b"\xff\xfe", ""),
    ],
)
def test_no_text(body: bytes, content_type: str) -> None:
    assert outcome(body, content_type) is Outcome.NO_TEXT


def test_five_megabytes_are_too_large() -> None:
    assert outcome(page("x " * 2_500_000)) is Outcome.TOO_LARGE


def test_a_library_that_gives_up_becomes_a_typed_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(*_: object, **__: object) -> None:
        raise MemoryError("no more")

    monkeypatch.setattr("worker.extract.tries.Tries.fast", give_up)
    with pytest.raises(ParseError) as caught:
        extract(page())
    assert caught.value.outcome is Outcome.FAILED
    assert isinstance(caught.value.__cause__, MemoryError)


def test_a_task_queue_time_limit_passes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    class SoftTimeLimitExceeded(Exception):  # noqa: N818 - as in billiard: an Exception, no subclass of ours
        pass

    def run_out(*_: object, **__: object) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr("worker.extract.tries.Tries.fast", run_out)
    with pytest.raises(SoftTimeLimitExceeded):
        extract(page())


def outcome_of(body: bytes) -> Outcome:
    """Return how an extraction ended, whatever the bytes."""
    try:
        article = extract(body, "")
    except ParseError as error:
        return error.outcome
    article.text.encode()
    return Outcome.OK if article.text.strip() else Outcome.FAILED


@given(st.binary(max_size=600))
@settings(max_examples=120, deadline=None)
def test_any_bytes_give_an_article_or_a_typed_error(body: bytes) -> None:
    assert outcome_of(body) in (Outcome.OK, Outcome.NO_TEXT, Outcome.BLOCKED)


PIECES = re.split(
    r"\|",
    """
<p>|</p>|<div|>|<a href='|'|"|<script>|</script>|<!--|-->|<|&#xD800;|&#0;|text of the article |
<table><tr><td>|<li>|]]>|<br/>|\x00|<script type='application/ld+json'>{|"@graph":[|
<meta property='og:title' content=|<time datetime=|<html lang=|<base href='http://[
""",
)


@given(st.lists(st.sampled_from(PIECES), max_size=60))
@settings(max_examples=120, deadline=None)
def test_any_markup_gives_an_article_or_a_typed_error(pieces: list[str]) -> None:
    html = "<html><body>" + "".join(pieces)
    assert outcome_of(html.encode()) in (Outcome.OK, Outcome.NO_TEXT, Outcome.BLOCKED)
