"""Routes that say who may use them: an operation without a scope cannot be written by mistake, and OpenAPI tells the scope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.access import keys
from api.access.keys import Caller
from api.access.roles import Scope
from api.problems import MEDIA, ProblemDocument, ProblemError
from api.service import Service

bearer = HTTPBearer(auto_error=False, scheme_name="key", description="An API key, as `ojt keys create` prints it once.")


def service(request: Request) -> Service:
    """The service behind the application."""
    found: Service = request.app.state.service
    return found


def caller(
    request: Request,
    service: Annotated[Service, Depends(service)],
    told: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Caller:
    """Who asks. Raises ProblemError where nobody known does."""
    if told is None:
        raise ProblemError("unauthenticated", "Send the header `Authorization: Bearer KEY`.", headers={"WWW-Authenticate": "Bearer"})
    with service.store.read() as connection:
        found = keys.find(connection, told.credentials)
    if found is None:
        raise ProblemError("unauthenticated", "The key is unknown, expired or revoked.", headers={"WWW-Authenticate": "Bearer"})
    request.state.caller = found
    return found


def needs(scope: Scope) -> Callable[..., Caller]:
    """A dependency that lets only those through whose role has the scope."""

    def allowed(caller: Annotated[Caller, Depends(caller)]) -> Caller:
        if not caller.may(scope):
            raise ProblemError("forbidden", f"The role {caller.role} has no scope {scope!r}.")
        return caller

    return allowed


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
    429: "Too many at once; Retry-After says when.",
    503: "It cannot answer now.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problem documents for `responses=`."""
    schema = {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}
    return {status: {"description": REASONS[status], "content": {MEDIA: schema}} for status in statuses}


class Router(APIRouter):
    """A router whose operations name their scope."""

    def operation(self, method: str, path: str, scope: Scope, *, fails: tuple[int, ...] = (), status: int = 200, **more: Any) -> Callable[..., Any]:
        """A route that needs a scope; `fails` are the statuses of problems beside those that any operation has."""
        statuses = {401, 403, 422, *fails, *((404,) if "{" in path else ()), *((400, 413, 415) if method in ("POST", "PUT", "PATCH") else ())}
        responses = {**problems(*sorted(statuses)), **more.pop("responses", {})}
        extra = {"x-scope": scope, **more.pop("openapi_extra", {})}
        return self.api_route(
            path,
            methods=[method],
            dependencies=[Depends(needs(scope)), *more.pop("dependencies", [])],
            responses=responses,
            openapi_extra=extra,
            status_code=status,
            **more,
        )


__all__ = ["Me", "ProblemDocument", "Router", "Use", "caller", "needs", "problems", "service"]
