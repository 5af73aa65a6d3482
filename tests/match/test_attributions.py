"""Who is named as the speaker of a quotation where letters tell no names."""

from __future__ import annotations

import pytest

from tests.eval.datasets import Attributed, attributed_quotations
from worker.match.attributions import speaker_beside
from worker.match.quotations import quotations
from worker.match.reading import read

CASES = [
    ("zh", "协会主席希梅娜·拉腊吉韦尔说：“过去的事过去了”", "协会主席希梅娜·拉腊吉韦尔"),
    ("zh", "“他们不护照。” 埃塞咖啡研究者塔德塞·戈布说。", "埃塞咖啡研究者塔德塞·戈布"),
    ("zh", "王教授表示，“明年会更好”。", "王教授"),
    ("zh", "他说：“一块旧电池”", ""),
    ("zh", "工厂定名为“海藻实验室”，设在海边。", ""),
    ("ja", "「結ぶ方法を学んだ」とALQEMのテレザ・マトス会長は述べた。", "テレザ・マトス会長"),
    ("ja", "産業省の白度謙第1次官は祝辞で「履歴を共同で管理する」と表明した。", "白度謙第1次官"),
    ("ja", "荷を見守った秦セア品質チーム長は「本にはない」と話した。", "秦セア品質チーム長"),
    ("ja", "所長は「育つ種がある」と話す。", ""),
    ("ja", "「同じ魚を食べる」と同氏は語った。", ""),
    (
        "ko",
        "협회의 시메나 라라기벨 회장은 “한국은 배터리를 만든다”고 했다.",
        "시메나 라라기벨 회장",
    ),
    ("ko", "류태현 대표는 기자들에게 “리튬”이라며 “5년 안에 흑자”고 말했다.", "류태현 대표"),
    ("ko", "포도를 키우는 구본칠(58) 씨는 “체리가 싸다”고 했다.", "구본칠(58) 씨"),
    ("ko", "한 시민은 “이번엔 나에게 쓰겠다”고 말했다.", ""),
    ("zh", "韩国表示：“我们会继续合作”。", ""),
    ("zh", "董事会说：“我们会继续合作”。", ""),
    ("zh", "周三说：“我们会继续合作”。", ""),
    ("zh", "发言人昨天表示：“我们会继续合作”。", ""),
    ("zh", "多名代表一致表示：“我们会继续合作”。", ""),
    ("zh", "新华社记者李明昨天说：“我们会继续合作”。", "新华社记者李明"),
    ("ja", "米国務長官は「計画だ」と話した。", ""),
    ("ja", "日本サッカー協会会長は「計画だ」と話した。", ""),
    ("ja", "中村会長は「計画だ」と話した。", "中村会長"),
    ("ko", "한국 정부 대변인은 “합의했다”고 말했다.", ""),
    ("ko", "서울시 시장은 “합의했다”고 말했다.", ""),
    ("ko", "백도겸 산업통상부 1차관은 “합의했다”고 말했다.", "백도겸 산업통상부 1차관"),
    ("en", "Ann Lee said “it is so”", ""),
]


@pytest.mark.parametrize(("language", "text", "speaker"), CASES)
def test_the_speaker_is_who_is_named(language: str, text: str, speaker: str) -> None:
    opening, closing = "「" if language == "ja" else "“", "」" if language == "ja" else "”"
    start = text.rindex(opening) + 1
    assert speaker_beside(text[:start], text[text.index(closing, start) :], language) == speaker


@pytest.mark.parametrize("one", attributed_quotations(), ids=lambda one: one.before + one.behind)
def test_no_speaker_is_better_than_a_wrong_one(one: Attributed) -> None:
    found = speaker_beside(one.before, one.behind, one.language)
    assert one.speaker in found
    assert bool(found) == bool(one.speaker)
    assert len(found.split()) <= len(one.speaker.split()) + 3


def test_who_speaks_is_told_behind_words_of_several_passages() -> None:
    said = "हमने तीन साल तक बारिश और बाढ़ में इंतज़ार किया और किसी ने हमारी बात नहीं सुनी। "
    reading = read("शीर्षक", f"“{said * 3}अब और नहीं,” किसान नेता बलबीर मलिक ने कहा।", "hi", limit=20)
    (one,) = quotations(reading)
    assert one.last > one.passage
    behind = reading.passages[one.last].text[one.stop :]
    assert speaker_beside("“", behind, "hi") == "किसान नेता बलबीर मलिक"
