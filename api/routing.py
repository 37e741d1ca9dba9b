"""Routes that say who may use them: an operation without a scope cannot be written by mistake, and OpenAPI tells the scope."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from api.access.asking import authorize, identify
from api.access.keys import Caller
from api.access.roles import Scope
from api.bodies import CarefulRoute
from api.deprecation import Deprecation
from api.problems import MEDIA, ProblemDocument, example_of
from api.service import Service

bearer = HTTPBearer(auto_error=False, scheme_name="key", description="An API key, as `ojt keys create` prints it once.")


def service(request: Request) -> Service:
    """The service behind the application."""
    found: Service = request.app.state.service
    return found


async def caller(
    request: Request,
    service: Annotated[Service, Depends(service)],
    _: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Caller:
    """Who asks. Raises ProblemError where nobody known does."""
    known: Caller | None = getattr(request.state, "caller", None)
    return known if known is not None else await run_in_threadpool(identify, request, service)


def needs(scope: Scope) -> Callable[..., Caller]:
    """A dependency that lets only those through whose role has the scope; for routes that are none of a Router's."""

    def allowed(request: Request, service: Annotated[Service, Depends(service)]) -> Caller:
        return authorize(request, service, scope)

    return allowed


class Guarded(CarefulRoute):
    """A route that settles who asks, and whether they may, before anything else; it cannot be made without saying what it needs."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, behind the question."""
        go_on = super().get_route_handler()
        named = (self.openapi_extra or {}).get("x-scope")
        scope: Scope | None = next((each for each in get_args(Scope) if each == named), None)
        if scope is None:
            raise TypeError(f"{self.path} names no scope.")

        async def guarded(request: Request) -> Response:
            await run_in_threadpool(authorize, request, service(request), scope)
            return await go_on(request)

        return guarded


Me = Annotated[Caller, Depends(caller)]
Use = Annotated[Service, Depends(service)]

REASONS = {
    400: "The request cannot be understood.",
    401: "No known key.",
    403: "The role may not do this.",
    404: "No such thing on this board.",
    406: "The form asked for is not offered.",
    409: "It does not fit the state of things.",
    410: "Deleted after its time.",
    412: "Changed since it was read.",
    413: "Too large.",
    415: "The form of the body is not understood.",
    422: "The input has faults.",
    428: "If-Match is missing.",
    429: "Too many at once, or too many unknown keys from one address; Retry-After says when.",
    503: "It cannot answer now.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problem documents for `responses=`, each with an example."""
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {status: {"description": REASONS[status], "content": {MEDIA: {"schema": schema, "example": example_of(status)}}} for status in statuses}


class Router(APIRouter):
    """A router whose operations name their scope, and whose bodies are looked at before anything is made of them."""

    def __init__(self, **more: Any) -> None:
        super().__init__(route_class=Guarded, **more)

    def operation(
        self,
        method: str,
        path: str,
        scope: Scope,
        *,
        fails: tuple[int, ...] = (),
        status: int = 200,
        going: Deprecation | None = None,
        **more: Any,
    ) -> Callable[..., Any]:
        """A route that needs a scope; `fails` are the statuses of problems beside those that any operation has, `going` says that it will go."""
        statuses = {401, 403, 422, 429, 503, *fails, *((404,) if "{" in path else ()), *((400, 413, 415) if method in ("POST", "PUT", "PATCH") else ())}
        responses = {**problems(*sorted(statuses)), **more.pop("responses", {})}
        extra = {"x-scope": scope, **(going.extra() if going else {}), **more.pop("openapi_extra", {})}
        return self.api_route(
            path,
            methods=[method],
            dependencies=[Depends(caller), *more.pop("dependencies", [])],
            responses=responses,
            openapi_extra=extra,
            status_code=status,
            **more,
        )


__all__ = ["Guarded", "Me", "ProblemDocument", "Router", "Use", "caller", "needs", "problems", "service"]
