from datetime import timedelta

import numpy as np

from allocator.eligibility.reserved_hold import ReservedHold
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import TODAY, world

SEEKERS = [{"seeker_id": "S1", "partner_id": "A"}, {"seeker_id": "S2", "partner_id": "B"}, {"seeker_id": "S3"}]
LADDER = [{"to": "any_partner", "after_days": 5}, {"after_days": 10}]


def problem(*posted_days_ago, rule, **tables):
    days = [None if count is None else TODAY - timedelta(days=count) for count in posted_days_ago]
    slots = [{"slot_id": f"J{k}", "openings": 1, "posted_date": day, "center_id": f"C{k}"} for k, day in enumerate(days, start=1)]
    return Problem(world(seekers=SEEKERS, slots=slots, **tables), Policy(eligibility=(rule,)))


def rule(**wishes):
    return ReservedHold.model_validate({"beneficiaries": "partner:A", **wishes})


def admitted(facts, held):
    """Who may take each slot."""
    slots = np.arange(facts.scenario.size("slots"), dtype=np.int32)
    verdict = held.mask(facts, np.tile(np.arange(3, dtype=np.int32), len(slots)), np.repeat(slots, 3)).reshape(-1, 3)
    return ["".join(str(seeker + 1) for seeker in np.flatnonzero(row)) for row in verdict]


def test_a_held_slot_opens_rung_by_rung():
    held = rule(release=LADDER)
    facts = problem(4, 5, 9, 10, rule=held)
    assert admitted(facts, held) == ["1", "12", "12", "123"]
    assert reasons(facts, 0, 0) == []
    told = "J1 is held for partner A, where S2 does not belong; it is not released until 2026-11-03, 5 days after posting, and then to any partner."
    assert reasons(facts, 1, 0) == [("reserved_hold", told)]
    told = "J2 is held for any partner, where S3 does not belong; it was released to any partner on 2026-11-02, 5 days after posting."
    assert reasons(facts, 2, 1) == [("reserved_hold", told)]


def test_slots_out_of_scope_are_open_to_all():
    held = rule(scope="center:C2")
    assert admitted(problem(0, 0, rule=held), held) == ["123", "1"]


def test_a_hold_without_release_never_lets_go():
    held = rule()
    facts = problem(400, rule=held)
    assert admitted(facts, held) == ["1"]
    assert reasons(facts, 2, 0) == [("reserved_hold", "J1 is held for partner A, where S3 does not belong; it is never released.")]


def test_an_unknown_day_releases_nothing():
    held = rule(release={"after_days": 1})
    facts = problem(None, 1, rule=held)
    assert admitted(facts, held) == ["1", "123"]
    ((_, sentence),) = reasons(facts, 2, 0)
    assert sentence.endswith("it is not released: the days that its release counts from are not recorded.")


def test_many_pairs_at_once():
    held = rule(release=LADDER)
    facts = problem(0, 7, rule=held)
    one, other = np.array([0, 1, 1, 2], dtype=np.int32), np.array([0, 0, 1, 1], dtype=np.int32)
    assert held.mask(facts, one, other).tolist() == [True, False, True, False]


def test_names_that_a_table_does_not_define_are_errors_with_a_hint():
    held = rule(beneficiaries=["partner:CBO7", "tier:7"], scope={"centers": ["C1", "Gresham"]}, release=[{"to": "partner:CB02", "after_days": 1}])
    defined = {"partners": [{"partner_id": "CBO1"}, {"partner_id": "CBO2"}], "centers": [{"center_id": "C1"}, {"center_id": "Gresam"}]}
    assert [(fault.code, fault.severity, fault.value, fault.fix) for fault in held.faults(problem(0, rule=held, **defined))] == [
        ("unknown_partner", "error", "CBO7", "Did you mean CBO2? Known: CBO1, CBO2."),
        ("unknown_tier", "error", "7", "Known: 1, 2, 3, 4, 5."),
        ("unknown_center", "error", "Gresham", "Did you mean Gresam? Known: C1, Gresam."),
        ("unknown_partner", "error", "CB02", "Did you mean CBO2? Known: CBO1, CBO2."),
    ]


def test_names_that_are_only_met_in_use_are_warnings():
    held = rule(beneficiaries=["population:refugee", "partner:Z"], scope={"counties": ["41051"]})
    found = [(fault.code, fault.severity, fault.message) for fault in held.faults(problem(0, rule=held))]
    assert found == [
        ("unknown_partner", "warning", "Nothing in the tables has partner Z."),
        ("unknown_population", "warning", "Nothing in the tables has population refugee."),
        ("unknown_county", "warning", "Nothing in the tables has county 41051."),
    ]


def test_at_most_ten_known_names_are_listed():
    held = rule(beneficiaries="partner:Q")
    (fault,) = held.faults(problem(0, rule=held, partners=[{"partner_id": f"P{k:02d}"} for k in range(1, 13)]))
    assert fault.message == "There is no partner Q."
    assert fault.fix == "Known: P01, P02, P03, P04, P05, P06, P07, P08, P09, P10 and 2 more."
    assert fault.place == "policy, eligibility.reserved_hold.beneficiaries"


def test_a_release_that_can_never_fire_is_told():
    held = rule(release={"before_start_days": 3})
    (fault,) = held.faults(problem(0, rule=held))
    assert (fault.code, fault.severity) == ("missing_column", "warning")
    assert fault.message == "Release step 1 can never fire: the slots table has no start_date."


def test_the_rule_is_the_same_after_a_round_trip():
    policy = Policy.from_dict({"eligibility": [{"kind": "reserved_hold", "beneficiaries": "partner:A", "scope": "sector:62", "release": LADDER}]})
    assert Policy.from_dict(policy.to_dict()).eligibility == policy.eligibility
