"""Nothing is sent to where it may not be, however the place is written and whatever the name says when it is asked."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api import outward
from api.outward import RefusedError, addresses, post, public, target
from tests.api.receiver import receiving

ALLOWED = ("hooks.example.org", "other.example.org:8443", "http://127.0.0.1:9000", "https://inner.example.org:9443", "http://[::1]:9000")

HIDDEN = """
127.0.0.1 127.8.9.1 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 169.254.169.254 100.64.0.1 100.127.255.255 0.0.0.0 0.1.2.3
224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 198.18.0.1 192.0.2.1 198.51.100.1 203.0.113.1
::1 :: ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 fe80::1 fe80::1%eth0 fc00::1 fd12:3456::1 fec0::1 ff02::1 ff0e::1
64:ff9b::10.0.0.1 64:ff9b:1::10.0.0.1 2002:7f00:1:: 2002:a00:1:: 2001:0:7f00:1::f5ff:fffe 2001:db8::1
""".split()
NOTATIONS = ("2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "017700000001", "127.0.0.1", "0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]")


@pytest.mark.parametrize("address", HIDDEN)
def test_an_address_that_is_not_public(address: str) -> None:
    assert not public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2001:4860:4860::8888", "2606:2800:220:1::1"])
def test_an_address_that_is_public(address: str) -> None:
    assert public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "https://hooks.example.org:8443/",
        "https://hooks.example.org.evil.net/",
        "https://evil.net/hooks.example.org",
        "https://evil.net#hooks.example.org",
        "https://hooks.example.org@evil.net/",
        "https://user:secret@hooks.example.org/",
        "https://hooks.example.org\\@evil.net/",
        "https://hooks.example.org\r\nX-More: 1/",
        "https://hooks.example.org/a b",
        "https://hooks.example.org/\x00",
        "https://hooks.example.org/#part",
        "https://hooks.example.org:99999/",
        "https://höoks.example.org/",
        "https://other.example.org/",
        "https://[::1",
        "//hooks.example.org/",
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:9000/",
        "http://127.0.0.1:9001/",
        "https://127.0.0.1:9000/",
        "http://inner.example.org:9443/",
        "",
        *(f"http://{notation}:9001/" for notation in NOTATIONS),
        *(f"https://{notation}/" for notation in NOTATIONS),
    ],
)
def test_a_place_that_is_not_allowed(url: str) -> None:
    with pytest.raises(RefusedError):
        target(url, ALLOWED)


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://hooks.example.org/ojt?key=1", False),
        ("https://HOOKS.example.org./ojt", False),
        ("https://hooks.example.org:443", False),
        ("https://other.example.org:8443/", False),
        ("http://127.0.0.1:9000/", True),
        ("https://inner.example.org:9443/", True),
        ("http://[::1]:9000/", True),
    ],
)
def test_a_place_that_is_allowed(url: str, private: bool) -> None:
    assert target(url, ALLOWED).private is private


def test_nothing_is_allowed_where_nothing_is_named() -> None:
    with pytest.raises(RefusedError):
        target("https://hooks.example.org/", ())


@pytest.mark.parametrize("notation", [each for each in NOTATIONS if "[" not in each])
def test_a_number_for_a_name_is_refused_by_its_address_even_where_it_is_allowed_by_name(notation: str) -> None:
    with pytest.raises((RefusedError, OSError)):
        addresses(target(f"https://{notation}/", (notation,)))


def _names(answers: list[list[str]]) -> Callable[..., Any]:
    """A resolver that says something else each time it is asked; the last for good."""

    def look_up(_host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    return look_up


@pytest.mark.parametrize("found", [["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:10.0.0.1"], ["2606:2800:220:1::1", "fd00::1"]])
def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, found: list[str]) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _names([found]))
    with pytest.raises(RefusedError, match="not public"):
        post(target("https://hooks.example.org/", ALLOWED), b"{}", {})


def test_the_connection_is_made_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    reached = []

    def connect(address: tuple[str, int], *_: Any) -> Any:
        reached.append(address)
        raise OSError("nobody")

    monkeypatch.setattr(socket, "getaddrinfo", _names([["93.184.216.34"], ["127.0.0.1"]]))
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(OSError, match="nobody"):
        post(target("https://hooks.example.org/", ALLOWED), b"{}", {})
    assert reached == [("93.184.216.34", 443)]


def test_a_dripping_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outward, "LONGEST", 0.5)
    with receiving() as receiver:
        receiver.slow = 0.05
        place = target(f"{receiver.origin}/", (receiver.origin,))
        with pytest.raises(TimeoutError):
            post(place, b"{}", {})


def test_a_certificate_must_be_of_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = ["-subj", "/CN=inner.example.org", "-addext", "subjectAltName=DNS:inner.example.org"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", *own]
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    monkeypatch.setattr(socket, "getaddrinfo", _names([["127.0.0.1"]]))

    def answer_once(listening: socket.socket) -> None:
        try:
            with context.wrap_socket(listening.accept()[0], server_side=True) as line:
                heard = b""
                while not heard.endswith(b"{}"):
                    heard += line.recv(65536)
                line.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        except OSError:
            pass

    for name, good in (("inner.example.org", True), ("wrong.example.org", False)):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            origin = f"https://{name}:{listening.getsockname()[1]}"
            thread = threading.Thread(target=answer_once, args=(listening,))
            thread.start()
            if good:
                assert post(target(f"{origin}/x", (origin,)), b"{}", {}) == 204
            else:
                with pytest.raises(ssl.SSLCertVerificationError):
                    post(target(f"{origin}/x", (origin,)), b"{}", {})
            thread.join()
