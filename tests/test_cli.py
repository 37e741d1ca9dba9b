"""`ojt` as people and programs meet it: exit codes, the shape of what is written, and words for what went wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from allocator.cli import app
from allocator.cli.options import EngineName
from allocator.engines.choose import NAMES
from allocator.result import KEYS
from allocator.unplaced import CODES

PHASES = ["read", "pairs", "build", "solve", "check", "explain", "write"]
POLICY = """
[[constraints]]
kind = "reservation"
label = "north"
beneficiaries = "partner:NORTH"
count = 2

[[constraints]]
kind = "staff_capacity"

[[goals]]
kind = "placements"

[[goals]]
kind = "match_quality"
"""
TABLES = {
    "partners": "partner_id\nNORTH\nSOUTH\n",
    "staff": "staff_id,capacity\nANN,2\nBOB,1\n",
    "seekers": "seeker_id,partner_id,staff_id\nS1,NORTH,ANN\nS2,NORTH,ANN\nS3,SOUTH,ANN\nS4,SOUTH,BOB\nS5,,BOB\n",
    "slots": "slot_id,openings,wage\nJ1,2,18.50\nJ2,2,21\n",
    "pairs": "seeker_id,slot_id,score\nS1,J1,10\nS2,J1,20\nS3,J1,90.5\nS4,J1,40\nS4,J2,30.25\nS3,J2,5\n",
}


@pytest.fixture(autouse=True)
def _wide_and_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    folder = tmp_path / "town"
    folder.mkdir()
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    (folder / "policy.toml").write_text(POLICY, "utf-8")
    (folder / "scenario.toml").write_text('name = "town"\nas_of = 2026-11-02\n', "utf-8")
    return folder


def ojt(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def document(result: Result) -> dict[str, Any]:
    """The one JSON document on stdout."""
    parsed = json.loads(result.stdout)
    assert isinstance(parsed, dict)
    return parsed


def faults(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 2, result.output
    found = document(result)["faults"]
    assert isinstance(found, list)
    return found


def hard(count: int) -> list[str]:
    return ["--set", "constraints.reservation[north].mode=minimum_hard", "--set", f"constraints.reservation[north].count={count}"]


# -- allocate: the contract -----------------------------------------------------------------------------------------


def test_a_solved_run_exits_with_0_and_writes_four_files(town: Path, tmp_path: Path) -> None:
    result = ojt("allocate", town)
    assert result.exit_code == 0, result.output
    out = tmp_path / "out" / "town"
    assert sorted(path.name for path in out.iterdir()) == ["assignments.csv", "result.json", "rules.csv", "unplaced.csv"]
    assert (out / "assignments.csv").read_text("utf-8").splitlines() == ["seeker_id,slot_id,score,tier", "S1,J1,10.00,5", "S2,J1,20.00,5", "S4,J2,30.25,5"]
    unplaced = pd.read_csv(out / "unplaced.csv")
    assert list(unplaced.columns) == ["seeker_id", "reason", "detail"]
    assert list(unplaced["seeker_id"]) == ["S3", "S5"]
    assert set(unplaced["reason"]) <= set(CODES)
    assert list(pd.read_csv(out / "rules.csv").columns)[:8] == ["kind", "label", "key", "required", "achieved", "slack", "unit", "hard"]


def test_result_json_keeps_its_promise_to_other_tools(town: Path) -> None:
    answer = document(ojt("allocate", town, "--seed", "7", "--json"))
    assert tuple(answer) == KEYS
    assert (answer["status"], answer["stop_reason"], answer["verified"]) == ("optimal", "proved", True)
    assert (answer["placed"], answer["seekers"], answer["openings"], answer["pairs"]) == (3, 5, 4, 6)
    assert (answer["seed"], answer["as_of"]) == (7, "2026-11-02")
    assert answer["engine"] in NAMES
    assert answer["engine_reason"]
    assert answer["goals"][-1] == {"kind": "match_quality", "label": "match_quality", "unit": "points", "value": 60.25, "bound": 60.25, "gap": 0.0}
    assert all({"kind", "value", "bound", "gap"} <= set(goal) for goal in answer["goals"])
    assert all({"kind", "label", "required", "achieved", "slack", "hard"} <= set(rule) for rule in answer["rules"])
    (promise,) = answer["reservations"]
    assert {"promised": 2, "supply": 2, "filled": 2, "released": 0, "short": 0}.items() <= promise.items()
    assert set(answer["digests"]) == {"scenario", "policy"}
    assert {"python", "ortools", "pulp"} <= set(answer["versions"])
    assert list(answer["timings"]) == PHASES
    assert all(seconds >= 0 for seconds in answer["timings"].values())


def test_json_on_stdout_is_the_file(town: Path, tmp_path: Path) -> None:
    answer = document(ojt("allocate", town, "--json"))
    assert answer == json.loads((tmp_path / "out" / "town" / "result.json").read_text("utf-8"))


def test_two_runs_give_the_same_bytes_apart_from_what_a_clock_says(town: Path, tmp_path: Path) -> None:
    for out in ("one", "two"):
        assert ojt("allocate", town, "--out", tmp_path / out).exit_code == 0
    for name in ("assignments.csv", "unplaced.csv", "rules.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    clocked = re.compile(r',\n  "timings": {[^}]*}|,\n  "trace": \[[^]]*\]')
    one, two = (clocked.sub("", (tmp_path / out / "result.json").read_text("utf-8")) for out in ("one", "two"))
    assert one == two


def test_the_printout_says_who_was_placed_what_was_kept_and_where_the_files_are(town: Path) -> None:
    said = ojt("allocate", town).stdout
    assert said.startswith("3 of 5 people placed in 4 openings; proved best. Checked against every rule.")
    for words in (
        "Who was placed",
        "S4",
        "30.25",
        "$21.00",
        "Promises",
        "north (partner NORTH, best effort)",
        "kept",
        "Why 2 people were not placed",
        "out/town/: result.json",
    ):
        assert words in said, words
    assert re.search(r"match_quality +60\.25 +60\.25 +points +proved", said)


def test_rules_at_their_limit_and_missed_aims_are_told_apart(town: Path) -> None:
    (town / "policy.toml").write_text(POLICY + '[[constraints]]\nkind = "business_target"\nlabel = "all"\ngoal = 4\n')
    said = ojt("allocate", town).stdout
    assert re.search(r"Targets and money\n.*\n.*\nall, goal +3 people +at least 4 people +missed by 1 person", said)
    assert re.search(r"staff_capacity +ANN \(2 points\), BOB \(1 point\)", said)
    assert re.search(r"1 +blocked .*\n +staff_capacity 1", said)


def test_a_promise_that_falls_short_says_why(town: Path) -> None:
    said = ojt("allocate", town, "--set", "constraints.reservation[north].count=4").stdout
    assert "no supply: eligible members could take 2" in " ".join(said.split())


def test_an_infeasible_policy_exits_with_3_and_says_what_is_possible(town: Path, tmp_path: Path) -> None:
    result = ojt("allocate", town, *hard(3))
    assert result.exit_code == 3
    assert result.stdout.startswith("No plan keeps every rule of this policy; proved.")
    assert re.search(r"reservation\[north\] +at least 3 people +2 people +1 person", result.stdout)
    answer = json.loads((tmp_path / "out" / "town" / "result.json").read_text("utf-8"))
    assert (answer["status"], answer["placed"], answer["verified"]) == ("infeasible", 0, False)
    assert [(bend["name"], bend["promised"], bend["possible"]) for bend in answer["bends"]] == [("reservation[north]", 3, 2)]
    assert list(answer["timings"]) == PHASES
    assert (tmp_path / "out" / "town" / "assignments.csv").read_text("utf-8").splitlines() == ["seeker_id,slot_id,score,tier"]
    assert ojt("allocate", town, *hard(3), "--json").exit_code == 3


def test_nothing_found_within_the_limit_exits_with_4(tmp_path: Path) -> None:
    assert ojt("generate", "--seekers", "800", "--slots", "80", "--rules", "full", "--out", tmp_path / "big").exit_code == 0
    result = ojt("allocate", tmp_path / "big", "--engine", "cp_sat", "--time-limit", "0.001")
    assert result.exit_code == 4, result.output
    assert "Nothing was found within the time limit." in result.stdout
    answer = json.loads((tmp_path / "out" / "big" / "result.json").read_text("utf-8"))
    assert (answer["status"], answer["stop_reason"], answer["placed"]) == ("no_solution", "time_limit", 0)


def test_our_own_mistakes_exit_with_1_and_ask_to_be_reported(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a wheel came off")

    monkeypatch.setattr(import_module("allocator.solve"), "solve", broken)
    result = ojt("allocate", town)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "This is our mistake, not yours. RuntimeError: a wheel came off" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in ojt("allocate", town, "--debug").stderr
    assert document(ojt("allocate", town, "--json")) == {"error": "RuntimeError: a wheel came off"}


def test_an_interrupted_run_says_so(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module("allocator.solve"), "solve", stopped)
    result = ojt("allocate", town)
    assert result.exit_code == 130
    assert "Interrupted" in result.stderr


# -- allocate: options ----------------------------------------------------------------------------------------------


def test_set_changes_the_policy_of_this_run_only(town: Path) -> None:
    answer = document(ojt("allocate", town, "--json", "--set", "constraints.reservation[north].count=0", "--set", "constraints.staff_capacity.enabled=false"))
    assert answer["goals"][-1]["value"] == 65.25, "ANN has time for all three: S1 and S2 at J1, S3 and S4 at J2"
    assert "staff_capacity" not in {rule["kind"] for rule in answer["rules"]}
    assert (town / "policy.toml").read_text("utf-8") == POLICY


def test_without_a_policy_the_built_in_one_is_used(town: Path) -> None:
    (town / "policy.toml").unlink()
    answer = document(ojt("allocate", town, "--json"))
    assert [goal["kind"] for goal in answer["goals"]][-2:] == ["placements", "match_quality"]


def test_another_policy_by_file_or_folder(town: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "policy.toml").write_text('[[goals]]\nkind = "placements"\n')
    for policy in (tmp_path / "other", tmp_path / "other" / "policy.toml"):
        assert [goal["kind"] for goal in document(ojt("allocate", town, "--policy", policy, "--json"))["goals"]] == ["placements"]


def test_as_of_overrides_the_scenarios_day(town: Path) -> None:
    assert document(ojt("allocate", town, "--as-of", "2027-01-31", "--json"))["as_of"] == "2027-01-31"
    assert ojt("allocate", town, "--as-of", "tomorrow").exit_code == 2


@pytest.mark.parametrize("engine", ["sifting", "mip", "cp_sat", "pulp"])
def test_every_engine_gives_the_same_value(town: Path, engine: str) -> None:
    answer = document(ojt("allocate", town, "--engine", engine, "--json"))
    assert (answer["engine"], answer["engine_reason"], answer["goals"][-1]["value"]) == (engine, "asked for", 60.25)


def test_the_engines_are_those_there_are() -> None:
    assert get_args(EngineName) == NAMES


def test_an_engine_that_cannot_is_bad_input(town: Path) -> None:
    crossing = ["--set", "constraints.staff_capacity.points=2"]
    (fault,) = faults(ojt("allocate", town, "--engine", "network", *crossing, "--json"))
    assert (fault["code"], fault["file"]) == ("unfit_engine", "--engine")
    assert "not a network" in fault["message"]
    assert ojt("allocate", town, "--engine", "abacus").exit_code == 2


def test_a_reference_can_be_given_beside_the_scenario(town: Path, tmp_path: Path) -> None:
    (town / "policy.toml").write_text(POLICY + '[[constraints]]\nkind = "change_limit"\nat_most = 0\n')
    (fault,) = faults(ojt("allocate", town, "--json"))
    assert (fault["code"], fault["file"], fault["column"]) == ("no_reference", "policy.toml", "constraints.change_limit")
    last_night = tmp_path / "last.csv"
    last_night.write_text("seeker_id,slot_id,score\nS3,J2,5\n")
    answer = document(ojt("allocate", town, "--reference", last_night, "--json"))
    assert [goal["value"] for goal in answer["goals"]] == [1, 3, 65], "S3 keeps J2 at the cost of one seat of the promise"
    assert "S3,J2" in (tmp_path / "out" / "town" / "assignments.csv").read_text("utf-8")


def test_a_faulty_reference_is_named(town: Path, tmp_path: Path) -> None:
    twice = tmp_path / "last.csv"
    twice.write_text("seeker_id,slot_id\nS3,J2\nS3,J1\n")
    (fault,) = faults(ojt("allocate", town, "--reference", twice, "--json"))
    assert (fault["file"], fault["row"]) == ("last.csv", 3)
    (fault,) = faults(ojt("allocate", town, "--reference", tmp_path / "nowhere.csv", "--json"))
    assert fault["code"] == "not_found"


@pytest.mark.parametrize("ending", ["lp", "mps"])
def test_the_program_can_be_exported(town: Path, tmp_path: Path, ending: str) -> None:
    assert ojt("allocate", town, "--export", tmp_path / f"model.{ending}").exit_code == 0
    assert "x0" in (tmp_path / f"model.{ending}").read_text("utf-8")


@pytest.mark.parametrize("export", ["model.txt", "nowhere/model.lp"])
def test_an_export_that_cannot_be_is_said_before_the_solve(town: Path, export: str) -> None:
    (fault,) = faults(ojt("allocate", town, "--export", export, "--json"))
    assert (fault["code"], fault["file"]) == ("bad_export", "--export")


@pytest.mark.parametrize("out", ["taken", "taken/below"])
def test_out_must_not_be_a_file(town: Path, tmp_path: Path, out: str) -> None:
    (tmp_path / "taken").write_text("precious")
    (fault,) = faults(ojt("allocate", town, "--out", tmp_path / out, "--json"))
    assert (fault["code"], fault["file"]) == ("out_is_a_file", "--out")
    assert (tmp_path / "taken").read_text() == "precious"


def test_a_folder_that_cannot_be_written_is_bad_input(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(import_module("allocator.result"), "write_result", full)
    (fault,) = faults(ojt("allocate", town, "--json"))
    assert (fault["code"], fault["message"]) == ("cannot_write", "out/town cannot be written: No space left on device.")


def test_a_run_that_stops_early_leaves_the_last_good_files_whole(town: Path, tmp_path: Path) -> None:
    assert ojt("allocate", town).exit_code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out" / "town").iterdir()}
    (town / "slots.csv").write_text("slot_id,openings\nJ1,-2\n")
    assert ojt("allocate", town).exit_code == 2
    assert {path.name: path.read_bytes() for path in (tmp_path / "out" / "town").iterdir()} == before


# -- bad input ------------------------------------------------------------------------------------------------------


def test_faults_of_data_policy_and_set_come_at_once(town: Path) -> None:
    (town / "slots.csv").write_text("slot_id,openings,wage\nJ1,-2,18.50\nJ2,two,21\n")
    (town / "policy.toml").write_text('[[constraints]]\nkind = "reservation"\nbeneficiaries = "partner:NORTH"\nshare = 1.3\n')
    found = {(fault["file"], fault["row"], fault["column"]) for fault in faults(ojt("allocate", town, "--set", "limits.tme=5", "--json"))}
    assert {
        ("slots.csv", 2, "openings"),
        ("slots.csv", 3, "openings"),
        ("policy.toml", None, "constraints.reservation.share"),
        ("--set", None, "limits.tme"),
    } <= found


def test_faults_are_a_table_for_people_on_stderr(town: Path) -> None:
    (town / "slots.csv").write_text("slot_id,openings,wage\nJ1,-2,18.50\nJ2,2,21\n")
    result = ojt("allocate", town)
    assert (result.exit_code, result.stdout) == (2, "")
    said = " ".join(result.stderr.split())
    assert "1 thing is wrong with the input; nothing was run." in said
    assert "slots.csv, row 2, column openings" in said


def test_the_same_fault_in_many_rows_is_told_once(town: Path) -> None:
    (town / "slots.csv").write_text("slot_id,openings,shift\n" + "".join(f"J{k},1,dusk\n" for k in range(1, 31)))
    said = " ".join(ojt("validate", town).stderr.split())
    assert "30 things are wrong with the input" in said
    assert "rows 2, 3, 4, 5, 6" in said
    assert said.count("dusk") == 1


def test_an_unknown_partner_names_the_policy_file_and_those_there_are(town: Path) -> None:
    (fault,) = faults(ojt("allocate", town, "--set", "constraints.reservation[north].beneficiaries=partner:NROTH", "--json"))
    assert (fault["code"], fault["file"]) == ("unknown_partner", "--set")
    assert fault["fix"] == "Did you mean NORTH? Known: NORTH, SOUTH."


def test_a_missing_scenario_is_bad_input(tmp_path: Path) -> None:
    (fault,) = faults(ojt("allocate", tmp_path / "nowhere", "--json"))
    assert fault["code"] == "not_found"


def test_an_unknown_option_is_bad_input(town: Path) -> None:
    assert ojt("allocate", town, "--colour", "red").exit_code == 2
    assert ojt("allocate").exit_code == 2
    assert ojt("allocate", town, "--time-limit", "-1").exit_code == 2


# -- check ----------------------------------------------------------------------------------------------------------


def plan(tmp_path: Path, *pairs: str) -> Path:
    path = tmp_path / "plan.csv"
    path.write_text("seeker_id,slot_id\n" + "".join(f"{pair}\n" for pair in pairs))
    return path


def test_what_allocate_writes_passes_check(town: Path, tmp_path: Path) -> None:
    assert ojt("allocate", town).exit_code == 0
    result = ojt("check", town, tmp_path / "out" / "town" / "assignments.csv")
    assert result.exit_code == 0, result.output
    assert "The plan keeps every rule: 3 assignments checked." in result.stdout


def test_a_plan_that_breaks_rules_exits_with_3_and_lists_them(town: Path, tmp_path: Path) -> None:
    broken = plan(tmp_path, "S3,J1", "S4,J1", "S2,J1", "S4,J2", "S1,J2")
    result = ojt("check", town, broken)
    assert result.exit_code == 3
    for words in (
        "The plan breaks the policy",
        "S4 holds 2 slots; 1 at most.",
        "J1 takes 3 people; it has 2 openings.",
        "S1 at J2 is not among the scenario's pairs.",
    ):
        assert words in result.stdout, words
    answer = document(ojt("check", town, broken, "--json"))
    assert (answer["keeps_every_rule"], answer["assignments"]) == (False, 5)
    assert {violation["kind"] for violation in answer["violations"]} >= {"one_slot_each", "slot_openings", "staff_capacity", "pairs"}
    assert {"kind", "label", "required", "achieved", "slack"} <= set(answer["rules"][0])


def test_a_partial_plan_may_keep_every_rule(town: Path, tmp_path: Path) -> None:
    assert ojt("check", town, plan(tmp_path, "S1,J1")).exit_code == 0
    assert ojt("check", town, plan(tmp_path, "S1,J1"), *hard(2)).exit_code == 3


def test_unknown_ids_in_a_plan_are_faults_with_their_rows(town: Path, tmp_path: Path) -> None:
    found = faults(ojt("check", town, plan(tmp_path, "S1,J1", "S9,J2", "S2,J9"), "--json"))
    assert [(fault["row"], fault["column"], fault["value"]) for fault in found] == [(3, "seeker_id", "S9"), (4, "slot_id", "J9")]


def test_a_plan_under_over_and_above_is_judged_by_the_settled_policy(town: Path, tmp_path: Path) -> None:
    above = ["--set", "constraints.reservation[north].mode=over_and_above", "--set", "constraints.reservation[north].count=1"]
    assert ojt("allocate", town, *above).exit_code == 0
    assert ojt("check", town, tmp_path / "out" / "town" / "assignments.csv", *above).exit_code == 0
    assert ojt("check", town, plan(tmp_path, "S3,J1", "S4,J2"), *above).exit_code == 3


# -- validate, show, rules, generate --------------------------------------------------------------------------------


def test_validate_counts_tables_and_tells_warnings(town: Path) -> None:
    result = ojt("validate", town, "--set", "constraints.reservation[north].count=9")
    assert result.exit_code == 0, result.output
    for words in ("town is usable, as of 2026-11-02.", "seekers 5", "pairs 6", "1 warning", "above the 4 openings"):
        assert words in " ".join(result.stdout.split()), words
    answer = document(ojt("validate", town, "--json"))
    assert (answer["faults"], answer["warnings"], answer["tables"]["slots"]) == ([], [], 2)


def test_validate_lists_faults(town: Path) -> None:
    (town / "partners.csv").write_text("partner_id\nSOUTH\n")
    assert {fault["code"] for fault in faults(ojt("validate", town, "--json"))}


def test_show_names_the_layer_of_each_value(town: Path) -> None:
    said = ojt("show", town, "--set", "limits.time=5").stdout
    assert re.search(r"limits\.time +5.* +--set", said)
    assert re.search(r"count +2 +policy\.toml", said)
    assert "rounding" not in said
    assert re.search(r"rounding +half_up +default", ojt("show", town / "policy.toml", "--all").stdout)
    answer = document(ojt("show", town, "--json"))
    assert answer["origins"]["constraints.reservation[north].count"] == "policy.toml"
    assert answer["policy"]["constraints"][0]["count"] == 2
    assert ojt("show", town / "nowhere.toml").exit_code == 2


def test_rules_lists_all_of_them_and_explains_one() -> None:
    said = ojt("rules").stdout
    assert all(words in said for words in ("eligibility: may this pair ever be?", "workshop", "reservation", "match_quality", "beneficiaries*"))
    one = ojt("rules", "reservation").stdout
    assert all(words in one for words in ("A share of the openings is promised to some seekers.", "Why:", "Beneficiaries", "largest_remainder", "Release"))
    assert len(document(ojt("rules", "--json"))["rules"]) > 30
    assert [rule["kind"] for rule in document(ojt("rules", "budget", "--json"))["rules"]] == ["budget"]
    (fault,) = faults(ojt("rules", "budgte", "--json"))
    assert "Did you mean budget?" in fault["fix"]


def test_lines_fit_the_screen() -> None:
    assert max(len(line) for line in ojt("rules", "reservation").stdout.splitlines()) <= 100


@pytest.mark.parametrize("rules", ["network", "full"])
def test_generate_writes_a_scenario_that_can_be_allocated(tmp_path: Path, rules: str) -> None:
    made = ["generate", "--seekers", "40", "--slots", "8", "--pairs-per-seeker", "4", "--rules", rules, "--seed", "3", "--out"]
    assert ojt(*made, tmp_path / "made").exit_code == 0
    assert ojt(*made, tmp_path / "again").exit_code == 0
    one, two = (document(ojt("validate", tmp_path / name, "--json"))["digests"] for name in ("made", "again"))
    assert one == two
    result = ojt("allocate", tmp_path / "made", "--time-limit", "60", "--json")
    assert result.exit_code == 0, result.output


def test_generate_refuses_more_pairs_than_slots_and_files_in_its_way(tmp_path: Path) -> None:
    assert ojt("generate", "--seekers", "4", "--slots", "2", "--pairs-per-seeker", "3", "--out", tmp_path / "x").exit_code == 2
    (tmp_path / "taken").write_text("precious")
    assert ojt("generate", "--seekers", "4", "--slots", "2", "--out", tmp_path / "taken").exit_code == 2
    assert ojt("generate", "--seekers", "0", "--slots", "2", "--out", tmp_path / "x").exit_code == 2


# -- the real command -----------------------------------------------------------------------------------------------


def run(*arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", "from allocator.cli import main; main()", *map(str, arguments)]
    environment = {**os.environ, **more, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)


def test_the_command_itself_solves_and_is_quiet_in_a_pipe(town: Path) -> None:
    result = run("allocate", town)
    assert (result.returncode, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout
    assert run("allocate", town, "--json").stderr == ""


def test_the_command_itself_fails_with_the_codes_of_the_contract(town: Path, tmp_path: Path) -> None:
    assert run("allocate", town, *hard(3)).returncode == 3
    assert run("allocate", tmp_path / "nowhere").returncode == 2
    assert run("frobnicate").returncode == 2


def test_version_and_a_quick_help() -> None:
    assert re.fullmatch(r"ojt-allocator \d+\.\d+\.\d+\n", run("--version").stdout)
    started = time.perf_counter()
    helped = run("--help")
    assert all(word in helped.stdout for word in ("allocate", "check", "validate", "rules", "show", "generate"))
    assert time.perf_counter() - started < 5, "something heavy is imported before a command is chosen"


HEAVY = ("allocator.engines", "api", "dbos", "fastapi", "highspy", "numpy", "ortools", "pandas", "pulp", "pyarrow", "rich", "scipy", "sqlalchemy")


@pytest.mark.parametrize("words", [["--help"], ["serve", "--help"], ["allocate", "--help"], ["keys", "create", "--help"], ["--version"]], ids=" ".join)
def test_a_command_that_only_says_something_loads_nothing_heavy(words: list[str]) -> None:
    code = f"import sys\nsys.argv = ['ojt', *{words}]\nfrom allocator.cli import main\ntry:\n    main()\nfinally:\n    print(*sys.modules, file=sys.stderr)\n"
    told = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True, timeout=120)
    assert told.stdout
    loaded = told.stderr.split()
    assert "allocator.cli" in loaded
    assert [name for name in loaded if any(name == each or name.startswith(f"{each}.") for each in HEAVY)] == []


# -- progress -------------------------------------------------------------------------------------------------------


def test_progress_tells_the_phase_and_the_goal_on_a_terminal_only() -> None:
    import io

    from rich.console import Console

    from allocator.cli.watch import Watch

    for terminal, quiet in ((True, False), (True, True), (False, False)):
        stream = io.StringIO()
        with Watch(Console(file=stream, force_terminal=terminal, width=100), quiet=quiet).following() as watch:
            watch.phase("pairs")
            watch.phase("solve")
            watch.incumbent("match_quality", None, None)
            watch.incumbent("placements", 90, 100)
            watch._bar.refresh()
        told = "placements: 90 of at most 100, gap 10.00%" in stream.getvalue()
        assert told is (terminal and not quiet)
