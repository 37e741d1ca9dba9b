"""What other readings would have done: re-solved by another engine, by hand on the smallest scenario, and told in sentences that name nobody."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from allocator.check import check
from allocator.cli import app
from allocator.constraints.reservation import Reservation
from allocator.errors import InputError
from allocator.generate import generate
from allocator.layers import load_policy
from allocator.opened import Opened
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.read import read_scenario
from allocator.registry import discover
from allocator.semantics import ReservationReport, reservation_reports
from allocator.solve import solve
from allocator.variants import Terms, without_lottery
from tests.random_worlds import random_problem

PAPER = Path(__file__).parent.parent / "scenarios" / "paper"


def paper(policy: str = "policy") -> ReservationReport:
    scenario = read_scenario(PAPER)
    wishes = load_policy(PAPER / f"{policy}.toml", own_pairs=True)
    (report,) = reservation_reports(Opened.of(scenario, solve(scenario, wishes)))
    return report


def test_the_paper_scenario_as_its_readme_works_it_out() -> None:
    report = paper()
    told = {reading.mode: (reading.status, reading.filled, reading.empty, reading.goals[-1].value if reading.goals else None) for reading in report.others}
    assert told == {
        "minimum_hard": ("optimal", 2, 0, 170),
        "minimum_soft": ("optimal", 1, 0, pytest.approx(188.34)),
        "set_aside": ("optimal", 1, 1, 185),
        "cap": ("optimal", 1, 0, 245),
        "over_and_above": ("infeasible", None, None, None),
    }
    assert (report.off.filled, report.off.goals[-1].value) == (1, 245)
    assert (report.off.gained, report.off.lost) == (("Q2",), ("P2",))
    (quality,) = [price for price in report.prices if price.goal == "match_quality"]
    assert (quality.more, quality.less, quality.exact) == (0, 75, True)
    set_aside = next(reading for reading in report.others if reading.mode == "set_aside")
    assert "left 1 seat more empty" in set_aside.sentence
    assert (set_aside.gained, set_aside.lost) == ((), ("P2",))
    assert not report.left_out


def test_no_reading_that_the_present_plan_keeps_is_found_worse_than_it() -> None:
    """Questions start from the result's own plan, also where its policy has a lottery and the questions have none."""
    scenario, document = generate(60, 10, 5, "full", 3)
    policy = document if isinstance(document, Policy) else Policy.from_dict(document)
    policy = policy.model_copy(update={"goals": (*(policy.goals or ()), discover("goals")["lottery"](kind="lottery", label="lottery"))})
    opened = Opened.of(scenario, solve(scenario, policy, seed=1))
    label = next(rule.label for rule in opened.policy.constraints if isinstance(rule, Reservation))
    (report,) = reservation_reports(opened, label, terms=Terms(Fraction(1, 2), lottery=False))
    now = report.present.goals[-1].value
    assert report.off.goals[-1].value >= now  # type: ignore[operator]
    (hard,) = [reading for reading in report.others if reading.mode == "minimum_hard"]
    assert report.present.short or hard.goals[-1].value >= now  # type: ignore[operator]


def test_sentences_name_nobody() -> None:
    for policy in ("policy", "set_aside", "over_and_above"):
        report = paper(policy)
        for reading in (report.present, report.off, *report.others):
            assert not any(name in reading.sentence for name in ("P1", "P2", "Q1", "Q2"))
            assert reading.sentence.endswith(".")


def replaced(policy: Policy, rule: Reservation, **changes: object) -> Policy:
    return policy.replacing([Reservation.model_validate({**rule.model_dump(), **changes})])


@pytest.mark.parametrize("part", range(2))
def test_readings_and_prices_are_what_solves_of_their_own_find(part: int) -> None:
    looked = prices = 0
    seed = 200_000 + 1_000 * part
    while looked < 8:
        seed += 1
        problem = random_problem(seed)
        rules = [rule for rule in problem.policy.constraints if isinstance(rule, Reservation)]
        if not rules or any(fault.severity == "error" for fault in problem.faults()):
            continue
        result = solve(problem.scenario, problem.policy, seed=seed)
        if not result.verified:
            continue
        looked += 1
        opened = Opened.of(problem.scenario, result)
        for report in reservation_reports(opened):
            rule = next(rule for rule in opened.policy.constraints if isinstance(rule, Reservation) and rule.label == report.label)
            for reading in report.others:
                price = {"price": reading.note.split()[1]} if reading.mode == "minimum_soft" and rule.mode != "minimum_soft" else {}
                price |= {"price": None} if rule.mode == "minimum_soft" != reading.mode else {}
                release = {"release": None} if reading.mode == "cap" else {}
                policy = replaced(opened.policy, rule, mode=reading.mode, denominator=reading.denominator, merit_count=None, **price, **release)
                alone = solve(problem.scenario, without_lottery(policy), seed=seed, engine="cp_sat")
                assert (reading.status, [goal.value for goal in reading.goals]) == (alone.status, [goal.value for goal in alone.goals])
                if alone.verified:
                    people = set(alone.assignments["seeker_id"])
                    assert len(people) == reading.placed or reading.goals
            off = opened.policy.model_copy(update={"constraints": tuple(entry for entry in opened.policy.constraints if entry is not rule)})
            alone = solve(problem.scenario, without_lottery(off), seed=seed, engine="cp_sat")
            assert [goal.value for goal in report.off.goals] == [goal.value for goal in alone.goals]
            prices += prices_are_differences(opened, rule, report, seed)
    assert prices > 4


def prices_are_differences(opened: Opened, rule: Reservation, report: ReservationReport, seed: int) -> int:
    """One seat more or less, stated as a count, against solves from nothing; only where a count says the same as the row."""
    problem = Problem(opened.scenario, opened.policy, seed)
    rungs = rule.rungs(problem)
    peers = [other for other in opened.policy.constraints if isinstance(other, Reservation) and other.rounding == "largest_remainder" and other is not rule]
    if rule.denominator == "filled" or len(rungs) > 1 or rule.release is not None or rule.mode == "over_and_above" or peers:
        return 0
    promised, compared = rule.promises(problem)[0], 0
    for step, which in ((1, "more"), (-1, "less")):
        if promised + step < 0 or (rule.mode == "set_aside" and promised + step > rungs[0].seats):
            assert all(getattr(price, which) is None for price in report.prices)
            continue
        policy = replaced(opened.policy, rule, share=None, count=promised + step, denominator="openings")
        alone = solve(opened.scenario, without_lottery(policy), seed=seed, engine="cp_sat")
        for number, price in enumerate(report.prices):
            change = getattr(price, which)
            if alone.status == "infeasible":
                assert change is None
                continue
            assert change == pytest.approx(alone.goals[number].value - opened.result.goals[number].value)  # type: ignore[operator]
            assert price.exact
            compared += 1
    return compared


def test_an_unknown_label_lists_those_there_are_and_no_plan_is_said() -> None:
    scenario = read_scenario(PAPER)
    opened = Opened.of(scenario, solve(scenario, load_policy(PAPER / "policy.toml", own_pairs=True)))
    with pytest.raises(InputError, match="There are: two seats for the partner"):
        reservation_reports(opened, "north")
    wishes = load_policy(PAPER / "over_and_above.toml", ["constraints.reservation.count=2"], own_pairs=True)
    with pytest.raises(InputError, match="no plan"):
        reservation_reports(Opened.of(scenario, solve(scenario, wishes)))


def test_the_plan_that_the_report_speaks_of_is_lawful_and_untouched() -> None:
    scenario = read_scenario(PAPER)
    result = solve(scenario, load_policy(PAPER / "policy.toml", own_pairs=True))
    opened = Opened.of(scenario, result)
    before = opened.columns.copy()
    reservation_reports(opened)
    assert (opened.columns == before).all()
    assert not check(scenario, result.policy, result.plan())


def ojt(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "100"})
    return done.exit_code, done.stdout


def test_the_command_reads_a_result_or_solves_a_scenario(tmp_path: Path) -> None:
    assert ojt("allocate", PAPER, "--out", tmp_path / "out")[0] == 0
    code, said = ojt("reservations", tmp_path / "out", "--json")
    other_code, other = ojt("reservations", PAPER, "--json")
    assert code == other_code == 0
    assert json.loads(said) == json.loads(other)
    (report,) = json.loads(said)["reservations"]
    assert {"label", "lines", "prices", "present", "off", "others", "left_out"} == set(report)
    assert report["off"]["gained"] == ["Q2"]


def test_the_screen_tells_what_each_reading_does() -> None:
    code, said = ojt("reservations", PAPER)
    assert code == 0
    words = " ".join(said.split())
    assert "A set-aside would have filled 1 of 2 promised seats, left 1 seat more empty" in words
    assert "Over and above would have been impossible" in words
    assert "One seat less promised: +75 match_quality points." in words


def test_wrong_labels_and_no_plan(tmp_path: Path) -> None:
    code, said = ojt("reservations", PAPER, "--label", "north", "--json")
    assert code == 2
    assert "two seats for the partner" in json.loads(said)["faults"][0]["fix"]
    code, said = ojt("reservations", PAPER, "--policy", PAPER / "over_and_above.toml", "--set", "constraints.reservation.count=2", "--json")
    assert code == 3
    assert json.loads(said)["reservations"] == []
    assert ojt("reservations", tmp_path)[0] == 2
