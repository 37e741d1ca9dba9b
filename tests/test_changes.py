"""Change sets: the laws over random worlds, every fault with its place, and both ways of writing them."""

from __future__ import annotations

import json
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from allocator.changes import Change, ChangeSet, Resolved, joined, read_change_sets, read_changes, resolve
from allocator.differences import difference
from allocator.errors import Fault, InputError
from allocator.layers import Layers
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.read import frames_to_scenario
from allocator.scenario import Scenario
from tests.random_changes import done_slowly, random_changes
from tests.random_worlds import random_problem
from tests.worlds import TODAY, orders, people, scores, world

POLICY = {
    "constraints": [
        {"kind": "reservation", "label": "partner", "beneficiaries": "any_partner", "share": "0.3"},
        {"kind": "reservation", "label": "young", "beneficiaries": "population:young", "count": 2},
        {"kind": "staff_capacity"},
    ],
    "goals": [{"kind": "placements"}, {"kind": "match_quality"}],
}
PARTNER = "constraints.reservation[partner]"


def same(one: Scenario, other: Scenario) -> bool:
    return one.digest == other.digest and one.name == other.name and list(one.tables) == list(other.tables)


def layers() -> Layers:
    return Layers.of(Policy.from_dict(POLICY), "policy.toml")


def town() -> Scenario:
    return world(
        seekers=people(3, partner_id="P1", staff_id="ANN", wage_floor=16.0),
        slots=orders(1, 2, wage=18.0),
        partners=[{"partner_id": "P1"}, {"partner_id": "P2"}],
        staff=[{"staff_id": "ANN", "capacity": 5, "used": 1}],
        commitments=[{"seeker_id": "S1", "slot_id": "J1", "status": "referred"}],
        demographics=[{"seeker_id": "S2", "sex": "f"}, {"seeker_id": "S3", "sex": "m"}],
    )


def changed(*changes: Change, scenario: Scenario | None = None, over: Layers | None = None) -> Resolved:
    return resolve(scenario or town(), over or layers(), ChangeSet(changes, file="what_if.toml"))


def told(*changes: Change, scenario: Scenario | None = None, over: Layers | None = None) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as caught:
        changed(*changes, scenario=scenario, over=over)
    return caught.value.faults


# -- laws -----------------------------------------------------------------------------------------------------------


def by_hand(seeds: range) -> int:
    """Random change sets do what doing each change by hand does, and what reading the outcome from files gives."""
    done = 0
    for seed in seeds:
        scenario = random_problem(seed, bare=True).scenario
        changes = random_changes(scenario, np.random.default_rng(seed), 12)
        resolved = resolve(scenario, layers(), changes).scenario
        assert same(resolved, done_slowly(scenario, changes)), (seed, changes)
        read = frames_to_scenario(dict(resolved.tables), as_of=resolved.as_of, name=resolved.name)
        assert read.digest == resolved.digest, (seed, changes)
        done += len(changes.changes)
    return done


def there_and_back(seeds: range, folder: Path) -> int:
    """The difference of two random worlds and policies, written and read again, leads from one to the other; so it does as JSON."""
    done = 0
    for seed in seeds:
        one, other = random_base(seed), random_base(seed + 1000)
        more = random_changes(other.scenario, np.random.default_rng(seed), 8)
        other = Resolved(resolve(other.scenario, other.layers, more).scenario, other.layers, {})
        changes = difference(one, other)
        (folder / "d.toml").write_text(changes.to_toml(), "utf-8")
        again = read_changes(folder / "d.toml")
        assert again == changes
        arrived = resolve(one.scenario, one.layers, again)
        assert arrived.scenario.digest == other.scenario.digest, (seed, changes)
        assert arrived.layers.policy.digest == other.layers.policy.digest, (seed, changes)
        assert difference(arrived, other).changes == ()
        as_json = resolve(one.scenario, one.layers, ChangeSet.from_dict(json.loads(json.dumps(changes.to_dict()))))
        assert (as_json.scenario.digest, as_json.layers.policy) == (other.scenario.digest, other.layers.policy)
        done += len(changes.changes)
    return done


def random_base(seed: int) -> Resolved:
    problem = random_problem(seed, bare=True)
    return Resolved(problem.scenario, Layers.of(problem.policy), {})


def test_tables_are_as_if_each_change_were_done_by_hand_and_as_if_read_from_files() -> None:
    assert by_hand(range(6)) > 30


def test_the_difference_leads_from_one_to_the_other(tmp_path: Path) -> None:
    assert there_and_back(range(4), tmp_path) > 80


@pytest.mark.slow
def test_the_laws_hold_for_many_worlds(tmp_path: Path) -> None:
    assert by_hand(range(6, 250)) > 1200
    assert there_and_back(range(4, 60), tmp_path) > 2000


def test_no_change_leaves_the_base_as_it_is() -> None:
    for nothing in ((), ChangeSet(), [ChangeSet(), ChangeSet()]):
        base = town()
        resolved = resolve(base, layers(), nothing)
        assert resolved.scenario is base
        assert resolved.layers.policy.digest == layers().policy.digest
        assert resolved.origins == layers().origins


@pytest.mark.parametrize("seed", range(4))
def test_what_is_set_and_pinned_twice_is_as_once(seed: int) -> None:
    scenario = random_problem(seed, bare=True).scenario
    facts = random_changes(scenario, np.random.default_rng(seed), 10, only=("set", "pin", "forbid"))
    changes = ChangeSet((*facts.changes, Change("set", f"{PARTNER}.share", Decimal("0.4")), Change("set", "goals.order", ["match_quality", "placements"])))
    once, twice = resolve(scenario, layers(), changes), resolve(scenario, layers(), [changes, changes])
    assert same(once.scenario, twice.scenario)
    assert once.layers.policy.digest == twice.layers.policy.digest


@pytest.mark.parametrize("seed", range(4))
def test_sets_about_different_things_change_places(seed: int) -> None:
    scenario = random_problem(seed, bare=True).scenario
    draw = np.random.default_rng(seed)
    changes = [change for change in random_changes(scenario, draw, 30, only=("set",)).changes if change.path != "scenario.as_of" and "]." in change.path]
    single = list({change.path: change for change in changes}.values())
    cut = len(single) // 2
    one = ChangeSet((*single[:cut], Change("set", f"{PARTNER}.share", 1), Change("remove", "constraints.staff_capacity")), "one")
    other = ChangeSet((*single[cut:], Change("set", f"{PARTNER}.mode", "cap"), Change("set", "limits.time", 5)), "other")
    ahead, back = resolve(scenario, layers(), [one, other]), resolve(scenario, layers(), [other, one])
    assert same(ahead.scenario, back.scenario)
    assert ahead.layers.policy.digest == back.layers.policy.digest
    assert dict(ahead.origins) == dict(back.origins)


def test_sets_one_after_the_other_are_as_both_at_once() -> None:
    one = ChangeSet((Change("set", "seekers[S1].wage_floor", 20), Change("add", "slots[N]", {"openings": 1})), "one")
    other = ChangeSet((Change("set", "seekers[S1].wage_floor", 21), Change("pin", "pins[S1,N]"), Change("add", "goals.lottery")), "other")
    whole = resolve(town(), layers(), [one, other])
    step = resolve(town(), layers(), one)
    step = resolve(step.scenario, step.layers, other)
    assert same(whole.scenario, step.scenario)
    assert whole.layers.policy.digest == step.layers.policy.digest
    both = resolve(town(), layers(), joined([one, other]))
    assert same(whole.scenario, both.scenario)


def test_the_later_one_wins_and_is_named() -> None:
    one = ChangeSet((Change("set", "seekers[S1].wage_floor", 20), Change("set", f"{PARTNER}.share", "0.4")), "one")
    other = ChangeSet((Change("set", "seekers[S1].wage_floor", 21), Change("set", f"{PARTNER}.mode", "cap")), "other")
    resolved = resolve(town(), layers(), [one, other])
    assert resolved.scenario.numbers("seekers", "wage_floor")[0] == 21
    wanted = {"seekers[S1].wage_floor": "other", f"{PARTNER}.share": "one", f"{PARTNER}.mode": "other", f"{PARTNER}.count": "default"}
    assert {place: resolved.origins[place] for place in wanted} == wanted
    assert resolved.origins[f"{PARTNER}.beneficiaries.partners"] == "policy.toml"
    (value,) = resolved.touched
    assert (value.path, value.old, value.new, value.layer) == ("seekers[S1].wage_floor", 16.0, 21.0, "other")


# -- tables ---------------------------------------------------------------------------------------------------------


def test_records_and_cells_come_change_and_go() -> None:
    resolved = changed(
        Change("set", "seekers[S1]", {"coach_id": None, "veteran": True, "skills": ["b", "a"]}),
        Change("remove", "seekers[S2].wage_floor"),
        Change("add", "slots[J0]", {"openings": 3, "wage": Decimal("19.5"), "onet_soc": "472061"}),
        Change("remove", "slots[J2]"),
        Change("set", "scenario.as_of", "2026-11-09"),
    )
    facts = resolved.scenario
    assert list(facts.ids("slots")) == ["J0", "J1"]
    assert facts.coded("slots", "onet_soc").text(0) == "47-2061", "tidied as a file's cell is"
    assert list(facts.flags("seekers", "veteran")) == [1, -1, -1]
    assert facts.lists("seekers", "skills").at(0) == ("b", "a")
    assert list(facts.link("seekers", "staff_id")) == [-1, 0, 0]
    assert np.isnan(facts.numbers("seekers", "wage_floor")[1])
    assert facts.as_of == date(2026, 11, 9)
    assert [(value.path, value.old, value.new) for value in resolved.touched[-3:]] == [
        ("slots[J0]", None, {"openings": 3, "wage": 19.5, "onet_soc": "47-2061"}),
        ("slots[J2]", {"openings": 2, "wage": 18.0}, None),
        ("scenario.as_of", TODAY, date(2026, 11, 9)),
    ]


def test_what_is_not_touched_keeps_its_digest_without_computing_it_anew() -> None:
    base = town()
    before = base.table_digest("slots")
    after = changed(Change("set", "seekers[S1].wage_floor", 20), scenario=base).scenario
    assert after._memory["table digest", "slots"] == before
    assert after.tables["slots"] is base.tables["slots"]
    assert after.digest != base.digest
    assert changed(Change("set", "seekers[S1].wage_floor", 16), scenario=base).scenario.digest == base.digest


def test_pins_are_written_in_the_place_of_the_one_there() -> None:
    first = changed(Change("forbid", "pins[S1,J1]", {"reason": "no bus"}), Change("pin", "pins[S1,J1]", {"author": "A. Lee", "expires": date(2026, 12, 31)}))
    (row,) = first.scenario.tables["pins"].astype(object).itertuples(index=False)
    assert (row.action, row.author, row.expires.date()) == ("fix", "A. Lee", date(2026, 12, 31))
    assert np.isnan(row.reason)


def test_all_records_of_a_slot_go_with_one_change() -> None:
    scenario = world(seekers=people(2), slots=orders(1, 1), pairs=scores({("S1", "J1"): 1, ("S2", "J1"): 2, ("S1", "J2"): 3}))
    resolved = changed(Change("remove", "pairs[*,J1]"), Change("remove", "slots[J1]"), scenario=scenario)
    assert resolved.scenario.tables["pairs"]["slot_id"].tolist() == ["J2"]
    assert (resolved.touched[0].path, resolved.touched[0].old, resolved.touched[0].new) == ("pairs[*,J1]", 2, None)


def test_the_protected_record_of_a_removed_person_goes_with_them() -> None:
    after = changed(Change("remove", "seekers[S2]")).scenario
    assert after.tables["demographics"]["seeker_id"].tolist() == ["S3"]


def test_ids_with_commas_brackets_and_quotation_marks() -> None:
    odd = ['a"b', "S,1", "S]1", "x].wage_floor", '"quoted"', "*"]
    scenario = world(seekers=[{"seeker_id": one, "wage_floor": 1.0} for one in odd], slots=orders(1), pairs=scores({(one, "J1"): 1 for one in odd}))
    empty = world(seekers=[{"seeker_id": "gone"}], slots=orders(1))
    there = resolve(empty, layers(), difference(Resolved(empty, layers(), {}), Resolved(scenario, layers(), {})))
    assert there.scenario.digest == scenario.digest
    after = changed(Change("set", "seekers[S,1].wage_floor", 2), Change("set", 'pairs["S,1",J1].score', 9), scenario=scenario).scenario
    assert after.numbers("seekers", "wage_floor")[list(after.ids("seekers")).index("S,1")] == 2


def test_ten_thousand_changes_of_a_large_table_cost_little() -> None:
    """A table of 200,000 records is not gone through one by one: ten thousand changes take no longer than a few readings of its keys."""
    scenario = world(seekers=[{"seeker_id": f"S{k:06}", "wage_floor": 15.0} for k in range(200_000)], slots=orders(1))
    many = ChangeSet(tuple(Change("set", f"seekers[S{k:06}].wage_floor", 16 + k % 3) for k in range(0, 200_000, 20)))
    started = time.process_time()
    after = resolve(scenario, layers(), many).scenario
    spent = time.process_time() - started
    assert after.numbers("seekers", "wage_floor").sum() == 200_000 * 15 + sum(1 + k % 3 for k in range(0, 200_000, 20))
    assert spent < 10


# -- policy ---------------------------------------------------------------------------------------------------------


def test_values_entries_and_the_order_of_goals() -> None:
    policy = changed(
        Change("set", f"{PARTNER}.share", Decimal("0.4")),
        Change("set", f"{PARTNER}.release.after_days", 5),
        Change("set", "constraints.reservation[young]", {"mode": "cap", "weight": 2}),
        Change("remove", "constraints.staff_capacity"),
        Change("add", "constraints.budget[adult]", {"funding_stream": "adult", "available": 1000}),
        Change("set", "goals.placements.enabled", False),
        Change("add", "goals.lottery"),
        Change("set", "goals.order", ["lottery", "match_quality", "placements"]),
        Change("set", "limits.time", 60),
    ).layers.policy
    assert [rule.name for rule in policy.constraints] == ["reservation[partner]", "reservation[young]", "budget[adult]"]
    assert [rule.kind for rule in policy.goals or ()] == ["lottery", "match_quality", "placements"]
    assert not (policy.goals or ())[2].enabled
    assert policy.limits.time == 60
    assert str(policy.constraints[0].share) == "0.4"  # type: ignore[attr-defined]
    assert policy.constraints[1].mode == "cap"  # type: ignore[attr-defined]


def test_a_silent_section_is_written_out_and_goes_back_to_the_default() -> None:
    silent = Layers.of(Policy())
    written = changed(Change("set", "goals.match_quality.weights.wage", 40), Change("remove", "eligibility.commute"), over=silent).layers
    assert [goal.kind for goal in written.policy.goals or ()] == ["priority_of_service", "placements", "match_quality"]
    assert len(written.policy.eligibility or ()) == len(Policy.default_eligibility()) - 1
    again = changed(Change("remove", "goals"), Change("remove", "eligibility"), over=written).layers
    assert again.policy.digest == Policy().digest


def test_where_changes_bring_pairs_no_eligibility_holds_by_default() -> None:
    pairs = [Change("add", "pairs[S1,J1]", {"score": 5}), Change("set", "eligibility.commute.reach", "county")]
    (fault,) = told(*pairs, over=Layers.of(Policy()))
    assert (fault.code, fault.column) == ("unknown_target", "changes[2]: eligibility.commute")


# -- faults ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (Change("set", "seekers[S1].wage_flor", 1), "unknown_column", "Did you mean wage_floor?"),
        (Change("set", "seekers[S11].wage_floor", 1), "no_such_record", "Did you mean seekers[S1]?"),
        (Change("set", "slots[new].wage", 1), "no_such_record", "Use add for a new record: add slots[new]."),
        (Change("add", "slots[J1]", {"openings": 1}), "exists_already", "Use set to change it."),
        (Change("remove", "slots[J7]"), "nothing_to_remove", "There is no slots[J7]"),
        (Change("remove", "seekers[S1].veteran"), "nothing_to_remove", "is unknown already"),
        (Change("remove", "pins"), "nothing_to_remove", "pins is not there"),
        (Change("remove", "pairs[*,J1]"), "nothing_to_remove", "no record like this"),
        (Change("set", "seekers[*].wage_floor", 1), "bad_key", "Name one record."),
        (Change("remove", "slots"), "compulsory", "slots is compulsory."),
        (Change("remove", "slots.openings"), "compulsory", ""),
        (Change("remove", "slots[J1].openings"), "blank_cell", "openings is blank"),
        (Change("add", "slots[N]", {"wage": 1}), "blank_cell", "openings is blank; every record must have it."),
        (Change("add", "slots[a;b]", {"openings": 1}), "bad_id", "separate the items of a list"),
        (Change("set", "seekers[S1].wage_floor", "17,50"), "not_a_number", "Write it with a decimal point: 17.50."),
        (Change("set", "seekers[S1].wage_floor", 2000), "too_large", "it must be 1,000 or less"),
        (Change("set", "seekers[S1].wage_floor", True), "not_a_number", "wage_floor is “true”"),
        (Change("set", "seekers[S1].shifts", ["day", "nite"]), "unknown_code", "Did you mean night?"),
        (Change("set", "seekers[S1].county_fips", 4105), "bad_fips", "a leading zero was lost"),
        (Change("set", "seekers[S1].status", ["a"]), "wrong_type", "status is a list"),
        (Change("set", "seekers[S1].skills", {"a": 1}), "wrong_type", "skills is a table"),
        (Change("set", "seekers[S1].partner_id", "p1"), "dangling_reference", "Did you mean P1?"),
        (Change("set", "seekers[S1].seeker_id", "S9"), "key_cannot_change", "Remove the record and add another."),
        (Change("set", "seekers[S1]", 5), "not_a_table", "must be a table of its columns"),
        (Change("set", "seekers[S1].dob", "2000-01-01"), "personal_identifier", "TEGL 39-11"),
        (Change("remove", "slots[J1]"), "dangling_reference", "commitments[S1,J1] still refers to slots[J1]"),
        (Change("remove", "partners[P1]"), "dangling_reference", "seekers[S1].partner_id, seekers[S2].partner_id, seekers[S3].partner_id still refer"),
        (Change("add", "employers"), "exists_already", ""),
        (Change("set", "demographics[S2].sex", "m"), "protected_table", "nothing but the equity report may see it"),
        (Change("remove", "demographics"), "protected_table", ""),
        (Change("set", "commitments[S1].status", "offered"), "bad_key", "Write commitments[S1,J1]."),
        (Change("set", "seekrs[S1].wage_floor", 1), "unknown_path", "Did you mean seekers?"),
        (Change("set", "seekers wage", 1), "bad_path", "Write for example seekers[S1].wage_floor"),
        (Change("set", "scenario.asof", 1), "unknown_path", "scenario.as_of"),
        (Change("set", "scenario.as_of", "9 Nov"), "wrong_date_form", "Write YYYY-MM-DD"),
        (Change("pin", "pins[S1]"), "bad_key", ""),
        (Change("pin", "seekers[S1]"), "bad_path", "pin needs the path of one pair."),
        (Change("pin", "S1,J1"), "bad_path", 'Write path = "pins[S1,J1]"'),
        (Change("pin", "pins[S1,J1]", {"resaon": "x"}), "unknown_key", "Did you mean 'reason'?"),
        (Change("pin", "pins[S9,J1]"), "dangling_reference", "seeker_id S9 is not in seekers"),
        (Change("pin", "pins[S1,J1]", {"expires": "soon"}), "wrong_date_form", "expires is “soon”"),
        (Change("set", f"{PARTNER}.share", 2), "bad_value", "Shares run from 0 to 1"),
        (Change("set", f"{PARTNER}.shre", 1), "unknown_key", "Did you mean 'share'?"),
        (Change("set", "constraints.reservation[partnr].share", 1), "unknown_target", "Did you mean constraints.reservation[partner]?"),
        (Change("add", PARTNER, {}), "exists_already", "Use set to change it"),
        (Change("add", "constraints.reservatoin[x]", {}), "unknown_kind", "Did you mean 'reservation'?"),
        (Change("add", "constraints.reservation[x]", {"share": 1}), "missing_key", "beneficiaries"),
        (Change("remove", "constraints.reservation[x]"), "unknown_target", "to remove"),
        (Change("remove", f"{PARTNER}.release"), "nothing_to_remove", "is not set"),
        (Change("set", "goals.order", ["placements"]), "bad_order", "leaves out match_quality"),
        (Change("set", "goals.order", ["placement", "match_quality"]), "bad_order", "did you mean placements?"),
        (Change("remove", "eligibility"), "nothing_to_remove", "silent about eligibility"),
        (Change("set", "constraints", 1), "bad_set", "constraints is a whole section"),
        (Change("set", "limits.tme", 1), "unknown_target", "Did you mean limits.time?"),
    ],
    ids=lambda value: f"{value.op} {value.path}" if isinstance(value, Change) else None,
)
def test_what_cannot_be_done_names_the_change_its_place_and_the_mend(change: Change, code: str, words: str) -> None:
    scenario = town() if code != "exists_already" or change.path != "employers" else world(seekers=people(1), slots=orders(1), employers=[])
    good = Change("set", "seekers[S1].hours_available", 20)
    faults = told(good, change, scenario=scenario)
    assert {fault.code for fault in faults} == {code}, faults
    assert {fault.file for fault in faults} == {"what_if.toml"}
    assert all(fault.column.startswith("changes[2]: ") for fault in faults), faults
    assert words in str(faults[0])


def test_everything_wrong_is_told_at_once_in_the_order_of_the_changes() -> None:
    faults = told(
        Change("set", f"{PARTNER}.share", 2),
        Change("set", "seekers[S1].wage_floor", "abc"),
        Change("set", "seekers[S1].partner_id", "NEW"),
        Change("add", "partners[NEW]", {"colour": "red"}),
        Change("set", "nonsense", 1),
    )
    assert [fault.column.partition(":")[0] for fault in faults] == ["changes[1]", "changes[2]", "changes[4]", "changes[5]"]


def test_removing_what_is_referred_to_works_with_what_refers() -> None:
    after = changed(Change("remove", "slots[J1]"), Change("remove", "commitments[S1,J1]")).scenario
    assert list(after.ids("slots")) == ["J2"]
    after = changed(*(Change("set", f"seekers[S{k}].partner_id", "P2") for k in (1, 2, 3)), Change("remove", "partners[P1]")).scenario
    assert list(after.ids("partners")) == ["P2"]


def test_what_is_odd_but_possible_is_a_warning_with_its_place() -> None:
    resolved = changed(
        Change("set", "staff[ANN].used", 9), Change("set", "slots[J1].posted_date", "2026-12-01"), Change("set", "slots[J1].fill_by", "2026-11-01")
    )
    assert [(fault.code, fault.file, fault.column) for fault in resolved.scenario.warnings] == [
        ("over_capacity", "what_if.toml", "changes[1]: staff[ANN].used"),
        ("fill_before_posting", "what_if.toml", "changes[3]: slots[J1].fill_by"),
    ] or {fault.code for fault in resolved.scenario.warnings} == {"over_capacity", "fill_before_posting"}


def test_pins_that_cannot_both_hold_name_their_changes_before_any_solve() -> None:
    resolved = changed(Change("set", "limits.time", 5), Change("pin", "pins[S1,J1]", {"author": "A. Lee"}), Change("pin", "pins[S1,J2]"))
    problem = Problem(resolved.scenario, resolved.layers.policy)
    found = [resolved.layers.placed(fault) for fault in problem.faults() if fault.code == "pins_conflict"]
    assert [(fault.file, fault.column) for fault in found] == [("what_if.toml", "changes[3]: pins[S1,J2]")]
    assert "S1 cannot hold two slots: the pin fixing S1 at J1 by A. Lee and the pin fixing S1 at J2." in found[0].message


def test_a_fault_of_the_policy_found_later_is_placed_at_its_change() -> None:
    resolved = changed(Change("set", f"{PARTNER}.beneficiaries", "partner:P7"))
    problem = Problem(resolved.scenario, resolved.layers.policy)
    (fault,) = [resolved.layers.placed(fault) for fault in problem.faults() if fault.code == "unknown_partner"]
    assert (fault.file, fault.column) == ("what_if.toml", f"changes[1]: {PARTNER}.beneficiaries")


# -- files ----------------------------------------------------------------------------------------------------------


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    changes = ChangeSet(
        (
            Change("set", f"{PARTNER}.share", Decimal("0.40")),
            Change("pin", "pins[S1,J1]", {"reason": 'said "yes"\n', "expires": date(2026, 12, 31)}),
            Change("add", "slots[ü 1]", {"openings": 2, "skills": ["a", "b"]}),
            Change("remove", "commitments"),
            Change("set", f"{PARTNER}.release", {"steps": [{"to": "open", "after_days": 3}]}),
        ),
        "Forty",
        "Asked by the board.",
    )
    (tmp_path / "c.toml").write_text(changes.to_toml(), "utf-8")
    (tmp_path / "c.json").write_text(json.dumps(changes.to_dict()), "utf-8")
    one, other = read_changes(tmp_path / "c.toml"), read_changes(tmp_path / "c.json")
    assert one == changes
    first, second = resolve(town(), layers(), one), resolve(town(), layers(), other)
    assert first.scenario.digest == second.scenario.digest
    assert first.layers.policy == second.layers.policy
    assert (one.layer, other.layer) == ("c.toml", "c.json")


def test_faults_of_form_come_all_at_once(tmp_path: Path) -> None:
    text = """
colour = "red"
changes = [
  { op = "sett", path = "seekers[S1].wage_floor", value = 1 },
  { op = "set", path = "seekers[S1].wage_floor" },
  { op = "remove" },
  { op = "remove", path = "pins", vlaue = 3 },
  5,
]
"""
    (tmp_path / "a.toml").write_text(text, "utf-8")
    (tmp_path / "b.toml").write_text("[[changes]\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read_change_sets([tmp_path / "a.toml", tmp_path / "b.toml", tmp_path / "none.toml"])
    found = [(fault.code, fault.file, fault.column) for fault in caught.value.faults]
    assert found == [
        ("unknown_key", "a.toml", "colour"),
        ("unknown_op", "a.toml", "changes[1]: seekers[S1].wage_floor"),
        ("missing_key", "a.toml", "changes[2]: seekers[S1].wage_floor"),
        ("missing_key", "a.toml", "changes[3]"),
        ("unknown_key", "a.toml", "changes[4]: vlaue"),
        ("not_a_table", "a.toml", "changes[5]"),
        ("bad_toml", "b.toml", "10"),
        ("not_found", "none.toml", ""),
    ]


def test_two_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    paths = [tmp_path / folder / "c.toml" for folder in ("one", "two")]
    for path in paths:
        path.parent.mkdir()
        path.write_text("", "utf-8")
    assert [each.layer for each in read_change_sets(paths)] == ["c.toml", "two/c.toml"]
