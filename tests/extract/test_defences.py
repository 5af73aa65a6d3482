"""What is left of a page before it is parsed."""

from __future__ import annotations

import pytest

from worker.extract.defences import check_markup, clean_text


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<p>a</p><script>let b = '<p>'</script><p>c</p>", "<p>a</p><script></script><p>c</p>"),
        ("<STYLE media='a>b'>p {}</STYLE ><p>c", "<STYLE media='a>b'></STYLE ><p>c"),
        ("<script>a</script><script>b</script>", "<script></script><script></script>"),
        *(
            (html, html)
            for html in (
                "<script type='application/ld+json'>{}</script>",
                "<script><!-- <script> </script> --></script>",
                "<script>never closed <p>a</p>",
                "<p title='<script>'>a</p><p>b</p></script>",
                "<!-- <script> --><p>a</p></script>",
                "<script-a>b</script-a>",
                "<title><script>a</script></title>",
            )
        ),
    ],
)
def test_only_scripts_and_styles_that_nothing_reads_are_emptied(html: str, left: str) -> None:
    assert check_markup(html) == left


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("One line\nand another", "One line\nand another"),
        ("One\r\ntwo\rthree\x85four\u2028five", "One\ntwo\nthree\nfour\nfive"),
        ("soft\xadhyphen\x07 and\u2060 marks\ufeff", "softhyphen and marks"),
        ("e\u0301te\u0301", "été"),
        ("می\u200cروم\tand\u200b", "می\u200cروم\tand\u200b"),
    ],
)
def test_texts_are_cleaned_of_what_the_store_does_not_take(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned
