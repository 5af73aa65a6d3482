"""Takes out of an extracted text what is obviously no part of the article.

Only whole short paragraphs go, and only by signs that hold on any site: pointers to other
articles ("Read also: ..."), calls to share or subscribe, a repeated title. Nothing is guessed
from style or place: what extraction let through and is not on the list stays.
"""

from __future__ import annotations

import re

_POINTER_CAP = 250
"""Characters up to which a paragraph that begins like a pointer is one."""
_CALL_CAP = 60

_POINTER = re.compile(
    r"\W{0,3}(?:read (?:also|more|next|on)|also read|see also|more on this|related(?: (?:articles?|"
    r"stories|news|posts?|content|topics?|links?))?|you (?:may|might) also like|recommended|"
    r"don't miss|lire aussi|à lire(?: aussi)?|lire également|voir aussi|sur le même sujet|"
    r"lea también|lee también|te puede interesar|más información|ver también|relacionad[oa]s?|"
    r"leia (?:também|mais)|veja também|saiba mais|leggi anche|potrebbe interessarti|"
    r"lesen sie auch|mehr zum thema|auch interessant|siehe auch|lees ook|lees meer|läs (?:också|"
    r"mer|även)|les også|læs også|lue myös|czytaj (?:też|także|więcej)|zobacz (?:też|także)|"
    r"čtěte (?:také|též|více)|čítajte (?:aj|viac)|olvassa el|citește și|citiți și|"
    r"baca juga|baca selengkapnya|baca berita lainnya|simak juga|artikel terkait|"
    r"xem thêm|đọc thêm|tin liên quan|bài liên quan|có thể bạn quan tâm|mời độc giả|>> ?xem|"
    r"читайте (?:также|ещё|еще)|смотрите также|по теме|читайте також|дивіться також|"
    r"прочетете още|вижте още|pročitajte (?:još|i)|διαβάστε (?:επίσης|ακόμη|ακόμα)|"
    r"ilgili haberler?|bunlar da ilginizi çekebilir|اقرأ (?:أيض[اً]+|المزيد)|إقرأ أيض[اً]+|"
    r"مواضيع ذات صلة|بیشتر بخوانید|مطالب مرتبط|مزید پڑھیں|קראו (?:גם|עוד)|"
    r"यह भी पढ़ें|इसे भी पढ़ें|ये भी पढ़ें|আরও পড়ুন|மேலும் படிக்க|"
    r"อ่านเพิ่มเติม|อ่านข่าว|ข่าวที่เกี่ยวข้อง|関連記事|関連ニュース|あわせて読みたい|続きを読む|"
    r"관련\s?기사|함께 보면 좋은|相关(?:阅读|新闻|报道|文章)|"
    r"相關(?:新聞|報導|文章)|延伸閱讀|延伸阅读|"
    r"អានបន្ថែម|ອ່ານເພີ່ມເຕີມ|soma (?:pia|zaidi))"
    r"\s*(?:[:：»>|\-–—…]|$)",
    re.IGNORECASE,
)
_CALL = re.compile(
    r"\W{0,3}(?:share(?: this(?: article| story)?)?|tweet|print|email|copy link|"
    r"follow us(?: on .*)?|"
    r"subscribe(?: now| to .*)?|sign up(?: for .*)?|advertisement|sponsored|loading\W*|"
    r"skip (?:to|past) .*|comments?(?: \(\d+\))?|log ?in|menu|back to top|"
    r"publicité|partager|imprimer|anzeige|werbung|teilen|drucken|compartir|publicidad|imprimir|"
    r"compartilhar|condividi|pubblicità|reklama|udostępnij|реклама|поделиться|bagikan|iklan|"
    r"chia sẻ|quảng cáo|bình luận|paylaş|reklam|إعلان|مشاركة|シェアする|広告|공유하기|광고|"
    r"分享|广告|廣告|"
    r"แชร์|โฆษณา)\W*",
    re.IGNORECASE,
)


def _key(text: str) -> str:
    return re.sub(r"\W+", "", text.casefold())


def drop_residue(paragraphs: list[str], title: str) -> list[str]:
    """Return the paragraphs that belong to the article.

    Args:
        paragraphs: as extracted, in order.
        title: the page's title; a first paragraph that repeats it goes.

    Returns:
        A list, in order; the given one where nothing would be left.
    """
    kept = [
        paragraph
        for paragraph in paragraphs
        if not (len(paragraph) <= _POINTER_CAP and _POINTER.match(paragraph))
        and not (len(paragraph) <= _CALL_CAP and _CALL.fullmatch(paragraph))
    ]
    if len(kept) > 1 and title and _key(kept[0]) == _key(title):
        kept = kept[1:]
    return kept or paragraphs
