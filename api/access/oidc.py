"""Logging in through an issuer of OpenID Connect: authorization code with PKCE, state and nonce (RFC 6749, 7636, 9207; OpenID Connect Core 1.0).

What a login must remember between leaving and coming back is in a signed cookie of its browser, so that any replica can finish what another began.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, get_args
from urllib.parse import urlsplit

import httpx2 as httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from api.access.roles import Role
from api.settings import Settings

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures that are believed: made by a key that only the issuer has. Not `none`, and not those that a client's secret could make."""
PATIENCE = 10.0
"""Seconds that the issuer has for an answer."""
KNOWN_FOR = 3600.0
LEEWAY = 60
"""Seconds by which the issuer's clock and ours may differ."""


class LoginError(Exception):
    """A login came to nothing; the message is for whoever tried it."""

    def __init__(self, status: int, message: str, reason: str) -> None:
        super().__init__(message)
        self.status, self.message, self.reason = status, message, reason


@dataclass(frozen=True)
class Begun:
    """What a login must remember while its browser is with the issuer."""

    state: str
    nonce: str
    verifier: str
    next: str
    until: float

    def told(self) -> str:
        """As text."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Person:
    """Whom the issuer vouches for, and what the settings make of their groups."""

    subject: str
    name: str
    role: Role
    board: str


class Issuer:
    """The issuer of the settings. What it publishes of itself is asked for when first needed, and again after an hour or when a key is not known."""

    def __init__(self, settings: Settings) -> None:
        assert settings.oidc_issuer is not None
        self.name = settings.oidc_issuer
        self._settings, self._lock = settings, threading.Lock()
        self._metadata: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._asked = self._asked_keys = -KNOWN_FOR

    def begin(self, back: str, following: str) -> tuple[str, Begun]:
        """Where to send the browser, and what it must bring back."""
        begun = Begun(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), following, time.time() + 600)
        with self._guarded(), self._client(back) as client:
            url, _ = client.create_authorization_url(self._place("authorization_endpoint"), state=begun.state, nonce=begun.nonce, code_verifier=begun.verifier)
        return str(url), begun

    def finish(self, back: str, begun: Begun, given: Mapping[str, str]) -> Person:
        """Who came back; LoginError where that is not certain."""
        if time.time() > begun.until or not hmac.compare_digest(begun.state.encode(), given.get("state", "").encode()):
            raise LoginError(401, "This login was not begun here, or too long ago. Begin anew.", "state")
        if given.get("iss", self.name) != self.name:
            raise LoginError(401, "The answer came from another issuer. Begin anew.", "issuer")
        if "code" not in given:
            raise LoginError(401, "The issuer did not let you in.", "refused")
        with self._guarded(), self._client(back) as client:
            token = client.fetch_token(self._place("token_endpoint"), code=given["code"], code_verifier=begun.verifier)
            claims = self._claims(token, begun.nonce)
            if "groups" not in claims and "userinfo_endpoint" in self._known():
                told = client.get(self._place("userinfo_endpoint")).raise_for_status().json()
                claims |= told if told.get("sub") == claims["sub"] else {}
        return self._person(claims)

    def _claims(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """What the issuer says of the person, once its signature and every condition on it is checked."""
        if "id_token" not in token:
            raise LoginError(401, "The issuer did not say who you are.", "no id token")
        try:
            read = jwt.decode(token["id_token"], self._key_set(), algorithms=ALGORITHMS)
        except (InvalidKeyIdError, BadSignatureError):  # perhaps by a key that is newer than those we know
            read = jwt.decode(token["id_token"], self._key_set(anew=True), algorithms=ALGORITHMS)
        client_id = self._settings.oidc_client_id
        options = {"iss": {"essential": True, "value": self.name}, "aud": {"essential": True, "value": client_id}, "nonce": {"essential": True, "value": nonce}}
        params = {"nonce": nonce, "client_id": client_id, "access_token": token.get("access_token")}
        CodeIDToken(read.claims, read.header, options, params).validate(leeway=LEEWAY)
        return dict(read.claims)

    def _person(self, claims: Mapping[str, Any]) -> Person:
        subject, groups = claims["sub"], claims.get("groups") or []
        if not (isinstance(subject, str) and 0 < len(subject) <= 255 and subject.isprintable()):
            raise LoginError(401, "The issuer names you in a way that cannot be kept.", "subject")
        groups = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        for group, role, board in mapping(self._settings):
            if group in groups:
                name = str(claims.get("name") or claims.get("preferred_username") or subject)[:200].replace("\x00", "")
                return Person(subject, name, role, board)
        raise LoginError(403, "The issuer knows you, but none of your groups may use this service. Ask whoever runs it.", "no group")

    def _client(self, back: str) -> Any:
        secret, offered = self._settings.oidc_client_secret, self._known().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        method = "none" if secret is None else "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
        return OAuth2Client(
            client_id=self._settings.oidc_client_id,
            client_secret=secret.get_secret_value() if secret else None,
            token_endpoint_auth_method=method,
            scope=" ".join(self._settings.oidc_scopes),
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=PATIENCE,
            follow_redirects=False,
        )

    def _known(self) -> dict[str, Any]:
        """What the issuer publishes of itself (OpenID Connect Discovery 1.0)."""
        with self._lock:
            if time.monotonic() - self._asked > KNOWN_FOR:
                told = self._fetched(f"{self.name.rstrip('/')}/.well-known/openid-configuration")
                if told.get("issuer") != self.name:
                    raise LoginError(503, "The issuer is not the one it should be. Tell whoever runs this service.", "discovery")
                self._metadata, self._asked = told, time.monotonic()
            return self._metadata

    def _key_set(self, *, anew: bool = False) -> KeySet:
        place = self._place("jwks_uri")
        with self._lock:
            age = time.monotonic() - self._asked_keys
            if self._keys is None or age > KNOWN_FOR or (anew and age > 1):
                self._keys, self._asked_keys = KeySet.import_key_set(self._fetched(place)), time.monotonic()
            return self._keys

    def _place(self, name: str) -> str:
        url = str(self._known().get(name, ""))
        if urlsplit(url).scheme not in ("https", urlsplit(self.name).scheme):
            raise LoginError(503, "The issuer is not set up for logins here. Tell whoever runs this service.", name)
        return url

    def _fetched(self, url: str) -> Any:
        return httpx.get(url, timeout=PATIENCE, follow_redirects=False).raise_for_status().json()

    def _guarded(self) -> _Guarded:
        return _Guarded()


class _Guarded:
    """Turns whatever an issuer can do wrong into a LoginError."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, httpx.HTTPError):
            raise LoginError(503, "The issuer cannot be reached now. Try again later, or use a key.", type(error).__name__) from None
        if isinstance(error, AuthlibBaseError | JoseError | ValueError | KeyError | TypeError | AttributeError):
            raise LoginError(401, "The issuer's answer does not hold. Begin anew.", type(error).__name__) from None


def mapping(settings: Settings) -> list[tuple[str, Role, str]]:
    """Groups with their role and board, in the order of the settings; ValueError where one is written otherwise."""
    told: list[tuple[str, Role, str]] = []
    for pair in settings.oidc_roles:
        group, equals, place = pair.rpartition("=")
        role, _, board = place.partition("@")
        known = next((each for each in get_args(Role) if each == role), None)
        if not (group and equals and known):
            raise ValueError(f"OJT_OIDC_ROLES: {pair!r} is not `group=role` or `group=role@board`; roles are {', '.join(get_args(Role))}.")
        told.append((group, known, board or "main"))
    return told


def remembered(told: str) -> Begun:
    """What a login remembered."""
    return Begun(**json.loads(told))
