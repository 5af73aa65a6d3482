"""A link to a passage ends where a word does: a browser finds nothing that ends within one."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from worker.notify.links import passage_address

ROUND_TABLE = (
    "波尔图5月14日电 肯尼亚与葡萄牙周四在葡萄牙城市波尔图举行的圆桌会议上公布了一项合作计划：到10月"
)


def fragment(passage: str) -> str:
    address, _, words = passage_address(7, passage).partition("#:~:text=")
    assert address == "/matches/7"
    return unquote(words)


@pytest.mark.parametrize(
    ("passage", "words"),
    [
        ("A short passage.", "A short passage."),
        ("A heading\nWhat follows.", "What follows."),
        (
            "On Thursday, 12 February 2026, in the National Cultural Hall in Vientiane, they met.",
            "On Thursday, 12 February 2026, in the National Cultural Hall",
        ),
        (
            f"{ROUND_TABLE}，塔卡翁古近海种植海藻的农民将有自己的实验室。",
            ROUND_TABLE,
        ),
        ("ส่วนเงินกู้จากไทยงวดแรก" * 3 + " จะโอนเมื่อฝ่ายลาวส่งรายงาน", "ส่วนเงินกู้จากไทยงวดแรก" * 3),
        (
            "工場の名称は「RILMA（リルマ）」。 スペイン語の頭文字を取った。",
            "工場の名称は「RILMA（リルマ）」。",
        ),
        ("字" * 90, "字" * 90),
    ],
)
def test_a_passage_is_named_by_whole_words(passage: str, words: str) -> None:
    assert fragment(passage) == words
