"""Bodies of 2xx answers that are a bot wall's page, and pages that only look like one."""

from __future__ import annotations

import pytest

from worker.fetch.answers import is_wall

WALLS = (
    b"<script>window._cf_chl_opt={cvId:'3'}</script>",
    b"<title>Just a moment...</title>",
    b"<script>var awsWafCookieDomainList=[];</script>",
    b'<script src="https://ct.captcha-delivery.com/c.js"></script>',
    b'<script src="https://ct.captcha-delivery.com/i.js"></script>',
    b'<iframe src="/_Incapsula_Resource?SWUDNSAI=31&incident_id=7">',
    b"<title>Pardon Our Interruption</title>",
    b'<div id="px-captcha"></div>',
    b"<script>sucuri_cloudproxy_js=''</script>",
    b"<title>Attention Required! | Cloudflare</title>",
)


@pytest.mark.parametrize("wall", WALLS, ids=lambda wall: wall[:24].decode())
def test_each_walls_own_mark_is_known_in_any_case(wall: bytes) -> None:
    for body in (wall, wall.upper(), b"<html>" + b"x" * 5_000 + wall):
        assert is_wall("text/html", body)
    assert not is_wall("application/rss+xml", wall)
    assert not is_wall("text/html", wall + b" " * 100_000)  # no wall is as long


@pytest.mark.parametrize(
    "page",
    [
        b"<title>Just a moment of silence</title>",
        b'<script src="https://js.captcha-delivery.com/tags.js"></script>',
        b'<script src="/_Incapsula_Resource?SWJIYLWA=719d34d31c8e3a6e"></script>',
        b"<title>Attention Required! Reefs at risk</title>",
        b"",
    ],
)
def test_what_the_same_vendors_put_on_every_page_is_no_wall(page: bytes) -> None:
    assert not is_wall("text/html", page)
