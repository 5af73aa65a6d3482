"""Which writing system a text is in, and which languages that leaves.

Many languages have a script of their own: there the script alone decides, which no detector
trained on n-grams does better (langdetect knows no Khmer, Lao, Burmese, Amharic, Armenian or
Georgian and answers with whatever else stands in the text).
"""

from __future__ import annotations

import string
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

# (first code point, script); a script ends where the next one begins. "" holds no letters of use.
_STARTS: tuple[tuple[int, str], ...] = (
    (0x0000, "Latn"), (0x0250, "Latn"), (0x02B0, ""), (0x0370, "Grek"), (0x0400, "Cyrl"),
    (0x0530, "Armn"), (0x0590, "Hebr"), (0x0600, "Arab"), (0x0700, ""), (0x0750, "Arab"),
    (0x0780, "Thaa"), (0x07C0, "Nkoo"), (0x0800, ""), (0x0860, "Arab"), (0x0900, "Deva"),
    (0x0980, "Beng"), (0x0A00, "Guru"), (0x0A80, "Gujr"), (0x0B00, "Orya"), (0x0B80, "Taml"),
    (0x0C00, "Telu"), (0x0C80, "Knda"), (0x0D00, "Mlym"), (0x0D80, "Sinh"), (0x0E00, "Thai"),
    (0x0E80, "Laoo"), (0x0F00, "Tibt"), (0x1000, "Mymr"), (0x10A0, "Geor"), (0x1100, "Hang"),
    (0x1200, "Ethi"), (0x13A0, ""), (0x1780, "Khmr"), (0x1800, "Mong"), (0x18B0, ""),
    (0x19E0, "Khmr"), (0x1A00, ""), (0x1C80, "Cyrl"), (0x1C90, "Geor"), (0x1CC0, ""),
    (0x1E00, "Latn"), (0x1F00, "Grek"), (0x2000, ""), (0x2C60, "Latn"), (0x2C80, ""),
    (0x2D00, "Geor"), (0x2D30, "Tfng"), (0x2D80, "Ethi"), (0x2DE0, "Cyrl"), (0x2E00, ""),
    (0x3041, "Kana"), (0x3100, "Bopo"), (0x3130, "Hang"), (0x3190, ""), (0x31F0, "Kana"),
    (0x3200, ""), (0x3400, "Hani"), (0x4DC0, ""), (0x4E00, "Hani"), (0xA000, ""),
    (0xA640, "Cyrl"), (0xA6A0, ""), (0xA720, "Latn"), (0xA800, ""), (0xA8E0, "Deva"),
    (0xA900, ""), (0xA960, "Hang"), (0xA980, ""), (0xA9E0, "Mymr"), (0xAA00, ""),
    (0xAA60, "Mymr"), (0xAA80, ""), (0xAB00, "Ethi"), (0xAB30, "Latn"), (0xAB70, ""),
    (0xAC00, "Hang"), (0xD7B0, "Hang"), (0xD800, ""), (0xF900, "Hani"), (0xFB00, "Latn"),
    (0xFB13, "Armn"), (0xFB1D, "Hebr"), (0xFB50, "Arab"), (0xFE00, ""), (0xFE70, "Arab"),
    (0xFEFF, ""), (0xFF21, "Latn"), (0xFF5B, ""), (0xFF66, "Kana"), (0xFFA0, "Hang"),
    (0xFFE0, ""), (0x20000, "Hani"), (0x323B0, ""),
)  # fmt: skip
_ASCII, _LATIN = bytes(range(128)), string.ascii_letters.encode()
_FIRST = tuple(start for start, _ in _STARTS)
_WEIGHT = {"Hani": 3.0, "Kana": 2.0, "Hang": 2.0, "Ethi": 1.5}
"""How many letters of an alphabet one sign says as much as."""

ONE_LANGUAGE: Mapping[str, str] = {
    "Grek": "el",
    "Armn": "hy",
    "Thaa": "dv",
    "Guru": "pa",
    "Gujr": "gu",
    "Orya": "or",
    "Taml": "ta",
    "Telu": "te",
    "Knda": "kn",
    "Mlym": "ml",
    "Sinh": "si",
    "Thai": "th",
    "Laoo": "lo",
    "Mymr": "my",
    "Geor": "ka",
    "Hang": "ko",
    "Khmr": "km",
    "Mong": "mn",
    "Kana": "ja",
}
"""Scripts that in news mean one language."""

# Forms that only one side writes. Simplified characters that Japan writes too (国, 会, 学, 来) and
# traditional ones that it kept (東, 門, 話) are on neither list.
_JAPANESE_FORMS = frozenset(
    "円気対発経売図駅県単戦総労働込畑辻峠圏塩検験権転伝広辺桜沢浜鉄価両帰氷応団拠読"
)
_CHINESE_FORMS = frozenset(
    "这们为说时对过还样关门问间见话请让进远连边达运动东车书长马鸟鱼龙华电网飞业习乡买卖访选谈"
    "這們說對會樣關讓邊鄉賣國發經單戰總勞實點黨當聲寫數參號體學來萬兩圖圍廣應權歡氣澤濱獨獎稱"
    "處變讀豐轉醫鐵雜顯齊的很也吗呢吧她你您"
)
_YIDDISH = frozenset("ײױװﬞאַאָ") - frozenset("א")
_TIGRINYA = frozenset("ኣቐቑቒቓቔቕቖቘኸኹኺኻኼኽኾዀ")
_AMHARIC_WORDS = ("ነው", "ናቸው", "ነበር", "ውስጥ", "ላይ", "አዲስ")
_TIGRINYA_WORDS = ("እዩ", "ናይ", "ኣብ", "እዮም", "ብዛዕባ", "ካብ", "ድማ", "እቲ")


def count_scripts(text: str) -> dict[str, float]:
    """Return the weighted number of letters by script (ISO 15924), without digits and signs."""
    counts: dict[str, float] = {}
    encoded = text.encode("utf-8", "surrogatepass")
    if latin := len(encoded) - len(encoded.translate(None, _LATIN)):
        counts["Latn"] = float(latin)
    others = encoded.translate(None, _ASCII).decode("utf-8", "surrogatepass")
    for char, number in Counter(others).items():
        if script := _script(char):
            counts[script] = counts.get(script, 0.0) + number * _WEIGHT.get(script, 1.0)
    return counts


@lru_cache(maxsize=10_000)
def _script(char: str) -> str:
    """The script of a letter or mark, "" for what is neither."""
    if char.isalpha() or unicodedata.category(char) in ("Mn", "Mc"):
        return _STARTS[bisect_right(_FIRST, ord(char)) - 1][1]
    return ""


def main_script(counts: Mapping[str, float]) -> str:
    """Return the script with the most weight; Japanese is "Kana" from a tenth of kana on."""
    if not counts:
        return ""
    kana, han = counts.get("Kana", 0.0), counts.get("Hani", 0.0)
    merged = {script: weight for script, weight in counts.items() if script not in ("Kana", "Hani")}
    merged["Kana" if kana and kana >= 0.07 * han else "Hani"] = kana + han
    return max(merged, key=lambda script: merged[script])


def han_language(text: str) -> tuple[str, float]:
    """Tell Chinese from Japanese in a text of Han characters with little or no kana.

    Returns:
        "zh" or "ja", and how sure (0..1).
    """
    chars = Counter(text)
    japanese = sum(chars[c] for c in _JAPANESE_FORMS)
    chinese = sum(chars[c] for c in _CHINESE_FORMS)
    if japanese > chinese:
        return "ja", 0.6 if chinese else 0.7
    if chinese:
        return "zh", min(0.99, 0.8 + 0.03 * (chinese - japanese))
    return "zh", 0.5 if len(chars) < 12 else 0.7


def hebrew_language(text: str) -> str:
    """Tell Yiddish from Hebrew by the letters that only Yiddish writes."""
    return "yi" if sum(text.count(c) for c in _YIDDISH) * 50 > len(text) else "he"


def ethiopic_language(text: str) -> tuple[str, float]:
    """Tell Tigrinya from Amharic by letters and words; how sure is 0..1."""
    tigrinya = sum(text.count(c) for c in _TIGRINYA) + 2 * sum(
        text.count(w) for w in _TIGRINYA_WORDS
    )
    amharic = text.count("አ") + 2 * sum(text.count(w) for w in _AMHARIC_WORDS)
    total = tigrinya + amharic
    code = "ti" if tigrinya > amharic else "am"
    return code, 0.6 if total < 2 else 0.5 + 0.49 * abs(tigrinya - amharic) / total
