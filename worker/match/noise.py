"""Lines on a page that are not the article's prose: told by their shape, and by a few cue words.

A line that names the topic under an unrelated article ("Related: ...") must not match it.
"""

from __future__ import annotations

import re

# What introduces a pointer to another article, in the larger languages of the news. The list only
# adds to the rules of shape below; a language that is not in it loses little.
_POINTER = re.compile(
    r"^[\W_]*(?:"
    r"related|see also|read (?:more|also|next)|more on|also read|up ?next|upcoming|recommended|"
    r"most read|trending|"
    r"(?:à|a) lire(?: aussi| également)?|lire (?:aussi|également)|voir aussi|"
    r"sur le même (?:sujet|thème)|"
    r"mehr zum thema|lesen sie auch|siehe auch|auch interessant|weitere(?:s|r)? zum thema|"
    r"lea también|le puede interesar|vea también|te puede interesar|lee también|más información|"
    r"relacionad[oa]s?|leia (?:também|mais)|veja também|saiba mais|"
    r"leggi anche|potrebbe interessarti|lees ook|meer over|läs (?:också|mer)|les også|læs også|"
    r"lue myös|czytaj (?:też|także|również)|zobacz (?:też|także)|čtěte (?:také|též)|prečítajte si|"
    r"olvasd el|kapcsolódó|citește și|vezi și|прочет(?:ете|и) (?:още|и)|вижте още|"
    r"читайте также|читать (?:также|далее)|по теме|смотрите также|читайте також|дивіться також|"
    r"διαβάστε (?:επίσης|ακόμη|ακόμα)|ilgili haber(?:ler)?|ayrıca oku(?:yun)?|bunu da oku|"
    r"baca (?:juga|lagi|pula)|lihat juga|berita terkait|artikel terkait|simak juga|"
    r"xem thêm|đọc thêm|tin liên quan|bài liên quan|mời (?:bạn )?(?:đọc|xem)|"
    r"basahin (?:din|rin)|soma (?:pia|zaidi)|karanta kuma|"
    r"اقرأ (?:أيض[اً]*|المزيد)|إقرأ أيض[اً]*|شاهد أيض[اً]*|مواضيع ذات صلة|أخبار ذات صلة|"
    r"بیشتر بخوانید|همچنین بخوانید|مطالب مرتبط|مزید پڑھیں|یہ بھی پڑھیں|"
    r"קראו (?:גם|עוד)|כתבות נוספות|עוד בנושא|"
    r"यह भी पढ़ें|ये भी पढ़ें|इसे भी पढ़ें|संबंधित (?:खबरें|समाचार)|आणखी वाचा|हेही वाचा|"
    r"আরও পড়ুন|আরো পড়ুন|மேலும் (?:படிக்க|வாசிக்க)|ఇది కూడా చదవండి|ഇതും വായിക്കുക|"
    r"ข่าวที่เกี่ยวข้อง|อ่านเพิ่มเติม|อ่านต่อ|อ่านข่าว|អានបន្ថែម|អត្ថបទ(?:ដែល)?ទាក់ទង|"
    r"ອ່ານເພີ່ມ|ຂ່າວທີ່ກ່ຽວຂ້ອງ|ဆက်စပ်သတင်း|ဆက်လက်ဖတ်ရှု|"
    r"関連(?:記事|ニュース|リンク)?|あわせて読みたい|おすすめ|相关(?:阅读|新闻|报道|文章)|延伸阅读|推荐阅读|更多阅读|"
    r"相關(?:閱讀|新聞|報導|文章)|延伸閱讀|更多新聞|관련\s?(?:기사|뉴스)|함께\s?읽기|더\s?읽기"
    r")(?:\W|$)",
    re.IGNORECASE,
)
_CREDIT_WORDS = (
    r"photos?|images?|pictures?|credits?|crédit|video|foto|fotos|bild|bilder|imagen|imagem|ảnh|hình|"
    r"фото|снимок|світлина|φωτο(?:γραφία)?|fotoğraf|fotografie|zdjęcie|kép|kuva|picha|gambar|"
    r"الصورة|صورة|تصوير|عکس|צילום|तस्वीर|फोटो|छवि|ছবি|படம்|ภาพ|រូបភាព|រូប|ຮູບ|ဓာတ်ပုံ|"
    r"写真|図|图|图片|图片来源|摄影|攝影|圖|사진"
)
_CREDIT_SIGNS = ":：=/©"
_CREDIT = re.compile(rf"(?:^|[(（\[\s–—-])(?:{_CREDIT_WORDS})\s*[{_CREDIT_SIGNS}]", re.IGNORECASE)
_INLINE_CREDIT = re.compile(
    rf"[(（\[]\s*(?:{_CREDIT_WORDS})(?:\s*[:：=/©][^()（）\[\]]{{0,80}}|\s[^()（）\[\]]{{0,60}})?[)）\]]\s*\|?",
    re.IGNORECASE,
)
_COMMENTS = re.compile(r"^\W*[^\W\d_]{3,20}\W{0,3}\(?\s*\d{1,5}\s*\)?\W*$")
_URL_ONLY = re.compile(r"^\W*(?:[\w ]{0,20}[:：]\s*)?(?:https?://|www\.)\S+\W*$", re.IGNORECASE)
_ENDS_SENTENCE = re.compile(r"[.!?…。！？؟।॥။៕។።։۔:：][\"'”’»」』）)\]]*$")
_UNMARKED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u9fff]{8}")
_BARS = re.compile(r"\s[|•·/]\s|\s[–—-]{1,2}\s")
_ARROWS = re.compile(r"^\s*(?:>{1,3}|»|›|→|▶|►|☛|👉)")


MAX_NOISE_CHARS = 220
"""What is longer is prose."""


def is_noise(line: str, *, from_end: int, is_first: bool) -> bool:
    """Whether a line is a pointer, caption, credit, byline, tag list or counter.

    Args:
        line: without line breaks.
        from_end: 1 for the text's last line, 2 for the one before it, and so on.
        is_first: whether it opens the text (a caption often does; a lead never looks like one).
    """
    if len(line) > MAX_NOISE_CHARS:
        return False
    is_pointer = _POINTER.match(line) or _ARROWS.match(line) or _URL_ONLY.match(line)
    if is_pointer or (_COMMENTS.match(line) and not is_first):
        return True
    if _is_credit(line) and (len(line) <= 160 or line.rstrip().endswith(("|", ")", "）"))):
        return True
    unfinished = not _ENDS_SENTENCE.search(line)
    if unfinished and from_end <= 3 and not is_first:
        # the tail of a page: bylines, desks, tags, lists of other headlines. Thai, Lao, Khmer and
        # Burmese prose often ends a paragraph with no mark at all.
        longest_byline = 24 if _UNMARKED.search(line) else 60
        return len(line) <= longest_byline or bool(_BARS.search(line)) or line.count("#") >= 2
    if line.startswith(("(", "（", "[")) and line.endswith((")", "）", "]")):
        return len(line) <= 80 and from_end <= 3
    return unfinished and (line.count("|") >= 2 or line.count("#") >= 3 or line.count(" • ") >= 2)


def _is_credit(line: str) -> bool:
    return any(map(line.__contains__, _CREDIT_SIGNS)) and bool(_CREDIT.search(line))


def strip_inline_noise(line: str) -> str:
    """Return a line without photo credits in brackets."""
    return _INLINE_CREDIT.sub(" ", line).strip(" |")
