"""Logging in to the pages and out again: with a key on a form, or through the issuer where there is one.

These are pages, not operations of the API: they answer with a page or a redirect, and are not in OpenAPI. Whoever sends one of their forms must be one
of our own pages, so that no other site can log somebody in or out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from api import first_key
from api.access import asking, origin, sessions
from api.access.headers import PAGE
from api.pages.render import render
from api.pages.words import say
from api.problems import TITLES, ProblemError
from api.routing import Use
from api.service import Service
from api.texts import tidy

log = structlog.get_logger("ojt.web")
router = APIRouter(include_in_schema=False)
UNDER_WAY = "ojt_login"
"""The cookie that remembers a login while its browser is with the issuer."""
MINUTES = 10
HOME = "/"
"""Where whoever logs in lands who had nowhere to go."""


@router.get("/login")
def login_page(request: Request, service: Use, next: str = HOME) -> Response:
    """The form; or who is logged in, with the way out."""
    return _page(request, service, next)


@router.post("/login")
async def log_in(request: Request, service: Use, key: Annotated[str, Form()] = "", next: Annotated[str, Form()] = "") -> Response:
    """Log in with a key."""
    return await run_in_threadpool(_log_in, request, service, tidy(key), next)


@router.post("/logout")
def log_out(request: Request, service: Use) -> Response:
    """End the login, everywhere."""
    if not origin.from_here(request, service.settings):
        return _page(request, service, HOME, 403, say("login.cross_site"))
    _end(request, service)
    response = RedirectResponse(origin.LOGIN, 303)
    response.delete_cookie(**_flags(request, service), path="/")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@router.get("/oidc/start")
def go_to_issuer(request: Request, service: Use, next: str = HOME) -> Response:
    """Send the browser to the issuer."""
    if service.issuer is None:
        return _page(request, service, next, 404, say("login.no_issuer"))
    from api.access.oidc import LoginError

    try:
        url, begun = service.issuer.begin(_back(request, service), origin.local(next))
    except LoginError as error:
        return _failed(request, service, error)
    response = RedirectResponse(url, 303)
    response.set_cookie(value=sessions.signed(service.session_secret, begun.told()), max_age=MINUTES * 60, path="/", **_flags(request, service, UNDER_WAY))
    return response


@router.get("/oidc/callback")
def come_back(request: Request, service: Use) -> Response:
    """Log in whoever the issuer vouches for."""
    if service.issuer is None:
        return _page(request, service, HOME, 404, say("login.no_issuer"))
    from api.access.oidc import LoginError, remembered

    told = sessions.read(service.session_secret, request.cookies.get(origin.cookie(request, service.settings, UNDER_WAY), ""))
    try:
        if told is None:
            raise LoginError(401, say("login.not_begun"), "no cookie")
        begun = remembered(told)
        person = service.issuer.finish(_back(request, service), begun, dict(request.query_params))
    except LoginError as error:
        response = _failed(request, service, error)
    else:
        _end(request, service)
        with service.store.begin() as connection:
            session_id = sessions.of_person(
                connection,
                issuer=service.issuer.name,
                subject=person.subject,
                name=person.name,
                role=person.role,
                board=person.board,
                life=service.settings.session_life,
            )
        response = _logged_in(request, service, session_id, begun.next)
    response.delete_cookie(**_flags(request, service, UNDER_WAY), path="/")
    return response


def _log_in(request: Request, service: Service, key: str, following: str) -> Response:
    if not origin.from_here(request, service.settings):
        return _page(request, service, following, 403, say("login.cross_site"))
    try:
        who = asking.of_key(request, service, key.strip())
    except ProblemError as error:
        log.warning("a login failed", reason=error.code)
        shown = error.detail if error.code == "unauthenticated" else say("login.wait", detail=error.detail)
        return _page(request, service, following, TITLES[error.code][0], shown, error.headers)
    _end(request, service)
    with service.store.begin() as connection:
        session_id = sessions.of_key(connection, who, service.settings.session_life)
    return _logged_in(request, service, session_id, origin.local(following))


def _logged_in(request: Request, service: Service, session_id: str, following: str) -> RedirectResponse:
    response = RedirectResponse(origin.local(following), 303)
    life = int(service.settings.session_life.total_seconds())
    response.set_cookie(value=sessions.signed(service.session_secret, session_id), max_age=life, path="/", **_flags(request, service))
    return response


def _end(request: Request, service: Service) -> None:
    """End the login that the browser has, so that none lives on beside a new one."""
    before = asking.of_session(request, service)
    if before is not None:
        with service.store.begin() as connection:
            sessions.end(connection, before)


def _flags(request: Request, service: Service, name: str = origin.COOKIE) -> dict[str, Any]:
    key = origin.cookie(request, service.settings, name)
    return {"key": key, "httponly": True, "samesite": "lax", "secure": origin.secure(request, service.settings)}


def _back(request: Request, service: Service) -> str:
    return f"{origin.origin(request, service.settings)}/oidc/callback"


def _failed(request: Request, service: Service, error: Any) -> Response:
    log.warning("a login failed", reason=error.reason)
    return _page(request, service, HOME, error.status, error.message)


def _page(request: Request, service: Service, following: str, status: int = 200, wrong: str = "", headers: Mapping[str, str] | None = None) -> Response:
    who = asking.of_session(request, service)
    issuer = urlsplit(service.settings.oidc_issuer or "").hostname if service.issuer else None
    place = origin.local(following)
    first = who is None and first_key.nobody_has_one(service.store)
    given = {"me": who, "first": first, "wrong": wrong, "next": place, "issuer": issuer, "start": f"/oidc/start?{urlencode({'next': place})}"}
    return HTMLResponse(render("login.html", given), status, {**(headers or {}), "Content-Security-Policy": PAGE})
