"""`ojt compare` and `ojt stability` as somebody at the prompt meets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from allocator.cli import app

PAPER = Path(__file__).parents[1] / "scenarios" / "paper"


@pytest.fixture(autouse=True)
def _wide_and_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """Two answers to one scenario: the promise as it is, and none."""
    shutil.copytree(PAPER, tmp_path / "paper")
    for name, options in (("kept", []), ("open", ["--policy", "paper/no_reservation.toml"])):
        assert ojt("allocate", "paper", "--out", name, *options).exit_code == 0
    return tmp_path


def ojt(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.usefixtures("answers")
def test_two_answers_side_by_side() -> None:
    told = json.loads(ojt("compare", "kept", "open", "--json").stdout)
    assert {"goals", "rules", "flow", "people", "results"} <= set(told)
    assert {"newly_placed", "lost", "moved", "same"} <= set(told["flow"])
    assert len(told["people"]) == sum(told["flow"].values())
    assert told["goals"][-1]["verdict"] == "better"
    said = ojt("compare", "kept", "open").stdout
    assert said.startswith("open against kept: as many placed (3 and 3).")
    assert "Who is placed otherwise in open than in kept" in said


@pytest.mark.usefixtures("answers")
def test_an_answer_against_itself_has_nobody_to_show() -> None:
    told = json.loads(ojt("compare", "kept", "kept", "--only-differences", "--json").stdout)
    assert told["inputs"]["same"]
    assert (told["goals"], told["people"], told["matrix"]) == ([], [], [])
    said = ojt("compare", "kept", "kept").stdout
    assert "Equally good in every goal." in said
    assert "the same facts, the same policy, the same seed" in said


@pytest.mark.usefixtures("answers")
def test_baselines_stand_beside_the_optimum() -> None:
    told = json.loads(ojt("compare", "kept", "--baselines", "--json").stdout)
    assert [result["other"]["name"] for result in told["results"]] == ["greedy", "first_come", "lottery"]
    assert all(result["goals"][0]["difference"] == 1 for result in told["results"])
    assert "1 ≥ 2 1 short" in ojt("compare", "kept", "--baselines").stdout


def test_a_plan_in_a_file_is_judged_under_the_results_policy(answers: Path) -> None:
    (answers / "hand.csv").write_text("seeker_id,slot_id\nP1,A\n", "utf-8")
    told = json.loads(ojt("compare", "kept", "hand.csv", "--json").stdout)
    assert (told["other"]["about"], told["other"]["placed"]) == ("plan", 1)
    alone = json.loads(ojt("compare", "hand.csv", "kept", "--scenario", "paper", "--json").stdout)
    assert alone["flow"]["newly_placed"] == told["flow"]["lost"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["kept"], "nothing_to_compare"),
        (["kept", "nowhere"], "no_result"),
        (["hand.csv", "--baselines"], "bad_option"),
        (["kept", "twice.csv"], "duplicate_seeker"),
        (["kept", "strange.csv"], "unknown_id"),
    ],
)
def test_faults_say_what_and_where(answers: Path, arguments: list[str], code: str) -> None:
    (answers / "hand.csv").write_text("seeker_id,slot_id\nP1,A\n", "utf-8")
    (answers / "twice.csv").write_text("seeker_id,slot_id\nP1,A\nP1,B\n", "utf-8")
    (answers / "strange.csv").write_text("seeker_id,slot_id\nNOBODY,A\n", "utf-8")
    done = ojt("compare", *arguments, "--json")
    assert done.exit_code == 2, done.output
    assert code in [fault["code"] for fault in json.loads(done.stdout)["faults"]]


@pytest.mark.usefixtures("answers")
def test_who_moved_and_what_fewer_moves_cost() -> None:
    told = json.loads(ojt("stability", "open", "--reference", "kept", "--curve", "--json").stdout)
    moved = told["counts"]["moved"] + told["counts"]["lost"]
    assert moved == len(told["people"]) > 0
    assert all(line["proved"] and line["cause"] == "better_total" for line in told["people"])
    first, last = told["curve"]["points"][0], told["curve"]["points"][-1]
    assert (first["at_most"], first["moved"], last["at_most"], last["moved"]) == (0, 0, None, moved)
    assert first["goals"][-1]["difference"] < 0
    said = ojt("stability", "open", "--reference", "kept/assignments.csv", "--curve").stdout
    assert "another goal is better served" in said
    assert "no limit" in said


@pytest.mark.usefixtures("answers")
def test_the_result_s_own_reference_is_the_one_it_was_solved_against() -> None:
    assert ojt("allocate", "paper", "--policy", "paper/no_reservation.toml", "--reference", "kept/assignments.csv", "--out", "next").exit_code == 0
    own, given = (json.loads(ojt("stability", *arguments, "--json").stdout) for arguments in (["next"], ["open", "--reference", "kept"]))
    assert own["counts"] == given["counts"]


@pytest.mark.usefixtures("answers")
def test_without_a_reference_there_is_nothing_to_tell() -> None:
    done = ojt("stability", "kept", "--json")
    assert done.exit_code == 2
    assert [fault["code"] for fault in json.loads(done.stdout)["faults"]] == ["missing_table"]
