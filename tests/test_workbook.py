"""The workbook and the CSV files: typed cells that read back, nothing that runs, nothing on the employer sheet that should not be there."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from allocator.cli import app
from allocator.csv_tables import csv_bytes
from allocator.errors import InputError
from allocator.inert import inert
from allocator.opened import Opened
from allocator.policy import Policy
from allocator.read import read_scenario
from allocator.report_tables import Field, Material, ReportTable, report_tables
from allocator.report_tables.base import report_table
from allocator.report_tables.worklist import TASKS
from allocator.result import Result, write_result
from allocator.solve import solve
from allocator.workbook import workbook
from allocator.write import write_scenario
from tests.worlds import TODAY, world

SHEETS = [
    "Summary", "Assignments", "Employer sheet", "Staff worklist", "Unplaced", "Reservations", "Targets", "Staff load", "Budget", "Changes", "Equity",
    "Program report", "Development leads", "Checks",
]  # fmt: skip
CANARIES = ("canarypartner", "canarypopulation", "canarycoach", "canarycenter", "canarystream", "canarysex", "canaryskill", "15-1299.09")
"""Words that stand in facts about seekers, and must not reach an employer."""
POLICY = {
    "constraints": [
        {"kind": "reservation", "label": "first", "beneficiaries": "partner:canarypartner", "count": 30},
        {"kind": "business_target", "label": "care", "scope": "sector:62", "goal": 10},
        {"kind": "staff_capacity", "charge": "slot"},
        {"kind": "budget", "funding_stream": "canarystream", "available": 90000},
    ],
    "goals": [{"kind": "priority_of_service", "local": ["canarypopulation"]}, {"kind": "placements"}, {"kind": "match_quality"}],
}


def town() -> Any:
    seekers = [
        {
            "seeker_id": f"S{k:02}", "partner_id": "canarypartner" if k % 2 else None, "center_id": "canarycenter", "staff_id": "canarycoach",
            "populations": ["canarypopulation"] if k % 3 == 0 else [], "skills": ["canaryskill"], "last_soc": "15-1299.09", "low_income": k % 4 == 0,
            "ojt_workshop_date": TODAY - timedelta(days=9) if k < 36 else None, "pool_entry_date": TODAY - timedelta(days=k), "career_map_soc": ["29-1141.00"],
        }
        for k in range(40)
    ]  # fmt: skip
    slots = [
        {"slot_id": "J1", "openings": 20, "employer_id": "E1", "onet_soc": "31-1131.00", "wage": 18.5, "hours_per_week": 40.0, "training_hours": 160,
         "start_date": TODAY + timedelta(days=20), "fill_by": TODAY + timedelta(days=15), "funding_stream": "canarystream", "shift": "day"},
        {"slot_id": "J2", "openings": 2, "employer_id": "=E2", "onet_soc": "51-4041.00", "wage": 22.0, "training_hours": 320, "staff_id": "REP",
         "start_date": TODAY + timedelta(days=9), "funding_stream": "canarystream"},
    ]  # fmt: skip
    demographics = [{"seeker_id": f"S{k:02}", "sex": "canarysex" if k % 2 else "other"} for k in range(40)]
    said = [{"seeker_id": "S01", "slot_id": "J1", "status": "accepted", "since": TODAY - timedelta(days=2), "reason": "@SUM(A1)"}]
    return world(
        seekers=seekers, slots=slots, commitments=said, demographics=demographics, partners=[{"partner_id": "canarypartner", "name": "=HYPERLINK()"}],
        employers=[{"employer_id": "E1", "naics": "6220", "staff_id": "REP"}, {"employer_id": "=E2", "naics": "3345"}], centers=[{"center_id": "canarycenter"}],
        staff=[{"staff_id": "REP", "role": "business_services", "capacity": 30, "used": 4}, {"staff_id": "canarycoach", "role": "career_coach"}],
        reference=[{"seeker_id": "S01", "slot_id": "J1"}, {"seeker_id": "S03", "slot_id": "gone"}, {"seeker_id": "gone", "slot_id": "J1"},
                   {"seeker_id": "S38", "slot_id": "J2"}],
        name="town",
    )  # fmt: skip


@pytest.fixture(scope="module")
def solved() -> tuple[Any, Result]:
    scenario = town()
    return scenario, solve(scenario, Policy.from_dict(POLICY))


@pytest.fixture(scope="module")
def tables(solved: tuple[Any, Result]) -> dict[str, ReportTable]:
    return {table.title: table for table in report_tables(Material.of(Opened.of(*solved)))}


@pytest.fixture(scope="module")
def book(tables: dict[str, ReportTable]) -> bytes:
    return workbook(list(tables.values()), as_of=TODAY, title="town")


def cells(book: bytes, sheet: str) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_name(sheet).to_python()


# -- the sheets ---------------------------------------------------------------------------------------------------------


def test_the_sheets_stand_in_their_order(book: bytes) -> None:
    assert CalamineWorkbook.from_filelike(io.BytesIO(book)).sheet_names == SHEETS


def test_every_table_reads_back(book: bytes, tables: dict[str, ReportTable]) -> None:
    for title, table in tables.items():
        header, *lines = cells(book, title)
        assert header == [field.title for field in table.fields]
        assert len(lines) == len(table), title
    days = [row[header.index("First day")] for header, *lines in [cells(book, "Employer sheet")] for row in lines]
    assert set(days) == {TODAY + timedelta(days=20), TODAY + timedelta(days=9)}
    wages = [row[header.index("Wage an hour")] for header, *lines in [cells(book, "Employer sheet")] for row in lines]
    assert set(wages) == {18.5, 22.0}


def test_the_sheets_tell_what_the_result_tells(solved: tuple[Any, Result], tables: dict[str, ReportTable]) -> None:
    _, result = solved
    told = result.as_dict()
    assert len(tables["Assignments"]) == len(tables["Employer sheet"]) == told["placed"]
    assert len(tables["Unplaced"]) == told["seekers"] - told["placed"]
    assert set(zip(tables["Assignments"].frame["seeker_id"], tables["Assignments"].frame["slot_id"], strict=True)) == set(result.plan())
    promise = tables["Reservations"].frame.iloc[0]
    assert [promise[name] for name in ("promised", "filled", "short")] == [told["reservations"][0][name] for name in ("promised", "filled", "short")]
    budget = next(line for line in told["rules"] if line["kind"] == "budget")
    money = tables["Budget"].frame.iloc[0]
    assert round(money["obligated"] * 100) == budget["achieved"] == round(tables["Assignments"].frame["obligation"].sum() * 100)
    load = next(line for line in told["rules"] if line["kind"] == "staff_capacity")
    assert tables["Staff load"].frame.set_index("staff_id").loc["REP", "added"] == load["achieved"]
    summary = tables["Summary"].frame.set_index("what")["value"]
    assert (summary["People placed"], summary["Openings"]) == (told["placed"], told["openings"])
    assert set(tables["Checks"].frame["standing"].dropna()) >= {"kept", "proved"}
    assert told["digests"]["scenario"] in set(tables["Checks"].frame["value"])


def test_changes_are_told_against_the_reference(solved: tuple[Any, Result], tables: dict[str, ReportTable]) -> None:
    frame = tables["Changes"].frame.set_index("seeker_id")
    now = dict(solved[1].plan())
    assert "S01" not in frame.index
    assert (frame.loc["gone", "change"], frame.loc["gone", "why"]) == ("lost", "no longer among the seekers")
    assert frame.loc["S03", "change"] == ("moved" if "S03" in now else "lost")
    assert (frame["change"] == "newly placed").sum() == len(set(now) - {"S01", "S03", "S38"})


def test_the_worklist_says_what_comes_first(tables: dict[str, ReportTable]) -> None:
    frame = tables["Staff worklist"].frame
    mine = frame[frame["staff_id"] == "REP"]
    assert mine["number"].tolist() == list(range(1, len(mine) + 1))
    assert mine.iloc[0][["task", "seeker_id", "slot_id"]].tolist() == ["Prepare contract and training plan", "S01", "J1"]
    kinds = frame.assign(kind=frame["task"].map(TASKS.index)).groupby("staff_id", dropna=False, sort=False)["kind"]
    assert all(each.is_monotonic_increasing for _, each in kinds), "kind by kind, as its sheet says"
    dues = mine[mine["task"] == "Refer to the employer"]["due"]
    assert dues.is_monotonic_increasing
    booked = frame[frame["task"] == "Book the OJT workshop"]
    assert set(booked["seeker_id"]) == {"S36", "S37", "S38", "S39"}
    lost = frame[frame["task"] == "Tell them that the slot of the last plan is gone"]
    assert set(lost["seeker_id"]) >= {"S38"}


def test_the_employer_sheet_holds_nothing_about_a_person(book: bytes, tables: dict[str, ReportTable]) -> None:
    header, *lines = cells(book, "Employer sheet")
    assert header == [
        "Employer", "Job order", "Occupation (O*NET)", "Referred", "Your contact", "First day", "Wage an hour", "Hours a week", "Shift", "Training hours",
    ]  # fmt: skip
    said = " ".join(str(cell) for row in lines for cell in row) + csv_bytes(tables["Employer sheet"]).decode()
    for canary in CANARIES:
        assert canary not in said
    everything = " ".join(str(cell) for sheet in SHEETS for row in cells(book, sheet) for cell in row)
    assert "canarypartner" in everything  # the canaries do sing elsewhere


def test_ids_that_tell_a_partner_are_told(tables: dict[str, ReportTable]) -> None:
    told = tables["Checks"].frame.set_index("what")
    assert told.loc["Ids on the employer sheet tell no partner", "standing"] == "kept"


def test_no_person_stands_beside_a_protected_fact(book: bytes) -> None:
    for sheet in SHEETS:
        for row in cells(book, sheet):
            said = [str(cell) for cell in row]
            assert not ("canarysex" in said and any(len(cell) == 3 and cell[0] == "S" and cell[1:].isdigit() for cell in said)), (sheet, row)


# -- formats ------------------------------------------------------------------------------------------------------------


def test_sheets_are_set_up_to_read_and_to_print(book: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        names = archive.read("xl/workbook.xml").decode()
        assert names.count("_xlnm.Print_Titles") == len(SHEETS)
        for number, title in enumerate(SHEETS, start=1):
            xml = archive.read(f"xl/worksheets/sheet{number}.xml").decode()
            assert 'state="frozen"' in xml
            assert 'orientation="landscape"' in xml
            assert 'fitToHeight="0"' in xml
            assert "<mergeCell" not in xml
            assert "<f>" not in xml
            assert "<autoFilter" in xml, title


def test_the_same_result_gives_the_same_bytes(tables: dict[str, ReportTable], book: bytes) -> None:
    assert workbook(list(tables.values()), as_of=TODAY, title="town") == book
    assert workbook(list(tables.values()), as_of=TODAY + timedelta(days=1), title="town") != book


def test_a_table_that_no_sheet_holds_is_refused(monkeypatch: pytest.MonkeyPatch, tables: dict[str, ReportTable]) -> None:
    monkeypatch.setattr("allocator.workbook.MOST_ROWS", 5)
    with pytest.raises(InputError, match="Write CSV instead"):
        workbook([tables["Assignments"]], as_of=TODAY, title="town")


def test_an_empty_sheet_says_why() -> None:
    empty = report_table("changes", "Changes", "There is no plan to compare with.", (Field("seeker_id", "Seeker"), []))
    assert cells(workbook([empty], as_of=TODAY, title="town"), "Changes") == [["Seeker"], ["There is no plan to compare with."]]


# -- formulas -----------------------------------------------------------------------------------------------------------

HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", '=HYPERLINK("http://x")', "＝1+1", "=cmd|' /C calc'!A0"]
HARMLESS = ["J1", "51-4041.00", "a=b", "", "2026-11-02", "O'Neil", "«é»", "a,b;c", 'say "no"']


def hostile() -> ReportTable:
    texts = [*HOSTILE, *HARMLESS]
    return report_table("hostile", "Hostile", "", (Field("text", "=Title"), texts), (Field("number", "Number", "number"), [-1.5] * len(texts)))


@pytest.mark.parametrize("text", HOSTILE)
def test_what_could_run_is_made_inert(text: str) -> None:
    assert inert(text) == "'" + text


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_text_stays_as_it_is(text: str) -> None:
    assert inert(text) == text


def test_no_cell_of_the_workbook_is_a_formula() -> None:
    header, *lines = cells(workbook([hostile()], as_of=TODAY, title="=1"), "Hostile")
    assert header[0] == "'=Title"
    assert [row[0].replace("\r", "\n") for row in lines] == [inert(text).replace("\r", "\n") for text in (*HOSTILE, *HARMLESS)]
    assert {row[1] for row in lines} == {-1.5}  # numbers stay numbers


def test_no_cell_of_the_csv_is_a_formula() -> None:
    content = csv_bytes(hostile())
    assert content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [line[0] for line in lines[1:]] == [inert(text) for text in (*HOSTILE, *HARMLESS)]
    assert {line[1] for line in lines[1:]} == {"-1.5"}


def test_ids_of_a_hostile_scenario_are_inert_everywhere(book: bytes) -> None:
    said = [cell for sheet in SHEETS for row in cells(book, sheet) for cell in row if isinstance(cell, str)]
    assert "'=E2" in said
    assert not [cell for cell in said if cell.startswith(("=", "+", "-", "@"))]


# -- the commands -------------------------------------------------------------------------------------------------------


def test_the_command_writes_both(tmp_path: Path) -> None:
    write_scenario(town(), tmp_path / "town")
    scenario = read_scenario(tmp_path / "town")
    result = replace(solve(scenario, Policy.from_dict(POLICY)), inputs={"scenario": "../town", "reference": None})
    write_result(result, tmp_path / "out")
    said = CliRunner().invoke(app, ["report", str(tmp_path / "out"), "--xlsx", str(tmp_path / "team.xlsx"), "--csv", str(tmp_path / "csv"), "--json"])
    assert said.exit_code == 0, said.output
    files = [Path(file).name for file in json.loads(said.stdout)["files"]]
    assert files[0] == "team.xlsx"
    assert len(files) == 1 + len(SHEETS)
    frame = pd.read_csv(tmp_path / "csv" / "assignments.csv", encoding="utf-8-sig")
    assert len(frame) == result.placed
    again = CliRunner().invoke(app, ["report", str(tmp_path / "out"), "--csv", str(tmp_path / "same"), "--against", str(tmp_path / "out")])
    assert again.exit_code == 0, again.output
    assert pd.read_csv(tmp_path / "same" / "changes.csv", encoding="utf-8-sig").empty
    wrong = CliRunner().invoke(app, ["report", str(tmp_path / "out"), "--xlsx", str(tmp_path / "team.xls"), "--json"])
    assert wrong.exit_code == 2
    assert json.loads(wrong.stdout)["faults"][0]["code"] == "bad_xlsx"


# -- LibreOffice --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_libreoffice_opens_it_and_runs_nothing(tmp_path: Path, tables: dict[str, ReportTable]) -> None:
    if shutil.which("soffice") is None:
        pytest.skip("soffice is not installed; apt-get install libreoffice-calc to open the workbook as a team would")
    (tmp_path / "team.xlsx").write_bytes(workbook([hostile(), *tables.values()], as_of=date(2026, 11, 2), title="town"))
    home = f"-env:UserInstallation=file://{tmp_path}/home"
    for kind, made in (("csv", "team.csv"), ("pdf", "team.pdf")):
        subprocess.run(
            ["soffice", home, "--headless", "--convert-to", kind, "--outdir", str(tmp_path), str(tmp_path / "team.xlsx")],
            check=True,
            capture_output=True,
            timeout=170,
        )
        assert (tmp_path / made).stat().st_size > 100
    first = [line[0] for line in csv.reader(io.StringIO((tmp_path / "team.csv").read_text("latin-1"), newline=""))][1:]
    assert [cell[:2].replace("\r", "\n") for cell in first[: len(HOSTILE) - 2]] == [f"'{text[0]}".replace("\r", "\n") for text in HOSTILE[:-2]]
