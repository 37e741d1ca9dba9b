"""Who asks, and may they? Settled before anything else of a request is read, its body above all."""

from __future__ import annotations

from fastapi import Request

from api.access import keys, origin, sessions
from api.access.keys import Caller
from api.access.roles import Scope
from api.problems import ProblemError
from api.service import Service

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CHALLENGE = {"WWW-Authenticate": "Bearer"}


def authorize(request: Request, service: Service, scope: Scope) -> Caller:
    """Who asks for something that needs a scope; ProblemError where nobody known does, or somebody who may not."""
    found = identify(request, service)
    if not found.may(scope):
        raise ProblemError("forbidden", f"The role {found.role} has no scope {scope!r}.")
    return found


def still_may(request: Request, service: Service, scope: Scope) -> bool:
    """Whether who asked would be let in again: an answer may go on for longer than the key that it was asked with."""
    try:
        return _caller(request, service).may(scope)
    except ProblemError:
        return False


def identify(request: Request, service: Service) -> Caller:
    """Who asks, found out once for a request; ProblemError where nobody known does."""
    found: Caller | None = getattr(request.state, "caller", None)
    if found is None:
        found = request.state.caller = _caller(request, service)
    return found


def of_key(request: Request, service: Service, secret: str) -> Caller:
    """Whose key was sent; ProblemError where it is not good, or the address has tried too many."""
    address, digest = request.client.host if request.client else "", keys.digest(secret)
    wait = service.throttle.wait(address, digest)
    if wait:
        raise ProblemError("too-many-failures", "Too many unknown keys came from this address.", headers={"Retry-After": str(int(wait) + 1)})
    with service.store.read() as connection:
        found = keys.find(connection, secret)
    if found is None:
        service.throttle.failed(address, digest)
        raise ProblemError("unauthenticated", "The key is unknown, expired or revoked.", headers=CHALLENGE)
    service.throttle.passed(digest)
    service.seen.note(found.id)
    return found


def of_session(request: Request, service: Service) -> Caller | None:
    """Who is logged in to the pages; None where nobody is."""
    told = request.cookies.get(origin.cookie(request, service.settings))
    session_id = sessions.read(service.session_secret, told) if told else None
    if session_id is None:
        return None
    with service.store.read() as connection:
        return sessions.find(connection, session_id)


def _caller(request: Request, service: Service) -> Caller:
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, secret = header.partition(" ")
        if scheme.lower() == "bearer" and secret.strip():
            return of_key(request, service, secret.strip())
    elif (found := of_session(request, service)) is not None:
        if request.method not in SAFE and not origin.from_here(request, service.settings):
            raise ProblemError("cross-site", "A login to the pages counts only for requests that our own pages send.")
        return found
    raise ProblemError("unauthenticated", "Send the header `Authorization: Bearer KEY`.", headers=CHALLENGE)
