"""`ojt evaluate` and `ojt recommend`: what they print, what `--json` has, exit codes, and that `ojt check` says the same of a plan."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from allocator.cli import app

PAPER = Path(__file__).parents[1] / "scenarios" / "paper"


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(PAPER, tmp_path / "paper")
    return tmp_path / "paper"


@pytest.fixture
def out(paper: Path) -> Path:
    assert ojt("allocate", paper, "--out", "out").exit_code == 0
    return paper.parent / "out"


def ojt(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def document(result: Result) -> dict[str, Any]:
    parsed = json.loads(result.stdout)
    assert isinstance(parsed, dict)
    return parsed


def plan(folder: Path, *pairs: str) -> Path:
    path = folder / "plan.csv"
    path.write_text("seeker_id,slot_id\n" + "".join(f"{pair}\n" for pair in pairs))
    return path


def test_evaluate_and_check_say_the_same_of_the_rules(paper: Path, tmp_path: Path) -> None:
    for pairs in (["P1,A", "Q1,B"], ["P1,A", "P2,A", "Q2,B"], []):
        mine = plan(tmp_path, *pairs)
        told, judged = ojt("evaluate", paper, mine, "--json"), ojt("check", paper, mine, "--json")
        assert told.exit_code == judged.exit_code == (3 if len(pairs) == 3 else 0)
        evaluation, verdict = document(told), document(judged)
        for key in ("keeps_every_rule", "violations", "rules", "digests", "assignments"):
            assert evaluation[key] == verdict[key], key


def test_evaluate_tells_goals_promises_and_what_is_open(paper: Path, tmp_path: Path) -> None:
    told = ojt("evaluate", paper, plan(tmp_path, "P1,A", "Q1,B"))
    assert told.exit_code == 0, told.output
    for words in (
        "The plan keeps every rule: 2 assignments checked.",
        "2 of 4 people placed; 1 of 3 openings left.",
        "Of the others, 1 could take an open seat now, 1 find every slot that admits them full.",
        "match_quality     185   points",
        "two seats for the partner",
        "What is still open",
    ):
        assert words in told.stdout, words


def test_evaluate_names_what_may_not_stand(paper: Path, tmp_path: Path) -> None:
    told = ojt("evaluate", paper, plan(tmp_path, "P1,A", "Q2,B"))
    assert told.exit_code == 3
    assert "1 assignment that may not stand, and is left out of the goals" in told.stdout
    assert "The pair is not among the scenario's pairs." in told.stdout


def test_evaluate_against_a_result(paper: Path, out: Path, tmp_path: Path) -> None:
    told = document(ojt("evaluate", paper, plan(tmp_path, "P2,A", "Q1,B"), "--against", out, "--json"))["against"]
    assert (told["verdict"], told["first"]["label"], told["proved"]) == ("worse", "shortfall", True)
    best = ojt("evaluate", paper, out / "assignments.csv", "--against", out)
    assert best.exit_code == 0, best.output
    assert "The plan is as good as the result in every goal." in best.stdout
    other = ojt("evaluate", paper, plan(tmp_path, "P2,A"), "--set", "constraints.reservation.count=1", "--against", out, "--json")
    assert (other.exit_code, document(other)["faults"][0]["code"]) == (2, "other_policy")
    assert document(ojt("evaluate", paper, plan(tmp_path, "P2,A"), "--against", paper, "--json"))["faults"][0]["code"] == "no_result"


def test_ids_that_nobody_has_are_faults_with_their_rows(paper: Path, tmp_path: Path) -> None:
    told = ojt("evaluate", paper, plan(tmp_path, "P1,A", "P9,B"), "--json")
    assert told.exit_code == 2
    assert [(fault["row"], fault["value"]) for fault in document(told)["faults"]] == [(3, "P9")]


def test_recommend_in_both_directions(out: Path) -> None:
    told = ojt("recommend", out, "--slot", "A")
    assert told.exit_code == 0, told.output
    assert "A is held by P2; full. 2 people are eligible for it." in told.stdout
    assert "P1 moves from C to A" in told.stdout
    answer = document(ojt("recommend", out, "--seeker", "Q2", "--json", "--exact"))
    assert (answer["seeker_id"], answer["held"], answer["eligible"]) == ("Q2", [], 1)
    one = answer["candidates"][0]
    assert (one["slot_id"], one["score"], one["seat_open"], one["holds"]) == ("C", 60.0, False, None)
    assert one["in_the_way"] == ["slot_openings[C]"]
    assert (one["exact"]["telling"], one["exact"]["least"], one["exact"]["proved"]) == (
        "worse",
        {"goal": "shortfall", "label": "shortfall", "unit": "people", "amount": 1},
        True,
    )
    assert len(document(ojt("recommend", out, "--slot", "A", "-k", "1", "--json"))["candidates"]) == 1


def test_recommend_exact_is_printed(out: Path) -> None:
    told = ojt("recommend", out, "--seeker", "Q2", "--exact")
    assert told.exit_code == 0, told.output
    assert "exactly" in told.stdout
    assert "1 promised seat (by weight)" in told.stdout


def test_recommend_refuses_what_it_cannot_answer(paper: Path, out: Path) -> None:
    unknown = ojt("recommend", out, "--seeker", "Q22", "--json")
    assert (unknown.exit_code, document(unknown)["faults"][0]["fix"]) == (2, "Did you mean Q2?")
    for wrong in ([], ["--seeker", "Q1", "--slot", "A"]):
        assert ojt("recommend", out, *wrong).exit_code == 2
    assert document(ojt("recommend", paper, "--slot", "A", "--json"))["faults"][0]["code"] == "no_result"
