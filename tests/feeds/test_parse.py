"""Feeds of every flavour, right and wrong, as bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.domain import Outcome, ParsedFeed
from worker.errors import ParseError
from worker.feeds import parse_feed

NOW = datetime(2025, 4, 1, tzinfo=UTC)
URL = "https://news.test/section/feed.xml"


def parse(source: str | bytes, url: str = URL, **kwargs: object) -> ParsedFeed:
    body = source.encode() if isinstance(source, str) else source
    return parse_feed(body, url=url, now=NOW, **kwargs)  # type: ignore[arg-type]


def rss(items: str, channel: str = "<title>T</title>", attributes: str = 'version="2.0"') -> str:
    return f'<?xml version="1.0"?><rss {attributes}><channel>{channel}{items}</channel></rss>'


def item(**elements: str) -> str:
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in elements.items())
    return f"<item>{inner}</item>"


def refused(source: str | bytes, **kwargs: object) -> Outcome:
    with pytest.raises(ParseError) as caught:
        parse(source, **kwargs)  # type: ignore[arg-type]
    return caught.value.outcome


RSS_091 = """<?xml version="1.0" encoding="ISO-8859-1"?>
<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"
 "http://my.netscape.com/publish/formats/rss-0.91.dtd">
<rss version="0.91"><channel><title>Caf&eacute;</title><language>fr</language>
<item><title>Un</title><link>http://a.test/1</link></item></channel></rss>"""
RSS_10 = """<?xml version="1.0"?><rdf:RDF xmlns="http://purl.org/rss/1.0/"
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="http://a.test/"><title>Café</title><dc:language>fr</dc:language></channel>
<item rdf:about="http://a.test/1"><title>Un</title><link>http://a.test/1</link>
<dc:date>2025-03-24T10:00:00+07:00</dc:date><dc:creator>An</dc:creator></item></rdf:RDF>"""
RSS_20 = """<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Café</title><language>fr-FR</language>
<link>https://a.test/</link><ttl>30</ttl><atom:link rel="hub" href="https://hub.test/"/>
<atom:link rel="self" href="https://a.test/feed"/><item><title>Un</title><link>http://a.test/1</link>
<guid isPermaLink="false">one</guid><pubDate>Mon, 24 Mar 2025 10:00:00 +0700</pubDate>
<description>Court</description><author>an@a.test (An)</author>
<content:encoded><![CDATA[<p>Premier.</p><p>Second.</p>]]></content:encoded>
</item></channel></rss>"""
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr"
 xml:base="http://a.test/"><title>Café</title><id>x</id><entry>
<title type="html">U&lt;b>n&lt;/b></title><id>tag:a.test,2025:1</id>
<link href="1"/><published>2025-03-24T03:00:00Z</published>
<author><name>An</name></author><summary>Court</summary></entry></feed>"""
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1", "title": "Café", "language": "fr",
        "home_page_url": "http://a.test/", "hubs": [{"type": "WebSub", "url": "https://hub.test/"}],
        "items": [
            {
                "id": 1, "url": "http://a.test/1", "title": "Un", "authors": [{"name": "An"}],
                "content_html": "<p>Premier.</p><p>Second.</p>", "summary": "Court",
                "date_published": "2025-03-24T10:00:00+07:00",
            }
        ],
    }
)  # fmt: skip


@pytest.mark.parametrize("source", [RSS_091, RSS_10, RSS_20, ATOM, JSON_FEED])
def test_every_flavour_gives_the_same_entry(source: str) -> None:
    feed = parse(source)
    assert (feed.title, feed.language, len(feed.entries), feed.bozo) == ("Café", "fr", 1, None)
    entry = feed.entries[0]
    assert (entry.url, entry.title) == ("http://a.test/1", "Un")
    assert entry.language == "fr"
    if source != RSS_091:
        assert entry.published_at == datetime(2025, 3, 24, 3, tzinfo=UTC)
        assert entry.author
        assert "An" in entry.author


def test_what_a_feed_says_of_itself() -> None:
    feed = parse(RSS_20)
    assert (feed.ttl_s, feed.hub_url, feed.self_url, feed.site_url) == (
        1800.0, "https://hub.test/", "https://a.test/feed", "https://a.test/",
    )  # fmt: skip
    assert feed.entries[0].content == "Premier.\n\nSecond."
    assert feed.entries[0].summary == "Court"
    assert parse(JSON_FEED).hub_url == "https://hub.test/"
    linked = parse(rss(""), headers={"link": '<https://hub2.test/>; rel="hub", </me>; rel=self'})
    assert (linked.hub_url, linked.self_url) == ("https://hub2.test/", "https://news.test/me")
    module = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    period = "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>"
    assert parse(rss("", period, module)).ttl_s == 21_600


VIETNAMESE = "Hợp tác điện ảnh Việt Nam – Hoa Kỳ"
JAPANESE = "ベトナムと米国の映画協力"


@pytest.mark.parametrize(
    ("title", "codec", "declared", "content_type", "is_right"),
    [
        (VIETNAMESE, "utf-8", "utf-8", "", True),
        (VIETNAMESE, "utf-8", "", "application/rss+xml; charset=iso-8859-1", False),
        (VIETNAMESE, "utf-8", "iso-8859-1", "text/xml", False),
        (VIETNAMESE, "utf-8-sig", "utf-8", "", True),
        (VIETNAMESE, "utf-16", "utf-16", "", True),
        (VIETNAMESE, "utf-16-le", "utf-16", "", True),
        (JAPANESE, "shift_jis", "Shift_JIS", "", True),
        (JAPANESE, "euc-jp", "EUC-JP", "text/xml; charset=utf-8", True),
        (JAPANESE, "iso2022_jp", "iso-2022-jp", "", True),
        (JAPANESE, "shift_jis", "", "text/xml; charset=shift_jis", True),
        (
            "Điện ảnh".replace("Đ", "D").replace("ệ", "e").replace("ả", "a"),
            "ascii",
            "x-new",
            "",
            True,
        ),
        ("中美电影", "gbk", "gb2312", "", True),
        ("越南電影", "big5", "big5", "", True),
        ("Вьетнам", "koi8-r", "koi8-r", "", True),
        ("Việt".replace("ệ", "ê"), "latin-1", "iso-8859-1", "", True),
        ("ภาพยนตร์", "tis-620", "tis-620", "", True),
        ("한국 영화", "euc-kr", "euc-kr", "", True),
    ],
)
def test_encodings_declared_rightly_and_wrongly(
    title: str, codec: str, declared: str, content_type: str, is_right: bool
) -> None:
    encoding = f' encoding="{declared}"' if declared else ""
    channel = f"<channel><title>{title}</title></channel>"
    source = f'<?xml version="1.0"{encoding}?><rss version="2.0">{channel}</rss>'
    feed = parse(source.encode(codec), content_type=content_type)
    assert feed.title == title
    assert (feed.bozo is None) is is_right


def test_the_charset_of_the_headers_counts() -> None:
    body = rss("", f"<title>{JAPANESE}</title>").encode("shift_jis")
    headers = {"content-type": "text/xml; charset=Shift_JIS"}
    assert parse(body, content_type="text/xml", headers=headers).title == JAPANESE


def test_text_is_composed_and_clean() -> None:
    decomposed = "Vie\u0323\u0302t"
    feed = parse(rss(item(title=f"{decomposed} \x00\x01a&#0;b&#xD800;c&#x110000;d\u0085e")))
    assert feed.entries[0].title.startswith("Việt a")
    assert not any(char in feed.entries[0].title for char in "\x00\x01\ud800")
    assert feed.entries[0].title.isprintable()
    # what is escaped twice comes out of the markup only after the parser has cleaned the feed
    twice = "a&amp;#27;b&amp;#0;c&amp;#127;d &amp;#xFFFE;e"
    entry = parse(rss(item(title=twice, description=twice))).entries[0]
    assert (entry.title, entry.summary) == ("abcd e", "abcd e")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("AT&amp;T", "AT&T"),
        ("AT&T", "AT&T"),
        ("A &amp;amp; B", "A & B"),
        ("&amp;amp;amp;", "&amp;"),
        ("a &lt;b&gt;bold&lt;/b&gt; move", "a bold move"),
        ("<![CDATA[a <i>b</i> &amp; c]]>", "a b & c"),
        ("1 &lt; 2 &lt;3", "1 < 2 <3"),
        ("List&lt;String&gt;", "List<String>"),
        ("Caf&eacute;&nbsp;noir", "Café noir"),
        ("x &lt;script&gt;alert(1)&lt;/script&gt; y", "x y"),
        ("&lt;blink&gt;a&lt;/blink&gt; &lt;embed src='x'&gt;b", "a b"),
        ("  a\n\t b  ", "a b"),
        ("?a=1&amp;copy=2", "?a=1&copy=2"),
        ("&unknown; x", "&unknown; x"),
        ("x" * 3_000, "x" * 1_000),
    ],
)
def test_titles_become_plain_text(written: str, read: str) -> None:
    assert parse(rss(item(title=written))).entries[0].title == read


def test_atom_text_is_not_taken_for_markup() -> None:
    entry = "<entry><id>1</id><title>On &lt;b&gt;</title></entry>"
    source = f'<feed xmlns="http://www.w3.org/2005/Atom">{entry}</feed>'
    assert parse(source).entries[0].title == "On <b>"


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("http://a.test/1", "http://a.test/1"),
        ("/1", "https://news.test/1"),
        ("1", "https://news.test/section/1"),
        ("//b.test/1", "https://b.test/1"),
        (" http://a.test/\n 1 ", "http://a.test/1"),
        ("http://a.test/?a=1&amp;b=2", "http://a.test/?a=1&b=2"),
        ("http://a.test/?a=1&b=2", "http://a.test/?a=1&b=2"),
        ("<![CDATA[http://a.test/?a=1&b=2]]>", "http://a.test/?a=1&b=2"),
        ("javascript:alert(1)", None),
        ("java&#9;script:alert(1)", None),
        ("data:text/html,x", None),
        ("mailto:a@b.test", None),
        ("http://a.test/" + "x" * 3_000, None),
        ("http://[x/", None),
        ("", None),
        ("https://www.bing.com/news/apiclick.aspx?ref=F&amp;url=https%3a%2f%2fa.test%2f1&amp;c=2", "https://a.test/1"),
        ("https://www.google.com/url?rct=j&amp;url=https://a.test/1&amp;ct=ga", "https://a.test/1"),
    ],
)  # fmt: skip
def test_links(link: str, url: str | None) -> None:
    assert parse(rss(item(title="t", link=link))).entries[0].url == url


def test_links_resolve_against_their_base_and_guids_may_be_links() -> None:
    assert parse(ATOM).entries[0].url == "http://a.test/1"
    assert parse(rss(item(guid="http://a.test/9"))).entries[0].url == "http://a.test/9"
    mute = '<item><guid isPermaLink="false">http://a.test/9</guid></item>'
    assert parse(rss(mute)).entries[0].url is None
    assert parse(rss(item(guid="123"))).entries[0].url is None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Mon, 24 Mar 2025 10:00:00 +0700", "2025-03-24T03:00:00+00:00"),
        ("Mon, 24 Mar 2025 10:00:00 GMT+7", "2025-03-24T03:00:00+00:00"),
        ("Mon, 24 Mar 2025 10:00:00", "2025-03-24T10:00:00+00:00"),
        ("2025-03-24T10:00:00", "2025-03-24T10:00:00+00:00"),
        ("2025-03-24", "2025-03-24T00:00:00+00:00"),
        ("24/03/2025 10:05", "2025-03-24T10:05:00+00:00"),
        ("24/3/2025 10:05:30 PM", "2025-03-24T22:05:30+00:00"),
        ("Thứ Hai, 24/03/2025 10:05 GMT+7", "2025-03-24T03:05:00+00:00"),
        ("31/12/1969 10:00", None),
        ("Wed, 09 Apr 2025 10:00:00 GMT", None),
        ("0000-00-00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("99/99/2025", None),
        ("yesterday", None),
    ],
)
def test_dates(written: str, read: str | None) -> None:
    entry = parse(rss(item(title="t", pubDate=written))).entries[0]
    assert (entry.published_at.isoformat() if entry.published_at else None) == read
    assert entry.published_raw == written


def test_an_ambiguous_date_counts_by_the_feeds_language() -> None:
    for language, day in (("vi", 3), ("en-US", None)):
        channel = f"<language>{language}</language>"
        entry = parse(rss(item(title="t", pubDate="03/02/2025 10:00"), channel)).entries[0]
        assert (entry.published_at.day if entry.published_at else None) == day


def ids(source: str, url: str = URL) -> list[str]:
    return [entry.id for entry in parse(source, url).entries]


def test_identity_is_the_id_if_unique_else_the_link_else_a_hash() -> None:
    own = item(title="a", guid="1", link="/a") + item(title="b", guid="2", link="/b")
    assert ids(rss(own)) == ["1", "2"]
    same = item(title="a", guid="0", link="/a") + item(title="b", guid="0", link="/b")
    assert ids(rss(same)) == ["https://news.test/a", "https://news.test/b"]
    assert ids(rss(item(title="a", link="/a"))) == ["https://news.test/a"]
    bare = ids(rss(item(title="a") + item(title="b") + item(title="a")))
    assert len(bare) == 2
    assert all(one.startswith("sha256:") for one in bare)
    assert ids(rss(item(title="a", guid="x" * 5_000)))[0].startswith("sha256:")
    assert len(ids(rss(own + own))) == 2


def google_item(
    number: int, title: str = "Phim Việt", outlet: str = "Tuổi Trẻ", day: str = "24 Mar 2025 10"
) -> str:
    return (
        f"<item><title>{title} - {outlet}</title><guid>CBM{number}</guid>"
        f"<link>https://news.google.com/rss/articles/CBM{number}?oc=5</link>"
        f"<pubDate>{day}:00:00 GMT</pubDate>"
        f"<description>&lt;a href='x'&gt;{title}&lt;/a&gt;</description>"
        f'<source url="https://tuoitre.vn">{outlet}</source></item>'
    )


def test_google_news_keeps_its_identity_though_ids_and_links_churn() -> None:
    url = "https://news.google.com/rss/search?q=x&hl=vi&gl=VN&ceid=VN:vi"
    first, second = (parse(rss(google_item(n)), url).entries[0] for n in (1, 2))
    assert first.id == second.id
    later = parse(rss(google_item(1, "PHIM  Việt", day="24 Mar 2025 21")), url).entries[0]
    assert later.id == first.id  # the same day
    others = [
        google_item(1, title="Phim Mỹ"), google_item(1, outlet="VnExpress"),
        google_item(1, day="25 Mar 2025 10"),
    ]  # fmt: skip
    assert len({first.id, *ids(rss(google_item(2) + "".join(others)), url)}) == 4
    assert first.title == "Phim Việt"
    assert (first.source_title, first.source_url) == ("Tuổi Trẻ", "https://tuoitre.vn")
    assert first.url == "https://news.google.com/rss/articles/CBM1?oc=5"
    assert first.summary == ""


def test_the_outlet_of_bing_news() -> None:
    outlet = "<item><title>t</title><News:Source>Reuters</News:Source></item>"
    source = rss(
        outlet, attributes='xmlns:News="https://www.bing.com/news/search?q=x&amp;format=rss"'
    )
    assert parse(source).entries[0].source_title == "Reuters"


def test_feeds_that_are_not_well_formed_still_give_their_entries() -> None:
    for broken in (
        "<rss><channel><item><title>a</title></item><item><title>b</title></item>",
        rss(item(title="a & b") + "<item><title>b<br></title></item>"),
        rss(item(title="a") + "<media:x/>" + item(title="b")),
        "garbage before " + rss(item(title="a") + item(title="b")),
    ):
        assert len(parse(broken).entries) == 2
    cut_off = parse("<rss><channel><item><title>a</title></item>").bozo
    assert cut_off == "not well-formed: line 1, column 43: no element found"


def test_an_empty_feed_is_a_feed() -> None:
    for source in (rss(""), '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title></feed>'):
        assert parse(source).entries == ()
    assert parse(json.dumps({"version": "https://jsonfeed.org/version/1"})).entries == ()


@pytest.mark.parametrize(
    "source",
    [
        "", "   ", "hello", "<html><head><title>x</title></head><body>y</body></html>",
        "<!DOCTYPE html><html><body><item>x</item></body></html>",
        "<!-- cached --> <html><body>rss</body></html>",
        "{}", "{", '{"version": 1}', "[1]", '{"items": []}', "<svg></svg>", "\x00\x01\x02",
        "<urlset><url><loc>http://a.test/</loc></url></urlset>",
    ],
)  # fmt: skip
def test_what_is_no_feed(source: str) -> None:
    assert refused(source) is Outcome.NOT_A_FEED


def test_entries_over_the_cap_are_counted_not_parsed() -> None:
    many = "".join(item(title=f"t{i}", link=f"/{i}") for i in range(30))
    feed = parse(rss(many), max_entries=10)
    assert (len(feed.entries), feed.overflow, feed.bozo) == (10, 20, None)
    assert feed.entries[9].title == "t9"
    items = [{"id": str(i)} for i in range(30)]
    source = json.dumps({"version": "https://jsonfeed.org/version/1", "items": items})
    assert (len(parse(source, max_entries=10).entries), parse(source, max_entries=10).overflow) == (
        10,
        20,
    )


TOKENS = [
    *"<>&;/'\"=[]{}:,!?- \n\0", "<rss>", "<channel>", "<item>", "</item>", "<title>", "</title>",
    "<feed xmlns='http://www.w3.org/2005/Atom'>", "<entry>", "</entry>", "<![CDATA[", "]]>", "<!--",
    "-->", "&#xD800;", "&#x110000;", "&#", "&amp;", "<author>", "a@a.a.", "<link>", "<link href='",
    "http://[", "<pubDate>", "0000-00-00", "9999-12-31T23:59:59-14:00", "<content type='xhtml'>",
    "<!DOCTYPE rss [", "<!ENTITY a '", "\\", "<?xml", "encoding='utf-7'", "?>", "xml:base='",
    "é", "\ud800",
    '{"version":"https://jsonfeed.org/version/1","items":[', '{"id":', "null", "1e999", "]}",
    "<content:encoded>", "<dc:date>", "<source url='x'>", "<guid>", "<image>", "<textinput>",
    "<georss:point>",
    "<itunes:keywords>", "<media:content url='x'>", "<description>", "&lt;p ", "<ttl>",
    "99999999999999999999",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(TOKENS), st.text(max_size=8)), max_size=40))
def test_parse_feed_raises_nothing_but_parse_errors(pieces: list[str]) -> None:
    body = "".join(pieces).encode("utf-8", "surrogatepass")
    for prefix in (
        b"",
        b"<rss><channel><item>",
        b"\xff\xfe",
        b'<?xml encoding="shift_jis"?><feed>',
    ):
        try:
            feed = parse_feed(prefix + body, url=URL, now=NOW)
        except ParseError:
            continue
        for entry in feed.entries:
            str(entry).encode()
            assert entry.id
            assert len(entry.title) <= 1_000
            assert entry.url is None or entry.url.startswith(("http://", "https://"))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_at_all(body: bytes) -> None:
    for content_type in ("", "text/xml; charset=utf-7", "application/json"):
        try:
            parse_feed(b"<rss>" + body, url="", now=NOW, content_type=content_type)
            parse_feed(body, url="http://[", now=NOW, content_type=content_type)
        except ParseError:
            pass
