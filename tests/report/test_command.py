"""`ojt report`: which files it writes, what it says, and how it fails."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from allocator.cli import app
from tests.test_house import ROOT


def ojt(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def paper(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("paper") / "out"
    assert ojt("allocate", ROOT / "scenarios" / "paper", "--out", out).exit_code == 0
    return out


def test_without_options_the_page_goes_beside_the_result(paper: Path) -> None:
    done = ojt("report", paper)
    assert done.exit_code == 0, done.output
    assert (paper / "report.html").read_text("utf-8").lstrip().startswith("<!doctype html>")
    assert "report.html" in done.stdout


def test_named_files_are_written_and_no_others(paper: Path, tmp_path: Path) -> None:
    page, folder = tmp_path / "deep" / "page.html", tmp_path / "charts"
    done = ojt("report", paper, "--html", page, "--charts", folder, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert {Path(file) for file in told["files"]} == {page, *folder.iterdir()}
    assert {file.suffix for file in folder.iterdir()} == {".svg", ".png", ".json"}
    assert {"goals", "reservations", "origin"} <= {section["name"] for section in told["sections"]}
    goals = next(section for section in told["sections"] if section["name"] == "goals")
    answer = json.loads((paper / "result.json").read_text())
    assert [row[1:3] for row in goals["table"]["rows"]] == [[goal["value"], goal["bound"]] for goal in answer["goals"]]


def test_people_are_named_only_where_asked(paper: Path) -> None:
    names = {section["name"] for section in json.loads(ojt("report", paper, "--json").stdout)["sections"]}
    assert "assignments" not in names
    told = json.loads(ojt("report", paper, "--people", "--json").stdout)
    assert next(section for section in told["sections"] if section["name"] == "assignments")["table"]["rows"]


def test_what_cannot_be_read_or_written_is_a_fault_of_the_input(paper: Path, tmp_path: Path) -> None:
    assert ojt("report", tmp_path).exit_code == 2
    (tmp_path / "a file").write_text("")
    done = ojt("report", paper, "--html", tmp_path / "a file" / "page.html", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["faults"][0]["code"] == "cannot_write"


def test_facts_that_have_changed_are_told(paper: Path, tmp_path: Path) -> None:
    moved = tmp_path / "paper"
    shutil.copytree(ROOT / "scenarios" / "paper", moved)
    assert ojt("report", paper, "--scenario", moved).exit_code == 0
    seekers = (moved / "seekers.csv").read_text()
    (moved / "seekers.csv").write_text(seekers + "".join(seekers.splitlines(keepends=True)[-1].replace("Q2", "Q9").replace("P2", "P9")))
    assert ojt("report", paper, "--scenario", moved).exit_code == 2
