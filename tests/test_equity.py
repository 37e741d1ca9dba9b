"""Selection rates by group: by hand, against scipy, and never with a small number or an id."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import fisher_exact
from typer.testing import CliRunner

from allocator.check import violations
from allocator.cli import app
from allocator.equity import STEPS, equity
from allocator.plan import Plan
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.protected import NOT_RECORDED, attributes
from allocator.read import read_scenario
from allocator.result import write_result
from allocator.solve import solve
from allocator.write import write_scenario
from tests.worlds import orders, people, world

ANYBODY = Policy.from_dict({"eligibility": [{"kind": "in_pool"}], "goals": [{"kind": "placements"}]})


def town(sexes: dict[str, int], *, away: int = 0) -> Any:
    """One slot for everybody; so many people of each sex, and the last `away` not in the pool."""
    sex = [name for name, count in sexes.items() for _ in range(count)]
    seekers = [{"seeker_id": f"S{k:04}", "status": "active" if k < len(sex) - away else "exited"} for k in range(len(sex))]
    told = [{"seeker_id": one["seeker_id"], "sex": name or None} for one, name in zip(seekers, sex, strict=True)]
    return world(seekers=seekers, slots=orders(1000), demographics=told)


def placing(scenario: Any, counts: dict[str, int]) -> Plan:
    """A plan that places so many of each sex, the first of each."""
    problem = Problem(scenario, ANYBODY)
    frame, chosen, left = scenario.tables["demographics"], [], dict(counts)
    for seeker, sex in zip(frame["seeker_id"], frame["sex"], strict=True):
        if left.get(sex, 0):
            left[sex] -= 1
            chosen.append((seeker, "J1"))
    plan = Plan.of(problem, chosen)
    assert not list(violations(plan))
    return plan


def placed(plan: Plan, step: str = "placed of the pool") -> dict[str, Any]:
    return equity(plan).of("plan", "sex", step)


# -- four fifths and the exact test, by hand --------------------------------------------------------------------------


def test_the_guidelines_own_example() -> None:
    """48 of 80 white and 12 of 40 black applicants hired: 60 % and 30 %, a ratio of one half (Uniform Guidelines, questions and answers 12)."""
    lines = placed(placing(town({"white": 80, "black": 40}), {"white": 48, "black": 12}))
    assert lines["white"].verdict == "highest"
    assert (lines["white"].rate, lines["black"].rate, lines["black"].ratio) == (0.6, 0.3, 0.5)
    assert lines["black"].verdict == "look"
    assert lines["black"].p_value == pytest.approx(fisher_exact([[12, 28], [48, 32]]).pvalue)
    assert lines["everybody"].rate == 0.5


def test_exactly_four_fifths_is_kept() -> None:
    assert placed(placing(town({"a": 100, "b": 100}), {"a": 50, "b": 40}))["b"].verdict == "ok"
    below = placed(placing(town({"a": 100, "b": 100}), {"a": 50, "b": 39}))["b"]
    assert (below.verdict, below.ratio) == ("small_numbers", 0.78)  # p is 0.16: chance may explain it


def test_one_person_flips_what_is_near_four_fifths() -> None:
    near, far = (placed(placing(town({"a": 100, "b": 100}), {"a": 50, "b": count}))["b"] for count in (39, 30))
    assert near.one_person_flips is True
    assert far.one_person_flips is False
    at = placed(placing(town({"a": 100, "b": 100}), {"a": 50, "b": 40}))["b"]
    assert at.one_person_flips is True  # one fewer would be below


def test_a_small_difference_among_many_is_told() -> None:
    line = placed(placing(town({"a": 400, "b": 400}), {"a": 360, "b": 330}))["b"]
    assert line.ratio is not None
    assert line.ratio > 0.8
    assert line.verdict == "difference"


def test_the_exact_test_by_hand() -> None:
    """10 of 20 against 20 of 20: C(20,10) C(20,20) / C(40,30), and the one table as unlikely on the other side."""
    from math import comb

    lines = placed(placing(town({"a": 20, "b": 20}), {"a": 20, "b": 10}))
    assert lines["b"].p_value == pytest.approx(2 * comb(20, 10) * comb(20, 20) / comb(40, 30))


def test_a_group_of_less_than_two_percent_is_no_yardstick() -> None:
    lines = placed(placing(town({"a": 500, "b": 500, "few": 15}), {"a": 250, "b": 250, "few": 15}))
    assert lines["few"].verdict == "too_few"
    assert {lines["a"].verdict, lines["b"].verdict} == {"highest", "ok"}


def test_nothing_to_compare_where_nobody_is_placed() -> None:
    assert {line.verdict for line in placed(placing(town({"a": 20, "b": 20}), {})).values()} == {"not_compared"}


# -- stages -----------------------------------------------------------------------------------------------------------


def test_stages_count_whom_they_say() -> None:
    plan = placing(town({"a": 60, "b": 60}, away=20), {"a": 30, "b": 20})
    lines = placed(plan, "eligible of the pool")
    assert (lines["everybody"].base, lines["everybody"].reached) == (100, 100)
    assert placed(plan, "placed of the eligible")["b"].base == 40


def test_outcomes_are_told_where_they_are_recorded() -> None:
    facts = town({"a": 40, "b": 40})
    said = [{"seeker_id": f"S{k:04}", "slot_id": "J1", "status": "completed" if k % 2 else "referred"} for k in range(80)]
    scenario = world(
        seekers=facts.tables["seekers"].to_dict("records"), slots=orders(1000), commitments=said, demographics=facts.tables["demographics"].to_dict("records")
    )
    plan = Plan.of(Problem(scenario, ANYBODY), [])
    lines = equity(plan).of("plan", "sex", "completed of the recorded")
    assert (lines["a"].base, lines["a"].reached, lines["b"].reached) == (40, 20, 20)
    assert not equity(placing(facts, {"a": 10})).of("plan", "sex", "completed of the recorded")


def test_who_does_not_say_is_no_group() -> None:
    lines = placed(placing(town({"a": 50, "b": 50, "not_disclosed": 20, "": 20}), {"a": 40, "b": 20, "not_disclosed": 20}))
    assert (lines[NOT_RECORDED].base, lines[NOT_RECORDED].verdict) == (40, "not_compared")
    assert lines["a"].verdict == "highest"


def test_without_the_table_there_is_nothing_to_tell() -> None:
    scenario = world(seekers=people(30), slots=orders(5))
    assert equity(Plan.of(Problem(scenario, ANYBODY), [])).lines == ()
    assert list(attributes(scenario)) == []


# -- before and after ---------------------------------------------------------------------------------------------------


def test_before_and_after_stand_side_by_side() -> None:
    scenario = town({"a": 100, "b": 100})
    report = equity(placing(scenario, {"a": 60, "b": 30}), placing(scenario, {"a": 50, "b": 48}))
    assert report.plans == ("before", "after")
    verdicts = [report.of(plan, "sex", "placed of the pool")["b"].verdict for plan in report.plans]
    assert verdicts == ["look", "ok"]


def test_what_one_plan_hides_the_other_does_not_show() -> None:
    scenario = town({"a": 100, "b": 100, "c": 100})
    report = equity(placing(scenario, {"a": 60, "b": 5, "c": 50}), placing(scenario, {"a": 60, "b": 40, "c": 50}), names=("30 %", "40 %"))
    for plan in report.plans:
        assert report.of(plan, "sex", "placed of the pool")["b"].verdict == "hidden"


def test_plans_need_different_names() -> None:
    plan = placing(town({"a": 20}), {})
    with pytest.raises(ValueError, match="2 plans need as many different names"):
        equity(plan, plan, names=("one",))


# -- nothing small, nobody named -----------------------------------------------------------------------------------------


def test_no_number_is_small_and_no_id_is_told() -> None:
    scenario = town({"a": 100, "b": 30, "c": 9, "d": 3, "": 14})
    text = json.dumps(equity(placing(scenario, {"a": 40, "b": 12, "c": 4})).as_dict())
    assert not any(f"S{k:04}" in text for k in range(156))
    for line in equity(placing(scenario, {"a": 40, "b": 12, "c": 4})).lines:
        for number in (line.base, line.reached, None if line.base is None else line.base - (line.reached or 0)):
            assert number is None or number == 0 or number >= 10, line


@pytest.fixture
def solved(tmp_path: Path) -> Path:
    write_scenario(town({"female": 40, "male": 40}), tmp_path / "town")
    scenario = read_scenario(tmp_path / "town")
    result = solve(scenario, ANYBODY)
    from dataclasses import replace

    write_result(replace(result, inputs={"scenario": "../town", "reference": None}), tmp_path / "out")
    return tmp_path / "out"


def test_the_command_tells_what_the_function_does(solved: Path) -> None:
    said = CliRunner().invoke(app, ["equity", str(solved), "--json"])
    assert said.exit_code == 0, said.output
    report = json.loads(said.stdout)
    assert {line["step"] for line in report["lines"]} <= {step.name for step in STEPS}
    assert {line["group"] for line in report["lines"]} == {"everybody", "female", "male"}
    told = CliRunner().invoke(app, ["equity", str(solved), "--against", str(solved)])
    assert told.exit_code == 0, told.output
    assert "before" in told.stdout
    assert "four fifths" in told.stdout


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    from dataclasses import replace

    write_scenario(world(seekers=people(3), slots=orders(2)), tmp_path / "town")
    result = solve(read_scenario(tmp_path / "town"), ANYBODY)
    write_result(replace(result, inputs={"scenario": "../town", "reference": None}), tmp_path / "out")
    said = CliRunner().invoke(app, ["equity", str(tmp_path / "out"), "--json"])
    assert said.exit_code == 2
    assert json.loads(said.stdout)["faults"][0]["code"] == "missing_table"
