import pytest

from allocator.errors import InputError
from allocator.solve import solve
from tests.twins import best, held, policy, said, values
from tests.worlds import orders, people, scores, world

SCORES = {("S1", "J1"): 1, ("S1", "J2"): 5, ("S2", "J1"): 5, ("S2", "J2"): 1}
BETTER = ["S1>J2", "S2>J1"]


def facts(status, *, pairs=SCORES, seeker="S1", slot="J1", known=()):
    return world(
        seekers=people(2, **dict(known)), slots=orders(1, 1), commitments=[{"seeker_id": seeker, "slot_id": slot, "status": status}],
        **({} if pairs is None else {"pairs": scores(pairs)}),
    )  # fmt: skip


@pytest.mark.parametrize("status", ["accepted", "started"])
def test_what_has_begun_goes_on(status):
    assert said(facts(status), policy(), "S1>J1", "S2>J2") == []
    assert said(facts(status), policy(), *BETTER) == ["S1 at J1 has begun and must stay."]
    assert said(facts(status), policy()) == ["S1 at J1 has begun and must stay."]
    # The swap would score 5 + 5; what has begun leaves 1 + 1.
    assert values(best(facts(status))) == [2]


@pytest.mark.parametrize("status", ["declined", "completed"])
def test_what_has_ended_is_never_proposed_again(status):
    there = facts(status, seeker="S2")
    assert said(there, policy(), "S1>J1", "S2>J2") == []
    assert said(there, policy(), *BETTER) == ["S2 at J1 has ended and cannot be proposed again."]
    # Without S2 at J1 (5): S1 at J2 alone (5), or 1 + 1.
    assert values(best(there)) == [5]
    generated = facts(status, pairs=None, seeker="S2")
    assert "S2>J1" not in held(best(generated, goals=["placements"]))


@pytest.mark.parametrize("status", ["proposed", "referred", "offered"])
def test_what_is_only_said_binds_nobody(status):
    assert said(facts(status), policy(), *BETTER) == []
    assert values(best(facts(status))) == [10]


def test_what_has_begun_is_not_judged_again():
    workshop = {"eligibility": [{"kind": "workshop"}]}
    for pairs in (SCORES, None):
        there = facts("started", pairs=pairs, known={"ojt_workshop_date": None})
        assert said(there, policy(**workshop), "S1>J1") == []
        (refused,) = said(there, policy(**workshop), "S1>J1", "S2>J2")
        assert refused == "S2 has not completed the OJT workshop."
        # Nobody attended the workshop: the one who has begun stays, nobody joins.
        assert held(best(there, **workshop)) == ["S1>J1"]


def test_the_pool_is_left_by_beginning_not_the_slot():
    there = facts("started", pairs=None, known={"status": "exited"})
    assert held(best(there, eligibility=[{"kind": "in_pool"}])) == ["S1>J1"]


def test_a_begun_pair_that_is_not_brought_along_is_a_fault():
    with pytest.raises(InputError, match="S1 has begun at J1, but that pair is not in pairs"):
        solve(facts("started", pairs={("S2", "J2"): 1}), policy())


def test_two_begun_in_one_opening_fit_nowhere_and_the_repair_says_so():
    there = world(
        seekers=people(2), slots=orders(1), pairs=scores({("S1", "J1"): 1, ("S2", "J1"): 1}),
        commitments=[{"seeker_id": one, "slot_id": "J1", "status": "started"} for one in ("S1", "S2")],
    )  # fmt: skip
    result = best(there)
    assert result.status == "infeasible"
    assert [(bend.rule, bend.promised, bend.possible) for bend in result.bends] == [("commitments", 1, 0)]


def test_the_line_counts_the_begun_pairs_kept():
    (line,) = [line for line in best(facts("accepted")).rules if line.kind == "commitments"]
    assert (line.key, line.achieved, line.required, line.slack) == ("begun pairs kept", 1, 1, 0)


def test_ids_that_are_gone_bind_nobody():
    assert values(best(facts("started", seeker="S9"))) == [10]
    assert values(best(facts("started", slot="J9"))) == [10]
