"""Where a request comes from, and what a client may make us believe."""

import pytest
from django.test import RequestFactory

from accounts.network import UNKNOWN, axes_client_address, client_address, client_network


def request(remote: str, forwarded: str | None = None):
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return RequestFactory().get("/", REMOTE_ADDR=remote, **headers)


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "client"),
    [
        ([], "203.0.113.5", None, "203.0.113.5"),
        ([], "203.0.113.5", "198.51.100.1", "203.0.113.5"),
        (["10.0.0.0/8"], "203.0.113.5", "198.51.100.1", "203.0.113.5"),
        (["10.0.0.0/8"], "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (["10.0.0.0/8"], "10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        (["10.0.0.0/8"], "10.0.0.1", "1.1.1.1, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        (["10.0.0.0/8"], "10.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
        (["10.0.0.0/8"], "10.0.0.1", "1.1.1.1, nonsense, 10.2.2.2", "10.2.2.2"),
        (["10.0.0.0/8"], "10.0.0.1", "", "10.0.0.1"),
        (["10.0.0.0/8"], "10.0.0.1", None, "10.0.0.1"),
        (["10.0.0.0/8"], "::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (["127.0.0.1/32", "::1/128"], "::1", "2001:db8:1:2ff::9", "2001:db8:1:2ff::9"),
        (["127.0.0.1/32"], "127.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        (["127.0.0.1/32"], "", "198.51.100.1", UNKNOWN),
        (["127.0.0.1/32"], "unix:", "198.51.100.1", UNKNOWN),
        ([], "fe80::1%eth0", None, "fe80::1"),
    ],
)
def test_only_trusted_proxies_are_believed(proxies, remote, forwarded, client, settings):
    settings.TRUSTED_PROXIES = proxies
    assert client_address(request(remote, forwarded)) == client


@pytest.mark.parametrize(
    ("remote", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2ff:1:2:3:4", "2001:db8:1:200::/56"),
        ("fe80::1%eth0", "fe80::/56"),
        ("", "0.0.0.0/24"),
    ],
)
def test_network_is_24_or_56_bits(remote, network):
    assert client_network(request(remote)) == network
    assert axes_client_address(request(remote)) == network.partition("/")[0]


def test_forged_header_gives_no_fresh_counter(paula, log_in, settings):
    settings.TRUSTED_PROXIES = []
    for number in range(9):
        log_in("paula.prince", "wrong", forwarded=f"198.51.{number}.1")
    assert log_in("paula.prince", "wrong", forwarded="198.51.99.1").status_code == 429


def test_clients_behind_the_proxy_are_told_apart(paula, log_in, settings):
    settings.TRUSTED_PROXIES = ["203.0.113.5/32"]
    for _ in range(10):
        last = log_in("paula.prince", "wrong", forwarded="198.51.100.1")
    assert last.status_code == 429
    assert log_in("paula.prince", "wrong", forwarded="198.51.101.1").status_code == 200
