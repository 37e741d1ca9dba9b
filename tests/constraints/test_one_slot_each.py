from tests.twins import best, held, policy, said, values
from tests.worlds import orders, people, scores, world

FACTS = world(seekers=people(2), slots=orders(1, 1), pairs=scores({("S1", "J1"): 9, ("S1", "J2"): 8, ("S2", "J2"): 1}))


def test_one_slot_is_admitted_and_a_second_one_refused():
    assert said(FACTS, policy(), "S1>J1") == []
    assert said(FACTS, policy(), "S1>J1", "S2>J2") == []
    assert said(FACTS, policy(), "S1>J1", "S1>J2") == ["S1 holds 2 slots; 1 at most."]


def test_it_holds_without_being_named():
    # 9 + 8 would be more, but both are S1's; the best is 9 + 1.
    assert values(best(FACTS)) == [10]
    assert values(best(FACTS, {"kind": "one_slot_each"})) == [10]


def test_its_line_tells_the_most_slots_anybody_holds():
    (line,) = [line for line in best(FACTS).rules if line.kind == "one_slot_each"]
    assert (line.key, line.achieved, line.required, line.slack, line.unit) == ("most slots held by one seeker", 1, 1, 0, "slots")


def test_nobody_at_all_is_lawful():
    facts = world(seekers=people(1), slots=orders(0), pairs=scores({("S1", "J1"): 9}))
    assert said(facts, policy()) == []
    assert held(best(facts)) == []
