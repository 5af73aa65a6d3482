"""Who is said to speak, in languages whose script does not tell names: Chinese, Japanese, Korean.

Their news says it in few ways, right before a quotation or right behind it. What comes out is who
is named, with the office; who is only pointed at ("he", "a citizen", "the director") is nobody.
"""

from __future__ import annotations

import re

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
_KO_TITLE = (
    "회장|대표|장관|차관|위원장|이사장|이사|팀장|교수|씨|의원|총리|대"
    "통령|시장|지사|대사|대변인|국장|소장|원장|관장|사장|부장|과장|박"
    "사|변호사|감독|선수|의장|사무총장|검사|판사"
)
_KO_BEFORE = re.compile(
    rf"((?:[가-힣A-Za-z0-9()·]+\s){{1,3}}[가-힣0-9]{{0,6}}(?:{_KO_TITLE})(?:\([^)]*\))?)"
    rf"\s?[은는이가도]\s[^“”\".]{{0,40}}[“\"]$"
)
_KO_CLAUSE = ("을", "를", "의", "자", "고", "된", "는", "본", "던")
_QUOTED = re.compile(r"“[^“”]*”|「[^「」]*」")


def speaker_beside(text: str, start: int, end: int, language: str) -> str:
    """Who is named as the speaker of a quotation, or "".

    Args:
        text: its passage.
        start: where its words begin, behind the mark.
        end: where they end, before the mark.
        language: "zh", "ja" or "ko"; of others nothing is said.
    """
    find = _FINDERS.get(language)
    if find is None:
        return ""
    # other quotations of the sentence are no part of what introduces this one
    before = _QUOTED.sub("", text[:start])[-_REACH:]
    return find(before, text[end : end + _REACH])


def _chinese(before: str, behind: str) -> str:
    for match in (_ZH_BEFORE.search(before), _ZH_BEHIND.match(behind)):
        if match is not None:
            said = match[1].rpartition("的")[2].strip()
            if _ZH_NAME.search(said):
                return said
    return ""


def _japanese(before: str, behind: str) -> str:
    for match in (_JA_BEFORE.search(before), _JA_BEHIND.match(behind)):
        if match is not None:
            said = _JA_CLAUSE.sub("", match[1].rpartition("の")[2].strip())
            if _JA_TITLED.search(said) and _JA_NAME.search(said):
                return said
    return ""


def _korean(before: str, _: str) -> str:
    match = _KO_BEFORE.search(before)
    if match is None:
        return ""
    words = match[1].split()
    # what belongs to a clause in front ("presented by", "who grows grapes") is no part of a name
    last = max((place for place, one in enumerate(words) if one.endswith(_KO_CLAUSE)), default=-1)
    words = words[last + 1 :]
    return " ".join(words) if len(words) > 1 and words[0] not in ("한", "그", "이") else ""


_FINDERS = {"zh": _chinese, "ja": _japanese, "ko": _korean}
