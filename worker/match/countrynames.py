"""What countries are called, in one language and in English: by CLDR, and by a short table.

Names of territories, names of national languages (nearly always the adjective too: "vietnamien",
"вьетнамский") and of regional ones ("American English") come from CLDR; the table adds what news
calls a few countries and CLDR does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from worker.match.cldr import facts_of
from worker.match.skeleton import LETTERS, is_plain_latin

# What the news writes and CLDR lacks: abbreviations and one-character names in headlines. General
# knowledge of the larger countries, kept short.
_ALSO = {
    "US": "U.S. U.S.A. USA US EEUU EE.UU. EUA É.-U. США ABD ΗΠΑ САЩ СAД САД ZDA USA-nak AS "
    "Amerika America American Americans americano americana americanos americanas "
    "américain américaine américains américaines amerikanische amerikanischen "
    "amerikanischer amerikanisch Hoa_Kỳ Mỹ американск америк амэрык امريكا أمريكا أميركا "
    "الأمريكية الأميركية الأمريكي الأميركي آمریکا ארהב אמריקאי 米国 美国 美國 美方 미국 อเมริกา "
    "สหรัฐ អាមេរិក ອາເມລິກາ အမေရိကန် अमेरिका अमेरिकी আমেরিকা মার্কিন அமெரிக்க అమెరికా "
    "ಅಮೆರಿಕ അമേരിക്ക امریکہ امریکی ამერიკ Marekani Amurka አሜሪካ",
    "GB": "U.K. UK Britain British Briton England English_government Inggris Anh_Quốc "
    "Royaume-Uni britannique britanniques Großbritannien britische britischen britischer "
    "Reino_Unido británico británica británicos britânico britânica британск англи "
    "بريطانيا البريطانية البريطاني 英国 英國 영국 อังกฤษ ब्रिटेन",
    "CN": "Tiongkok China Chinese chinois chinoise 中国 中國 中方 중국 Trung_Quốc",
    "KR": "한국 韓国 韩国 韓國 Hàn_Quốc "
        "Korea_Selatan South_Korea South_Korean Corea_del_Sur Südkorea "
    "südkoreanische Corée_du_Sud sud-coréen sud-coréenne южнокорей كوريا_الجنوبية "
    "เกาหลีใต้",
    "KP": "북한 北朝鮮 朝鲜 Triều_Tiên "
        "Korea_Utara North_Korea North_Korean Corea_del_Norte Nordkorea",
    "DE": "Germany German Germans allemand allemande allemands alemán alemana alemães alemão "
    "alemã deutsche deutschen deutscher Đức 德国 ドイツ 독일 немецк германск ألمانيا الألمانية",
    "FR": "France French français française françaises "
        "Pháp Prancis 法国 法國 フランス 프랑스 французск",
    "JP": "Japan Japanese japonais japonaise Nhật Nhật_Bản Jepang 日本 일본 японск اليابان",
    "VN": "Vietnam Viet_Nam Việt_Nam Việt Vietnamese 越南 ベトナム 베트남",
    "AE": "UAE U.A.E. Emirates Emirati Emirat الإمارات",
    "RU": "Russia Russian Россия российск Nga Rusia 俄罗斯 ロシア 러시아",
    "GR": "Greece Greek Yunani Hy_Lạp griechische grec grecque",
    "NL": "Netherlands Dutch Holland Belanda Hà_Lan niederländische néerlandais",
    "CH": "Switzerland Swiss Schweizer suisse suizo Thụy_Sĩ",
    "TR": "Turkey Turkish Türkiye Turki Thổ_Nhĩ_Kỳ türkische turc turque",
    "CZ": "Czech tschechische tchèque Séc",
    "PL": "Poland Polish polnische polonais Ba_Lan",
    "DK": "Denmark Danish dänische danois Đan_Mạch",
    "SE": "Sweden Swedish schwedische Thụy_Điển",
    "NO": "Norway Norwegian norwegische Na_Uy",
    "ES": "Spain Spanish español Tây_Ban_Nha",
    "PE": "Peru Peruvian",
    "PT": "Portugal Portuguese Bồ_Đào_Nha",
    "IE": "Ireland Irish",
    "CD": "DR_Congo DRC RDC Congolese",
    "PH": "Philippines Filipino Philippine Filipina Pilipinas",
}  # fmt: skip
UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
WORD = re.compile(rf"{LETTERS}(?:[.'’-]{LETTERS})*\.?")
MIN_STEM = 4
_BEGINNING = 4
"""Letters by which most words are told from countries."""
_CASED = frozenset(
    " "
    "abcdefghijklmnopqrstuvwxyzáàâãäåæçèéêëíìîïñóòôõöøúùûüýабвгдежзийклмнопрстуфхцчшщэюяαβγδεζηθικλμνξοπρστυφχψω"
)


class CountryNames:
    """The names of countries in one language (and English), ready to be looked for."""

    def __init__(self, language: str) -> None:
        self.words: dict[str, str] = {}
        self.territories: set[str] = set()
        self.stems: dict[str, str] = {}
        self.phrases: list[tuple[str, str]] = []
        self.unspaced: list[tuple[str, str]] = []
        if language == "en":
            self._add_table()
        else:
            self._add_all(names_of("en"))
        self._add_language(language)
        self.unspaced.sort(key=lambda pair: -len(pair[0]))
        self.phrases.sort(key=lambda pair: -len(pair[0]))
        self._beginnings = {name.casefold()[:_BEGINNING] for name in (*self.words, *self.stems)}
        self._by_space: dict[str, list[int]] = {}
        for number, (phrase, _) in enumerate(self.phrases):
            mark = next(iter(_around_spaces(phrase)), "")
            self._by_space.setdefault(mark if len(mark) == 4 else "", []).append(number)

    def telling(self, words: Iterable[str]) -> dict[str, list[str]]:
        """Return those of some words that name countries, and the codes that each counts for."""
        found = {}
        for word in self._may_be(words):
            parts = (word, *word.split("-")) if "-" in word else (word,)
            if codes := [code for part in parts if (code := country_of(part, self))]:
                found[word] = codes
        return found

    def _may_be(self, words: Iterable[str]) -> list[str]:
        """Return the words that may be a country's by a beginning: one of twenty."""
        known, length = self._beginnings, _BEGINNING
        return [
            word
            for word in words
            if word[:length].casefold()[:length] in known
            or (word[-1] == "." and word[:-1][:length].casefold()[:length] in known)
            or "-" in word
        ]

    def phrases_in(self, folded: str) -> list[tuple[str, str]]:
        """Return the names of several words that are in a text, longest first.

        Args:
            folded: the text, in small letters.
        """
        by_space = self._by_space
        marks = by_space.keys() & {"", *_around_spaces(folded)}
        numbers = {number for mark in marks for number in by_space[mark]}
        return [pair for n in sorted(numbers) if (pair := self.phrases[n])[0] in folded]

    def _add_table(self) -> None:
        for code, names in _ALSO.items():
            for name in names.split():
                self._add(name.replace("_", " "), code, as_is=True)

    def _add_all(self, others: CountryNames) -> None:
        self.words |= others.words
        self.territories |= others.territories
        self.stems |= others.stems
        self.phrases += others.phrases
        self.unspaced += others.unspaced

    def _add_language(self, code: str) -> None:
        facts = facts_of(code)
        for name, country in facts.countries:
            for part in re.split(r"\s*[(（,]\s*", name):
                self._add(part.strip(" )）"), country)
                self.territories.add(part.strip(" )）").casefold())
        for name, country in facts.adjectives:
            self._add(name, country)

    def _add(self, name: str, code: str, *, as_is: bool = False) -> None:
        folded = name.casefold()
        if not folded:
            return
        if UNSPACED.search(name):
            # "Chad" is the word for nation in Lao, and part of others in Thai.
            if as_is or (len(name) > 1 and not (code == "TD" and len(name) < 4)):
                self.unspaced.append((folded, code))
        elif " " in folded:
            self.phrases.append((folded[:-2] if len(folded) > 9 and not as_is else folded, code))
        else:
            key = name if name.isupper() and len(name) <= 6 else folded
            self.words.setdefault(key, code)
            # Endings differ by case and gender: the stem counts as a beginning of words.
            stem = folded[: max(MIN_STEM, len(folded) - 1 - (len(folded) > 7))]
            if len(stem) > MIN_STEM:
                self.stems.setdefault(stem, code)


def _around_spaces(text: str) -> list[str]:
    """Return the two letters on either side of each space of a text."""
    return [before[-2:] + after[:2] for before, after in pairwise(text.split(" "))]


@lru_cache(maxsize=64)
def names_of(language: str) -> CountryNames:
    """Return the names of countries in a language (ISO 639-1), read once."""
    return CountryNames(language)


@lru_cache(maxsize=16_384)
def country_of(word: str, names: CountryNames) -> str | None:
    """Return the country, ISO 3166, that a word names by itself or by its beginning, if any."""
    if word.isupper() and len(word) <= 7:
        return names.words.get(word) or names.words.get(word.rstrip("."))
    folded = word.casefold().rstrip(".")
    exact = names.words.get(folded)
    # "reunión" is a meeting; what is not capitalised can only be an adjective ("vietnamita")
    if exact:
        is_noun = word.islower() and folded in names.territories and word[0] in _CASED
        return None if is_noun else exact
    for length in range(min(len(folded), 14), MIN_STEM, -1):
        if folded[:length] in names.stems and len(folded) - length <= 6:
            return names.stems[folded[:length]]
    return None


@lru_cache(maxsize=256)
def marks_of(language: str, codes: frozenset[str]) -> tuple[list[str], list[str]]:
    """Return what a text in Latin letters has if it names one of some countries.

    One of the first as it is, or one of the others in small letters; none has white space.
    """
    names = names_of(language)
    named = (*names.words.items(), *names.stems.items(), *names.phrases)
    told = {mark for mark, code in named if code in codes and is_plain_latin(mark)}
    marks = {max(mark.split(), key=len) for mark in told}
    loud = {mark for mark in marks if mark != mark.casefold()}
    return _shortest(loud), _shortest(marks - loud)


def _shortest(marks: set[str]) -> list[str]:
    """Return those that have none of the others in them: who has "vietnam" has "vietna"."""
    return sorted(one for one in marks if not any(mark in one for mark in marks - {one}))
