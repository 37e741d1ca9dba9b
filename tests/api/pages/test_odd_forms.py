"""What nobody types into a page, and somebody will send: nothing breaks, nothing is worked on for ever, and nothing is asked but what the page means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import FormData

from api.app import create_app
from api.pages import axes
from api.pages.controls import MOST_STEPS, entered
from api.pages.frame import ACTIONS
from api.problems import ProblemError
from tests.api.pages.conftest import Town
from tests.api.pages.test_frame import HTML, filled

ENDS = ("archive", "delete", "cancel", "stop", "demos")
"""What ends or begins something whatever the form says."""


@pytest.fixture(scope="module")
def admin(town: Town) -> Iterator[TestClient]:
    """An admin's client; an exception that nobody expected is raised in it."""
    with TestClient(create_app(town.service.settings)) as web:
        yield TestClient(web.app, headers={"Authorization": f"Bearer {town.secret('admin')}", **HTML}, follow_redirects=False)


@pytest.mark.parametrize("text", ["1e5000", "-1e5000", "1e-5000", "0e5000", "9" * 5000, "0." + "0" * 5000 + "1"])
def test_a_number_beyond_all_use_is_not_written_out(text: str) -> None:
    for kind, expected in (("number", text), ("share", text), ("wholes", [text])):
        assert entered({"is": kind, "field": "value"}, FormData([("value", text)])) == expected
    assert entered({"is": "counts", "field": "value"}, FormData([("value", f"CBO1 = {text}")])) == {"CBO1": text}
    with pytest.raises(ProblemError):
        axes.asked(axes.axis_of("constraints.reservation.count"), {"from": text, "to": "1", "step": "1"}, "")


@pytest.mark.parametrize("text", ["9" * 30, "-1", "x", "²", ""])
def test_a_form_does_not_say_how_long_it_is_looked_through(text: str) -> None:
    asked: list[str] = []

    class Counting(dict[str, Any]):
        def get(self, name: str, otherwise: Any = None) -> Any:
            asked.append(name)
            assert len(asked) < 10 * MOST_STEPS
            return super().get(name, otherwise)

        def getlist(self, name: str) -> list[Any]:
            return []

    assert entered({"is": "steps", "field": "value"}, Counting({"value.steps": text})) is None


@pytest.mark.parametrize(("path", "_"), ACTIONS)
def test_a_form_without_its_fields_or_with_files_for_them_is_refused_in_words(path: str, _: str, town: Town, admin: TestClient) -> None:
    if any(word in path for word in ENDS):
        return
    assert admin.post(filled(path, town), data={"once": "ü" * 300}).status_code < 500
    answer = admin.post(filled(path, town), files=[(name, ("a.csv", b"x", "text/csv")) for name in ("name", "seed", "time_limit", "do")])
    assert (answer.status_code, "where a text is expected" in answer.text) == (422, True)
    half = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\\ud800\r\n--x--\r\n'
    assert admin.post(filled(path, town), content=half, headers={"Content-Type": "multipart/form-data; boundary=x; charset=unicode_escape"}).status_code == 422


@pytest.mark.parametrize("address", ["/runs/..json", "/runs/%2e", "/runs/%2e%2e", "/nights/%2e%2e", "/publications/%2e%2e/worklists"])
def test_an_id_that_leads_elsewhere_is_no_id(address: str, admin: TestClient) -> None:
    assert admin.get(address).status_code == 404


def test_an_id_is_not_a_path(town: Town, admin: TestClient) -> None:
    run = town.world.ids["run_id"]
    for id_ in (f"{run}/kpis", "..", f"{run}/../{run}"):
        assert admin.get("/publications/new", params={"run": id_}).status_code == 404
        assert admin.post("/keys", data={"do": "revoke", "key": id_}).status_code == 404


@pytest.mark.parametrize("version", ["", "x", "0", "-1", "²", "9" * 5000])
def test_a_form_that_says_no_version_changes_nothing(version: str, town: Town, admin: TestClient) -> None:
    scenario = town.world.ids["scenario_id"]
    before = admin.get(f"/v1/scenarios/{scenario}").json()
    for what in ("rule?rule=constraints.reservation[partner]", "added?add=goals.match_quality", "changed", "pinned", "stability", "about"):
        answer = admin.post(f"/scenarios/{scenario}/{what}", data={"version": version, "name": "another", "do": "drop:²", "keep": "limit", "at_most": "²"})
        assert answer.status_code in (412, 422), what
    assert admin.get(f"/v1/scenarios/{scenario}").json() == before


def test_a_number_that_json_does_not_have_is_refused(admin: TestClient) -> None:
    form = {"name": "odd", "when": "cron", "cron": "30 2 * * 1-5", "zone": "UTC", "source": "upload", "upload": "world", "ask_gap": "on"}
    for text in ("nan", "inf", "1e999"):
        assert admin.post("/nights/new", data={**form, "gate_gap": text, "minutes": text, "wait": text}).status_code == 422


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_are_days(day: str, admin: TestClient) -> None:
    assert admin.get("/audit", params={"since": day, "until": day}).status_code == 200
