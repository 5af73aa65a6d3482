"""Which query parameters say where a reader came from, and not what is read.

Names come from what newsrooms, search engines and social networks append to links. Where a name
may as well be an article's id on some news system (`cid`, `id`, `uid`, `source`, `p`), it is not
here: a lost id would make one article of a whole site.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TRACKER_PREFIXES = (
    "utm_", "utm-", "mtm_", "pk_", "piwik_", "matomo_", "hsa_", "ga_", "at_", "ns_", "vero_",
    "oly_", "itm_", "vn_", "fb_", "cx_", "guce_", "_hs", "__hs", "__cft__", "__tn__", "wt_", "wt.",
    "sc_", "trk_", "mkt_", "dm_", "rb_clickid",
)  # fmt: skip
"""`at_`: the BBC's and AT Internet's; `vn_`: VnExpress' feeds; `ns_`: comScore's."""

TRACKER_NAMES = _words(
    """
    fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid ysclid twclid ttclid li_fat_id igshid igsh
    epik rdt_cid irclickid irgwc mc_cid mc_eid mkt_tok hsctatracking _openstat wickedid xtor xtref
    xts cmp cmpid icid ito ocid ncid smid smtyp smprod sr_share srnd taid tpcc ref_src ref_url
    refsrc ref_ refid referrer referer share_from shared sharetype share_id guccounter zarsrc gidzl
    mibextid rdid openinapp spm scm _ga _gl _gac _ke s_kwcid ef_id adid ad_id ad_name
    adset_id campaign_id gad_source gad_campaignid sourceid traffic_source
    traffic_medium traffic_campaign wtrid wt_mc feature_share ssm usqp amp_js_v amp_gsa
    amp_latest_update_time phpsessid jsessionid aspsessionid sessionid oc nocache _ts
    cachebuster
    """
)

PASSING_VALUES = _words(
    """
    rss rss_feed rssfeed feed feeds atom xml twitter tw x facebook fb telegram whatsapp wa line
    linkedin reddit email mail newsletter push share social google googlenews gnews bing home
    homepage mobile app web
    """
)
"""What `from=`, `ref=`, `source=` ... hold when they name a way in rather than a thing."""

WAY_IN_NAMES = _words("from ref source src via origin medium channel utm rss f")

VARIANT_NAMES = _words("amp print printable printview mobile isamp isprint print_view")
"""Parameters that by their mere presence ask for another rendering of the same article."""

VARIANT_VALUES = _words("amp print printable mobile printer-friendly printpage")

VARIANT_SWITCHES = _words(
    "outputtype output format view mode type layout template tmpl service style display v version "
    "action do page_type"
)
"""Parameters that ask for another rendering when their value is one of `VARIANT_VALUES`."""

_ON = re.compile(r"(1|true|yes|on|y)?", re.IGNORECASE)


def is_tracker(name: str) -> bool:
    """Tell whether a query parameter only says where the reader came from."""
    name = name.lower()
    return name in TRACKER_NAMES or name.startswith(TRACKER_PREFIXES)


def is_variant(name: str, value: str) -> bool:
    """Tell whether a parameter only chooses a rendering (AMP, print, mobile) or names a way in."""
    name, value = name.lower(), value.lower()
    if name in VARIANT_NAMES:
        return _ON.fullmatch(value) is not None
    if name in VARIANT_SWITCHES and value in VARIANT_VALUES:
        return True
    return name in WAY_IN_NAMES and value in PASSING_VALUES
