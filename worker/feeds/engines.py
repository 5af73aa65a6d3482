"""What news search engines call languages and regions: facts, not code.

Sources: Google News has no documentation; `hl`, `gl` and `ceid` are those of the editions that its
own language switch offers, as collected by open-source clients (the three must agree, or the
answer is a consent page). Bing: "Market and language codes used by Bing News Search APIs"
(learn.microsoft.com); markets marked below are not in that list and are to be confirmed. GDELT:
"GDELT DOC 2.0 API Debuts" (blog.gdeltproject.org) and its LOOKUP-LANGUAGES.TXT.
"""

from __future__ import annotations

from typing import Final

# ISO 639-1 (with a region where one language has several large editions) -> (hl, gl, ceid).
GOOGLE_NEWS: Final[dict[str, tuple[str, str, str]]] = {
    "ar": ("ar", "EG", "EG:ar"),
    "bg": ("bg", "BG", "BG:bg"),
    "bn": ("bn", "BD", "BD:bn"),
    "cs": ("cs", "CZ", "CZ:cs"),
    "de": ("de", "DE", "DE:de"),
    "el": ("el", "GR", "GR:el"),
    "en": ("en-US", "US", "US:en"),
    "en-au": ("en-AU", "AU", "AU:en"),
    "en-gb": ("en-GB", "GB", "GB:en"),
    "en-in": ("en-IN", "IN", "IN:en"),
    "en-sg": ("en-SG", "SG", "SG:en"),
    "es": ("es", "ES", "ES:es"),
    "es-mx": ("es-419", "MX", "MX:es-419"),
    "es-us": ("es-419", "US", "US:es-419"),
    "fr": ("fr", "FR", "FR:fr"),
    "fr-ca": ("fr-CA", "CA", "CA:fr"),
    "he": ("he", "IL", "IL:he"),
    "hi": ("hi", "IN", "IN:hi"),
    "hu": ("hu", "HU", "HU:hu"),
    "id": ("id", "ID", "ID:id"),
    "it": ("it", "IT", "IT:it"),
    "ja": ("ja", "JP", "JP:ja"),
    "ko": ("ko", "KR", "KR:ko"),
    "lt": ("lt", "LT", "LT:lt"),
    "lv": ("lv", "LV", "LV:lv"),
    "ml": ("ml", "IN", "IN:ml"),
    "mr": ("mr", "IN", "IN:mr"),
    "ms": ("ms-MY", "MY", "MY:ms"),
    "nl": ("nl", "NL", "NL:nl"),
    "no": ("no", "NO", "NO:no"),
    "pl": ("pl", "PL", "PL:pl"),
    "pt": ("pt-BR", "BR", "BR:pt-419"),
    "pt-pt": ("pt-PT", "PT", "PT:pt-150"),
    "ro": ("ro", "RO", "RO:ro"),
    "ru": ("ru", "RU", "RU:ru"),
    "sk": ("sk", "SK", "SK:sk"),
    "sl": ("sl", "SI", "SI:sl"),
    "sr": ("sr", "RS", "RS:sr"),
    "sv": ("sv", "SE", "SE:sv"),
    "ta": ("ta", "IN", "IN:ta"),
    "te": ("te", "IN", "IN:te"),
    "th": ("th", "TH", "TH:th"),
    "tr": ("tr", "TR", "TR:tr"),
    "uk": ("uk", "UA", "UA:uk"),
    "vi": ("vi", "VN", "VN:vi"),
    "zh": ("zh-CN", "CN", "CN:zh-Hans"),
    "zh-hk": ("zh-HK", "HK", "HK:zh-Hant"),
    "zh-tw": ("zh-TW", "TW", "TW:zh-Hant"),
}

# ISO 639-1 -> mkt.
BING_NEWS: Final[dict[str, str]] = {
    "da": "da-DK",
    "de": "de-DE",
    "en": "en-US",
    "en-au": "en-AU",
    "en-gb": "en-GB",
    "en-in": "en-IN",
    "es": "es-ES",
    "es-mx": "es-MX",
    "es-us": "es-US",
    "fi": "fi-FI",
    "fr": "fr-FR",
    "fr-ca": "fr-CA",
    "it": "it-IT",
    "ja": "ja-JP",
    "ko": "ko-KR",
    "nl": "nl-NL",
    "no": "no-NO",
    "pl": "pl-PL",
    "pt": "pt-BR",
    "ru": "ru-RU",
    "sv": "sv-SE",
    "tr": "tr-TR",
    "zh": "zh-CN",
    "zh-hk": "zh-HK",
    "zh-tw": "zh-TW",
    # Not in the documented list; the site itself offers them. To be confirmed.
    "ar": "ar-EG",
    "bg": "bg-BG",
    "cs": "cs-CZ",
    "el": "el-GR",
    "he": "he-IL",
    "hi": "hi-IN",
    "hu": "hu-HU",
    "id": "id-ID",
    "ms": "ms-MY",
    "pt-pt": "pt-PT",
    "ro": "ro-RO",
    "sk": "sk-SK",
    "th": "th-TH",
    "uk": "uk-UA",
    "vi": "vi-VN",
}

# ISO 639-1 -> sourcelang, ISO 639-3 as GDELT writes it.
GDELT: Final[dict[str, str]] = {
    "af": "afr", "ar": "ara", "az": "axe", "bg": "bul", "bn": "ben", "bs": "bos", "ca": "cat",
    "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa", "et": "est",
    "fa": "fas", "fi": "fin", "fr": "fra", "gl": "glg", "gu": "guj", "he": "heb", "hi": "hin",
    "hr": "hrv", "hu": "hun", "hy": "hye", "id": "ind", "is": "isl", "it": "ita", "ja": "jpn",
    "ka": "kat", "kk": "kaz", "kn": "kan", "ko": "kor", "lt": "lit", "lv": "lav", "mk": "mkd",
    "ml": "mal", "mn": "mon", "mr": "mar", "ms": "msa", "ne": "nep", "nl": "nld", "no": "nor",
    "pa": "pan", "pl": "pol", "pt": "por", "ro": "ron", "ru": "rus", "si": "sin", "sk": "slk",
    "sl": "slv", "so": "som", "sq": "sqi", "sr": "srp", "sv": "swe", "sw": "swa", "ta": "tam",
    "te": "tel", "th": "tha", "tr": "tur", "uk": "ukr", "ur": "urd", "vi": "vie", "zh": "zho",
}  # fmt: skip

# Documented values of setlang that are not the language of the market.
BING_SETLANG: Final[dict[str, str]] = {
    "no": "nb",
    "pt": "pt-br",
    "pt-pt": "pt-pt",
    "zh": "zh-hans",
    "zh-hk": "zh-hant",
    "zh-tw": "zh-hant",
}

# Host -> seconds between two requests. GDELT answers 429 below 5 s as it says, and below 10 s as
# its users report; Google News answers 503 to eager clients.
REQUEST_PAUSE_S: Final[dict[str, float]] = {
    "gdeltproject.org": 10.0,
    "google.com": 5.0,
    "bing.com": 3.0,
}

# Host -> the shortest time in which a search is worth repeating, in seconds.
QUERY_INTERVAL_S: Final[dict[str, float]] = {
    "api.gdeltproject.org": 3_600.0,  # indexed every 15 minutes; 43 languages at 10 s take 7
    "news.google.com": 1_800.0,
    "www.bing.com": 1_800.0,
}
