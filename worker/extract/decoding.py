"""Bytes of a page -> text: whom to believe about the encoding.

Order: byte order mark; valid UTF-8, whatever anybody claims (a wrong prolog is common, text that
happens to be valid UTF-8 is not); the HTTP header and the page's own claim, where a header of
Latin-1 (many servers' default) yields to the page; the usual encoding of the declared language;
charset-normalizer on the text between the tags.
"""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# https://encoding.spec.whatwg.org/#names-and-labels: browsers read these names as the right side
_AS_BROWSERS_READ = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "latin-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "shift_jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "euc_kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
}
_WESTERN = (
    "af",
    "ca",
    "da",
    "de",
    "en",
    "es",
    "eu",
    "fi",
    "fr",
    "gl",
    "id",
    "is",
    "it",
    "ms",
    "nl",
    "no",
    "pt",
    "sq",
    "sv",
    "sw",
)
_BY_LANGUAGE = {
    **dict.fromkeys(_WESTERN, ("cp1252",)),
    "ar": ("cp1256",),
    "be": ("cp1251",),
    "bg": ("cp1251",),
    "cs": ("cp1250", "iso8859-2"),
    "el": ("cp1253",),
    "fa": ("cp1256",),
    "he": ("cp1255",),
    "hr": ("cp1250",),
    "hu": ("cp1250", "iso8859-2"),
    "ja": ("cp932", "euc_jp"),
    "ko": ("cp949",),
    "lt": ("cp1257",),
    "lv": ("cp1257",),
    "mk": ("cp1251",),
    "pl": ("cp1250", "iso8859-2"),
    "ru": ("cp1251", "koi8-r"),
    "sk": ("cp1250",),
    "sl": ("cp1250",),
    "sr": ("cp1251",),
    "th": ("cp874",),
    "tr": ("cp1254",),
    "uk": ("cp1251", "koi8-u"),
    "vi": ("cp1258",),
    "zh": ("gb18030", "big5hkscs"),
}
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.+-]+)", re.IGNORECASE)
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.+-]{2,40})"
    rb"|<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_:.+-]{2,40})",
    re.IGNORECASE,
)
_LANG = re.compile(rb"<html[^>]{0,500}?\slang\s*=\s*[\"']?([A-Za-z]{2,3})", re.IGNORECASE)
_FOREIGN = re.compile(rb"[\x80-\xff][^<>]{0,2000}")
_SNIFFED_BYTES = 4_096
_GUESSED_BYTES = 6_000
_SOME_LOSS = 0.01
"""The share of broken characters that a declared encoding may have: truncation, one bad ad."""


def charset_of(content_type: str) -> str | None:
    """Return the charset that a Content-Type header names, or None."""
    found = _HEADER_CHARSET.search(content_type)
    return found[1] if found else None


def _codec(name: str | None) -> str | None:
    """Return Python's codec for an encoding's name as browsers understand it."""
    if not name:
        return None
    label = name.strip().lower()
    label = _AS_BROWSERS_READ.get(label, label)
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError):
        return None
    if not getattr(info, "_is_text_encoding", True) or info.name in ("idna", "punycode", "utf-7"):
        return None
    if info.name.endswith("_escape"):
        return None
    return _AS_BROWSERS_READ.get(info.name, info.name)


def _loss(text: str) -> float:
    foreign = sum(1 for c in text if c > "\x7f")
    return text.count("\ufffd") / foreign if foreign else 0.0


def _claims(body: bytes, charset: str | None) -> list[str]:
    """Return the codecs that header and page claim, most trusted first."""
    start = body[:_SNIFFED_BYTES]
    header = _codec(charset)
    meta = next(
        (_codec((m[1] or m[2]).decode("ascii")) for m in _META_CHARSET.finditer(start)), None
    )
    if meta and meta.startswith("utf-16"):
        meta = "utf-8"  # the WHATWG rule: a meta that could be read as ASCII is no UTF-16
    claims = [meta, header] if header == "cp1252" else [header, meta]
    return [claim for claim in dict.fromkeys(claims) if claim]


def decode_page(body: bytes, charset: str | None = None) -> str:
    """Decode a page or a plain text. Never raises; what cannot be read becomes U+FFFD.

    Args:
        body: the bytes, without content encoding.
        charset: what the HTTP header claims, if anything.

    Returns:
        The text, without a byte order mark.
    """
    for bom, codec in _BOMS:
        if body.startswith(bom):
            return body.decode(codec, "replace").removeprefix("\ufeff")
    claims = _claims(body, charset)
    if b"\x1b" in body and (iso := next((c for c in claims if c.startswith("iso2022")), None)):
        return body.decode(iso, "replace")
    if claims and claims[0].startswith(("utf-16", "utf-32")) and b"\x00" in body[:200]:
        return body.decode(claims[0], "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for claim in [*claims, "utf-8"]:
        text = body.decode(claim, "replace")
        if _loss(text) <= _SOME_LOSS:
            return text
    return body.decode(_guess(body), "replace")


def _guess(body: bytes) -> str:
    """Guess the encoding of bytes that are no UTF-8 and that nobody names rightly."""
    sample = b" ".join(_FOREIGN.findall(body[:400_000]))[:_GUESSED_BYTES]
    declared = _LANG.search(body[:_SNIFFED_BYTES])
    for codec in _BY_LANGUAGE.get(declared[1].decode().lower(), ()) if declared else ():
        text = sample.decode(codec, "replace")
        if text[:-2].count("\ufffd") <= len(text) * _SOME_LOSS / 2:
            return codec
    from charset_normalizer import from_bytes  # seldom needed, costly to import

    best = from_bytes(sample).best()
    return best.encoding if best else "cp1252"
