"""Bytes -> text: what the bytes themselves say counts more than what the server says of them.

Feeds declare one encoding and come in another often enough (Media Cloud, miniflux), so: a byte
order mark, then UTF-8 if the bytes are UTF-8, then what the XML declaration says, then the HTTP
header. Decoding here and once means that the scan for hostile markup and the parser read the same
characters; encodings in which `<` can hide (UTF-7, EBCDIC) are not decoded at all.
"""

from __future__ import annotations

import codecs
import re
import zlib
from typing import Final

from worker.domain import Outcome
from worker.errors import ParseError

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UTF16_SIGNS: Final = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
# Labels -> the superset that publishers mean, after the WHATWG Encoding Standard.
_LABELS: Final = {
    label: codec
    for codec, labels in {
        "utf-8": "utf-8 utf8 unicode-1-1-utf-8",
        "cp1252": "iso-8859-1 iso8859-1 iso_8859-1 latin1 latin-1 l1 us-ascii ascii windows-1252"
        " cp1252 cp819 ansi_x3.4-1968",
        "iso8859-2": "iso-8859-2 iso8859-2 latin2 l2",
        "iso8859-3": "iso-8859-3",
        "iso8859-4": "iso-8859-4",
        "iso8859-5": "iso-8859-5 cyrillic",
        "iso8859-6": "iso-8859-6 arabic",
        "iso8859-7": "iso-8859-7 greek",
        "iso8859-8": "iso-8859-8 hebrew iso-8859-8-i",
        "cp1254": "iso-8859-9 latin5 windows-1254 cp1254",
        "iso8859-10": "iso-8859-10",
        "iso8859-13": "iso-8859-13",
        "iso8859-14": "iso-8859-14",
        "iso8859-15": "iso-8859-15 latin9 latin-9",
        "iso8859-16": "iso-8859-16",
        "cp1250": "windows-1250 cp1250 x-cp1250",
        "cp1251": "windows-1251 cp1251 x-cp1251",
        "cp1253": "windows-1253 cp1253",
        "cp1255": "windows-1255 cp1255",
        "cp1256": "windows-1256 cp1256",
        "cp1257": "windows-1257 cp1257",
        "cp1258": "windows-1258 cp1258",
        "cp874": "windows-874 tis-620 iso-8859-11",
        "cp866": "ibm866 cp866",
        "koi8-r": "koi8-r koi8 koi",
        "koi8-u": "koi8-u",
        "mac-roman": "macintosh mac x-mac-roman",
        "gb18030": "gb18030 gb2312 gbk gb_2312-80 x-gbk euc-cn",
        "big5hkscs": "big5 big5-hkscs cn-big5 x-x-big5",
        "cp932": "shift_jis shift-jis sjis x-sjis ms_kanji windows-31j cp932",
        "euc-jp": "euc-jp x-euc-jp eucjp",
        "iso2022-jp": "iso-2022-jp",
        "cp949": "euc-kr ks_c_5601-1987 ksc5601 windows-949 cp949 korean",
        "utf-16-le": "utf-16 utf-16le utf16",
        "utf-16-be": "utf-16be",
    }.items()
    for label in labels.split()
}
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)


_GZIP_MAGIC: Final = b"\x1f\x8b\x08"


def unpacked(body: bytes, max_bytes: int) -> bytes:
    """Unpack what is a gzip file itself, such as `sitemap.xml.gz`; anything else is given back.

    Once only, and never more than the cap, whatever the file promises.

    Raises:
        ParseError: TOO_LARGE, or NOT_A_FEED for a file that is damaged or cut off.
    """
    if not body.startswith(_GZIP_MAGIC):
        return body
    decoder = zlib.decompressobj(31)
    try:
        content = decoder.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise ParseError(Outcome.NOT_A_FEED, f"gzip: {error}") from error
    if len(content) > max_bytes:
        raise ParseError(Outcome.TOO_LARGE, f"more than {max_bytes} bytes unpacked")
    if not decoder.eof:
        raise ParseError(Outcome.NOT_A_FEED, "gzip: cut off")
    return content


def decode(body: bytes, content_type: str = "") -> tuple[str, str | None]:
    """Decode a feed.

    Args:
        body: as fetched.
        content_type: the HTTP header, with its charset if it has one.

    Returns:
        The text, and what was wrong with the encoding (None if nothing was). Never raises.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace"), None
    head = body.lstrip()[:2]
    for sign, codec in _UTF16_SIGNS:
        if head == sign:
            return body.decode(codec, "replace"), None
    declared = _labels(body, content_type)
    if declared[:1] == ["iso2022-jp"] and b"\x1b" in body:  # looks like ASCII, so like UTF-8
        return body.decode("iso2022-jp", "replace"), None
    for codec in ["utf-8", *declared]:
        try:
            text = body.decode(codec)
        except UnicodeDecodeError:
            continue
        wrong = declared and codec != declared[0] and not body.isascii()
        return text, f"declared as {declared[0]}, is {codec}" if wrong else None
    codec = declared[0] if declared else "cp1252"
    return body.decode(codec, "replace"), f"not all of it is {codec}"


def _labels(body: bytes, content_type: str) -> list[str]:
    found = _DECLARED.match(body[:1000])
    charset = _CHARSET.search(content_type)
    labels = [found[1].decode("ascii") if found else "", charset[1] if charset else ""]
    return [_LABELS[label.lower()] for label in labels if label.lower() in _LABELS]
