from datetime import date, timedelta

import pytest

from allocator.errors import InputError
from allocator.solve import solve
from tests.twins import best, policy, said, values
from tests.worlds import TODAY, orders, people, scores, world

SCORES = {("S1", "J1"): 1, ("S1", "J2"): 5, ("S2", "J1"): 5, ("S2", "J2"): 1}


def facts(*pins, pairs=SCORES, **more):
    tables = {"pins": [dict(zip(("seeker_id", "slot_id", "action"), pin.split(), strict=True)) for pin in pins]} if pins else {}
    return world(seekers=people(2), slots=orders(1, 1), **({} if pairs is None else {"pairs": scores(pairs)}), **tables, **more)


def rule(*pins, **more):
    return {"kind": "pins", "pins": [dict(zip(("seeker_id", "slot_id", "action"), pin.split(), strict=True)) | more for pin in pins]}


def refused(there, *rules, **more):
    with pytest.raises(InputError) as caught:
        solve(there, policy(*rules, **more))
    return [(fault.code, fault.message) for fault in caught.value.faults]


def by_table(pin):
    return facts(pin), policy()


def by_policy(pin):
    return facts(), policy(rule(pin))


@pytest.mark.parametrize("given", [by_table, by_policy])
def test_a_fixed_pair_must_be(given):
    there, wishes = given("S1 J1 fix")
    assert said(there, wishes, "S1>J1") == []
    assert said(there, wishes, "S1>J2") == ["the pin fixing S1 at J1 is not kept."]
    assert said(there, wishes) == ["the pin fixing S1 at J1 is not kept."]
    # Free to swap: 5 + 5. With S1 fixed at J1: 1 + 1.
    assert values(solve(there, wishes)) == [2]


@pytest.mark.parametrize("given", [by_table, by_policy])
def test_a_forbidden_pair_must_not_be(given):
    there, wishes = given("S1 J2 forbid")
    assert said(there, wishes) == []
    assert said(there, wishes, "S1>J1", "S2>J2") == []
    assert said(there, wishes, "S1>J2") == ["the pin forbidding S1 at J2 is not kept."]
    # Without S1 at J2 the best is S2 at J1 alone (5).
    assert values(solve(there, wishes)) == [5]


def test_pins_of_table_and_policy_hold_together():
    there, wishes = facts("S1 J1 fix"), policy(rule("S2 J2 forbid"))
    assert said(there, wishes, "S1>J1") == []
    assert said(there, wishes, "S2>J2") == ["the pin forbidding S2 at J2 is not kept.", "the pin fixing S1 at J1 is not kept."]
    assert values(solve(there, wishes)) == [1]


def test_a_pin_said_twice_counts_once():
    result = best(facts("S1 J1 fix"), rule("S1 J1 fix"))
    (line,) = [line for line in result.rules if line.kind == "pins"]
    assert (line.key, line.achieved, line.required, line.unit) == ("pins kept", 1, 1, "pins")


def test_a_pin_holds_through_its_last_day():
    last = rule("S1 J1 fix", expires=TODAY)
    assert said(facts(), policy(last), "S1>J2") == ["the pin fixing S1 at J1 is not kept."]
    assert said(facts(), policy(rule("S1 J1 fix", expires=TODAY - timedelta(days=1))), "S1>J2") == []
    table = [{"seeker_id": "S1", "slot_id": "J1", "action": "fix", "expires": day} for day in (TODAY,)]
    there = world(seekers=people(2), slots=orders(1, 1), pairs=scores(SCORES), pins=table)
    assert said(there, policy(), "S1>J2") == ["the pin fixing S1 at J1 is not kept."]
    there = world(seekers=people(2), slots=orders(1, 1), pairs=scores(SCORES), pins=[table[0] | {"expires": date(2026, 11, 1)}])
    assert said(there, policy(), "S1>J2") == []
    assert values(best(there)) == [10]


def test_author_and_reason_name_the_pin():
    wishes = policy(rule("S1 J1 fix", author="Ines", reason="knows the shop"))
    assert said(facts(), wishes) == ["the pin fixing S1 at J1 by Ines (knows the shop) is not kept."]


def test_fixing_and_forbidding_one_pair_is_a_fault_that_names_both():
    both = ("pins_conflict", "the pin fixing S1 at J1 contradicts the pin forbidding S1 at J1.")
    assert refused(facts(), rule("S1 J1 fix", "S1 J1 forbid")) == [both]
    assert refused(facts("S1 J1 forbid"), rule("S1 J1 fix")) == [both]
    one, other = rule("S1 J1 fix") | {"label": "one"}, rule("S1 J1 forbid") | {"label": "other"}
    assert refused(facts(), one, other) == [both]


def test_one_person_fixed_at_two_slots_is_a_fault_that_names_both():
    told = "S1 cannot hold two slots: the pin fixing S1 at J1 and the pin fixing S1 at J2."
    assert refused(facts(), rule("S1 J1 fix", "S1 J2 fix")) == [("pins_conflict", told)]


def test_more_people_fixed_than_openings_is_a_fault_that_names_all():
    told = "J1 has 1 openings but 2 fixed people: the pin fixing S1 at J1 and the pin fixing S2 at J1."
    assert refused(facts(), rule("S1 J1 fix", "S2 J1 fix")) == [("pins_conflict", told)]


def test_an_expired_pin_contradicts_nothing():
    there = facts()
    entry = rule("S1 J1 fix")
    entry["pins"].append({"seeker_id": "S1", "slot_id": "J1", "action": "forbid", "expires": TODAY - timedelta(days=1)})
    assert values(best(there, entry)) == [2]


def begun(status, *pins):
    return facts(*pins, commitments=[{"seeker_id": "S1", "slot_id": "J1", "status": status}])


def test_a_pin_against_what_has_begun_is_a_fault_that_names_both():
    told = "the begun pair S1 at J1 contradicts the pin forbidding S1 at J1."
    assert refused(begun("started"), rule("S1 J1 forbid")) == [("pins_conflict", told)]
    told = "S1 cannot hold two slots: the begun pair S1 at J1 and the pin fixing S1 at J2."
    assert refused(begun("accepted"), rule("S1 J2 fix")) == [("pins_conflict", told)]
    told = "J1 has 1 openings but 2 fixed people: the begun pair S1 at J1 and the pin fixing S2 at J1."
    assert refused(begun("accepted"), rule("S2 J1 fix")) == [("pins_conflict", told)]
    assert values(best(begun("started"), rule("S1 J1 fix"))) == [2]


def test_what_is_named_is_what_contradicts():
    told = "the begun pair S1 at J1 contradicts the pin forbidding S1 at J1."
    assert refused(begun("started", "S1 J1 forbid"), rule("S1 J1 fix")) == [("pins_conflict", told)]


@pytest.mark.parametrize("status", ["declined", "completed"])
def test_fixing_what_has_ended_is_a_fault_that_names_both(status):
    told = "the pin fixing S1 at J1 contradicts the ended pair S1 at J1."
    assert refused(begun(status), rule("S1 J1 fix")) == [("pins_conflict", told)]
    assert values(best(begun(status), rule("S1 J1 forbid"))) == [10]


def test_fixing_an_ineligible_pair_is_a_fault_that_names_the_rule():
    untrained = world(seekers=people(2, ojt_workshop_date=None), slots=orders(1, 1))
    told = "the pin fixing S1 at J1 cannot hold: workshop refuses the pair. S1 has not completed the OJT workshop."
    assert refused(untrained, rule("S1 J1 fix"), eligibility=[{"kind": "workshop"}]) == [("pin_ineligible", told)]
    assert solve(untrained, policy(rule("S1 J1 forbid"), eligibility=[{"kind": "workshop"}])).status == "optimal"


def test_fixing_a_pair_that_is_not_brought_along_is_a_fault():
    told = "the pin fixing S2 at J2 cannot hold: the pair is not in pairs."
    assert refused(facts(pairs={("S1", "J1"): 1}), rule("S2 J2 fix")) == [("pin_without_pair", told)]
    assert values(best(facts(pairs={("S1", "J1"): 1}), rule("S2 J2 forbid"))) == [1]


def test_an_id_that_no_table_has_is_a_fault():
    told = "The pin of S7 and J1 names S7, which seekers does not have."
    assert refused(facts(), rule("S7 J1 fix")) == [("unknown_pin", told)]
