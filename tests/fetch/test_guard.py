"""The published list: address forms that must never be connected to, and those that may."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain import Outcome
from worker.errors import FetchError
from worker.fetch.guard import AddressGuard, parse_nets, safe_url


def listed(name: str) -> list[str]:
    lines = (Path(__file__).parent / "data" / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


BLOCKED = listed("blocked.txt")

BAD = listed("bad.txt")


@pytest.mark.parametrize("url", BLOCKED)
def test_denied_addresses_and_ports_are_blocked_in_every_form(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        AddressGuard().check_url(url)
    assert caught.value.outcome is Outcome.BLOCKED_ADDRESS


def test_the_published_list_is_long_enough() -> None:
    assert len(set(BLOCKED)) >= 60
    assert len(set(BAD)) >= 30


@pytest.mark.parametrize(
    "url", [*BAD, "http://exa\tmple.com/", "http://e.com/\r\nX: y", "http://\0/"]
)
def test_odd_addresses_are_refused(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        AddressGuard(parse_nets(["0.0.0.0/0", "::/0"])).check_url(url)
    assert caught.value.outcome is Outcome.BAD_URL


@pytest.mark.parametrize(
    ("url", "normalised"),
    [
        ("HTTP://Example.COM", "http://example.com/"),
        ("https://example.com:443/a?b=c#d", "https://example.com/a?b=c"),
        ("http://example.com:8080/", "http://example.com:8080/"),
        ("http://example.com./x", "http://example.com/x"),
        ("http://example.com?q=1", "http://example.com/?q=1"),
        (
            "http://báo.vn/tin tức?q=phim ảnh",
            "http://xn--bo-mia.vn/tin%20t%E1%BB%A9c?q=phim%20%E1%BA%A3nh",
        ),
        ("http://example.com/a%20b", "http://example.com/a%20b"),
        ("http://8.8.8.8/", "http://8.8.8.8/"),
        ("http://[2606:4700:0:0::1111]:8000/", "http://[2606:4700::1111]:8000/"),
        ("http://under_score.example.com/", "http://under_score.example.com/"),
    ],
)
def test_good_addresses_are_normalised(url: str, normalised: str) -> None:
    assert AddressGuard().check_url(url).url == normalised


def test_allowed_networks_open_every_port_and_nothing_else() -> None:
    guard = AddressGuard(parse_nets(["127.0.0.0/8"]))
    assert guard.check_url("http://127.0.0.1:6379/").port == 6379
    assert guard.problem_of(ip_address("10.0.0.1"), 80)
    assert guard.problem_of(ip_address("::ffff:127.0.0.1"), 80)
    assert guard.problem_of(ip_address("8.8.8.8"), 6379)
    # A name may turn out to lie in the allowed network: decided at connect.
    assert guard.check_url("http://intern.test:6379/").port == 6379


def test_errors_never_show_user_information() -> None:
    with pytest.raises(FetchError) as caught:
        AddressGuard().check_url("http://user:secret@example.com/")
    assert "secret" not in str(caught.value)
    assert "secret" not in safe_url("http://user:secret@example.com/\n")
    assert "\n" not in safe_url("http://user:secret@example.com/\n")


@given(st.integers(0, 2**32 - 1))
def test_no_private_ipv4_address_passes(number: int) -> None:
    address = ip_address(number)
    if AddressGuard().problem_of(address, 80) is None:
        assert address.is_global
        assert not address.is_multicast


@given(st.integers(0, 2**128 - 1))
def test_no_ipv6_address_outside_global_unicast_passes(number: int) -> None:
    address = ip_address(number)
    if address.version == 6 and AddressGuard().problem_of(address, 80) is None:
        assert address in ip_network("2000::/3")
        assert address.is_global


@given(st.text(max_size=60))
def test_check_url_raises_nothing_but_fetch_errors(text: str) -> None:
    for url in (text, f"http://{text}", f"http://example.com/{text}", f"http://example.com:{text}"):
        try:
            checked = AddressGuard().check_url(url)
        except FetchError:
            continue
        assert checked.url.isascii()
        assert AddressGuard().check_url(checked.url) == checked
