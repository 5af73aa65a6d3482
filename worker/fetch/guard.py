"""The address rules: which URLs may be asked for, and which addresses may be connected to.

A host name says nothing about where a connection goes, so the rules are applied twice: to the URL
(`check_url`, before anything is sent) and to the one address that the look-up gave and that is then
connected to (`check_address`). Networks are listed here in full instead of trusting
`ipaddress.is_global`, whose answer changes between Python versions (on 3.11.7 it is True for
64:ff9b::7f00:1, 2002:7f00:1::, fec0::1, 224.0.0.1, 3fff:: and 5f00::).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import quote

from worker.domain import Failure, Outcome
from worker.errors import FetchError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_URL_CHARS: Final = 8192
WEB_PORTS: Final = (range(80, 81), range(443, 444), range(8000, 9000))
DEFAULT_PORTS: Final = {"http": 80, "https": 443}

# IANA's special-purpose registry (RFC 6890 and its successors), multicast, the deprecated relay
# anycast of 6to4, and one public address that clouds route to the machine's own host (Azure).
_DENIED_V4: Final = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",
    )
)  # fmt: skip
# Of IPv6 only the global unicast range is allowed at all: that leaves out ::, ::1, IPv4-mapped and
# IPv4-compatible addresses, NAT64, 5f00::/16, fc00::/7, fe80::/10, fec0::/10 and ff00::/8 ...
_GLOBAL_V6: Final = IPv6Network("2000::/3")
# ... and within it: IETF assignments (Teredo, ORCHID), documentation, 6to4.
_DENIED_V6: Final = tuple(
    IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>[^#]*)")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(?::(?P<port>[0-9]{0,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_USERINFO = re.compile(r"(?<=//)[^/?#]*@")
# What RFC 3986 lets stand unescaped in a path and a query; "%" so that escapes stay as they are.
_KEEP: Final = "%/:@!$&'()*+,;=?~-._"


@dataclass(frozen=True, slots=True)
class CheckedUrl:
    """An address that may be asked for, in parts, so that nobody has to parse it again.

    Attributes:
        host: in lower case, ASCII, without brackets or a final dot.
        target: path and query as they go on the wire.
        address: the host as an address, if it is one.
    """

    scheme: str
    host: str
    port: int
    target: str
    address: Address | None = None

    @property
    def url(self) -> str:
        """The normalised URL, without fragment or default port."""
        host = f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"


def safe_url(url: str) -> str:
    """Return a URL fit for a log line: no user information, no control characters, not endless."""
    return _FORBIDDEN.sub("?", _USERINFO.sub("", url[:2048].replace("\\", "/")))


class AddressGuard:
    """Decides which URLs and addresses may be fetched. Immutable and thread-safe.

    Args:
        allow_nets: private networks that may be fetched all the same, on any port.
        ports: the ports that may be asked for elsewhere.
    """

    def __init__(
        self, allow_nets: Sequence[Network] = (), ports: Sequence[range] = WEB_PORTS
    ) -> None:
        self._allow_nets = tuple(allow_nets)
        self._ports = tuple(ports)

    def check_url(self, url: str) -> CheckedUrl:
        """Check an address before anything is sent.

        Args:
            url: as found. Spaces and letters outside ASCII in path and query are escaped.

        Returns:
            Its normalised parts.

        Raises:
            FetchError: BAD_URL for anything but a plain http or https address; BLOCKED_ADDRESS
                for an address or port that may not be fetched.
        """
        checked = _parse(url)
        if checked.address is not None:
            self.check_address(checked.address, checked.port, url)
        elif not self._allow_nets and not self._is_web_port(checked.port):
            raise _blocked(url, f"port {checked.port}")
        return checked

    def check_address(self, address: Address, port: int, url: str) -> None:
        """Check the address that is about to be connected to.

        Raises:
            FetchError: BLOCKED_ADDRESS.
        """
        problem = self.problem_of(address, port)
        if problem:
            raise _blocked(url, problem)

    def problem_of(self, address: Address, port: int) -> str | None:
        """Say why an address and port may not be connected to; None if they may."""
        # `in` is False, not an error, where the versions differ.
        if any(address in net for net in self._allow_nets):
            return None
        if isinstance(address, IPv4Address):
            denied = any(address in net for net in _DENIED_V4)
        else:
            denied = address not in _GLOBAL_V6 or any(address in net for net in _DENIED_V6)
        if denied or not address.is_global:
            return f"address {address}"
        return None if self._is_web_port(port) else f"port {port}"

    def _is_web_port(self, port: int) -> bool:
        return any(port in ports for ports in self._ports)


def parse_nets(nets: Sequence[str]) -> tuple[Network, ...]:
    """Parse networks such as "127.0.0.0/8" or "10.1.2.3".

    Raises:
        ValueError: one is not a network.
    """
    return tuple(ip_network(net.strip(), strict=False) for net in nets)


def _bad(url: str, problem: str) -> FetchError:
    return FetchError(safe_url(url), Outcome.BAD_URL, Failure.HARD, problem)


def _blocked(url: str, problem: str) -> FetchError:
    return FetchError(
        safe_url(url), Outcome.BLOCKED_ADDRESS, Failure.HARD, f"{problem} may not be fetched"
    )


def _parse(url: str) -> CheckedUrl:
    text = url.strip(" ")
    if len(text) > MAX_URL_CHARS:
        raise _bad(url, f"longer than {MAX_URL_CHARS} characters")
    if _FORBIDDEN.search(text):
        raise _bad(url, "contains a backslash or a control character")
    match = _URL.match(text)
    if match is None:
        raise _bad(url, "not an absolute address")
    scheme = match["scheme"].lower()
    if scheme not in DEFAULT_PORTS:
        raise _bad(url, f"scheme {scheme[:20]}: only http and https are fetched")
    if "@" in match["authority"]:
        raise _bad(url, "contains a user name or password")
    parts = _AUTHORITY.fullmatch(match["authority"])
    if parts is None:
        raise _bad(url, "no usable host")
    port = int(parts["port"]) if parts["port"] else DEFAULT_PORTS[scheme]
    if not 0 < port < 65536:
        raise _bad(url, f"port {port}")
    host, address = _host(url, parts["host"])
    return CheckedUrl(scheme, host, port, _target(url, match["rest"]), address)


def _target(url: str, rest: str) -> str:
    try:
        escaped = quote(rest, safe=_KEEP)
    except UnicodeError as error:  # a lone surrogate
        raise _bad(url, "not encodable") from error
    return escaped if escaped.startswith("/") else "/" + escaped


def _host(url: str, raw: str) -> tuple[str, Address | None]:
    if raw.startswith("["):
        try:
            literal = IPv6Address(raw[1:-1])
        except ValueError as error:
            raise _bad(url, "no usable host") from error
        return str(literal), literal
    try:
        # IDNA 2003 of the standard library: folds full-width digits and dots, too.
        host = raw.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError as error:
        raise _bad(url, "no usable host") from error
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _bad(url, "no usable host")
    if _NUMBER.fullmatch(labels[-1]):
        literal4 = _ipv4(url, labels)
        return str(literal4), literal4
    return host, None


def _ipv4(url: str, labels: list[str]) -> IPv4Address:
    """Read a host that ends in a number, as inet_aton and browsers do.

    Raises:
        FetchError: BLOCKED_ADDRESS for an unusual form of a denied address, BAD_URL for any other
            form than four decimal numbers: parsers disagree about the others (017 is 15 or 17).
    """
    try:
        return IPv4Address(".".join(labels))
    except ValueError:
        pass
    try:
        numbers = [_number(label) for label in labels]
        if len(numbers) > 4 or any(number > 255 for number in numbers[:-1]):
            raise ValueError(labels)
        last = numbers[-1].to_bytes(5 - len(numbers), "big")
        address = IPv4Address(bytes(numbers[:-1]) + last)
    except (ValueError, OverflowError) as error:
        raise _bad(url, "no usable host") from error
    if AddressGuard().problem_of(address, 80):
        raise _blocked(url, f"address {address}")
    raise _bad(url, f"unusual form of {address}")


def _number(label: str) -> int:
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8) if len(label) > 1 and label.startswith("0") else int(label)


def parse_address(text: str) -> Address | None:
    """Parse an address as the look-up gives it (perhaps with a scope); None if it is none."""
    try:
        return ip_address(text)
    except ValueError:
        return None
