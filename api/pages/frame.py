"""Pages: each is a view that makes a document from what the API tells, a template that shows it, and a twin at the same path with `.json` that tells it.

A view is an async function; its parameters are the page's address, so that the address holds the whole state. Its template sees the document's fields
by their names and nothing else of the service. Pictures are drawn from the document alone, so that the twin has every figure that a picture shows.
A form is sent to an action, which does one thing and says where to go on; where the API refuses, the page with the form is shown again, with what is wrong
and with everything that was entered. What may be told once only, such as a new key, an action gives back as a document in the place of an address: the
page is shown with it, in this one answer, and it stands in no address. What was entered is shown again where the action gives it back as `given`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin
from urllib.parse import quote, urlencode

from fastapi import Depends, FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from api import problems
from api.access import origin
from api.access.asking import identify
from api.access.headers import PAGE
from api.access.roles import ROLES, Scope
from api.pages.ask import Ask, RefusedError
from api.pages.pictures import Picture
from api.pages.render import render
from api.pages.words import say
from api.problems import ProblemError
from api.routing import Guarded
from api.texts import fit

JSON = ".json"
ASIDE = "reasons"
"""The part of a query that only says how long a page waits: it is in no address that a page makes."""
_IN_BRACES = re.compile(r"\{(\w+)(?::\w+)?\}")
View = Callable[..., Awaitable[dict[str, Any]]]
Act = Callable[..., Awaitable[str | dict[str, Any]]]
Draw = Callable[[dict[str, Any]], Mapping[str, Picture]]


@dataclass(frozen=True)
class PageRoute:
    """A page that there is."""

    path: str
    scope: Scope
    view: View
    template: str
    draw: Draw | None = None

    @property
    def twin(self) -> str:
        """Where its document is told."""
        return f"{'/index' if self.path == '/' else self.path}{JSON}"


PLACES: tuple[tuple[str, str, Scope], ...] = (
    ("home", "/", "read"),
    ("data", "/data", "read"),
    ("scenarios", "/scenarios", "read"),
    ("runs", "/runs", "read"),
    ("compare", "/compare", "read"),
    ("tradeoffs", "/tradeoffs", "read"),
    ("nights", "/nights", "read"),
    ("keys", "/keys", "keys"),
    ("audit", "/audit", "audit"),
    ("settings", "/settings", "keys"),
)
"""Where the navigation leads, and whom."""
PAGES: list[PageRoute] = []
"""Every page, in the order in which they were made."""
ACTIONS: list[tuple[str, Scope]] = []
"""Every form's target."""


FILES = "files"
"""The only field of forms that holds files."""


async def _form(request: Request) -> AsyncIterator[FormData]:
    async with request.form() as form:  # closes the files that came in it
        for name, value in form.multi_items():
            if not isinstance(value, str) and name != FILES:
                raise ProblemError("faulty-input", say("frame.file_for_text"))
            if not all(map(fit, (name, value if isinstance(value, str) else value.filename or ""))):
                raise ProblemError("faulty-input", say("frame.unfit_text"))
        yield form


Form = Annotated[FormData, Depends(_form)]


class Shown(Guarded):
    """A route of pages: whom it does not know it leads to the login, and problems are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, with problems shown as pages."""
        go_on = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await go_on(request)
            except (ProblemError, RefusedError, RequestValidationError) as error:
                return await refused(request, problem_of(request, error))

        return shown


class Pages:
    """The pages of one area."""

    def __init__(self) -> None:
        from api.routing import Router

        self.router = Router(include_in_schema=False)
        self.router.route_class = Shown

    def page(self, path: str, scope: Scope, template: str, draw: Draw | None = None) -> Callable[[View], View]:
        """Show what a view makes, at a path; `draw` makes its pictures by name, as markup."""

        def made(view: View) -> View:
            page = PageRoute(path, scope, view, template, draw)
            PAGES.append(page)
            # The twin first: its path would otherwise be taken for an id that ends so.
            self._route(page.twin, "GET", scope, _answering(view, _told))
            self._route(path, "GET", scope, _answering(view, lambda request, document: show(request, page, document)))
            return view

        return made

    def action(self, path: str, scope: Scope, shows: View | None = None) -> Callable[[Act], Act]:
        """Do what a form asks, then go where the function says; `shows` is the view of the page that has the form, for when it cannot be done, and for what
        the function tells once."""

        def made(act: Act) -> Act:
            ACTIONS.append((path, scope))
            self._route(path, "POST", scope, _acting(act, shows))
            return act

        return made

    def _route(self, path: str, method: str, scope: Scope, endpoint: Callable[..., Any]) -> None:
        self.router.add_api_route(path, endpoint, methods=[method], include_in_schema=False, openapi_extra={"x-scope": scope}, response_model=None)


async def show(
    request: Request,
    page: PageRoute,
    document: dict[str, Any],
    *,
    problem: dict[str, Any] | None = None,
    given: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Response:
    """A page with its document; where that names an address as `elsewhere`, the way there."""
    if document.get("elsewhere"):
        return RedirectResponse(document["elsewhere"], 303)

    def drawn() -> str:
        pictures = page.draw(document) if page.draw else {}
        # A form's own address is not the page's: links on a page that is shown again lead to the page.
        place = _IN_BRACES.sub(lambda found: str(request.path_params[found[1]]), page.path)
        return render(page.template, {**framed(request, place), **document, "pictures": pictures, "problem": problem, "given": given or {}})

    return _html(await run_in_threadpool(drawn), status)


async def refused(request: Request, problem: dict[str, Any]) -> Response:
    """A problem as the asker reads it: as JSON from a twin, as the way to the login where nobody is logged in, as a page elsewhere."""
    if request.url.path.endswith(JSON):
        return JSONResponse(problem, problem["status"], media_type=problems.MEDIA)
    if problem["code"] == "unauthenticated":
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{origin.LOGIN}?{urlencode({'next': here if request.method == 'GET' else '/'})}", 303)
    return _html(await run_in_threadpool(render, "problem.html", {**framed(request), "problem": problem, "given": {}, "back": ""}), problem["status"])


def problem_of(request: Request, error: ProblemError | RefusedError | RequestValidationError) -> dict[str, Any]:
    """What went wrong, as a problem document."""
    if isinstance(error, RefusedError):
        return error.problem
    if isinstance(error, ProblemError):
        return problems.document(request, error.code, error.detail, [fault.as_dict() for fault in error.faults])
    told = [problems.invalid_fault(each) for each in error.errors()]
    return problems.document(request, "faulty-input", say("frame.bad_address", n=len(told)), told)


def install(app: FastAPI) -> None:
    """Let whoever opens an address that there is not in a browser see a page that says so."""
    otherwise: Any = app.exception_handlers[HTTPException]

    @app.exception_handler(404)
    async def _nothing(request: Request, error: Exception) -> Response:
        if isinstance(error, ProblemError) or "text/html" not in request.headers.get("accept", "") or request.url.path.startswith("/v1"):
            made: Response = await run_in_threadpool(otherwise, request, error)
            return made
        return await refused(request, problems.document(request, "not-found", say("frame.no_page")))


def framed(request: Request, place: str = "", *, asks: bool = True) -> dict[str, Any]:
    """What every page shows around its own; `place` is its path, that of the request where absent. Who is there is only asked for where `asks`."""
    path = place or request.url.path
    service = request.app.state.service
    try:
        me = identify(request, service) if asks else getattr(request.state, "caller", None)
    except ProblemError:
        me = None
    return {
        "me": me,
        "may": ROLES[me.role] if me else frozenset(),
        "places": PLACES,
        "path": path,
        "query": {name: value for name, value in request.query_params.items() if name != ASIDE},
        "address": _address(request, path),
        "banner": service.settings.banner,
    }


def _address(request: Request, path: str) -> Callable[..., str]:
    """A maker of addresses like this page's, with some of the query changed; None takes a part out. What is not changed stays, as often as it is there."""

    def changed(**parts: Any) -> str:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name not in parts and name != ASIDE]
        told = urlencode([(name, value) for name, value in (*kept, *parts.items()) if value not in (None, "")])
        return quote(path) + (f"?{told}" if told else "")

    return changed


def _html(text: str, status: int) -> HTMLResponse:
    return HTMLResponse(text, status, headers={"Content-Security-Policy": PAGE})


async def _told(_: Request, document: dict[str, Any]) -> Response:
    return JSONResponse(await run_in_threadpool(jsonable_encoder, document))


def _answering(view: View, answer: Callable[[Request, dict[str, Any]], Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    async def answered(page_request: Request, **given: Any) -> Response:
        return await answer(page_request, await view(**given))

    return _signed(answered, view)


def _acting(act: Act, shows: View | None) -> Callable[..., Awaitable[Response]]:
    async def acted(page_request: Request, page_api: Ask, page_form: Form, **given: Any) -> Response:
        page = next((each for each in PAGES if each.view is shows), None)
        try:
            done = await act(**given)
            if isinstance(done, str):
                return RedirectResponse(done, 303)
            assert page is not None, "what is told once is told on a page"
            return await show(page_request, page, {**await page.view(**_again(page, page_request, page_api)), **done}, given=done.get("given"))
        except (ProblemError, RefusedError) as error:
            problem = problem_of(page_request, error)
            if page is None or problem["code"] in ("not-found", "gone", "forbidden"):
                raise
            document = await page.view(**_again(page, page_request, page_api))
            return await show(page_request, page, document, problem=problem, given=page_form, status=problem["status"])

    return _signed(acted, act)


def _again(page: PageRoute, request: Request, api: Any) -> dict[str, Any]:
    """What the view of a page is given when it is shown again: the same path, and nothing of the query that is not known."""
    given: dict[str, Any] = {}
    told = {**request.query_params, **request.path_params}
    for name, parameter in inspect.signature(page.view, eval_str=True).parameters.items():
        alias = next((each.alias for each in get_args(parameter.annotation)[1:] if getattr(each, "alias", None)), name)
        several = get_origin(next(iter(get_args(parameter.annotation)), None)) is list
        if parameter.annotation == Ask:
            given[name] = api
        elif alias in told:
            with suppress(ValidationError):
                given[name] = TypeAdapter(parameter.annotation).validate_python(request.query_params.getlist(alias) if several else told[alias])
    return given


def _signed(made: Callable[..., Any], as_: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes what another takes, beside its own parameters: what the framework fills in it reads from signatures."""
    own = [each for each in inspect.signature(made, eval_str=True).parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    theirs = inspect.signature(as_, eval_str=True).parameters.values()
    as_keywords = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *theirs)]
    made.__signature__ = inspect.Signature(as_keywords)  # type: ignore[attr-defined]  # functions may have one
    made.__name__, made.__doc__ = getattr(as_, "__name__", "page"), as_.__doc__
    return made
