"""Where a request comes from: the one place that reads forwarding headers."""

from __future__ import annotations

import ipaddress
from functools import cache

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "0.0.0.0"  # noqa: S104 - a name for nowhere, nothing listens on it


@cache
def _trusted(networks: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(network) for network in networks)


def _parse(raw: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        # What follows a % names an interface of this machine (RFC 4007) and is no part of the address.
        address = ipaddress.ip_address(raw.strip().partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address, or 0.0.0.0 where the server names none.

    X-Forwarded-For is read from right to left and only past the hops that TRUSTED_PROXIES
    names: everything to the left of the first other address is the client's own invention.
    """
    trusted = _trusted(tuple(settings.TRUSTED_PROXIES))

    def is_proxy(address) -> bool:
        return any(address in network for network in trusted)

    address = _parse(request.META.get("REMOTE_ADDR", ""))
    if address is None:
        return UNKNOWN
    for hop in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if not is_proxy(address):
            break
        forwarded = _parse(hop)
        if forwarded is None:
            break
        address = forwarded
    return str(address)


def client_network(request: HttpRequest) -> str:
    """Return the client's network, /24 for IPv4 and /56 for IPv6, e.g. 203.0.113.0/24."""
    address = ipaddress.ip_address(client_address(request))
    prefix = 24 if address.version == 4 else 56
    return str(ipaddress.ip_network((address, prefix), strict=False))


def axes_client_address(request: HttpRequest) -> str:
    """Return the client's network as one address: what django-axes counts and keeps."""
    return client_network(request).partition("/")[0]
