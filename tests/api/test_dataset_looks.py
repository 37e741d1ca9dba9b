"""Looks into datasets: columns, cells around faults, faults to take along, and what has changed since the snapshot before."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook

from tests.api.uploading import GOOD, upload

Ask = Callable[..., TestClient]
FAULTY = {
    "seekers.csv": b'Client ID,veteran,shoe_size,wage_floor\nS1,perhaps,9,15\nS2,yes,"=1+1",cheap\n',
    "slots.csv": b"slot_id,openings\nJ1,-1\nJ1,2\n",
    "clients.csv": b"a,b\n1,2\n",
    "demographics.csv": b"seeker_id,sex,faith\nS1,purple,x\n",
}


def workbook_of(sheets: dict[str, list[list[str]]]) -> bytes:
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink) as book:
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for number, cells in enumerate(rows):
                sheet.write_row(number, 0, cells)
    return sink.getvalue()


def sheets_in(content: bytes) -> dict[str, list[list[str]]]:
    with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
        return {title: book.get_sheet_by_name(title).to_python() for title in book.sheet_names}


def made(client: TestClient, files: dict[str, bytes], **more: Any) -> str:
    answer = upload(client, files, **more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_columns_are_told_as_they_were_understood(ask_as: Ask) -> None:
    client = ask_as("planner")
    sheets = {each["file"]: each for each in client.get(f"/v1/datasets/{made(client, FAULTY)}/sheets").json()}
    assert {name: (each["table"], each["records"]) for name, each in sheets.items()} == {
        "seekers.csv": ("seekers", 2),
        "slots.csv": ("slots", 2),
        "demographics.csv": ("demographics", 1),
        "clients.csv": (None, None),
    }
    assert [(each["header"], each["means"], each["state"]) for each in sheets["seekers.csv"]["columns"]][1:] == [
        ("veteran", "veteran", "used"),
        ("shoe_size", None, "unknown"),
        ("wage_floor", "wage_floor", "used"),
    ]
    assert "center_id" in sheets["seekers.csv"]["absent"]
    assert [each["header"] for each in sheets["demographics.csv"]["columns"]] == ["seeker_id", "sex"], "strange headers of such a file are not repeated"


def test_a_fault_comes_with_its_row(ask_as: Ask) -> None:
    client = ask_as("planner")
    path = f"/v1/datasets/{made(client, {**FAULTY, 'seekers.csv': FAULTY['seekers.csv'].replace(b'Client ID', b'seeker_id')})}/issues"
    issues = client.get(path, params={"cells": "true"}).json()["items"]
    (wage,) = [each for each in issues if each["column"] == "wage_floor"]
    assert wage["cells"] == {"columns": ["seeker_id", "veteran", "shoe_size", "wage_floor"], "cells": ["S2", "yes", "=1+1", "cheap"], "at": 3}
    openings = [each for each in issues if (each["file"], each["column"]) == ("slots.csv", "openings")]
    assert openings[0]["cells"] == {"columns": ["slot_id", "openings"], "cells": ["J1", "-1"], "at": 1}
    assert all(each["cells"] is None for each in issues if each["file"] in ("demographics.csv", "clients.csv"))
    assert all(each["cells"] is None for each in client.get(path).json()["items"]), "only where they are asked for"


def test_rows_are_numbered_as_a_spreadsheet_does_also_after_blank_ones(ask_as: Ask) -> None:
    client = ask_as("planner")
    files = {**GOOD, "slots.csv": b'slot_id,openings\n"J1",1\n\n\nJ2,many\n'}
    (issue,) = [each for each in client.get(f"/v1/datasets/{made(client, files)}/issues?cells=true").json()["items"] if each["column"] == "openings"]
    assert (issue["row"], issue["cells"]["cells"]) == (5, ["J2", "many"])


def test_of_a_workbook_with_demographics_only_known_columns_are_told(ask_as: Ask) -> None:
    rows = {
        "seekers": [["seeker_id", "belief", "veteran"], ["S1", "quaker", "perhaps"]],
        "slots": [["slot_id", "openings"], ["J1", "1"]],
        "demographics": [["seeker_id", "sex"], ["S1", "purple"]],
    }
    client = ask_as("planner")
    dataset = made(client, {"all.xlsx": workbook_of(rows)})
    told = [client.get(f"/v1/datasets/{dataset}/{what}") for what in ("sheets", "issues?cells=true", "issues.xlsx")]
    assert [each.status_code for each in told] == [200, 200, 200]
    (issue,) = [each for each in told[1].json()["items"] if each["column"] == "veteran"]
    assert issue["cells"] == {"columns": ["seeker_id", "veteran"], "cells": ["S1", "perhaps"], "at": 1}
    assert not any("quaker" in each.text or "purple" in each.text for each in told[:2])
    assert list(sheets_in(told[2].content)) == ["faults"]


def test_faults_are_counted_by_code_errors_first(ask_as: Ask) -> None:
    client = ask_as("viewer")
    dataset = made(ask_as("planner"), FAULTY)
    counts = client.get(f"/v1/datasets/{dataset}/issue-counts").json()
    told = client.get(f"/v1/datasets/{dataset}").json()
    assert sum(each["count"] for each in counts if each["severity"] == "error") == told["errors"]
    assert sum(each["count"] for each in counts) == told["errors"] + told["warnings"]
    assert [each["severity"] for each in counts] == sorted(each["severity"] for each in counts)


def test_faults_can_be_taken_along_as_a_list(ask_as: Ask) -> None:
    client = ask_as("planner")
    files = {**GOOD, "slots.csv": b"slot_id,openings\nJ1,=1+1\n"}
    answer = client.get(f"/v1/datasets/{made(client, files)}/issues.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    (line,) = [each for each in lines if each["column"] == "openings"]
    assert (line["file"], line["row"], line["value"], line["severity"]) == ("slots.csv", "2", "'=1+1", "error")


def test_faults_can_be_mended_in_a_workbook_that_is_then_uploaded_as_it_is(ask_as: Ask) -> None:
    client = ask_as("planner")
    files = {**GOOD, "slots.csv": b"slot_id,openings\nJ1,-1\nJ2,2\n"}
    answer = client.get(f"/v1/datasets/{made(client, files)}/issues.xlsx")
    assert answer.status_code == 200, answer.text
    sheets = sheets_in(answer.content)
    assert (list(sheets), sheets["faults"][0][0], sheets["slots"][1][1]) == (["faults", "slots"], "severity", "-1")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as parts:
        comments = parts.read("xl/comments1.xml").decode()
        assert not any("<f>" in parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/sheet"))
    assert re.findall(r'<comment ref="(\w+)"', comments) == ["B2"]
    assert "openings is -1" in comments
    sheets["slots"][1][1] = "1"
    mended = upload(client, {"mended.xlsx": workbook_of({**sheets, "seekers": [["seeker_id"], ["S1"], ["S2"]]})}).json()
    assert (mended["usable"], mended["errors"]) == (True, 0), mended


def test_what_has_changed_is_told_against_any_usable_dataset_of_the_board(ask_as: Ask) -> None:
    client = ask_as("planner")
    before = made(client, GOOD)
    after = made(
        client, {**GOOD, "slots.csv": GOOD["slots.csv"] + b"NEW1,1\n" if GOOD["slots.csv"].startswith(b"slot_id,openings\n") else b"slot_id,openings\nNEW1,1\n"}
    )
    told = client.get(f"/v1/datasets/{after}/changes", params={"since_id": before}).json()
    slots = next(each for each in told["tables"] if each["table"] == "slots")
    assert slots["ids_come"] == ["NEW1"]
    assert slots["same"] + slots["come"] + slots["changed"] == slots["after"]
    assert client.get(f"/v1/datasets/{after}/changes", params={"since_id": made(client, FAULTY)}).status_code == 409
    assert client.get(f"/v1/datasets/{after}/changes", params={"since_id": "dataset_none"}).status_code == 404
    assert client.get(f"/v1/datasets/{after}/changes").status_code == 422
    assert ask_as("planner", "other").get(f"/v1/datasets/{after}/changes", params={"since_id": before}).status_code == 404


@pytest.mark.parametrize("what", ["sheets", "issues?cells=true", "issues.xlsx"])
def test_an_archived_dataset_is_not_looked_into(ask_as: Ask, what: str) -> None:
    client = ask_as("planner")
    dataset = made(client, FAULTY)
    assert client.get(f"/v1/datasets/{dataset}/{what}").status_code == 200
    assert client.delete(f"/v1/datasets/{dataset}").status_code == 204
    assert client.get(f"/v1/datasets/{dataset}/{what}").status_code == 410
    assert client.get(f"/v1/datasets/{dataset}/issues.csv").status_code == 200
