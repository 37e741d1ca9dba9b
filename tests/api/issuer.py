"""A little issuer of OpenID Connect: enough of one to log in through, and to do everything wrong that one can."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "ojt", "client-secret-of-the-test"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _part(told: Any) -> str:
    return _base64(json.dumps(told).encode())


class LittleIssuer:
    """One user, who always agrees. `spoil` changes claims before they are signed; other attributes make it misbehave."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"}, private=True)
        self.claims: dict[str, Any] = {"sub": "u-17", "name": "Ana Example", "groups": ["staff", "planners"]}
        self.userinfo: dict[str, Any] | None = None
        self.spoil: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.down, self.metadata = False, dict[str, Any]()
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[dict[str, Any]] = []
        self.address = ""

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def unsigned(self, claims: dict[str, Any]) -> str:
        return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."

    def signed_by_what_is_public(self, claims: dict[str, Any]) -> str:
        told = f"{_part({'alg': 'HS256', 'kid': self.key.kid})}.{_part(claims)}"
        return f"{told}.{_base64(hmac.digest(self.key.as_pem(private=False), told.encode(), 'sha256'))}"

    def agree(self, url: str) -> dict[str, str]:
        """What the issuer's page would send the browser back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.asked.append(asked)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.address}

    def answer(self, method: str, path: str, form: dict[str, str], headers: Any) -> tuple[int, Any]:
        if self.down:
            return 500, {}
        if path == "/.well-known/openid-configuration":
            places = {
                name: f"{self.address}/{place}" for name, place in (("authorization_endpoint", "authorize"), ("token_endpoint", "token"), ("jwks_uri", "keys"))
            }
            more = {"userinfo_endpoint": f"{self.address}/userinfo"} if self.userinfo is not None else {}
            return 200, {"issuer": self.address, **places, **more, "id_token_signing_alg_values_supported": ["RS256"], **self.metadata}
        if path == "/keys":
            return 200, {"keys": [self.key.as_dict(private=False)]}
        if path == "/userinfo":
            return 200, self.userinfo
        if path == "/token" and method == "POST":
            return self._token(form, headers)
        return 404, {}

    def _token(self, form: dict[str, str], headers: Any) -> tuple[int, Any]:
        asked = self.codes.pop(form.get("code", ""), None)
        if headers.get("authorization") != "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode():
            return 401, {"error": "invalid_client"}
        challenge = _base64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        moment, access = int(time.time()), secrets.token_urlsafe(16)
        claims = {"iss": self.address, "aud": CLIENT, "exp": moment + 300, "iat": moment, "nonce": asked["nonce"], **self.claims}
        return 200, {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": self.sign(self.spoil(claims))}


@contextmanager
def little_issuer() -> Iterator[LittleIssuer]:
    """An issuer on a free port."""
    issuer = LittleIssuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answered("GET", {})

        def do_POST(self) -> None:
            told = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            self._answered("POST", {name: values[0] for name, values in parse_qs(told).items()})

        def _answered(self, method: str, form: dict[str, str]) -> None:
            status, document = issuer.answer(method, urlsplit(self.path).path, form, self.headers)
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
