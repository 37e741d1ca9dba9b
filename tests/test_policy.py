"""A policy as data: what it may say, what it holds where it is silent, and what is wrong with it, by itself and in the light of the facts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from allocator.errors import Fault, InputError
from allocator.policy import DEFAULT_GOALS, Policy
from allocator.problem import Problem
from allocator.scenario import Scenario
from tests.worlds import orders, people, scores, world

Document = dict[str, Any]


def town(**tables: Any) -> Scenario:
    """Two partners, two populations, a sector, a coach: enough for every name to be right or wrong."""
    facts: dict[str, Any] = {
        "partners": [{"partner_id": "NORTH"}, {"partner_id": "SOUTH"}],
        "staff": [{"staff_id": "ANN", "role": "career_coach", "capacity": 5}],
        "centers": [{"center_id": "C1"}],
        "employers": [{"employer_id": "E1", "naics": "6216"}],
        "seekers": people(3, partner_id="NORTH", populations=["homeless"], center_id="C1", status="active"),
        "slots": orders(1, 2, employer_id="E1", county_fips="41051", funding_stream="adult", center_id="C1"),
    }
    return world(**{name: records for name, records in {**facts, **tables}.items() if records is not None})


def in_itself(document: Document) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as caught:
        Policy.from_dict(document)
    return caught.value.faults


def in_town(document: Document, **tables: Any) -> list[Fault]:
    return list(Problem(town(**tables), Policy.from_dict(document)).faults())


def rule(kind: str, **keys: Any) -> Document:
    return {"constraints": [{"kind": kind, **keys}]}


def reserve(**keys: Any) -> Document:
    return rule("reservation", **{"beneficiaries": "partner:NORTH", "count": 1, **keys})


# -- wrong in itself ------------------------------------------------------------------------------------------------

ALONE: list[tuple[Document, str, str, str]] = [
    ({"colour": "red"}, "unknown_key", "colour", "Known keys: name, holidays, eligibility, constraints, goals, limits, extends."),
    ({"name": 3}, "bad_value", "name", "Input should be a valid string; name is 3."),
    ({"holidays": ["yesterday"]}, "bad_value", "holidays.0", "holidays.0 is yesterday."),
    ({"limits": {"time": 0}}, "bad_value", "limits.time", "limits.time is 0; it must be above 0"),
    ({"limits": {"gap": 1}}, "bad_value", "limits.gap", "limits.gap is 1; it must be below 1."),
    ({"limits": {"tme": 60}}, "unknown_key", "limits.tme", "Did you mean 'time'? Known keys: time, gap, memory, pairs_per_seeker."),
    ({"goals": {"kind": "placements"}}, "not_a_list", "goals", "Write [[goals]] before each entry."),
    ({"goals": ["placements"]}, "not_a_table", "goals[1]", 'Write it as a table with kind = "...".'),
    ({"constraints": [{"share": 0.3}]}, "unknown_kind", "constraints[1]", "The entry has no kind."),
    (rule("reservatoin"), "unknown_kind", "constraints[1]", "Did you mean 'reservation'? Known kinds: budget, business_target, "),
    (rule("placements"), "unknown_kind", "constraints[1]", "constraints has no kind 'placements'."),
    ({"eligibility": [{"kind": "workshp"}]}, "unknown_kind", "eligibility[1]", "Did you mean 'workshop'?"),
    (rule("staff_capacity", capacity=3), "unknown_key", "constraints.staff_capacity.capacity", "Known keys: kind, label, enabled, charge, role, "),
    (rule("budget"), "missing_key", "constraints.budget.available", "The key 'available' is missing."),
    (rule("budget", available=-1), "bad_value", "constraints.budget.available", "available is -1; it must be at least 0."),
    (rule("budget", available="much"), "bad_value", "constraints.budget.available", "Input should be a valid decimal; available is much."),
    (rule("change_limit", at_most=1.5), "bad_value", "constraints.change_limit.at_most", "at_most is 1.5."),
    (reserve(share=1.3, count=None), "bad_value", "constraints.reservation.share", "share is 1.3; it must be at most 1. Shares run from 0 to 1: 30 % is 0.3."),
    (reserve(share=-0.1, count=None), "bad_value", "constraints.reservation.share", "share is -0.1; it must be at least 0."),
    (reserve(count=None), "bad_value", "constraints.reservation", "Give share or count."),
    (reserve(share=0.3), "bad_value", "constraints.reservation", "Give share or count, not both."),
    (reserve(mode="hard"), "bad_value", "constraints.reservation.mode", "mode is hard; it must be 'minimum_best_effort', 'minimum_hard', "),
    (reserve(mode="minimum_soft"), "bad_value", "constraints.reservation", "minimum_soft needs a price, and only minimum_soft takes one."),
    (reserve(denominator="filled"), "bad_value", "constraints.reservation", 'denominator = "filled" needs a share'),
    (reserve(beneficiaries=[]), "bad_value", "constraints.reservation.beneficiaries", "Name at least one partner, population, tier or seeker."),
    (reserve(scope={"sektors": ["62"]}), "unknown_key", "constraints.reservation.scope.sektors", "Did you mean 'sectors'?"),
    (reserve(release={"calendar": "business"}), "bad_value", "constraints.reservation.release.steps.0", "A release step needs after_days, "),
    (rule("business_target", scope="sector:62"), "bad_value", "constraints.business_target", "Give minimum, goal or maximum."),
    (rule("business_target", minimum=5, maximum=3), "bad_value", "constraints.business_target", "Minimum, goal and maximum must not decrease."),
    (rule("reverse_referral_cap"), "bad_value", "constraints.reverse_referral_cap", "Give either at_most or share."),
    (
        {"goals": [{"kind": "match_quality", "weights": {"occupation": 0, "skills": 0, "wage": 0, "commute": 0, "waiting": 0, "need": 0}}]},
        "bad_value", "goals.match_quality.weights", "At least one weight must be above 0.",
    ),
    ({"goals": [{"kind": "placements"}, {"kind": "lottery"}, {"kind": "placements"}]}, "duplicate_goal", "goals", "placements is listed 2 times; only"),
    (
        {"constraints": [{"kind": "budget", "label": "adult", "available": 1}] * 2},
        "duplicate_label", "constraints.budget[adult]", "Two budget entries have the label 'adult'. Give each its own label.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("document", "code", "place", "words"), ALONE, ids=[f"{code}-{place}" for _, code, place, _ in ALONE])
def test_what_is_wrong_with_a_policy_by_itself(document: Document, code: str, place: str, words: str) -> None:
    (fault,) = in_itself(document)
    assert (fault.code, fault.column, fault.file) == (code, place, "policy")
    assert words in str(fault)


def test_all_faults_come_at_once() -> None:
    document = {"colour": 1, "limits": {"time": -1}, "constraints": [{"kind": "x"}, {"kind": "budget"}, {"kind": "budget", "available": -1}], "goals": 3}
    assert sorted(fault.code for fault in in_itself(document)) == ["bad_value", "bad_value", "missing_key", "not_a_list", "unknown_key", "unknown_kind"]


# -- wrong in the light of the facts --------------------------------------------------------------------------------

FIX, FORBID = {"seeker_id": "S1", "slot_id": "J1", "action": "fix"}, {"seeker_id": "S1", "slot_id": "J1", "action": "forbid"}

IN_TOWN: list[tuple[Document, dict[str, Any], str, str]] = [
    (reserve(beneficiaries="partner:NROTH"), {}, "unknown_partner", "There is no partner NROTH. Did you mean NORTH? Known: NORTH, SOUTH."),
    (reserve(beneficiaries="tier:7"), {}, "unknown_tier", "There is no tier 7."),
    (reserve(scope={"employers": ["E9"]}), {}, "unknown_employer", "There is no employer E9."),
    (reserve(scope={"centers": ["C9"]}), {}, "unknown_center", "There is no center C9."),
    (reserve(scope={"staff": ["BOB"]}), {}, "unknown_staff_member", "There is no staff member BOB. Known: ANN."),
    (reserve(release={"to": "partner:WEST", "after_days": 3}), {}, "unknown_partner", "There is no partner WEST."),
    (rule("staff_capacity"), {"staff": None}, "missing_table", "staff_capacity needs the staff table."),
    (rule("staff_capacity", role="liaison"), {}, "unknown_role", "Nobody on the staff has the role 'liaison'. Roles there are: career_coach."),
    (rule("staff_capacity", charge="center"), {}, "missing_column", "Add the column staff_id to centers."),
    (rule("budget", available=100), {}, "missing_facts", "wage or training_hours is not recorded."),
    (rule("change_limit", at_most=1), {}, "no_reference", "Add the table reference(seeker_id, slot_id), or give --reference."),
    ({"goals": [{"kind": "stability"}]}, {}, "no_reference", "stability needs a reference to compare with."),
    (rule("pins", pins=[{**FIX, "seeker_id": "S9"}]), {}, "unknown_pin", "The pin of S9 and J1 names S9, which seekers does not have."),
    (rule("pins", pins=[{**FIX, "author": "ann"}, {**FORBID, "reason": "fit"}]), {}, "pins_conflict", "by ann contradicts the pin forbidding S1 at J1 (fit)"),
    (rule("pins", pins=[FIX, {**FIX, "slot_id": "J2"}]), {}, "pins_conflict", "S1 cannot hold two slots: the pin fixing S1 at J1 and the pin fixing S1 at J2."),
    (rule("pins", pins=[FIX, {**FIX, "seeker_id": "S2"}]), {}, "pins_conflict", "J1 has 1 opening"),
    (rule("pins", pins=[FIX]), {"seekers": people(3, status="withdrawn")}, "pin_ineligible", "in_pool refuses the pair. S1 is not in the pool"),
    (rule("pins", pins=[FIX]), {"pairs": scores({("S2", "J1"): 5})}, "pin_without_pair", "the pin fixing S1 at J1 cannot hold: the pair is not in pairs."),
]  # fmt: skip


@pytest.mark.parametrize(("document", "tables", "code", "words"), IN_TOWN, ids=[f"{code}-{k}" for k, (_, _, code, _) in enumerate(IN_TOWN)])
def test_what_is_wrong_with_a_policy_in_the_light_of_the_facts(document: Document, tables: dict[str, Any], code: str, words: str) -> None:
    found = [fault for fault in in_town(document, **tables) if fault.severity == "error"]
    assert [fault.code for fault in found] == [code]
    assert words in str(found[0])
    assert found[0].column.startswith(next(f"{section}.{document[section][0]['kind']}" for section in document))


@pytest.mark.parametrize(
    ("document", "code", "words"),
    [
        (reserve(beneficiaries="population:homless"), "unknown_population", "Nothing in the tables has population homless. Did you mean homeless?"),
        (reserve(scope="sector:23"), "unknown_sector", "Nothing in the tables has sector 23."),
        (reserve(scope={"counties": ["41067"]}), "unknown_county", "Nothing in the tables has county 41067."),
        (reserve(count=None, share=0.2, rounding="floor"), "rounding", "Rounding turns a promise of 0.60 seats for partner NORTH into 0, a change of 100%."),
        (reserve(release={"after_days": 3}), "missing_column", "Release step 1 can never fire: the slots table has no posted_date."),
        (reserve(count=9), "beyond_openings", "A promise of 9 seats in all slots is above the 3 openings there, so it cannot be kept in full."),
        ({"goals": [{"kind": "priority_of_service", "local": ["ex_offender"]}]}, "unknown_population", "'ex_offender'"),
        (rule("employer_limit", share=0.1), "missing_facts", "employees_at_site"),
    ],
)  # fmt: skip
def test_what_is_only_odd_is_a_warning_because_a_policy_must_survive_a_quiet_night(document: Document, code: str, words: str) -> None:
    (fault,) = in_town(document)
    assert (fault.code, fault.severity) == (code, "warning")
    assert words in str(fault)


def test_a_sound_policy_has_no_faults() -> None:
    assert in_town(reserve(scope="sector:62")) == []


# -- what holds where a policy is silent ----------------------------------------------------------------------------


def test_silence_means_every_eligibility_rule_that_needs_no_choice_and_three_goals() -> None:
    silent = Policy().resolved(town())
    assert tuple(entry.kind for entry in silent.eligibility or ()) == Policy.default_eligibility()
    assert "reserved_hold" not in Policy.default_eligibility(), "it needs to know for whom"
    assert tuple(goal.kind for goal in silent.goals or ()) == DEFAULT_GOALS
    assert [entry.kind for entry in silent.constraints] == ["one_slot_each", "slot_openings"]


def test_silence_about_eligibility_means_none_where_pairs_are_brought_along() -> None:
    assert Policy().resolved(town(pairs=scores({("S1", "J1"): 1}))).eligibility == ()


def test_tables_bring_their_rules_with_them() -> None:
    pinned = Policy().resolved(town(pins=[FIX], commitments=[{"seeker_id": "S2", "slot_id": "J2", "status": "started"}]))
    assert {"pins", "commitments"} <= {entry.kind for entry in pinned.constraints}


def test_an_empty_list_is_not_silence() -> None:
    spoken = Policy.from_dict({"eligibility": [], "goals": []}).resolved(town())
    assert (spoken.eligibility, spoken.goals) == ((), ())


def test_disabled_entries_are_left_out() -> None:
    policy = Policy.from_dict(
        {"constraints": [{"kind": "staff_capacity", "enabled": False}], "goals": [{"kind": "lottery", "enabled": False}, {"kind": "placements"}]}
    )
    resolved = policy.resolved(town())
    assert [goal.kind for goal in resolved.goals or ()] == ["placements"]
    assert "staff_capacity" not in [entry.kind for entry in resolved.constraints]


def test_entries_get_labels_of_their_own() -> None:
    document = {"constraints": [{"kind": "budget", "available": 1}, {"kind": "budget", "available": 2}, {"kind": "budget", "label": "x", "available": 3}]}
    assert [entry.name for entry in Policy.from_dict(document).constraints] == ["budget", "budget[budget 2]", "budget[x]"]


def test_the_digest_is_of_what_is_said_and_nothing_else() -> None:
    one, other = ({"name": "x", "holidays": [day], "limits": {"gap": gap}} for day, gap in ((date(2026, 11, 11), "0.01"), ("2026-11-11", 0.01)))
    assert Policy.from_dict(one).digest == Policy.from_dict(other).digest
    assert Policy.from_dict({"name": "y"}).digest != Policy.from_dict({}).digest
    assert Policy.from_dict(Policy.from_dict(reserve()).to_dict()).digest == Policy.from_dict(reserve()).digest
