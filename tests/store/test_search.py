"""Search finds the same on both databases, in every script, whatever is typed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes import FakeClock
from tests.web.filling import Found, fill
from worker.domain import DetectedLanguage, Outcome, Relation, TextSource
from worker.records import ArticleResult, MatchFilter
from worker.store.feeds import hash_of
from worker.store.folding import MAX_TEXT, pieces_of, tokens_of
from worker.store.search import terms_of
from worker.store.store import Store

CORPUS = {
    "en": ("Film park opens in Kilifi", "The park's 4.2 million euros; “a co-operation”, it says."),
    "fr": ("L'École du cinéma", "Le Parc du film ouvre à Kilifi, en coopération avec le Việt Nam."),
    "vi": ("Hợp tác điện ảnh", "Đại học Harvard bàn về công viên điện ảnh Việt Nam."),
    "zh": ("越南电影公园开幕", "哈佛大学与越南合作拍摄电影，票房达3亿。"),
    "ja": ("映画祭がベトナムで開幕", "ハーバード大学の映画公園。ﾊﾟｰｸは10月に。"),
    "th": ("สวนภาพยนตร์เวียดนาม", "มหาวิทยาลัยฮาร์วาร์ดร่วมมือกับเวียดนามเรื่องภาพยนตร์"),
    "ko": ("베트남 영화공원 개막", "하버드대학교는 영화를 논의했다."),
    "ar": ("الجامعة والسينما", "وَقّعت جامعةُ هارفارد اتفاقًا مع فيتنام في عام ٢٠٢٥."),
    "hi": ("फ़िल्म पार्क", "हार्वर्ड में वियतनाम की फ़िल्मों पर बैठक।"),
    "ru": ("Парк кино во Вьетнаме", "Ещё один договор о кино."),
    "tr": ("İSTANBUL'da film", "ISPARTA ve Iğdır da katıldı."),
    "de": ("Filmpark in der Straße", "GROSSE Übersicht über 50% der_Filme."),
}  # fmt: skip

WANTED = {
    "film": "en fr tr de",  # also finds Filme and Filmpark
    '"film"': "en fr tr",
    "film park": "en",
    "filmpark": "de",
    '"film park"': "en",
    '"park film"': "",
    "kilifi film": "en fr",
    "ecole": "fr",
    "ÉCOLE CINEMA": "fr",
    "hop tac": "vi",
    "hợp tác": "vi",
    "dien anh": "vi",
    '"điện ảnh việt nam"': "vi",
    "viet nam": "fr vi",
    "电影": "zh",
    "电影公园": "zh",
    "公园电影": "",
    "电": "zh",
    "映画": "ja",
    "映画公園": "ja",
    "園": "ja",
    "幕": "zh ja",
    "パーク": "ja",
    "ﾊｰﾊﾞｰﾄﾞ": "ja",
    "はーばーど": "",
    "ภาพยนตร์": "th",
    "เวียดนาม ภาพยนตร์": "th",
    "นามเวียด": "",
    "영화": "ko",
    "영화공원": "ko",
    "베트남 하버드": "ko",
    "جامعة": "ar",
    "الجامعة": "ar",
    "جامعه هارفارد": "ar",
    "2025": "ar",
    "फ़िल्म": "hi",
    "фильм": "",
    "кино вьетнам": "ru",
    "еще": "ru",
    "istanbul": "tr",
    "strasse": "de",
    "STRAßE große": "de",
    "4.2": "en",
    "co-operation": "en",
    "cooperation": "fr",
    "3亿": "zh",
}
HARMLESS = {
    '"': "", "'": "", "*": "", "%": "", "_": "", "\\": "", "()": "", "AND": "", "NOT": "", "-": "",
    "film AND": "", 'film"': "en fr tr de", "film*": "en fr tr de", "(film": "en fr tr de",
    "tokens:film": "", "fil%": "", "film' OR 1=1 --": "", "^film": "en fr tr de",
    "film:*": "en fr tr de", "\0film": "en fr tr de", "film\ud800": "en fr tr de", "🎬": "",
    'film "': "en fr tr de", "NEAR(film kilifi)": "", "film & !kilifi": "en fr", "": "", " ": "",
}  # fmt: skip


@pytest.fixture
def found(store: Store, clock: FakeClock) -> Callable[..., str]:
    fill(store, clock, *(Found(title, text, code) for code, (title, text) in CORPUS.items()))

    def languages(text: str, **more: object) -> str:
        rows = store.matches.rows(MatchFilter(text=text, **more))  # type: ignore[arg-type]
        return " ".join(sorted((row.language for row in rows), key=list(CORPUS).index))

    return languages


def test_every_script_is_found_alike_on_both(found: Callable[..., str]) -> None:
    assert {text: found(text) for text in WANTED} == WANTED


def test_no_query_syntax_gets_through(found: Callable[..., str]) -> None:
    assert {text: found(text) for text in HARMLESS} == HARMLESS


def test_search_goes_with_filters_and_pages(store: Store, clock: FakeClock) -> None:
    ids = fill(store, clock, *(Found(f"kelp {number}", language="en") for number in range(5)))
    clock.advance(hours=1)
    fill(store, clock, Found("kelp", language="fr"), Found("kelp", relation=Relation.UNRELATED))
    wanted = MatchFilter(text="kelp", language="en", limit=2)
    first = [row.id for row in store.matches.rows(wanted)]
    assert first == ids[:2:-1]
    before = MatchFilter(text="kelp", language="en", limit=2, before_id=first[-1])
    assert [row.id for row in store.matches.rows(before)] == [ids[2], ids[1]]
    assert store.matches.verdict_counts(MatchFilter(text="kelp")) == {None: 6}
    assert store.matches.newer_id(MatchFilter(text="kelp"), ids[0]) == ids[1]


def test_a_new_version_is_found_by_its_own_words(store: Store, clock: FakeClock) -> None:
    (match_id,) = fill(store, clock, Found("old title", "seaweed 海藻"))
    article_id = store.matches.get(match_id).article_id
    with store.database.write() as connection:
        connection.execute(sa.text("UPDATE article SET state = 'pending', token = NULL"))
    (job,) = store.articles.claim([article_id])
    result = ArticleResult(
        job, Outcome.MATCHED, title="new title", text="algae 電影", text_source=TextSource.PAGE,
        language=DetectedLanguage("ja", 0.9), content_hash=hash_of("new"),
        matches=(_like(store, match_id),),
    )  # fmt: skip
    assert store.articles.finish([result], {})

    def count(text: str) -> int:
        return len(list(store.matches.rows(MatchFilter(text=text))))

    assert [count(text) for text in ("seaweed", "海藻", "old")] == [0, 0, 0]
    assert [count(text) for text in ("algae", "電影", "new title")] == [1, 1, 1]
    assert store.matches.language_counts() == {"ja": 1}


def _like(store: Store, match_id: int):  # type: ignore[no-untyped-def]
    from tests.web.filling import _match

    return _match(Found("x", language="ja"))


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_folds_into_tokens_that_need_no_quoting(text: str) -> None:
    tokens = tokens_of(text, "").split(" ")
    assert all(re.fullmatch(r"[^\x00-\x2f\x3a-\x60\x7b-\x7f]+", token) for token in tokens if token)
    assert all(len(token) <= 40 for token in tokens)
    terms = terms_of(text)
    assert " " not in "".join(terms.whole + terms.starts)
    stored = f" {' '.join(tokens)} "
    if '"' not in text and not any(quote in text for quote in "“”„«»「」『』"):
        assert all(f" {token} " in stored for token in terms.whole)
        assert all(f" {start}" in stored for start in terms.starts)
        assert all(phrase in stored for phrase in terms.phrases)


def test_very_long_texts_are_bounded(store: Store, clock: FakeClock) -> None:
    letters = "".join(chr(0x4E00 + (n * 7919) % 20_000) for n in range(MAX_TEXT + 5_000))
    (match_id,) = fill(store, clock, Found("x" * 1_000, letters))
    assert [row.id for row in store.matches.rows(MatchFilter(text=letters[100:104]))] == [match_id]
    assert not list(store.matches.rows(MatchFilter(text="x" * 1_000 + " y")))
    assert len(list(store.matches.rows(MatchFilter(text=letters[:5_000])))) == 1


def test_pieces() -> None:
    assert [piece.text for piece in pieces_of("iPhone版 a‌b ก็")] == ["iphone", "版", "ab", "ก็"]
