import pytest

from allocator.errors import InputError
from allocator.solve import solve
from tests.twins import best, policy, said, values
from tests.worlds import orders, people, scores, world

SCORES = {("S1", "J1"): 5, ("S2", "J2"): 4}


def facts(pairs=SCORES, own=None, **terms):
    """Two slots on the same terms: 20 dollars an hour, 100 hours, half of it paid back: 1,000 dollars each."""
    slots = orders(1, 1, **{"wage": 20.0, "training_hours": 100, "reimbursement_rate": 0.5, "funding_stream": "adult", **terms})
    listed = [record | ({} if own is None else {"cost_cents": own.get(record["seeker_id"])}) for record in scores(pairs)]
    return world(seekers=people(2), slots=slots, pairs=listed)


def rule(available, **more):
    return {"kind": "budget", "available": str(available), **more}


def test_a_budget_is_spent_to_the_last_cent_and_no_further():
    assert said(facts(), policy(rule("2000.00")), "S1>J1", "S2>J2") == []
    assert said(facts(), policy(rule("1999.99")), "S1>J1", "S2>J2") == ["all slots would obligate $2,000.00; $1,999.99 is left."]
    # Both, 5 + 4; a cent less pays for the better one alone.
    assert values(best(facts(), rule("2000.00"))) == [9]
    assert values(best(facts(), rule("1999.99"))) == [5]


def test_what_is_committed_already_is_taken_off():
    assert said(facts(), policy(rule(3000, committed=1000)), "S1>J1", "S2>J2") == []
    assert said(facts(), policy(rule(3000, committed="1000.01")), "S1>J1", "S2>J2") == ["all slots would obligate $2,000.00; $1,999.99 is left."]
    assert said(facts(), policy(rule(500, committed=900))) == []
    assert said(facts(), policy(rule(500, committed=900)), "S1>J1") == ["all slots would obligate $1,000.00; $0.00 is left."]


def test_a_stream_pays_for_its_own_slots_only():
    there = world(seekers=people(2), pairs=scores(SCORES), slots=[
        {"slot_id": "J1", "openings": 1, "wage": 20, "training_hours": 100, "funding_stream": "adult"},
        {"slot_id": "J2", "openings": 1, "wage": 20, "training_hours": 100, "funding_stream": "dw"},
    ])  # fmt: skip
    assert said(there, policy(rule(0, funding_stream="dw")), "S1>J1") == []
    assert said(there, policy(rule(0, funding_stream="dw")), "S2>J2") == ["dw would obligate $1,000.00; $0.00 is left."]
    assert values(best(there, rule(0, funding_stream="dw"))) == [5]
    assert values(best(there, rule(0, funding_stream="adult"))) == [4]


def test_the_wage_is_capped_before_it_is_multiplied():
    # 0.5 x min(20, 15.50) x 100 = 775 each.
    assert said(facts(), policy(rule(1550, wage_cap="15.50")), "S1>J1", "S2>J2") == []
    assert said(facts(), policy(rule("1549.99", wage_cap="15.50")), "S1>J1", "S2>J2") == ["all slots would obligate $1,550.00; $1,549.99 is left."]
    assert said(facts(), policy(rule(2000, wage_cap=25)), "S1>J1", "S2>J2") == []


def test_a_contract_obligates_its_maximum_at_most():
    assert said(facts(), policy(rule(1600, contract_maximum=800)), "S1>J1", "S2>J2") == []
    assert said(facts(), policy(rule("1599.99", contract_maximum=800)), "S1>J1", "S2>J2") == ["all slots would obligate $1,600.00; $1,599.99 is left."]
    assert said(facts(), policy(rule(2000, contract_maximum=4000)), "S1>J1", "S2>J2") == []


@pytest.mark.parametrize(
    ("wage", "hours", "rate", "dollars"),
    [
        (15.01, 1, 0.5, "7.51"),  # 7.505 is rounded half up
        (15.03, 1, 0.5, "7.52"),  # 7.515 as well, where half to even would agree by chance
        (15.05, 1, 0.5, "7.53"),  # 7.525, where half to even would give 7.52
        (15.01, 1, 0.4999, "7.50"),  # 7.503499
        (0.01, 49, 0.01, "0.00"),  # 0.0049
        (0.01, 50, 0.01, "0.01"),  # 0.005
        (17.375, 100, 0.5, "868.75"),  # a wage with a fraction of a cent is not rounded on the way
        (1000, 4000, 1, "4,000,000.00"),
    ],
)
def test_an_obligation_is_rounded_half_up_to_the_cent(wage, hours, rate, dollars):
    there = facts(wage=float(wage), training_hours=hours, reimbursement_rate=rate)
    exact = dollars.replace(",", "")
    assert said(there, policy(rule(exact)), "S1>J1") == []
    if float(exact):
        assert said(there, policy(rule(0)), "S1>J1") == [f"all slots would obligate ${dollars}; $0.00 is left."]


def test_the_rate_is_half_where_it_is_not_recorded():
    there = facts(reimbursement_rate=None)
    assert said(there, policy(rule("999.99")), "S1>J1") == ["all slots would obligate $1,000.00; $999.99 is left."]


def test_the_pairs_own_cost_takes_the_place_of_the_formula():
    there = facts(own={"S1": 123_456, "S2": None})
    # 1,234.56 of its own and 1,000.00 by the formula; caps and maximums speak of the formula only.
    assert said(there, policy(rule("2234.56", contract_maximum=1000)), "S1>J1", "S2>J2") == []
    assert said(there, policy(rule("2234.55")), "S1>J1", "S2>J2") == ["all slots would obligate $2,234.56; $2,234.55 is left."]
    assert values(best(there, rule("1100"))) == [4]


def test_a_cost_of_nought_is_a_cost():
    there = facts(own={"S1": 0, "S2": 0})
    assert said(there, policy(rule(0)), "S1>J1", "S2>J2") == []
    assert values(best(there, rule(0))) == [9]


def test_an_obligation_that_cannot_be_computed_is_a_fault():
    with pytest.raises(InputError, match="The obligation of J1, J2 cannot be computed: wage or training_hours is not recorded"):
        solve(facts(wage=None), policy(rule(100)))
    with pytest.raises(InputError, match="The obligation of J1, J2 cannot be computed"):
        solve(facts(training_hours=None), policy(rule(100)))


def test_an_unknown_cost_is_a_fault_also_where_other_pairs_bring_theirs():
    with pytest.raises(InputError, match="The obligation of J2 cannot be computed"):
        solve(facts(wage=None, own={"S1": 100, "S2": None}), policy(rule(100)))
    assert values(best(facts(wage=None, own={"S1": 100, "S2": 100}), rule(1))) == [5]


def test_a_slot_that_the_stream_does_not_pay_needs_no_wage():
    there = world(seekers=people(1), slots=orders(1, funding_stream="dw"), pairs=scores({("S1", "J1"): 5}))
    assert values(best(there, rule(0, funding_stream="adult"))) == [5]


def test_the_line_is_in_cents():
    (line,) = [line for line in best(facts(), rule("1999.99", funding_stream="adult")).rules if line.kind == "budget"]
    assert (line.key, line.achieved, line.required, line.slack, line.unit) == ("adult", 100_000, 199_999, 99_999, "cents")
