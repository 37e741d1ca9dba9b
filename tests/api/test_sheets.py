"""The files that a team is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.service import Service
from api.sheets import sheets_of
from tests.api.conftest import Ask
from tests.api.made import make_scenario

Finish = Callable[[], list[dict[str, Any]]]


def test_the_sheets_of_a_run_are_whole_and_the_same_each_time(service: Service, ask_as: Ask, finish: Finish) -> None:
    ask_as("planner").post("/v1/runs", json={"scenario_id": make_scenario(service)})
    (row,) = finish()
    sheets = sheets_of(service, row)
    assert {"workbook.xlsx", "report.html", "assignments.csv", "employer_sheet.csv", "worklist.csv", "unplaced.csv"} <= set(sheets)
    assert "equity.csv" not in sheets
    assert sheets["workbook.xlsx"][:2] == b"PK"
    assert sheets["assignments.csv"].decode("utf-8-sig").count("\n") == 1 + row["summary"]["placed"]
    assert sheets_of(service, row) == sheets
