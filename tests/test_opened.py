"""A result read back says what it said; a plan's columns beside the pairs follow from the plan; opened results ask on without solving again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from allocator import InputError, Opened, open_result, solve, write_result
from allocator.cli import app
from allocator.engines.warm import Change
from allocator.stored import read_result
from tests.random_worlds import random_problem

SCENARIOS = Path(__file__).parents[1] / "scenarios"


def edit(out: Path, **values: object) -> None:
    path = out / "result.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **values}), "utf-8")


def swap(out: Path, one: str, other: str) -> None:
    path = out / "assignments.csv"
    path.write_text(path.read_text("utf-8").replace(one, other), "utf-8")


def _allocated(folder: Path, *options: str) -> Path:
    shutil.copytree(SCENARIOS / "paper", folder / "paper")
    done = CliRunner().invoke(app, ["allocate", str(folder / "paper"), "--out", str(folder / "out"), *options])
    assert done.exit_code == 0, done.output
    return folder / "out"


def test_a_result_read_back_is_the_result(tmp_path: Path) -> None:
    out = _allocated(tmp_path)
    again = read_result(out)
    assert again.as_dict() == json.loads((out / "result.json").read_text("utf-8"))
    write_result(again, tmp_path / "again")
    for name in ("assignments.csv", "unplaced.csv", "rules.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (out / name).read_bytes()


def test_an_opened_result_knows_its_facts_and_asks_on(tmp_path: Path) -> None:
    opened = open_result(_allocated(tmp_path))
    assert opened.scenario.digest == opened.result.digests["scenario"]
    warm = opened.warm()
    assert [goal.value for goal in warm.outcome.goals] == [objective.value(opened.columns) for objective in opened.program.objectives]
    assert warm.ask(Change()).goals[-1].value == warm.outcome.goals[-1].value


def test_facts_that_have_changed_are_refused(tmp_path: Path) -> None:
    out = _allocated(tmp_path)
    settings = tmp_path / "paper" / "pairs.csv"
    settings.write_text(settings.read_text("utf-8").replace("0\n", "1\n", 1), "utf-8")
    with pytest.raises(InputError) as refused:
        open_result(out)
    assert [fault.code for fault in refused.value.faults] == ["other_facts"]


def test_change_sets_come_back_with_the_result(tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.json"
    first.write_text('[[changes]]\nop = "set"\npath = "pairs[P1,A].score"\nvalue = 7.25\n[[changes]]\nop = "set"\npath = "name"\nvalue = "x"', "utf-8")
    second.write_text('{"changes": [{"op": "set", "path": "scenario.as_of", "value": "2010-07-01"}]}', "utf-8")
    out = _allocated(tmp_path, "--changes", str(first), "--changes", str(second))
    first.unlink()
    opened = open_result(out)
    assert (opened.scenario.as_of.isoformat(), opened.policy.name) == ("2010-07-01", "x")
    assert opened.scenario.digest == opened.result.digests["scenario"]
    again = CliRunner().invoke(app, ["allocate", str(tmp_path / "paper"), "--changes", str(out / "changes.toml"), "--json", "--out", str(tmp_path / "again")])
    assert json.loads(again.output)["digests"] == opened.result.digests


def test_a_reference_comes_back_with_the_result(tmp_path: Path) -> None:
    reference = tmp_path / "last.csv"
    pd.DataFrame({"seeker_id": ["P1"], "slot_id": ["A"]}).to_csv(reference, index=False)
    out = _allocated(tmp_path, "--reference", str(reference))
    reference.unlink()
    assert open_result(out).scenario.tables["reference"].to_numpy().tolist() == [["P1", "A"]]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda out: (out / "result.json").unlink(), "no_result"),
        (lambda out: (out / "result.json").write_text("{"), "bad_result"),
        (lambda out: (out / "result.json").write_text('{"schema": 99}'), "other_schema"),
        (lambda out: (out / "assignments.csv").unlink(), "bad_result"),
        (lambda out: (out / "assignments.csv").write_text("seeker_id,slot_id,score,tier\n"), "bad_result"),
        (lambda out: (out / "result.json").write_text("[" * 100_000), "bad_result"),
        (lambda out: edit(out, rules=["x"]), "bad_result"),
        (lambda out: edit(out, changes=None), "bad_result"),
        (lambda out: edit(out, inputs=None), "bad_result"),
        (lambda out: edit(out, as_of="soon"), "bad_result"),
        (lambda out: edit(out, digests={}), "bad_result"),
        (lambda out: edit(out, status="hello"), "bad_result"),
        (lambda out: edit(out, seed="x"), "bad_result"),
    ],
)
def test_a_spoilt_result_is_told(tmp_path: Path, spoil: object, code: str) -> None:
    out = _allocated(tmp_path)
    spoil(out)  # type: ignore[operator]
    with pytest.raises(InputError) as refused:
        read_result(out)
    assert [fault.code for fault in refused.value.faults] == [code]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda out: swap(out, "P1,C", "Q2,C"),  # another lawful plan, with the old one's proof
        lambda out: swap(out, "P1,C", "P2,C"),  # somebody twice
        lambda out: swap(out, "P1,C", "ZZ,C"),  # nobody
        lambda out: edit(out, goals=[]),
        lambda out: edit(out, goals=[{**goal, "value": 999, "bound": 999} for goal in json.loads((out / "result.json").read_text("utf-8"))["goals"]]),
    ],
)
def test_a_plan_that_is_not_the_result_s_is_never_believed(tmp_path: Path, spoil: object) -> None:
    out = _allocated(tmp_path)
    spoil(out)  # type: ignore[operator]
    with pytest.raises(InputError) as refused:
        open_result(out)
    assert [fault.code for fault in refused.value.faults] == ["bad_result"]


def test_completed_columns_reach_the_goals_of_the_solver() -> None:
    judged = 0
    for seed in range(60):
        problem = random_problem(seed)
        if any(fault.severity == "error" for fault in problem.faults()):
            continue
        result = solve(problem.scenario, problem.policy, seed=seed)
        if result.verified:
            opened = Opened.of(problem.scenario, result)
            values = [objective.value(opened.columns) for objective in opened.program.objectives]
            assert values == [goal.value for goal in opened.outcome.goals], seed
            assert list(opened.program.broken_rows(opened.columns)) == [], seed
            judged += 1
    assert judged > 30
