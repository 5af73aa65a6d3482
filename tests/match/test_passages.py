from __future__ import annotations

import pytest

from worker.match.passages import MAX_WIDTH, Passages, paragraphs, sentences, width

ARTICLE = """HARBOUR CITY (Agency) - The council approved the new ferry line on Monday evening.

Photo: A ferry leaves the pier. (Photo: J. Doe)

"We waited nine years for this boat," said the harbour master, Ann Lee.

Read also: Ten ferries that never sailed | Harbour prices rise

By JANE ROE
"""


def test_noise_lines_are_left_out() -> None:
    kept = " ".join(paragraphs(ARTICLE))
    assert "approved the new ferry" in kept
    assert "nine years" in kept
    assert "never sailed" not in kept
    assert "leaves the pier" not in kept
    assert "JANE ROE" not in kept


@pytest.mark.parametrize(
    "line",
    [
        "Baca juga: Film Asia yang tayang bulan ini",
        "Читайте также: Неделя кино собрала полные залы",
        "ข่าวที่เกี่ยวข้อง: กองถ่ายต่างชาติในไทยปีนี้ทำเงินเท่าไร",
        "À lire aussi : Hanoï restaure ses bobines — Le retour des cinémas",
        ">> Đọc thêm: Lịch chiếu ngày 3-7",
        "関連記事：映画祭が開幕",
        "اقرأ أيضاً: افتتاح المهرجان",
        "Comment (0)",
        "https://example.org/news/1",
        "#film #harbour #ferry",
    ],
)
def test_pointers_in_many_languages_are_noise(line: str) -> None:
    body = "The council approved the ferry line on Monday, the mayor said in the evening."
    assert paragraphs(f"{body}\n\n{line}\n\n{body}") == [body, body]


def test_a_last_paragraph_without_a_mark_stays_in_thai() -> None:
    lead = "น้ำเจ้าพระยาเพิ่มสูง อยุธยาเตือนชุมชนริมตลิ่งให้ขนของขึ้นที่สูงภายในวันนี้"
    end = "ทางจังหวัดเตรียมเรือท้องแบน 60 ลำ และเปิดสายด่วน 24 ชั่วโมง"
    assert paragraphs(f"{lead}\n\n{end}") == [lead, end]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Dr. Lee spoke. Then J. R. Smith left.", 2),
        ("会议在周一举行。市长出席了会议！大家都很高兴？", 3),
        ("यह पहला वाक्य है। यह दूसरा है।", 2),
        ("នេះជាប្រយោគទីមួយ។ នេះជាប្រយោគទីពីរ។", 2),
        ("هل وصلت السفينة؟ نعم وصلت.", 2),
        ("ይህ የመጀመሪያው ነው። ይህ ሁለተኛው ነው።", 2),
    ],
)
def test_sentences_end_in_every_script(text: str, count: int) -> None:
    assert len(list(sentences(text))) == count


def test_a_han_character_says_as_much_as_three_letters() -> None:
    assert width("abc") == 3
    assert width("北京市") == 9
    assert width("カナ한") == 6


@pytest.mark.parametrize(
    "text",
    ["word " * 200_000, "x" * 1_000_000, "ก" * 1_000_000, "。" * 1_000_000, "a\n" * 500_000,
     "1234567890" * 100_000, "", "\ud800 lone", "<b>" * 300_000],
)  # fmt: skip
def test_any_text_gives_a_bounded_number_of_passages(text: str) -> None:
    found = Passages(text, limit=40)
    assert len(found) <= 40
    assert all(p.width <= 2 * MAX_WIDTH for p in found)


def test_passages_stand_in_the_text() -> None:
    flat = " ".join(ARTICLE.split())
    assert all(" ".join(p.text.split()) in flat for p in Passages(ARTICLE, limit=40))


@pytest.mark.parametrize("paragraphs_of_it", [1, 5, 9, 60, 200])
def test_passages_are_the_same_in_whatever_order_they_are_asked_for(paragraphs_of_it: int) -> None:
    told = [
        f"Ferry number {n} left the old pier of the town at dawn. {'It was late. ' * (n % 5)}"
        for n in range(paragraphs_of_it)
    ]
    text = "\n\n".join(told)
    whole = tuple(Passages(text, limit=40))
    assert [p.index for p in whole] == list(range(len(whole)))
    by_parts = Passages(text, limit=40)
    for part in (slice(1), slice(2, 4), slice(7), slice(35), slice(-2, None), slice(None)):
        assert tuple(by_parts[part]) == whole[part]
    assert len(by_parts) == len(whole) == min(40, paragraphs_of_it)
    assert by_parts[0] == whole[0]
    assert by_parts[-1] == whole[-1]
