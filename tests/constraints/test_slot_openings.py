from tests.twins import best, policy, said, values
from tests.worlds import orders, people, scores, world

EVERYBODY = scores({("S1", "J1"): 5, ("S2", "J1"): 3, ("S3", "J1"): 1})


def facts(openings):
    return world(seekers=people(3), slots=orders(openings), pairs=EVERYBODY)


def test_as_many_as_there_are_openings_are_admitted_and_one_more_refused():
    assert said(facts(2), policy(), "S1>J1", "S2>J1") == []
    assert said(facts(2), policy(), "S1>J1", "S2>J1", "S3>J1") == ["J1 takes 3 people; it has 2 openings."]
    assert said(facts(1), policy(), "S2>J1", "S3>J1") == ["J1 takes 2 people; it has 1 opening."]


def test_a_slot_without_openings_takes_nobody():
    assert said(facts(0), policy()) == []
    assert said(facts(0), policy(), "S1>J1") == ["J1 takes 1 people; it has 0 openings."]


def test_each_opening_adds_the_next_best_score():
    # 0; 5; 5 + 3; 5 + 3 + 1; a fourth opening finds nobody.
    assert [values(best(facts(openings))) for openings in range(5)] == [[0], [5], [8], [9], [9]]
