"""What must hold of every answer, whatever the world: on random ones, by seed."""

from __future__ import annotations

import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from allocator.check import check, violations
from allocator.engines.choose import UnfitEngineError
from allocator.errors import InputError
from allocator.pairs import find_pairs
from allocator.plan import Plan
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import build
from allocator.promises import promises
from allocator.result import Result, write_result
from allocator.scenario import Scenario
from allocator.solve import solve
from tests.brute_force import best_values
from tests.random_worlds import random_problem
from tests.test_agreement import admits
from tests.test_settle import with_over_and_above
from tests.twins import in_order, policy, said, values
from tests.worlds import TODAY, frame, orders, people, scores, world

ENGINES = ("auto", "network", "mip", "cp_sat", "pulp")


def problems(start: int, count: int, *, over_and_above: bool = False, **how: bool):
    """Random problems whose policies fit their facts."""
    for seed in range(start, start + count):
        problem = with_over_and_above(seed) if over_and_above else random_problem(seed, **how)
        if not any(fault.severity == "error" for fault in problem.faults()):
            yield seed, problem


def answer(result: Result) -> dict:
    """A result without what a clock says."""
    document = result.as_dict()
    del document["timings"], document["trace"]
    return document | {"assignments": result.assignments.to_csv(), "unplaced": list(result.unplaced)}


def improved(problem: Problem, **changes: pd.DataFrame) -> Scenario:
    facts = problem.scenario
    return Scenario.of({**facts.tables, **changes}, as_of=facts.as_of, name=facts.name)


# -- the same facts give the same answer -------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_the_order_of_rows_changes_nothing(engine):
    compared = 0
    for seed, problem in problems(60_000, 14, network_only=engine == "network"):
        facts, draw = problem.scenario, np.random.default_rng(seed)
        shuffled = {name: table.iloc[draw.permutation(len(table))].reset_index(drop=True) for name, table in facts.tables.items()}
        try:
            straight = solve(facts, problem.policy, seed=seed, engine=engine)
        except UnfitEngineError:
            continue
        turned = solve(Scenario.of(shuffled, as_of=facts.as_of, name=facts.name), problem.policy, seed=seed, engine=engine)
        assert answer(turned) == answer(straight), seed
        compared += 1
    assert compared >= 5


def test_two_runs_write_the_same_bytes(tmp_path):
    for seed, problem in problems(61_000, 8):
        for run in ("one", "other"):
            write_result(solve(problem.scenario, problem.policy, seed=seed), tmp_path / run)
        for name in ("assignments.csv", "unplaced.csv", "rules.csv"):
            assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes(), seed
        one, other = (json.loads((tmp_path / run / "result.json").read_text()) for run in ("one", "other"))
        assert one.pop("timings").keys() == other.pop("timings").keys()
        del one["trace"], other["trace"]
        assert json.dumps(one) == json.dumps(other)
        assert one["seed"] == seed


# -- more room never hurts, one more rule never helps ------------------------------------------------------------------


def counted(problem: Problem, seed: int) -> Policy:
    """The policy with its reservations stated as counts, without releases: what they ask for does not grow with the openings."""
    draw = np.random.default_rng(seed)
    document = problem.policy.to_dict()
    for entry in document["constraints"]:
        if entry["kind"] == "reservation":
            entry |= {"count": int(draw.integers(0, 3)), "share": None, "denominator": "openings", "release": None}
    return Policy.from_dict(document)


def against_promises(problem: Problem, seed: int) -> list[float] | None:
    """Goal values, larger is better; shortfall against what was promised: seats that no member could take are short as well."""
    result = solve(problem.scenario, problem.policy, seed=seed)
    if result.status == "infeasible":
        return None
    weights = {entry.label: float(entry.weight) for entry in problem.policy.constraints if entry.kind == "reservation"}
    clipped = sum(line.clipped * weights[line.label] for line in result.reservations)
    first = [clipped] if clipped and not any(goal.kind == "shortfall" for goal in result.goals) else []
    return [-value for value in first] + [
        value - (clipped if goal.kind == "shortfall" else 0) for goal, value in zip(result.goals, in_order(result), strict=True)
    ]


def test_with_promises_stated_as_counts_one_more_opening_never_lowers_the_value():
    # The promise is a number, so every plan that was lawful still is, and is worth what it was worth. One thing moves: best effort clips a promise to
    # what its members could take, and with one more opening they could take more. The true statement counts what was clipped as short.
    bettered = 0
    for seed, problem in problems(62_000, 60):
        before = Problem(problem.scenario, counted(problem, seed), seed)
        if any(fault.severity == "error" for fault in before.faults()):
            continue
        slots = problem.scenario.tables["slots"].copy()
        slots.loc[seed % len(slots), "openings"] += 1
        after = Problem(improved(problem, slots=slots), before.policy, seed)
        old, new = against_promises(before, seed), against_promises(after, seed)
        if old is not None:
            assert new is not None, seed
            assert [round(value, 6) for value in new] >= [round(value, 6) for value in old], seed
        bettered += old != new
    assert bettered > 5


def test_with_promises_stated_as_shares_it_may():
    # Half of one opening, rounded down, promises nothing; half of two promises a seat that nobody of A's can take: 20 points short, or nothing fits.
    wishes = {"kind": "reservation", "mode": "minimum_soft", "beneficiaries": "partner:A", "share": "0.5", "rounding": "floor", "price": 20}
    one, two = (world(seekers=people(2), slots=orders(openings), pairs=scores({("S1", "J1"): 5, ("S2", "J1"): 5})) for openings in (1, 2))
    assert (values(solve(one, policy(wishes))), values(solve(two, policy(wishes)))) == ([5], [10 - 20])
    hard = wishes | {"mode": "minimum_hard", "price": None}
    assert (values(solve(one, policy(hard))), solve(two, policy(hard)).status) == ([5], "infeasible")
    # Stated as a count, it cost as much before: 5 - 20, then 10 - 20.
    count = wishes | {"share": None, "count": 1}
    assert (values(solve(one, policy(count))), values(solve(two, policy(count)))) == ([-15], [-10])


def test_a_hard_rule_that_the_answer_breaks_never_improves_it():
    worse = 0
    extras = [
        {"kind": "reservation", "mode": "cap", "beneficiaries": "any_partner", "count": 0},
        {"kind": "reservation", "mode": "minimum_hard", "beneficiaries": "partner:P2", "count": 1},
        {"kind": "employer_limit", "at_most": 0},
        {"kind": "business_target", "scope": "sector:62", "maximum": 0, "hard": True},
        {"kind": "budget", "available": 0},
    ]
    for seed, problem in problems(63_000, 40):
        extra = extras[seed % len(extras)] | {"label": "extra", "enabled": True}
        document = problem.policy.to_dict()
        harder = Policy.from_dict(document | {"constraints": [*document["constraints"], extra]})
        if any(fault.severity == "error" for fault in Problem(problem.scenario, harder).faults()):
            continue
        free = solve(problem.scenario, problem.policy, seed=seed)
        if free.status == "infeasible":
            assert solve(problem.scenario, harder, seed=seed).status == "infeasible", seed
            continue
        broken = check(problem.scenario, harder, free.assignments[["seeker_id", "slot_id"]].itertuples(index=False, name=None))
        bound = solve(problem.scenario, harder, seed=seed)
        if not broken:
            assert in_order(bound) == in_order(free), seed
        elif bound.status == "optimal":
            assert in_order(bound) <= in_order(free), seed
            worse += in_order(bound) < in_order(free)
    assert worse > 2


# -- the answer stands on its own --------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["auto", "cp_sat"])
def test_pinning_the_whole_answer_reproduces_it(engine):
    for seed, problem in problems(64_000, 20, over_and_above=engine == "auto"):
        first = solve(problem.scenario, problem.policy, seed=seed, engine=engine)
        if first.status != "optimal":
            continue
        every = find_pairs(problem)
        ids = [problem.scenario.ids(table)[places] for table, places in (("seekers", every.seeker), ("slots", every.slot))]
        chosen = set(first.assignments[["seeker_id", "slot_id"]].itertuples(index=False, name=None))
        pins = [{"seeker_id": one, "slot_id": other, "action": "fix" if (one, other) in chosen else "forbid"} for one, other in zip(*ids, strict=True)]
        document = first.policy.to_dict()
        pinned = Policy.from_dict(document | {"constraints": [*document["constraints"], {"kind": "pins", "label": "whole answer", "pins": pins}]})
        again = solve(problem.scenario, pinned, seed=seed, engine=engine)
        assert again.assignments.equals(first.assignments), seed
        assert in_order(again) == in_order(first), seed


def test_check_passes_every_answer_and_flags_every_corruption_that_the_rows_refuse():
    unlawful = 0
    for seed, problem in problems(65_000, 25, over_and_above=True):
        result = solve(problem.scenario, problem.policy, seed=seed)
        if result.status != "optimal":
            continue
        settled = Problem(problem.scenario, result.policy, seed)
        facts, pairs = settled.scenario, find_pairs(settled)
        program = build(settled, pairs)
        chosen = set(result.assignments[["seeker_id", "slot_id"]].itertuples(index=False, name=None))
        assert result.verified
        assert check(facts, result.policy, chosen) == []
        names = [(one, other) for one in facts.ids("seekers") for other in facts.ids("slots")]
        corrupted = [chosen - {pair} for pair in chosen] + [chosen | {pair} for pair in names if pair not in chosen]
        corrupted += [(chosen - {(one, old)}) | {(one, new)} for one, old in chosen for new in facts.ids("slots") if new != old]
        for plan in corrupted:
            laid = Plan.of(settled, plan)
            number = pairs.find(laid.seeker, laid.slot)
            lawful = bool((number >= 0).all()) and admits(program, tuple(number.tolist()))
            assert (check(facts, result.policy, plan) == []) is lawful, (seed, plan)
            unlawful += not lawful
    assert unlawful > 50


def test_where_nothing_better_is_claimed_trying_everything_finds_nothing_better():
    for seed, problem in problems(66_000, 30):
        result = solve(problem.scenario, problem.policy, seed=seed)
        expected = best_values(problem, find_pairs(problem))
        assert (result.status == "infeasible") is (expected is None), seed
        if expected is not None:
            assert [abs(value) for value in in_order(result)] == pytest.approx(expected, abs=1e-9), seed


# -- an infeasible policy bends just as far as it says -----------------------------------------------------------------


def loosened(policy: Policy, result: Result) -> Policy | None:
    """The policy with each bent rule's own parameter moved by just what the result says; None where the parameter is no plain number."""
    document = policy.to_dict()
    for bend in result.bends:
        entry = next(entry for entry in document["constraints"] if (entry["kind"], entry["label"]) == (bend.rule, bend.label))
        if bend.rule == "reservation" and bend.key == "" and not entry["release"] and entry["denominator"] != "filled":
            raised = bend.short if entry["mode"] in ("cap", "set_aside") else -bend.short
            if entry["mode"] == "cap":
                entry |= {"count": bend.promised + raised, "share": None, "denominator": "openings"}
            elif entry["mode"] == "minimum_hard":
                entry |= {"count": bend.possible, "share": None, "denominator": "openings"}
            else:
                return None
        elif bend.rule == "business_target":
            entry |= {bend.key: bend.possible}
        elif bend.rule == "budget":
            entry["available"] = str(Decimal(entry["committed"]) + Decimal(bend.possible) / 100)
        elif bend.rule in ("reverse_referral_cap",):
            entry |= {"at_most": bend.possible, "share": None}
        elif bend.rule == "change_limit":
            entry["at_most"] += bend.short
        elif bend.rule == "pins":
            entry["pins"] = []
        else:
            return None
    return Policy.from_dict(document)


def test_an_infeasible_policy_fits_once_it_is_bent_just_as_far_as_the_result_says():
    repaired = 0
    for seed, problem in problems(67_000, 640):
        result = solve(problem.scenario, problem.policy, seed=seed)
        if result.status != "infeasible":
            continue
        assert result.bends, seed
        looser = loosened(problem.policy, result)
        # A pin of the scenario's own table bends as well, but no policy can loosen it.
        if looser is None or (problem.scenario.has("pins") and any(bend.rule == "pins" for bend in result.bends)):
            continue
        repaired += 1
        assert solve(problem.scenario, looser, seed=seed).status == "optimal", (seed, result.bends)
    assert repaired > 10


def test_a_bend_of_one_less_is_not_enough():
    there = world(seekers=people(2, partner_id="A"), slots=orders(3), pairs=scores({("S1", "J1"): 1, ("S2", "J1"): 1}))
    for asked in (2, 3, 4, 5):
        result = solve(there, policy({"kind": "reservation", "mode": "minimum_hard", "beneficiaries": "partner:A", "count": asked}))
        assert [bend.possible for bend in result.bends] == ([] if asked == 2 else [2])


# -- time limits ---------------------------------------------------------------------------------------------------------


def hard_world(seekers: int = 300, slots: int = 30, seed: int = 3) -> Scenario:
    """Points that grow with profit, against capacities that fit no round number of them: slow to prove."""
    draw = np.random.default_rng(seed)
    points = draw.integers(20, 100, (seekers, slots))
    profit = points + draw.integers(0, 21, (seekers, slots))
    one, other = (index.ravel() for index in np.indices((seekers, slots)))
    pairs = pd.DataFrame(
        {
            "seeker_id": [f"S{i:03d}" for i in one],
            "slot_id": [f"J{j:02d}" for j in other],
            "score": profit.ravel().astype(float),
            "staff_points": pd.Series(points.ravel(), dtype="Int64"),
        }
    )
    tables = {
        "seekers": frame("seekers", [{"seeker_id": f"S{i:03d}"} for i in range(seekers)]),
        "slots": frame("slots", [{"slot_id": f"J{j:02d}", "openings": seekers, "staff_id": f"K{j:02d}"} for j in range(slots)]),
        "staff": frame("staff", [{"staff_id": f"K{j:02d}", "capacity": int(0.6 * points[:, j].sum() / slots)} for j in range(slots)]),
        "pairs": pairs,
    }
    return Scenario.of(tables, as_of=TODAY)


@pytest.mark.parametrize("engine", ["mip", "cp_sat", "pulp"])
@pytest.mark.parametrize("seconds", [0.01, 1.5])
def test_a_time_limit_leaves_an_honest_status(engine, seconds):
    there = hard_world()
    result = solve(there, policy({"kind": "staff_capacity", "charge": "slot"}, goals=["placements", "match_quality"]), engine=engine, time_limit=seconds)
    if result.status == "optimal":  # a fast machine may well prove it in a second and a half, never in a hundredth
        assert (result.stop_reason, seconds) == ("proved", 1.5)
        assert all(goal.value == goal.bound for goal in result.goals)
        return
    assert result.status in ("feasible", "no_solution")
    assert result.stop_reason == "time_limit"
    assert result.verified is (result.status == "feasible")
    for goal in result.goals:
        assert goal.value is not None
        assert goal.bound is None or goal.bound >= goal.value
    if result.status == "feasible":
        assert any(goal.bound is None or goal.bound > goal.value for goal in result.goals)
        assert all(entry.reason != "no_gain" for entry in result.unplaced)
    else:
        assert (result.placed, list(result.goals)) == (0, [])


def test_a_gap_that_is_asked_for_is_kept_and_told():
    result = solve(hard_world(60, 6), policy({"kind": "staff_capacity", "charge": "slot"}), engine="mip", gap=Decimal("0.05"))
    goal = result.goal("match_quality")
    assert goal.gap is not None
    assert goal.gap <= 0.05
    assert (result.status, result.stop_reason) in (("feasible", "gap_limit"), ("optimal", "proved"))


# -- reasons -------------------------------------------------------------------------------------------------------------


def test_a_rule_that_a_person_would_help_does_not_block_them():
    # Half of the filled seats are A's. S1 of A is blocked by a coach without time, not by the promise that S1 would help to keep.
    seekers = [{"seeker_id": "S1", "partner_id": "A", "staff_id": "K"}, {"seeker_id": "S2", "partner_id": "A"}, {"seeker_id": "S3"}]
    there = world(
        seekers=seekers, slots=orders(3), staff=[{"staff_id": "K", "capacity": 0}], pairs=scores({("S1", "J1"): 5, ("S2", "J1"): 5, ("S3", "J1"): 5})
    )  # fmt: skip
    half = {"kind": "reservation", "mode": "minimum_hard", "beneficiaries": "partner:A", "share": "0.5", "denominator": "filled"}
    result = solve(there, policy(half, {"kind": "staff_capacity"}))
    assert values(result) == [10]
    (left,) = result.unplaced
    assert (left.seeker_id, left.reason, left.detail) == ("S1", "blocked", "J1 is open, but staff_capacity[K] is at its limit")
    assert said(there, policy(half), "S1>J1", "S2>J1", "S3>J1") == []


def test_whoever_a_ratio_does_stop_is_told_so():
    seekers = [{"seeker_id": "S1", "partner_id": "A"}, {"seeker_id": "S2"}, {"seeker_id": "S3"}]
    there = world(seekers=seekers, slots=orders(3), pairs=scores({("S1", "J1"): 5, ("S2", "J1"): 5, ("S3", "J1"): 4}))
    half = {"kind": "reservation", "mode": "minimum_hard", "beneficiaries": "partner:A", "share": "0.5", "denominator": "filled"}
    result = solve(there, policy(half))
    (left,) = result.unplaced
    assert (left.seeker_id, left.reason, left.detail) == ("S3", "blocked", "J1 is open, but reservation is at its limit")


@pytest.mark.parametrize("engine", ["auto", "mip", "cp_sat", "pulp"])
def test_a_world_without_a_single_pair_is_answered(engine):
    goals = ["placements", "match_quality", "lottery"]
    for there in (world(seekers=people(1), slots=orders(1), pairs=[]), world(seekers=people(1), slots=[])):
        assert values(solve(there, policy(goals=goals, eligibility=[]), engine=engine)) == [0, 0, 0]
        assert solve(there, policy({"kind": "business_target", "minimum": 1, "hard": True}, eligibility=[]), engine=engine).status == "infeasible"


def test_faults_come_before_any_engine():
    with pytest.raises(InputError):
        solve(world(seekers=people(1), slots=orders(1)), policy({"kind": "staff_capacity"}))


def test_the_lines_of_a_result_are_what_the_law_finds_in_its_plan():
    for seed, problem in problems(68_000, 15, over_and_above=True):
        result = solve(problem.scenario, problem.policy, seed=seed)
        if result.status != "optimal":
            continue
        settled = Problem(problem.scenario, result.policy, seed)
        plan = Plan.of(settled, result.assignments[["seeker_id", "slot_id"]].itertuples(index=False, name=None))
        assert next(violations(plan), None) is None
        assert list(result.rules) == [line for rule in settled.policy.constraints for line in rule.standings(plan)], seed
        assert list(result.reservations) == list(promises(plan, find_pairs(settled))), seed
        assert all(line.slack is None or line.slack >= 0 for line in result.rules if line.hard), seed
