"""Sweeps: every point is what a solve of its own finds, prices are quotients, marks are what their definition says."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from allocator.changes import resolve
from allocator.charts.frontier import frontier
from allocator.check import check
from allocator.cli import app
from allocator.constraints.reservation import Reservation
from allocator.engines.choose import choose
from allocator.generate import generate
from allocator.layers import load_layers, load_policy
from allocator.over import Over, exact_value
from allocator.pairs import find_pairs
from allocator.point import Point
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import build
from allocator.read import read_scenario
from allocator.scenario import Scenario
from allocator.solve import solve
from allocator.sweep import Policies, Sweep, sweep
from allocator.tradeoffs import dominates
from allocator.variants import Terms, Variants
from tests.random_worlds import random_problem

EXACT = Terms(Fraction(0), lottery=True)
MODES = ("minimum_best_effort", "minimum_hard", "set_aside", "cap")
PAPER = Path(__file__).parent.parent / "scenarios" / "paper"
SEATS = "constraints.reservation[two seats for the partner].count"


def policies(policy: Policy) -> Policies:
    """The policy with texts on top, by its plain data."""

    def at(texts: Sequence[str]) -> Policy:
        document = policy.to_dict()
        for text in texts:
            place, _, value = text.rpartition("=")
            entry, _, key = place.rpartition(".")
            for rule in document["constraints"]:
                if entry == f"constraints.{rule['kind']}[{rule['label']}]":
                    rule[key] = exact_value(value)
        return Policy.from_dict(document)

    return at


def moved(problem: Problem) -> Reservation | None:
    """A reservation of a share of the openings or applicants, of a world that has one."""
    rules = [rule for rule in problem.policy.constraints if isinstance(rule, Reservation) and rule.share is not None]
    return rules[0] if rules else None


def is_network(problem: Problem) -> bool:
    return choose(build(problem, find_pairs(problem))).engine.name == "network"


def worlds(start: int, count: int, *, networks: bool = True) -> list[tuple[Problem, Reservation]]:
    found: list[tuple[Problem, Reservation]] = []
    for seed in itertools.count(start):
        problem = random_problem(seed)
        rule = moved(problem)
        if rule is not None and all(fault.severity == "warning" for fault in problem.faults()) and (networks or not is_network(problem)):
            found.append((problem, rule))
        if len(found) == count:
            return found
    return found


def agrees(point: Point, scenario: Scenario, seed: int) -> None:
    """A point against a solve of its policy from nothing, by another engine."""
    alone = solve(scenario, point.variant.policy, seed=seed, engine="cp_sat")
    assert point.status == alone.status
    assert [(goal.label, goal.value, goal.bound) for goal in point.goals] == [(goal.label, goal.value, goal.bound) for goal in alone.goals]
    if point.verified:
        assert not check(scenario, point.variant.problem.policy, list(point.variant.plan.named()))


@pytest.mark.parametrize("networks", [True, False])
def test_points_are_what_solves_of_their_own_find(networks: bool) -> None:
    roads: set[str] = set()
    for problem, rule in worlds(70_000, 10, networks=networks):
        over = Over(f"constraints.reservation[{rule.label}].share", ("0", "0.25", "0.3", "0.6", "1"))
        found = sweep(problem.scenario, policies(problem.policy), [over], seed=problem.seed, terms=EXACT)
        assert [point.texts for point in found.points] == [(text,) for text in over.texts]
        for point in found.points:
            agrees(point, problem.scenario, problem.seed)
            roads.add(point.variant.road)
        brute_marks(found)
        quotients(found)
    assert {"same program", "network" if networks else "other sides"} <= roads


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_many_more_points(part: int) -> None:
    for problem, rule in worlds(100_000 + 10_000 * part, 40, networks=part % 2 == 0):
        over = Over(f"constraints.reservation[{rule.label}].share", ("0", "0.2", "0.4", "0.6", "0.8", "1"))
        found = sweep(problem.scenario, policies(problem.policy), [over], seed=problem.seed, terms=EXACT)
        for point in found.points:
            agrees(point, problem.scenario, problem.seed)
        brute_marks(found)
        quotients(found)


def test_grids_with_modes_are_too() -> None:
    roads: set[str] = set()
    for problem, rule in worlds(80_000, 8):
        if rule.denominator == "filled" or rule.mode == "minimum_soft":
            continue
        modes = [mode for mode in MODES if mode != "cap" or rule.release is None]
        overs = [Over(f"constraints.reservation[{rule.label}].{key}", tuple(texts)) for key, texts in (("share", ("0.2", "0.7")), ("mode", modes))]
        found = sweep(problem.scenario, policies(problem.policy), overs, seed=problem.seed, terms=EXACT)
        assert [point.texts for point in found.points] == list(itertools.product(("0.2", "0.7"), modes))
        for point in found.points:
            agrees(point, problem.scenario, problem.seed)
            roads.add(point.variant.road)
        brute_marks(found)
    assert "other rows" in roads or "network" in roads


def brute_marks(found: Sweep) -> None:
    """Dominated by definition, where everything is proved."""
    solved = [point for point in found.points if point.verified]
    for point in solved:
        beaten = False
        for other in solved:
            gains = [
                (goal.value - own.value) * (-1 if own.kind == "shortfall" else 1)  # type: ignore[operator]
                for own, goal in zip(point.goals, other.goals, strict=False)
                if own.kind != "lottery"
            ]
            same_goals = [goal.label for goal in point.goals] == [goal.label for goal in other.goals]
            gains.append(other.kept - point.kept)
            beaten |= same_goals and min(gains) >= 0 and max(gains) > 0
        assert point.dominated == beaten
        assert (point.dominated_by is not None) == beaten


def quotients(found: Sweep) -> None:
    """Every price is the quotient of two points of the sweep, unless it is a slope."""
    for number, point in enumerate(found.points):
        for price in point.prices:
            if price.method == "slope":
                continue
            assert price.exact
            own = next(goal for goal in point.goals if goal.label == price.label)
            for change, step, side in (
                (price.below, price.below_step, found.points[:number][::-1]),
                (price.above, price.above_step, found.points[number + 1 :]),
            ):
                if change is None or step is None:
                    continue
                sign = -1 if side == found.points[:number][::-1] else 1
                asked = point.promised if price.per == "seat" else float(point.texts[0])
                at = asked + sign * step  # type: ignore[operator]
                other = next(each for each in side if each.verified and (each.promised if price.per == "seat" else float(each.texts[0])) == pytest.approx(at))
                value = next(goal.value for goal in other.goals if goal.label == price.label)
                assert change == pytest.approx((value - own.value) / (sign * step))  # type: ignore[operator]


def test_one_side_of_one_row_is_a_frontier_with_slopes_and_the_same_points() -> None:
    """Hard promises and one goal: the road of the frontier, against programs solved one by one."""
    scenario, document = generate(60, 10, 5, "full", 5)
    policy = document if isinstance(document, Policy) else Policy.from_dict(document)
    partner = max((rule for rule in policy.constraints if isinstance(rule, Reservation) and rule.label.startswith("partner")), key=lambda rule: rule.count or 0)
    hard = policy.replacing([rule.model_copy(update={"mode": "minimum_hard"}) for rule in policy.constraints if isinstance(rule, Reservation)])
    most = partner.count or 0
    over = Over(f"constraints.reservation[{partner.label}].count", tuple(str(count) for count in range(max(0, most - 4), most + 4)))
    found = sweep(scenario, policies(hard), [over], terms=EXACT)
    sloped = [price for point in found.points for price in point.prices if price.method == "slope"]
    assert sloped
    alone = Variants(scenario, 0, EXACT)
    for point in found.points:
        fresh = solve(scenario, point.variant.policy, engine="mip")
        assert (point.status, [goal.value for goal in point.goals]) == (fresh.status, [goal.value for goal in fresh.goals])
        assert [goal.value for goal in alone.solve(point.variant.policy).goals] == [goal.value for goal in point.goals]


def test_two_shares_that_round_to_the_same_seats_are_one_program() -> None:
    scenario = read_scenario(PAPER)
    over = Over("constraints.reservation.share", ("0.6", "0.65", "0.7"))
    found = sweep(
        scenario,
        lambda texts: load_policy(PAPER / "policy.toml", ["constraints.reservation.count=", *texts] if texts else [], own_pairs=True),
        [over],
        terms=EXACT,
    )
    assert [point.promised for point in found.points] == [2, 2, 2]
    assert sorted(point.variant.road for point in found.points) in (["network", "same program", "same program"], ["first", "same program", "same program"])
    assert all(point.placed == 3 for point in found.points)


def test_the_pairs_are_shared_only_where_they_cannot_differ() -> None:
    for seed in range(90_000, 90_040):
        problem = random_problem(seed, bare=True)
        variants = Variants(problem.scenario, seed, EXACT)
        for constraints in (problem.policy.constraints, problem.policy.constraints[:1], ()):
            policy = problem.policy.model_copy(update={"constraints": constraints})
            if any(fault.severity == "error" for fault in Problem(problem.scenario, policy, seed).faults()):
                continue
            _, pairs = variants.problem(policy)
            own = find_pairs(Problem(problem.scenario, policy, seed))
            assert np.array_equal(pairs.seeker, own.seeker)
            assert np.array_equal(pairs.slot, own.slot)
            assert np.array_equal(pairs.score, own.score)


def test_over_and_above_is_settled_at_every_point() -> None:
    scenario = read_scenario(PAPER)
    found = sweep(
        scenario,
        lambda texts: load_policy(PAPER / "over_and_above.toml", texts, own_pairs=True),
        [Over("constraints.reservation.count", ("0", "1", "2"))],
        terms=EXACT,
    )
    assert [point.status for point in found.points] == ["optimal", "optimal", "infeasible"]
    assert [point.goals[-1].value for point in found.points if point.verified] == [245, 170]
    assert found.points[1].promises[0].promised == 2


def test_a_promoted_point_gives_the_point_again() -> None:
    scenario, layers = read_scenario(PAPER), load_layers(PAPER / "policy.toml", own_pairs=True)
    found = sweep(scenario, lambda texts: load_policy(PAPER / "policy.toml", texts, own_pairs=True), [Over(SEATS, ("0", "1", "2", "3"))], terms=EXACT)
    for point in found.points:
        resolved = resolve(scenario, layers, found.change_set(point))
        again = solve(resolved.scenario, resolved.layers.policy)
        assert [(goal.label, goal.value) for goal in again.goals] == [(goal.label, goal.value) for goal in point.goals]
        assert resolved.layers.policy.constraints[0].count == int(point.texts[0])  # type: ignore[attr-defined]


def test_the_paper_frontier_by_hand() -> None:
    scenario = read_scenario(PAPER)
    found = sweep(scenario, lambda texts: load_policy(PAPER / "policy.toml", texts, own_pairs=True), [Over(SEATS, ("0", "1", "2", "3"))], terms=EXACT)
    assert [point.goals[-1].value for point in found.points] == [245, 245, 170, 170]
    assert [point.promises[0].short for point in found.points] == [0, 0, 0, 1]
    assert found.knee == 1
    assert found.present == (2,)
    assert [point.dominated for point in found.points] == [True, False, False, False]
    (price,) = [price for price in found.points[1].prices if price.goal == "match_quality"]
    assert (price.below, price.above, price.per, price.exact) == (0, -75, "seat", True)
    assert [(point.newly_placed, point.lost) for point in found.points] == [(None, None), (0, 0), (1, 1), (0, 0)]
    frame = found.frame()
    assert list(frame[SEATS]) == [0, 1, 2, 3]
    assert list(frame["match_quality"]) == [245, 245, 170, 170]
    assert list(frame["match_quality above"])[:2] == [0, -75]
    assert list(frame["price_above"])[:2] == [0, -75]  # as the price itself has it
    assert "245 points (at 0) down to 170 (at 2)" in frontier(frame, "count", reached="match_quality", unit="points").sentence


def test_a_goal_that_is_not_proved_counts_with_its_bound() -> None:
    scenario = read_scenario(PAPER)
    found = sweep(scenario, lambda texts: load_policy(PAPER / "policy.toml", texts, own_pairs=True), [Over(SEATS, ("0", "1"))], terms=EXACT)
    low, high = found.points
    assert dominates(high, low)
    outcome = low.variant.outcome
    open_goal = replace(outcome.goals[-1], bound=outcome.goals[-1].bound + 1)  # type: ignore[operator]
    unproved = replace(low, answer=replace(low.variant, outcome=replace(outcome, goals=(*outcome.goals[:-1], open_goal))))
    assert not dominates(high, unproved)


# -- the command ----------------------------------------------------------------------------------------------------


def ojt(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "100"})
    return done.exit_code, done.stdout


def test_the_document_has_the_names_that_others_rely_on(tmp_path: Path) -> None:
    code, said = ojt("sweep", PAPER, "--over", "constraints.reservation.count=0:3:1", "--json", "--out", tmp_path / "out")
    document = json.loads(said)
    assert code == 0
    assert document["parameter"] == SEATS
    assert document["parameters"] == [SEATS]
    assert {"value", "status", "verified", "placed", "goals", "prices", "dominated"} <= set(document["points"][0])
    assert [point["value"] for point in document["points"]] == [0, 1, 2, 3]
    assert set(document["points"][0]["goals"][0]) >= {"kind", "value", "bound", "gap"}
    assert json.loads((tmp_path / "out" / "sweep.json").read_text()) == document
    assert len((tmp_path / "out" / "sweep.csv").read_text().splitlines()) == 5


def test_the_table_shows_the_knee_and_what_is_dominated() -> None:
    code, said = ojt("sweep", PAPER, "--over", "constraints.reservation.count=0:3:1")
    assert code == 0
    lines = said.splitlines()
    assert any("knee" in line and "-75.00" in line for line in lines)
    assert sum("dominated" in line and "245" in line for line in lines) == 1


def test_a_grid_and_words() -> None:
    code, said = ojt("sweep", PAPER, "--over", "constraints.reservation.count=1,2", "--over", "constraints.reservation.mode=set_aside,over_and_above", "--json")
    document = json.loads(said)
    assert code == 0
    assert [point["values"] for point in document["points"]] == [[1, "set_aside"], [1, "over_and_above"], [2, "set_aside"], [2, "over_and_above"]]
    assert [point["status"] for point in document["points"]] == ["optimal", "optimal", "optimal", "infeasible"]


def test_promote_writes_a_change_set_that_allocate_takes(tmp_path: Path) -> None:
    file = tmp_path / "one.toml"
    code, _ = ojt("sweep", PAPER, "--over", "constraints.reservation.count=0:3:1", "--promote", "1", "--out", file)
    assert code == 0
    code, said = ojt("allocate", PAPER, "--changes", file, "--out", tmp_path / "out", "--json")
    assert code == 0
    assert next(goal["value"] for goal in json.loads(said)["goals"] if goal["kind"] == "match_quality") == 245


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--over", "constraints.reservation[x].count=0:2:1"], "There are: constraints.reservation[two seats for the partner]"),
        (["--over", "constraints.reservation.cont=0:2:1"], "Did you mean 'count'?"),
        (["--over", "constraints.reservation.count=0:2:0"], "The step is 0"),
        (["--over", "constraints.reservation.count=2:0:1"], "runs backwards"),
        (["--over", "constraints.reservation.count=0:2:1", "--promote", "7", "--out", "x.toml"], "no point 7"),
        (["--over", "constraints.reservation.count=0:2:1", "--promote", "1"], "--out names the file"),
        (["--over", "constraints.reservation.mode=minimum_hard,nonsense"], "it must be"),
    ],
)
def test_wrong_options_say_what_is_there(arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out = ojt("sweep", PAPER, *arguments, "--json")
    assert code == 2
    faults = json.loads(out)["faults"]
    assert len(faults) == 1
    assert said in f"{faults[0]['message']} {faults[0]['fix']}"


def test_decimals_of_a_promoted_share_stay_exact() -> None:
    assert exact_value("0.06") == Decimal("0.06")
    assert exact_value("minimum_hard") == "minimum_hard"
    assert exact_value("3") == 3


def test_each_point_also_tells_what_is_reached_without_optimizing(tmp_path: Path) -> None:
    code, said = ojt("sweep", PAPER, "--over", "constraints.reservation.count=0:2:1", "--baselines", "--out", tmp_path / "swept", "--json")
    assert code == 0
    for point in json.loads(said)["points"]:
        assert [baseline["name"] for baseline in point["baselines"]] == ["greedy", "first_come", "lottery"]
        for baseline in point["baselines"]:
            assert baseline["keeps_every_rule"]
            reached, best = ([goal["value"] for goal in document["goals"]] for document in (baseline, point))
            assert (-reached[0], *reached[1:]) <= (-best[0], *best[1:])  # people short first, the fewer the better
    written = {path.name for path in (tmp_path / "swept").iterdir()}
    assert written == {"sweep.csv", "sweep.json", "frontier.svg", "frontier.png", "frontier.vl.json"}


def test_what_is_swept_lies_over_the_change_sets(tmp_path: Path) -> None:
    laid = tmp_path / "what-if.toml"
    laid.write_text('[[changes]]\nop = "set"\npath = "constraints.reservation.count"\nvalue = 1\n', "utf-8")
    code, said = ojt("sweep", PAPER, "--over", "constraints.reservation.count=0:2:1", "--changes", laid, "--json")
    assert code == 0
    document = json.loads(said)
    assert document["present"] == [1]
    assert [point["goals"][-1]["value"] for point in document["points"]] == [245, 245, 170]
