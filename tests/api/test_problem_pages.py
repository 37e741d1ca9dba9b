"""Problems explain themselves, and operations that will go say so."""

from __future__ import annotations

from datetime import date

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.deprecation import Deprecation
from api.problems import ADVICE, TITLES
from api.routing import Router
from api.service import Service


def test_every_problem_has_advice() -> None:
    assert set(ADVICE) == set(TITLES)


def test_the_type_of_a_problem_leads_to_its_page(web: TestClient) -> None:
    told = web.get("/v1/runs").json()
    page = web.get(told["type"])
    assert (page.status_code, page.json()) == (200, {"code": "unauthenticated", "status": 401, "title": told["title"], "advice": ADVICE["unauthenticated"]})
    shown = web.get(told["type"], headers={"Accept": "text/html,*/*"})
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert told["title"] in shown.text
    assert [each["code"] for each in web.get("/problems").json()] == list(TITLES)
    assert web.get("/problems", headers={"Accept": "text/html"}).text.count("<li>") == len(TITLES)
    assert (web.get("/problems/<b>").status_code, web.get("/problems/<b>").json()["code"]) == (404, "not-found")


def test_an_operation_that_will_go_says_so(service: Service) -> None:
    router = Router()
    going = Deprecation(date(2026, 1, 1), date(2026, 12, 31), "/v1/rules")

    @router.operation("GET", "/v1/laws", "read", going=going)
    def laws() -> list[str]:
        return []

    app: FastAPI = create_app(service.settings)
    app.include_router(router)
    with TestClient(app) as client:
        for path, told in (("/v1/laws", ("@1767225600", "Thu, 31 Dec 2026 00:00:00 GMT", '</v1/rules>; rel="deprecation"')), ("/v1/rules", (None,) * 3)):
            answer = client.get(path)
            assert (answer.headers.get("deprecation"), answer.headers.get("sunset"), answer.headers.get("link")) == told
    operation = app.openapi()["paths"]["/v1/laws"]["get"]
    assert (operation["deprecated"], operation["x-deprecation"]["sunset"]) == (True, "2026-12-31")


def test_nothing_goes_at_short_notice() -> None:
    with pytest.raises(ValueError, match="180 days"):
        Deprecation(date(2026, 1, 1), date(2026, 2, 1), "/v1/rules")
