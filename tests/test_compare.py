"""Comparisons: flows add up, a plan against itself is all the same, inputs that differ are named by their keys, and goals know which way is better."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from allocator.compare import Side, compare, document
from allocator.comparing.flow import CHANGES
from allocator.comparing.side import baselines
from allocator.domain import PROTECTED, TABLES
from allocator.pairs import find_pairs
from allocator.plan import Plan
from allocator.problem import Problem
from allocator.program import build
from allocator.registry import discover
from allocator.result import GoalResult
from allocator.scenario import Scenario
from tests.test_baselines import worlds
from tests.twins import policy
from tests.worlds import orders, people, scores, world

SCORES = {("S1", "J1"): 5, ("S1", "J2"): 3, ("S2", "J1"): 9, ("S2", "J2"): 2, ("S3", "J2"): 4}


def side(name: str, *plan: str, facts: Scenario | None = None, seed: int = 0, **wishes: object) -> Side:
    """A plan written "S1>J1" as a side."""
    facts = facts or world(seekers=people(3), slots=orders(1, 1), pairs=scores(SCORES))
    problem = Problem(facts, policy(**wishes), seed)  # type: ignore[arg-type]
    laid = Plan.of(problem, [(one, other) for one, _, other in (pair.partition(">") for pair in plan)])
    return Side.of_plan(name, problem, build(problem, find_pairs(problem)), laid)


def test_each_person_has_one_lot() -> None:
    tonight = world(
        seekers=[{"seeker_id": f"S{k}"} for k in (1, 2, 4)], slots=orders(1, 1, 1), pairs=scores({("S1", "J2"): 3, ("S2", "J1"): 9, ("S4", "J3"): 1})
    )
    flow = compare(side("before", "S1>J1", "S3>J2"), side("after", "S1>J2", "S2>J1", "S4>J3", facts=tonight)).flow
    assert flow.counts == {"newly_placed": 1, "lost": 0, "moved": 1, "same": 0, "arrived": 1, "left": 1}
    assert [(line["seeker_id"], line["change"], line["from"], line["to"], line["score_change"]) for line in flow.lines()] == [
        ("S1", "moved", "J1", "J2", -2.0),
        ("S2", "newly_placed", None, "J1", None),
        ("S3", "left", "J2", None, None),
        ("S4", "arrived", None, "J3", None),
    ]


def test_who_is_in_the_table_but_not_in_the_pool_any_more_has_left() -> None:
    exited = world(seekers=[{"seeker_id": "S1", "status": "exited"}, *people(3)[1:]], slots=orders(1, 1), pairs=scores(SCORES))
    assert compare(side("before", "S1>J1"), side("after", facts=exited)).flow.counts["left"] == 1
    assert compare(side("before", "S1>J1"), side("after")).flow.counts["lost"] == 1


def test_flows_and_matrices_add_up_on_random_worlds() -> None:
    for seed, problem, program in worlds(44_000, 12):
        sides = list(baselines(problem, program))
        for base in sides:
            for other in sides:
                flow = compare(base, other).flow
                counts = flow.counts
                assert tuple(counts) == CHANGES
                assert base.placed == sum(counts[change] for change in ("lost", "moved", "same", "left")), seed
                assert other.placed == sum(counts[change] for change in ("newly_placed", "moved", "same", "arrived")), seed
                matrix = flow.matrix
                for whose, column in ((base, "from"), (other, "to")):
                    expected = whose.assignments["slot_id"].value_counts().to_dict()
                    assert matrix.groupby(column)["people"].sum().to_dict() == expected, seed


def test_a_plan_against_itself_is_all_the_same() -> None:
    for _, problem, program in worlds(45_000, 6):
        for one in baselines(problem, program):
            same = compare(one, one)
            assert same.inputs.same
            assert same.flow.counts == {change: one.placed if change == "same" else 0 for change in CHANGES}
            told = same.as_dict(only_differences=True)
            assert [told[name] for name in ("rules", "people", "matrix", "groups", "staff")] == [[]] * 5
            assert all(goal["verdict"] == "unknown" for goal in told["goals"])


def test_which_way_is_better_is_the_goals_own_word() -> None:
    for _, _, program in worlds(46_000, 25):
        for objective in program.objectives:
            assert discover("goals")[objective.kind].smaller_is_better is not objective.maximize  # type: ignore[attr-defined]


def test_goals_and_rules_say_who_does_better() -> None:
    promise = {"kind": "reservation", "label": "p", "beneficiaries": "seeker:S3", "count": 1}
    problem = Problem(world(seekers=people(3), slots=orders(1, 1), pairs=scores(SCORES)), policy(promise))
    program = build(problem, find_pairs(problem))
    kept, missed = (
        Side.of_plan(name, problem, program, Plan.of(problem, plan)) for name, plan in (("kept", [("S3", "J2")]), ("missed", [("S2", "J1"), ("S1", "J2")]))
    )
    seen = compare(kept, missed)
    assert [(goal.label, goal.base, goal.other, goal.verdict) for goal in seen.goals] == [("shortfall", 0, 1, "worse"), ("match_quality", 4, 12, "better")]
    assert seen.decided_by is not None
    assert seen.decided_by.kind == "shortfall"
    (rule,) = [line for line in seen.rules if line.kind == "reservation"]
    assert (rule.missed, rule.verdict) == ((0, 1), "worse")


def test_facts_that_differ_are_named_by_their_keys() -> None:
    tables = {"seekers": people(3, wage_floor=15.0), "slots": orders(1, 1), "pairs": scores(SCORES)}
    changed = {"seekers": [{"seeker_id": "S1", "wage_floor": 16.5}, {"seeker_id": "S2"}, {"seeker_id": "S4", "wage_floor": 15.0}], "slots": orders(1, 2)}
    pairs = {pair: score for pair, score in SCORES.items() if pair[0] != "S3"} | {("S1", "J1"): 6}
    after = world(**tables | changed | {"pairs": scores(pairs)})
    found = compare(side("before", facts=world(**tables)), side("after", facts=after)).inputs
    assert {(line.place, line.change, line.base, line.other) for line in found.facts} == {
        ("seekers[S3]", "removed", "S3", None),
        ("seekers[S4]", "added", None, "S4"),
        ("seekers[S1].wage_floor", "changed", 15.0, 16.5),
        ("seekers[S2].wage_floor", "changed", 15.0, None),
        ("slots[J2].openings", "changed", 1, 2),
        ("pairs[S1,J1].score", "changed", 5.0, 6.0),
        ("pairs[S3,J2]", "removed", "S3,J2", None),
    }
    assert {(count.table, count.added, count.removed, count.changed) for count in found.tables} == {
        ("seekers", 1, 1, 2),
        ("slots", 0, 0, 1),
        ("pairs", 0, 1, 1),
    }


def test_the_protected_table_is_counted_and_never_shown() -> None:
    column = next(name for name in TABLES[PROTECTED].model_fields if name != "seeker_id")
    sides = []
    for code in ("a", "b"):
        facts = world(seekers=people(3), slots=orders(1, 1), pairs=scores(SCORES), demographics=[{"seeker_id": "S1", column: code}])
        sides.append(side(code, facts=facts))
    found = compare(*sides).inputs
    assert [(count.table, count.changed, dict(count.columns)) for count in found.tables] == [(PROTECTED, 1, {})]
    assert found.facts == []


def test_policies_are_told_apart_value_by_value_and_entry_by_entry() -> None:
    before = side("before", goals=["placements", "match_quality"])
    after = side("after", goals=["match_quality", "placements"], seed=3, limits={"time": 5})
    found = compare(before, after).inputs
    assert {(line.place, str(line.base), str(line.other)) for line in found.policy} == {
        ("limits.time", "None", "5.0"),
        ("goals", "['placements', 'match_quality']", "['match_quality', 'placements']"),
    }
    assert [(line.place, line.base, line.other) for line in found.settings] == [("seed", 0, 3)]


def test_groups_and_staff_count_the_pool_and_those_placed() -> None:
    seekers = [
        {"seeker_id": "S1", "partner_id": "P1", "staff_id": "ANN", "populations": ["homeless", "veteran_spouse"]},
        {"seeker_id": "S2", "staff_id": "ANN"},
        {"seeker_id": "S3", "partner_id": "P1", "status": "exited"},
    ]
    facts = world(seekers=seekers, partners=[{"partner_id": "P1"}], staff=[{"staff_id": "ANN", "capacity": 3}], slots=orders(1, 1), pairs=scores(SCORES))
    seen = compare(side("before", "S1>J1", facts=facts), side("after", "S2>J1", facts=facts))
    told = {(line.dimension, line.group): (line.pool, line.placed, line.rate) for line in seen.groups}
    assert told["partner", "P1"] == ((1, 1), (1, 0), (1.0, 0.0))
    assert told["partner", "none"] == ((1, 1), (0, 1), (0.0, 1.0))
    assert told["population", "homeless"] == told["population", "veteran_spouse"] == ((1, 1), (1, 0), (1.0, 0.0))
    assert [(line.staff_id, line.people, line.points) for line in seen.staff] == [("ANN", (1, 1), (None, None))]


def test_several_comparisons_are_one_document() -> None:
    base, one, other = side("base", "S1>J1"), side("one", "S2>J1"), side("other")
    told = document([compare(base, one), compare(base, other)])
    assert [result["other"]["name"] for result in told["results"]] == ["one", "other"]
    assert {key: value for key, value in told.items() if key != "results"} == told["results"][0]
    assert set(told) >= {"goals", "rules", "flow", "people"}
    assert np.isclose(told["goals"][0]["difference"], 4)


def run_of(name: str, status: str, *goals: tuple[int, int | None, float | None]) -> Side:
    """A run with goals of value, bound and gap."""
    made = side(name, "S1>J1")
    labels = ("tier 1", "tier 2")
    lines = [GoalResult("placements", label, "people", *goal) for label, goal in zip(labels, goals, strict=False)]
    return replace(made, status=status, goals=lines)


def test_no_change_is_blamed_for_what_is_not_proved() -> None:
    proved, open_ = run_of("before", "optimal", (10, 10, 0.0)), run_of("after", "feasible", (9, 16, 0.4375))
    blamed = compare(proved, open_)
    assert blamed.sentence.endswith(
        "may lie within what is not proved, and come from the search, not from what was changed: after has a gap of 43.75% in tier 1."
    )
    assert blamed.as_dict()["unproved"] == [{"side": "after", "goal": "tier 1", "gap": 0.4375}]
    assert compare(open_, proved).sentence.endswith(": after has a gap of 43.75% in tier 1.")
    both = compare(run_of("one", "feasible", (10, None, None)), open_).sentence
    assert "one has no known bound in tier 1; after has a gap of 43.75% in tier 1." in both


def test_what_is_proved_is_not_doubted() -> None:
    first = run_of("before", "optimal", (10, 10, 0.0), (5, 5, 0.0))
    for other in (run_of("after", "optimal", (9, 9, 0.0), (5, 5, 0.0)), run_of("after", "feasible", (9, 9, 0.0), (5, 8, 0.375))):
        assert compare(first, other).doubt.sentence == ""  # a goal behind the one that decides does not matter
        assert compare(first, other).as_dict()["unproved"] == []
    later = compare(first, run_of("after", "feasible", (10, 10, 0.0), (4, 8, 0.5)))
    assert "may lie within" in later.sentence
    earlier = compare(run_of("before", "feasible", (10, 12, 1 / 6), (5, None, None)), run_of("after", "feasible", (10, 10, 0.0), (4, None, None)))
    assert "before has a gap of 16.67% in tier 1" in earlier.sentence


def test_plans_that_lie_apart_however_the_search_ends_differ_for_certain() -> None:
    apart = compare(run_of("before", "feasible", (20, 22, 2 / 22)), run_of("after", "feasible", (10, 12, 1 / 6)))
    assert "Which of the two can be better is proved, by how much is not" in apart.sentence
    touching = compare(run_of("before", "feasible", (20, 22, 2 / 22)), run_of("after", "feasible", (10, 20, 0.5)))
    assert "may lie within" in touching.sentence


def test_a_plan_that_somebody_made_claims_nothing() -> None:
    assert compare(side("before", "S1>J1"), side("after")).doubt.lines == []


def test_a_changed_reference_is_one_line() -> None:
    facts = {"seekers": people(3), "slots": orders(1, 1), "pairs": scores(SCORES)}
    old, new = (world(**facts, reference=[{"seeker_id": f"S{k}", "slot_id": "J1"} for k in kept]) for kept in ((1,), (2, 3)))
    found = compare(side("before", facts=old), side("after", facts=new)).inputs
    assert [(line.place, line.change, line.base, line.other) for line in found.facts] == [("reference", "changed", "1 assignment", "2 assignments")]
    without = compare(side("before", facts=world(**facts)), side("after", facts=new)).inputs
    assert [(line.change, line.base, line.other) for line in without.facts] == [("added", None, "2 assignments")]
