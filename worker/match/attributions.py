"""Who is said to speak, in languages whose script does not tell names.

Their news says it in few ways, right before a quotation or right behind it. What comes out is who
is named, with the office; who is only pointed at ("he", "a citizen", "the director") is nobody.
Chinese, Japanese and Korean are read here, Hindi, Bengali and Thai in `worker.match.speakers`.
"""

from __future__ import annotations

import re

from worker.match.speakers import bengali, hindi, thai

_REACH = 90
"""Characters before and behind a quotation in which its speaker is named."""
_ZH_SAYS = (
    "说|說|表示|称|稱|指出|认为|認為|强调|強調|告诉|告訴|回应|回應|"
    "补充|補充|写道|寫道|介绍|介紹|坦言|直言"
)
_ZH_TITLE = (
    "主席|院长|院長|发言人|發言人|部长|部長|局长|局長|会长|會長|团长|"
    "團長|教授|主任|总理|總理|总统|總統|市长|市長|总裁|總裁|董事长|董"
    "事長|经理|經理|代表|专家|專家|学者|學者|研究员|研究員|记者|記者|"
    "律师|律師|大使|先生|女士"
)
_ZH_SURNAME = (
    "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何林高梁郑鄭罗羅宋谢謝唐韩"
    "韓曹许許邓鄧萧蕭冯馮曾程蔡彭潘袁董余苏蘇叶葉吕呂魏蒋蔣田杜丁沈姜范江傅钟鍾卢"
    "盧汪戴崔任陆陸廖姚方金邱夏谭譚韦韋贾賈邹鄒石熊孟秦白柳祁顾顧"
)
_ZH_BEFORE = re.compile(
    rf"(?:^|[。！？；，,”\n])([^。！？；，,“”：:\n]{{2,40}}?)"
    rf"(?:则|則|也|还|還|并|並|随后|隨後|在[^，。]{{1,14}}上?)?"
    rf"(?:{_ZH_SAYS})道?[^。！？“”]{{0,10}}“$"
)
_ZH_BEHIND = re.compile(
    rf"^”?[，,\s]*([^。！？；，,“”\n]{{2,30}}?)(?:[从在对][^，。“”]{{1,12}}|则|也)?(?:{_ZH_SAYS})"
)
_ZH_NAME = re.compile(
    rf"(?:{_ZH_TITLE}|[者人员家])?[\u4e00-\u9fff]{{1,6}}(?:[·・][\u4e00-\u9fff]{{1,8}})+$"
    rf"|(?:{_ZH_TITLE})[\u4e00-\u9fff]{{2,3}}$|^[{_ZH_SURNAME}][\u4e00-\u9fff]{{1,2}}(?:{_ZH_TITLE})?$"
)
_ZH_NO_NAME = re.compile(
    "韩(?:国|方|媒|军|元).?|孟(?:加拉|买.?)|马(?:方|国|来|上|路).?|苏(?:丹|联|州).?|白(?:宫|人|俄).?|"
    "高(?:管|层|盛|校|院|中).?|周(?:[一二三四五六日天末]|围|边|刊).?|方(?:面|案).?|金(?:融|额|价|管).?|董事.?|"
    "石(?:油|化|家庄).?|任(?:何|务|期).?|林(?:业|草).?|范围|程序|顾客.?|江苏.?|沈阳.?|郑州.?|徐州.?|"
    "唐山.?|余(?:下|人).?|田径.?|夏[天季].?"
)
"""What begins like a family name and is none: a country, a day of the week, a board."""
_ZH_WHEN = re.compile(
    "(?:[昨今当前][天日晚]|日前|近日|周[一二三四五六日天]|星期[一二三四五六日天]|[\\d]{1,2}日|[上下]午|晚间|"
    "一致|共同|均|都|们)+$"
)
"""What stands between who says it and the verb."""
_JA_TITLE = (
    "氏|さん|会長|社長|代表|次官|大臣|議員|教授|監督|所長|館長|チーム"
    "長|知事|市長|首相|大統領|委員長|理事長|選手|報道官|長官|部長|局長"
    "|弁護士|医師|博士|主席|議長|大使|院長"
)
_JA_BEFORE = re.compile(
    r"(?:^|[。！？」、\n])([^。！？「」、\n]{3,50}?)[はがも][^。！？「」]{0,24}「$"
)
_JA_BEHIND = re.compile(
    r"^」?と([^。！？「」、\n]{3,40}?)[はが][^。！？「」]{0,12}?(?:述|語|話|言|指摘|強調|説明|訴|笑|明|答)"
)
_JA_NAME = re.compile(
    rf"(?:[ァ-ヴー]+(?:[・＝][ァ-ヴー]+)+|[\u3400-\u9fff々ァ-ヴーA-Za-z]{{2,}}(?:（[^）]*）)?)"
    rf"(?:第?\d?(?:{_JA_TITLE}))?(?:（[^）]*）)?$"
)
_JA_CLAUSE = re.compile(r"^.*を[^ぁ-ん]*[ぁ-ん]*?[たるうく](?=[^ぁ-ん])")
_JA_TITLED = re.compile(
    rf"[\u3400-\u9fff々ァ-ヴー）]{{2,}}?第?\d?(?:{_JA_TITLE})(?:（[^）]*）)?$|・"
)
_JA_BODY = re.compile(
    rf"(?:[省庁局党社県府務防]|官房|協会|連盟|委員会|大学|銀行|研究所|東京都|北海道|[韓中米英]国|シティ|アメリカ|ロシア|"
    rf"フランス|ドイツ|イギリス|イタリア|スペイン|ブラジル|チリ|インド|タイ|ラオス|ベトナム|ウクライナ|トルコ|ケニア|エチオピア|"
    rf"メキシコ|フィリピン|インドネシア|マレーシア|ポーランド|ポルトガル|カナダ|オーストラリア)(?:第?\d?(?:{_JA_TITLE}))$"
)
"""An office of a body or a country, with nobody's name."""
_KO_TITLE = (
    "회장|대표|장관|차관|위원장|이사장|이사|팀장|교수|씨|의원|총리|대"
    "통령|시장|지사|대사|대변인|국장|소장|원장|관장|사장|부장|과장|박"
    "사|변호사|감독|선수|의장|사무총장|검사|판사"
)
_KO_BEFORE = re.compile(
    rf"((?:[가-힣A-Za-z0-9()·]+\s){{1,3}}[가-힣0-9]{{0,6}}(?:{_KO_TITLE})(?:\([^)]*\))?)"
    rf"\s?[은는이가도]\s[^“”\".]{{0,40}}[“\"]$"
)
_KO_BODY = re.compile(
    "[가-힣]*[부청시당처사회측업팀과실]|[가-힣]*(?:정부|그룹|대학교?|병원|은행|자동차|연구[원소])|[한미중영태]국|일본|"
    "러시아|프랑스|독일|베트남|라오스|칠레|인도|우크라이나|이란|이스라엘|캐나다|호주|북한"
)
"""A body or a country; an office of these alone is nobody's name."""
_KO_CLAUSE = ("을", "를", "의", "자", "고", "된", "는", "본", "던")
_QUOTED = re.compile(r"“[^“”]*”|「[^「」]*」")


def speaker_beside(before: str, behind: str, language: str) -> str:
    """Who is named as the speaker of a quotation, or "".

    Args:
        before: its passage up to its words, with the mark that opens it.
        behind: the passage in which it ends, from the mark that closes it on.
        language: one that has a reader here; of others nothing is said.
    """
    find = _FINDERS.get(language)
    # other quotations of the sentence are no part of what introduces this one
    return find(_QUOTED.sub("", before), behind) if find is not None else ""


def _chinese(before: str, behind: str) -> str:
    for match in (_ZH_BEFORE.search(before[-_REACH:]), _ZH_BEHIND.match(behind[:_REACH])):
        if match is not None:
            said = _ZH_WHEN.sub("", match[1].rpartition("的")[2].strip())
            if _ZH_NAME.search(said) and not _ZH_NO_NAME.fullmatch(said):
                return said
    return ""


def _japanese(before: str, behind: str) -> str:
    for match in (_JA_BEFORE.search(before[-_REACH:]), _JA_BEHIND.match(behind[:_REACH])):
        if match is not None:
            said = _JA_CLAUSE.sub("", match[1].rpartition("の")[2].strip())
            is_named = _JA_TITLED.search(said) and _JA_NAME.search(said)
            if is_named and not _JA_BODY.search(said):
                return said
    return ""


def _korean(before: str, _: str) -> str:
    match = _KO_BEFORE.search(before[-_REACH:])
    if match is None:
        return ""
    words = match[1].split()
    # what belongs to a clause in front ("presented by", "who grows grapes") is no part of a name
    last = max((place for place, one in enumerate(words) if one.endswith(_KO_CLAUSE)), default=-1)
    words = words[last + 1 :]
    is_named = any(not _KO_BODY.fullmatch(word) for word in words[:-1])
    return " ".join(words) if is_named and words[0] not in ("한", "그", "이") else ""


_FINDERS = {
    "zh": _chinese,
    "ja": _japanese,
    "ko": _korean,
    "hi": hindi,
    "bn": bengali,
    "th": thai,
}
