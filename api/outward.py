"""Requests to the outside: only to hosts that the settings name, only to addresses that are public, and only to the address that was checked.

An address is looked up once and the connection is made to what came back, so that a name that says something else a moment later (DNS rebinding) leads
nowhere. Redirects are not followed, proxies of the environment are not used, and of an answer no more than a little is read.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

PATIENCE = 10.0
"""Seconds for a connection, and for each wait for the other side."""
LONGEST = 20.0
"""Seconds for a request as a whole, however the other side drips."""
TRIED = 3
"""Addresses of a host that are tried, where it has several."""
READ = 4096
"""Bytes of an answer's body that are read."""
PORTS = {"https": 443, "http": 80}
HIDDEN = ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48")
"""Addresses of IPv6 that stand for addresses of IPv4 (NAT64)."""


class RefusedError(Exception):
    """An address that nothing is sent to; the text says why."""


@dataclass(frozen=True)
class Target:
    """A place that may be sent to. `private` where the settings name this very scheme, host and port, so that its addresses may be of this network."""

    scheme: str
    host: str
    port: int
    path: str
    private: bool


def target(url: str, allowed: Sequence[str]) -> Target:
    """Where a URL leads; RefusedError where the settings do not allow it.

    `allowed` are names, `name:port`, or `https://name:port` and `http://name:port`, which alone may be of this network, and may be without encryption.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RefusedError("The address is no URL.") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise RefusedError("The address must begin with https:// and name a host.")
    if not url.isascii() or any(letter <= " " or letter in '\\"<>^`{|}\x7f' for letter in url):
        raise RefusedError("The address has signs that no URL has.")
    if parts.username is not None or parts.password is not None or parts.fragment or "#" in url:
        raise RefusedError("The address may hold no user, password or fragment.")
    scheme, host, port = parts.scheme, parts.hostname.rstrip("."), PORTS[parts.scheme] if port is None else port
    named = {entry.lower().rstrip("/") for entry in allowed}
    shown = f"[{host}]" if ":" in host else host
    exact = {f"{scheme}://{shown}:{port}", *((f"{scheme}://{shown}",) if port == PORTS[scheme] else ())}
    plain = {f"{shown}:{port}", *((shown,) if port == PORTS["https"] else ())}
    if named & exact:
        return Target(scheme, host, port, _path(parts), private=True)
    if scheme == "https" and named & plain:
        return Target(scheme, host, port, _path(parts), private=False)
    raise RefusedError(f"{scheme}://{shown}:{port} is none of the hosts that OJT_WEBHOOK_HOSTS allows.")


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def public(address: str) -> bool:
    """Whether an address is of the public internet: not of this machine, this network, a carrier's network, a group, nor one of these in disguise."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = [found.ipv4_mapped, found.sixtofour, *(found.teredo or ())]
        if any(found in network for network in HIDDEN) or int(found) >> 32 == 0:
            inner.append(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
        if found.is_site_local or any(each is not None and not public(str(each)) for each in inner):
            return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified or found.is_loopback or found.is_link_local)


def addresses(place: Target) -> list[str]:
    """The addresses of a host, every one of which may be sent to; RefusedError where one may not, OSError where there is none."""
    found = list(dict.fromkeys(str(each[4][0]) for each in socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)))
    if not place.private:
        for address in found:
            if not public(address):
                raise RefusedError(f"{place.host} leads to an address that is not public.")
    return found


def post(place: Target, body: bytes, headers: Mapping[str, str]) -> int:
    """Send a body; the status of the answer. RefusedError where it may not be sent, OSError or HTTPException where it could not be."""
    with _connected(place, addresses(place)) as (connection, late):
        try:
            connection.request("POST", place.path, body, dict(headers))
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException, ValueError):
            if late.is_set():
                raise TimeoutError from None
            raise
        if late.is_set():
            raise TimeoutError  # what had come until then is no answer
        with suppress(OSError, http.client.HTTPException, ValueError):
            answer.read(READ)
        return answer.status


@contextmanager
def _connected(place: Target, found: Sequence[str]) -> Iterator[tuple[http.client.HTTPConnection, threading.Event]]:
    """A connection to the first of the addresses that takes one; cut off when it lasts too long, and whether it was."""
    line = _socket(found[:TRIED], place.port)
    if place.scheme == "https":
        line = ssl.create_default_context().wrap_socket(line, server_hostname=place.host, do_handshake_on_connect=False)
    late = threading.Event()
    cut = threading.Timer(LONGEST, _cut, [line, late])
    cut.daemon = True
    cut.start()
    connection = http.client.HTTPConnection(place.host, place.port)
    connection.default_port = PORTS[place.scheme]
    try:
        if isinstance(line, ssl.SSLSocket):
            line.do_handshake()
        connection.sock, connection.auto_open = line, 0
        yield connection, late
    finally:
        cut.cancel()
        connection.close()
        line.close()


def _socket(found: Sequence[str], port: int) -> socket.socket:
    failed = OSError("no address")
    for address in found:
        try:
            return socket.create_connection((address, port), PATIENCE)
        except OSError as error:
            failed = error
    raise failed


def _cut(line: socket.socket, late: threading.Event) -> None:
    late.set()
    with suppress(OSError):
        socket.socket.shutdown(line, socket.SHUT_RDWR)  # not that of encrypted ones, which waits for a reader
