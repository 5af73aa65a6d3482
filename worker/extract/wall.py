"""Names pages that stand in front of an article: bot walls and consent walls.

A wall is named only when there is little or no article text: the same scripts and banners also
sit in ordinary pages. Nothing here gets around a wall.
"""

from __future__ import annotations

import re

from worker.domain import Outcome

_FEW_WORDS = 250
"""Characters below which one marker is enough."""
_LITTLE_TEXT = 1_200
"""Characters below which two phrases are enough; a challenge page has a few sentences."""
_WALL_TEXT = 2_500
"""Characters from which a page is no wall; consent texts are long, with lists of purposes."""

# Scripts and ids that only a challenge page has. Cloudflare's /cdn-cgi/challenge-platform/ is not
# among them: it also measures visitors of ordinary pages.
_CHALLENGE_MARKUP = re.compile(
    r"_cf_chl_opt|cf-browser-verification|cf_chl_prog|cf-challenge-running|cf-error-details"
    r"|id=\"challenge-form\"|px-captcha|_pxAppId|captcha-delivery\.com|DataDome\.co/captcha"
    r"|geo\.captcha-delivery|ak_bmsc_challenge|sec-if-cpt-container|sec-cpt-if|/_Incapsula_Resource"
    r"|Incapsula incident ID|aws-waf-token|awsWafCookieDomainList|gokuProps|ddos-guard"
    r"|sucuri_cloudproxy|cpo-challenge|kasada|/149e9513-01fa-4fb0-aad4-566afd725d1b/"
    r"|hcaptcha\.com/1/api|g-recaptcha\"|cf-turnstile|slideCaptcha|TencentCaptcha|acw_sc__v2"
    r"|document\.cookie\s*=\s*\"D1N=",
    re.IGNORECASE,
)
_CONSENT_MARKUP = re.compile(
    r"consent\.(yahoo|google|youtube)\.com|/collectConsent|guce\.|privacy-mgmt\.com|cmpv2\.|"
    r"myprivacy\.dpgmedia|id=\"consent-page\"|class=\"consent-(page|form|overlay)",
    re.IGNORECASE,
)
_CHALLENGE_TITLE = re.compile(
    r"^\W*(just a moment|attention required!? \| cloudflare|access denied|access to this page has "
    r"been denied|are you a (robot|human)|robot check|human verification|bot verification"
    r"|security check|security verification|pardon our interruption|please wait\W*$|"
    r"verify(ing)? (that )?you are (a )?human|one moment, please|checking your browser|ddos-guard"
    r"|403 forbidden|request rejected|un instant|einen moment|nur einen moment|un momento|"
    r"um momento|请稍候|安全验证|访问验证|しばらくお待ちください|잠시만 기다리십시오|"
    r"подождите|один момент|"
    r"проверка браузера|vui lòng chờ|tunggu sebentar|chờ một chút|bir dakika lütfen)",
    re.IGNORECASE,
)
_CONSENT_TITLE = re.compile(
    r"^\W*(before you continue|bevor (sie|du) |avant d.accéder|avant de continuer|prima di "
    r"continuare|antes de (continuar|ir)|voordat je verdergaat|zanim przejdziesz|innan du "
    r"fortsätter|your privacy( choices)?\W*$|privacy settings|privacy gate|dpg media privacy|"
    r"cookie (consent|wall)|datenschutz-?einstellungen|gestion des cookies|"
    r"zustimmung|we value your privacy|yahoo (fait|is part|ist teil|forma|è))",
    re.IGNORECASE,
)
_CHALLENGE_TEXT = re.compile(
    r"(enable|turn on|activate|requires?) javascript|javascript (is|has been) (disabled|required)|"
    r"unusual (traffic|activity)|you (are|may be|have been) (a )?(robot|bot|blocked|human)|"
    r"verify (that )?you('re| are) (a )?(human|not a (ro)?bot)|(i'm|you are|you're) not a robot|"
    r"checking (if the site connection is secure|your browser)|press (&|and) hold|ray id|"
    r"complete the (captcha|security check)|access (to this page )?(has been|is) denied|"
    r"reference (id|#)|automated (access|requests|tools)|solve (this|the) (captcha|puzzle)|"
    r"activer javascript|activez javascript|javascript (aktivieren|activado|habilitar)|"
    r"(включите|включить|необходимо включить) javascript|вы не робот|javascriptを有効|"
    r"启用\s?javascript|開啟\s?javascript|자바스크립트|bật javascript|mengaktifkan javascript|"
    r"không phải (là )?(người máy|robot)|アクセスが拒否|访问被拒绝|"
    r"доступ (к сайту )?(ограничен|запрещ)",
    re.IGNORECASE,
)
_CONSENT_TEXT = re.compile(
    r"(accept|reject|manage|allow) (all|cookies|choices|settings)|we (and our \d* ?partners|use "
    r"cookies|value your privacy)|our \d+ partners|legitimate interests?|personali[sz]ed (ads|"
    r"content)|precise geolocation|store and/or access|cookie[- ](policy|preferences|settings)|"
    r"accept(er|ez) (tout|les cookies)|tout (accepter|refuser)|nos \d* ?partenaires|"
    r"continuer sans accepter|alle (akzeptieren|cookies)|alles accepteren|unsere \d* ?partner|"
    r"berechtigt\w+ interesse|aceptar (todo|todas|cookies)|rechazar tod|nuestros \d* ?socios|"
    r"accetta (tutto|tutti|i cookie)|aceitar (todos|tudo|cookies)|onze \d* ?partners|"
    r"zaakceptuj|akceptuję|принять (все|cookie)|файлы cookie|クッキーを|cookieを|全てのcookie|"
    r"接受所有|쿠키|chấp nhận (tất cả )?cookie|terima semua|tüm çerezleri|souhlasím|acceptera alla",
    re.IGNORECASE,
)

# Whatever the two patterns find has one of these in it, in small letters; most texts have none.
_CHALLENGE_WORDS = (
    *("javascript", "자바스크립트", "unusual", "bot", "blocked", "human", "checking", "hold"),
    *("ray id", "complete the", "denied", "reference", "automated", "solve", "робот"),
    *("không phải", "アクセスが拒否", "访问被拒绝", "доступ"),
)
_CONSENT_WORDS = (
    *("cookie", "accept", "reject", "manage", "allow", "partner", "privacy", "partenaires"),
    *(
        "legitimate interest",
        "personali",
        "geolocation",
        "store and",
        "tout",
        "alle akzeptieren",
        "berechtigt",
        "aceptar",
    ),
    *("rechazar", "socios", "accetta", "aceitar", "akcept", "принять", "クッキー", "接受所有"),
    *("쿠키", "terima semua", "çerez", "souhlas"),
)


def _distinct(pattern: re.Pattern[str], words: tuple[str, ...], text: str) -> int:
    """How many different things a pattern finds in a text in small letters."""
    if not any(word in text for word in words):
        return 0
    return len({found[0] for found in pattern.finditer(text)})


def name_wall(title: str, text: str, html: str) -> Outcome | None:
    """Name the wall that a page is, if it is one.

    Args:
        title: the page's title.
        text: what was extracted as the article, may be empty.
        html: the markup; only its first 200,000 characters are looked at.

    Returns:
        `Outcome.BLOCKED` for a bot wall or consent wall, else None.
    """
    length = len(text)
    if length >= _WALL_TEXT:
        return None
    lowered = text.lower()
    challenges = _distinct(_CHALLENGE_TEXT, _CHALLENGE_WORDS, lowered)
    consents = _distinct(_CONSENT_TEXT, _CONSENT_WORDS, lowered)
    titled = _CHALLENGE_TITLE.search(title) or _CONSENT_TITLE.search(title)
    by_title = titled and (challenges or consents or length < _FEW_WORDS)
    by_text = (
        (challenges >= 2 and length < _LITTLE_TEXT)
        or (challenges and length < _FEW_WORDS)
        or (consents >= 3 and length / consents < 350)
        or (consents and length < _FEW_WORDS)
    )
    if by_title or by_text or _walled_by_markup(length, html[:200_000], consents):
        return Outcome.BLOCKED
    return None


def _walled_by_markup(length: int, markup: str, consents: int) -> bool:
    if length < _FEW_WORDS and _CHALLENGE_MARKUP.search(markup):
        return True
    few = consents > 0 or length < _FEW_WORDS
    return few and length < _LITTLE_TEXT and _CONSENT_MARKUP.search(markup) is not None
