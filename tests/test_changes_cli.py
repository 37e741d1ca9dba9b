"""Change sets at the prompt: laid over facts and policy, shown, and found between two scenarios."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.test_cli import POLICY, TABLES, Result, document, faults, ojt

WHAT_IF = """
name = "One seat, and a promise to S1"

[[changes]]
op = "set"
path = "constraints.reservation[north].count"
value = 1

[[changes]]
op = "pin"
path = "pins[S1,J1]"
value = { reason = "union agreement", author = "A. Lee" }

[[changes]]
op = "set"
path = "staff[ANN].capacity"
value = 3
"""


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "town"
    folder.mkdir()
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    (folder / "policy.toml").write_text(POLICY, "utf-8")
    (folder / "scenario.toml").write_text('name = "town"\nas_of = 2026-11-02\n', "utf-8")
    return folder


@pytest.fixture
def what_if(tmp_path: Path) -> Path:
    path = tmp_path / "what_if.toml"
    path.write_text(WHAT_IF, "utf-8")
    return path


def said(result: Result) -> str:
    return " ".join(result.output.split())


def test_allocate_solves_what_the_changes_make_of_it_and_tells_them(town: Path, what_if: Path) -> None:
    plain = document(ojt("allocate", town, "--out", "plain", "--json"))
    done = ojt("allocate", town, "--changes", what_if, "--out", "out")
    assert done.exit_code == 0, done.output
    assert "With 3 changes from what_if.toml: Reserve 1 seat for partner NORTH; was 2. S1 is pinned to slot J1: union agreement (A. Lee)." in said(done)
    result = json.loads(Path("out/result.json").read_text("utf-8"))
    assert "S1,J1" in Path("out/assignments.csv").read_text("utf-8")
    assert result["digests"]["scenario"] != plain["digests"]["scenario"]
    assert result["inputs"]["changes"] == "changes.toml"
    again = document(ojt("allocate", town, "--changes", "out/changes.toml", "--out", "again", "--json"))
    assert again["digests"] == result["digests"]


def test_check_and_validate_judge_under_the_changes(town: Path, what_if: Path) -> None:
    Path("plan.csv").write_text("seeker_id,slot_id\nS3,J1\n", "utf-8")
    assert ojt("check", town, "plan.csv").exit_code == 0
    broken = document(ojt("check", town, "plan.csv", "--changes", what_if, "--json"))
    assert [violation["kind"] for violation in broken["violations"]] == ["pins"]
    told = document(ojt("validate", town, "--changes", what_if, "--json"))
    assert told["tables"]["pins"] == 1


def test_the_later_change_set_wins(town: Path, what_if: Path) -> None:
    Path("later.json").write_text('{"changes": [{"op": "set", "path": "constraints.reservation[north].count", "value": 0}]}', "utf-8")
    shown = document(ojt("show", town, "--changes", what_if, "--changes", "later.json", "--json"))
    assert shown["policy"]["constraints"][0]["count"] == 0
    assert shown["origins"]["constraints.reservation[north].count"] == "later.json"


def test_show_lists_old_and_new_values_of_the_facts_with_their_layer(town: Path, what_if: Path) -> None:
    shown = ojt("show", town, "--changes", what_if)
    assert "staff[ANN].capacity 2 3 what_if.toml" in said(shown)
    assert "count 1 what_if.toml" in said(shown)
    facts: list[dict[str, Any]] = document(ojt("show", town, "--changes", what_if, "--json"))["facts"]
    assert {"path": "staff[ANN].capacity", "old": 2, "new": 3, "layer": "what_if.toml"} in facts


def test_faults_name_file_number_and_path(town: Path) -> None:
    Path("bad.toml").write_text(WHAT_IF.replace("capacity", "capacty").replace("value = 1\n", "value = -1\n").replace("S1,J1", "S9,J1"), "utf-8")
    found = [(fault["file"], fault["column"]) for fault in faults(ojt("allocate", town, "--changes", "bad.toml", "--json"))]
    assert found == [
        ("bad.toml", "changes[1]: constraints.reservation[north].count"),
        ("bad.toml", "changes[2]: pins[S9,J1].seeker_id"),
        ("bad.toml", "changes[3]: staff[ANN].capacty"),
    ]
    Path("clash.toml").write_text(WHAT_IF + '[[changes]]\nop = "forbid"\npath = "pins[S2,J1]"\n[[changes]]\nop = "pin"\npath = "pins[S1,J2]"\n', "utf-8")
    clash = [fault for fault in faults(ojt("validate", town, "--changes", "clash.toml", "--json")) if fault["code"] == "pins_conflict"]
    assert [(fault["file"], fault["column"]) for fault in clash] == [("clash.toml", "changes[5]: pins[S1,J2]")]
    (fault,) = faults(ojt("show", town / "policy.toml", "--changes", "clash.toml", "--json"))
    assert "Name the scenario's folder" in fault["fix"]


def test_diff_finds_what_turns_one_scenario_into_another(town: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(town, other)
    (other / "staff.csv").write_text("staff_id,capacity\nANN,3\nBOB,1\n", "utf-8")
    (other / "policy.toml").write_text(POLICY.replace("count = 2", "count = 1"), "utf-8")
    assert said(ojt("diff", town, town)) == "town and town say the same."
    assert said(ojt("diff", town, other)).endswith("ANN: capacity 3 points; was 2. Reserve 1 seat for partner NORTH; was 2.")
    Path("d.toml").write_text(ojt("diff", town, other, "--toml").output, "utf-8")
    there = document(ojt("validate", town, "--changes", "d.toml", "--json"))["digests"]
    assert there == document(ojt("validate", other, "--json"))["digests"]
    assert [change["path"] for change in document(ojt("diff", town, other, "--json"))["changes"]] == [
        "staff[ANN].capacity",
        "constraints.reservation[north].count",
    ]
