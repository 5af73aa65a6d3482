"""Access by a reverse proxy that has checked who somebody is, and says so in a header.

Only the proxy's own address is believed. The header from anywhere else is ignored and logged; a
header that comes twice (one of them may be the browser's own) is ignored, too.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

from worker.config import IPNetwork, Settings

log = logging.getLogger(__name__)

_LONGEST_NAME = 80
_LOG_EVERY_S = 60.0


class ProxyAccess:
    """Reads the name of whom the proxy has let in.

    Args:
        header: its name.
        networks: where the proxy's requests come from.
    """

    def __init__(self, header: str, networks: Sequence[IPNetwork]) -> None:
        self._header = header.lower()
        self._networks = tuple(networks)
        self._logged_at_s = -_LOG_EVERY_S

    @classmethod
    def of(cls, settings: Settings) -> ProxyAccess | None:
        """As the settings say; None where it is not switched on."""
        if not settings.web_proxy_header:
            return None
        return cls(settings.web_proxy_header, settings.web_proxy_address)

    def name_of(self, scope: Scope) -> str | None:
        """Whom a request is from; None if the proxy does not say so."""
        given = Headers(scope=scope).getlist(self._header)
        if not given:
            return None
        peer = (scope.get("client") or ("",))[0]
        if not self._is_proxy(peer):
            self._log("%s from %s is ignored: that is not the proxy's address", peer)
            return None
        name = _readable(given[0])
        if len(given) > 1 or not name or len(name) > _LONGEST_NAME or not name.isprintable():
            self._log("%s from %s is ignored: it gives no name, or several", peer)
            return None
        return name

    def _is_proxy(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)

    def _log(self, message: str, peer: str) -> None:
        now_s = time.monotonic()
        if now_s - self._logged_at_s >= _LOG_EVERY_S:  # who tries is not to fill the disk
            self._logged_at_s = now_s
            log.warning(message, self._header, peer)


def _readable(value: str) -> str:
    """A header's value, which is bytes, as the UTF-8 that proxies mean."""
    raw = value.encode("latin-1")
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return value.strip()
