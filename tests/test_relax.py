"""What would have to give way where nothing fits: never dearer than a way out that is known, everybody in conflict named, and the changes really fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from allocator.changes import ChangeSet, resolve
from allocator.cli import app
from allocator.conflicts import rows_of
from allocator.constraints.base import SEAT
from allocator.engines.base import Clock, Silent
from allocator.engines.choose import choose
from allocator.errors import InputError
from allocator.layers import Layers
from allocator.opened import open_result
from allocator.pairs import find_pairs
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import FREE, Program, build
from allocator.read import read_scenario
from allocator.relax import how_far, relax
from allocator.repair import Conflict, Repair
from allocator.scenario import Scenario
from allocator.settle import settle, unsettled
from allocator.solve import solve
from tests.planted import PLANTERS, planted
from tests.random_worlds import random_problem
from tests.twins import policy
from tests.worlds import orders, people, scores, world


def under(scenario: Scenario, wishes: Policy, repair: Repair) -> tuple[Scenario, Policy]:
    """Facts and policy with a repair's changes, as `ojt allocate --changes` would have them."""
    changes = ChangeSet.from_dict(json.loads(json.dumps(repair.changes.to_dict())))
    after = resolve(scenario, Layers.of(wishes), changes)
    return after.scenario, after.layers.policy


def program_of(scenario: Scenario, wishes: Policy, seed: int = 0) -> Program:
    problem = Problem(scenario, wishes, seed)
    pairs = find_pairs(problem)
    problem, _ = settle(problem, pairs, lambda first: choose(first).engine.solve(first, Clock(), seed, Silent()))
    return build(problem, pairs)


def fits(program: Program, without: set[str] = frozenset(), only: set[str] | None = None) -> bool:
    """Whether a program has a plan when some of its rows do not hold; CP-SAT says so, in exact integers."""
    rows = []
    for block in program.rows:
        names = [block.row_name(number) for number in range(len(block))]
        always = block.kind in ("one_slot_each", "slot_openings") or not block.bend
        off = [not always and (name in without or (only is not None and name not in only)) for name in names]
        lower, upper = block.lower.copy(), block.upper.copy()
        lower[off], upper[off] = -FREE, FREE
        rows.append(type(block)(**{**vars(block), "lower": lower, "upper": upper}))
    bare = Program(program.pairs, program.upper, tuple(rows), ())
    return choose(bare, "cp_sat").engine.solve(bare, Clock(), 0, Silent()).status != "infeasible"


def judge(scenario: Scenario, wishes: Policy, repair: Repair, seed: int = 0) -> Program:
    """What must hold of every repair, whatever the policy."""
    assert repair.proved
    assert repair.feasible
    assert repair.bends
    assert solve(*under(scenario, wishes, repair), seed=seed).status == "optimal"
    program = program_of(scenario, wishes, seed)
    assert {name for conflict in repair.conflicts for name in conflict.bends} >= {bend.name for bend in repair.bends}
    seen: set[str] = set()
    for conflict in repair.conflicts:
        named = {party.name for party in conflict.rules}
        assert not seen & named, "independent conflicts share no rule"
        seen |= named
        assert not fits(program, only=named), "what is named cannot hold together"
        assert conflict.price == pytest.approx(sum(bend.price for bend in repair.bends if bend.name in conflict.bends))
    assert [conflict.price for conflict in repair.conflicts] == sorted((conflict.price for conflict in repair.conflicts), reverse=True)
    return program


def hunt(start: int, count: int) -> int:
    """Planted conflicts found and repaired."""
    found = 0
    for seed in range(start, start + count):
        scenario, wishes, conflicts = planted(seed)
        repair = relax(scenario, wishes, seed=seed)
        judge(scenario, wishes, repair, seed)
        assert repair.price <= sum(conflict.cost for conflict in conflicts) + 1e-6, seed
        assert len(repair.conflicts) == len(conflicts), seed
        named = [{party.name for party in conflict.rules} for conflict in repair.conflicts]
        for conflict in conflicts:
            assert any(conflict.rows <= rows for rows in named), (seed, sorted(conflict.rows), named)
        found += len(conflicts)
    return found


def test_planted_conflicts_are_all_found_named_and_repaired_at_no_higher_price() -> None:
    assert hunt(0, 40) > 80


@pytest.mark.slow
def test_five_hundred_planted_policies() -> None:
    assert hunt(1_000, 500) > 1_200


def test_every_kind_of_conflict_is_planted() -> None:
    kinds = {name for seed in range(40) for conflict in planted(seed)[2] for name in conflict.rows}
    assert {name.partition("[")[0] for name in kinds} == {"reservation", "staff_capacity", "budget", "business_target", "employer_limit", "pins"}
    assert len(PLANTERS) == 12


def test_random_policies_are_repaired_whatever_rule_has_to_bend() -> None:
    bent = set()
    for seed in range(67_000, 67_200):
        problem = random_problem(seed)
        if any(fault.severity == "error" for fault in problem.faults()):
            continue
        repair = relax(problem.scenario, problem.policy, seed=seed)
        if not repair.bends:
            assert repair.feasible, seed
            continue
        assert repair.feasible, seed
        assert solve(*under(problem.scenario, problem.policy, repair), seed=seed).status == "optimal", (seed, repair)
        bent |= {bend.rule for bend in repair.bends}
    assert len(bent) >= 5, bent


# -- by hand -----------------------------------------------------------------------------------------------------------


def promise(count: int, who: str = "partner:A", **more: Any) -> dict[str, Any]:
    return {"kind": "reservation", "mode": "minimum_hard", "beneficiaries": who, "count": count, **more}


def two_partners(seats: int, members: int = 4) -> Scenario:
    crowd = [{**one, "partner_id": code, "seeker_id": f"{code}{k}"} for code in "AB" for k, one in enumerate(people(members))]
    listed = scores({(one["seeker_id"], "J1"): 1 for one in crowd})
    return world(seekers=crowd, slots=orders(seats), pairs=listed, partners=[{"partner_id": "A"}, {"partner_id": "B"}])


def only(repair: Repair) -> Conflict:
    (conflict,) = repair.conflicts
    return conflict


def test_two_promises_over_the_same_seats_are_told_as_a_count_of_seats() -> None:
    repair = relax(two_partners(5), policy(promise(3, label="a"), promise(3, "partner:B", label="b")))
    (bend,) = repair.bends
    assert (bend.name, bend.promised, bend.possible, bend.price, bend.people) == ("reservation[b]", 3, 2, 1.0, 4)
    assert [party.says for party in only(repair).rules] == ["3 seats are promised to partner A", "3 seats are promised to partner B"]
    assert only(repair).certificate == (
        "At most 2 of the 3 seats promised to partner B can be kept: 3 seats are promised to partner A, and of the 6 seats that are asked for together "
        "only 5 can be filled, by the 5 openings of J1.",
    )
    assert repair.changes.to_dict()["changes"] == [{"op": "set", "path": "constraints.reservation[b].count", "value": 2}]


def test_few_promises_bend_rather_than_many_and_of_equals_the_later_ones() -> None:
    rules = [promise(2, label="first"), promise(4, "partner:B", label="second")]
    repair = relax(two_partners(3), policy(*rules))
    assert [(bend.label, bend.promised, bend.possible) for bend in repair.bends] == [("second", 4, 1)]
    assert relax(two_partners(3), policy(*rules)) == repair


def test_a_share_is_lowered_to_the_plainest_that_rounds_to_what_is_possible() -> None:
    there = world(seekers=people(2, partner_id="A"), slots=orders(5), pairs=scores({("S1", "J1"): 1, ("S2", "J1"): 1}))
    repair = relax(there, policy({"kind": "reservation", "mode": "minimum_hard", "beneficiaries": "partner:A", "share": 0.9}))
    assert [(change.path, float(change.value)) for change in repair.changes.changes] == [("constraints.reservation.share", 0.4)]


def test_a_coach_a_pin_and_what_has_begun_are_changed_in_their_tables() -> None:
    pairs = [{"seeker_id": f"S{k}", "slot_id": "J1", "score": 1, "staff_points": 1} for k in (1, 2)]
    crowd = people(2, staff_id="ANN", partner_id="A")
    base: dict[str, Any] = {"seekers": crowd, "slots": orders(2), "pairs": pairs, "staff": [{"staff_id": "ANN", "capacity": 4, "used": 3}]}
    begun = world(**base, commitments=[{"seeker_id": f"S{k}", "slot_id": "J1", "status": "started"} for k in (1, 2)])
    repair = relax(begun, policy({"kind": "staff_capacity"}))
    assert [(bend.rule, bend.promised, bend.possible, bend.unit) for bend in repair.bends] == [("staff_capacity", 1, 2, "points")]
    assert repair.changes.to_dict()["changes"] == [{"op": "set", "path": "staff[ANN].capacity", "value": 5}]
    fixed = world(**{**base, "slots": orders(1)}, pins=[{"seeker_id": "S1", "slot_id": "J1", "action": "fix"}])
    repair = relax(fixed, policy({"kind": "business_target", "maximum": 0, "hard": True}, {"kind": "pins"}))
    assert solve(*under(fixed, policy({"kind": "business_target", "maximum": 0, "hard": True}, {"kind": "pins"}), repair)).status == "optimal"
    assert {party.rule for party in only(repair).rules} == {"business_target", "pins"}


def test_one_number_for_many_employers_is_raised_for_all_and_the_note_says_so() -> None:
    slots = [{"slot_id": f"J{k}", "openings": 3, "employer_id": f"E{k}"} for k in (1, 2)]
    crowd = people(3, partner_id="A")
    listed = scores({(one["seeker_id"], "J1"): 1 for one in crowd})
    there = world(seekers=crowd, slots=slots, pairs=listed, employers=[{"employer_id": "E1", "employees_at_site": 9}, {"employer_id": "E2"}])
    repair = relax(there, policy({"kind": "employer_limit", "at_most": 1}, {"kind": "business_target", "minimum": 3, "hard": True}))
    assert repair.price == 2.0
    assert solve(*under(there, policy({"kind": "employer_limit", "at_most": 1}, {"kind": "business_target", "minimum": 3, "hard": True}), repair)).placed >= 1
    if any(bend.rule == "employer_limit" for bend in repair.bends):
        assert "every other" in repair.notes[0]


def test_a_policy_that_fits_has_nothing_to_bend() -> None:
    repair = relax(two_partners(5), policy(promise(3), label := promise(2, "partner:B", label="b")))
    assert (repair.bends, repair.conflicts, repair.changes.changes, repair.feasible, repair.proved) == ((), (), (), True, True), label


def test_promises_on_top_of_merit_are_settled_again_after_the_repair() -> None:
    there = two_partners(4, members=2)
    wishes = policy(
        promise(1, label="more", mode="over_and_above"), promise(2, "partner:B", label="b"), {"kind": "business_target", "maximum": 2, "hard": True}
    )
    assert unsettled(wishes)
    repair = relax(there, wishes)
    assert repair.feasible
    assert solve(*under(there, wishes, repair)).status == "optimal"


# -- how far -----------------------------------------------------------------------------------------------------------


def test_how_far_a_promise_goes_is_where_the_next_seat_fits_nothing() -> None:
    there = two_partners(5)
    for mode in ("minimum_hard", "minimum_best_effort"):
        rules = [promise(1, label="a", mode=mode), promise(3, "partner:B", label="b")]
        (line,) = how_far(there, policy(*rules), "a")
        assert (line.asked, line.least, line.most) == (1, 0, 2)
    for count, status in ((2, "optimal"), (3, "infeasible")):
        assert solve(there, policy(promise(count, label="a"), promise(3, "partner:B", label="b"))).status == status
    (line,) = how_far(there, policy(promise(2, label="a"), promise(4, mode="cap", label="ceiling")), "reservation[ceiling]")
    assert (line.at_least, line.least, line.most) == (False, 2, 4)


def test_how_far_asks_for_a_label_that_is_there() -> None:
    with pytest.raises(InputError, match="No promise or limit") as caught:
        how_far(two_partners(5), policy(promise(1, label="a")), "b")
    assert caught.value.faults[0].fix == "Say which: reservation[a]."


# -- the commands ------------------------------------------------------------------------------------------------------

CONFLICT = Path(__file__).parent.parent / "scenarios" / "conflict"


def ojt(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "120"})


def test_relax_says_what_bends_why_and_what_to_change() -> None:
    said = ojt("relax", CONFLICT)
    assert said.exit_code == 0, said.output
    words = " ".join(said.stdout.split())
    assert "At most 2 of the 3 seats promised to partner NORTH can be kept: 3 seats are promised to partner SOUTH, and of the 6 seats that are asked" in words
    assert "only 5 can be filled, by the 5 openings of BAKERY and CLINIC. Also, COACH-N has room for 4 points." in words
    assert "set constraints.reservation[three seats for the north].count = 2" in words
    document = json.loads(ojt("relax", CONFLICT, "--json").stdout)
    assert {"bends", "changes", "conflicts", "proved"} <= set(document)
    assert {"rule", "label", "promised", "possible", "price"} <= set(document["bends"][0])
    fine = ojt("relax", CONFLICT, "--set", "constraints.reservation[three seats for the north].count=2")
    assert (fine.exit_code, fine.stdout) == (0, "The policy fits as it is: some plan keeps every rule. Nothing has to bend.\n")
    far = json.loads(ojt("relax", CONFLICT, "--how-far", "three seats for the north", "--json").stdout)
    assert [(line["asked"], line["least"], line["most"]) for line in far["reach"]] == [(3, 0, 2)]
    assert ojt("relax", CONFLICT, "--how-far", "nobody").exit_code == 2


def test_allocate_writes_the_repair_that_allocate_applies(tmp_path: Path) -> None:
    first = ojt("allocate", CONFLICT, "--out", tmp_path / "one")
    assert first.exit_code == 3, first.output
    again = ojt("allocate", CONFLICT, "--changes", tmp_path / "one" / "repair.toml", "--out", tmp_path / "two")
    assert again.exit_code == 0, again.output
    at_once = ojt("allocate", CONFLICT, "--repair", "--out", tmp_path / "three")
    assert at_once.exit_code == 0, at_once.output
    assert "REPAIRED: the policy as it came had no plan." in at_once.stdout
    one, two, three = (json.loads((tmp_path / name / "result.json").read_text("utf-8")) for name in ("one", "two", "three"))
    assert two["goals"] == three["goals"]
    assert (two["repaired"], three["repaired"]) == ([], one["bends"])
    assert not (tmp_path / "three" / "repair.toml").exists()
    assert open_result(tmp_path / "three").result.repaired[0].promised == 3
    assert open_result(tmp_path / "one").result.repair.conflicts[0].certificate == tuple(one["conflicts"][0]["certificate"])


def test_repair_changes_nothing_where_the_policy_fits(tmp_path: Path) -> None:
    fine = ojt("allocate", CONFLICT.parent / "paper", "--repair", "--out", tmp_path / "out")
    assert fine.exit_code == 0, fine.output
    assert "REPAIRED" not in fine.stdout
    assert json.loads((tmp_path / "out" / "result.json").read_text("utf-8"))["repaired"] == []


def test_bends_are_priced_as_the_rules_declare() -> None:
    scenario = read_scenario(CONFLICT)
    repair = relax(scenario, Policy.from_dict({"constraints": [promise(3, "partner:NORTH")], "goals": [{"kind": "placements"}]}))
    assert repair.bends == ()
    program = program_of(*planted(3)[:2])
    prices = {block.kind: block.bend for block, _ in rows_of(program)}
    assert prices["one_slot_each"] == prices["slot_openings"] == 0
    assert prices["reservation"] in (0, SEAT)
