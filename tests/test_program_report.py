"""The program report: the lines of the first report, and never a zero for what nobody wrote down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from allocator.development import development_leads
from allocator.plan import Plan
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program_report import BOARD, HIDDEN, JOBS, LATER, LEADING, MONEY, NOT_RECORDED, PEOPLE, RESULTS, program_report
from tests.worlds import TODAY, orders, people, world

POLICY = {"eligibility": [{"kind": "in_pool"}], "goals": [{"kind": "placements"}]}


def plan_of(scenario: Any, pairs: list[tuple[str, str]], **policy: Any) -> Plan:
    return Plan.of(Problem(scenario, Policy.from_dict({**POLICY, **policy})), pairs)


def triple(plan: Plan, section: str, measure: str) -> tuple[Any, Any, Any]:
    line = program_report(plan).of(section, measure)
    return line.partners, line.others, line.everybody


@pytest.fixture
def town() -> Any:
    """Four customers of a partner and six others; two slots, one of them a reverse referral."""
    seekers = [
        {"seeker_id": f"S{k}", "partner_id": "P" if k < 4 else None, "ojt_workshop_date": TODAY - timedelta(days=3) if k % 2 else None, "center_id": "C",
         "career_map_soc": ["51-4041.00", "29-1141.00"], "pool_entry_date": TODAY - timedelta(days=k)}
        for k in range(10)
    ]  # fmt: skip
    slots = [
        {"slot_id": "J1", "openings": 2, "wage": 20.0, "training_hours": 100, "employer_id": "E1", "onet_soc": "51-4041.00", "funding_stream": "adult",
         "posted_date": TODAY - timedelta(days=10)},
        {"slot_id": "J2", "openings": 1, "wage": 30.0, "training_hours": 200, "employer_id": "E2", "onet_soc": "43-4051.00", "designated_seeker_id": "S9"},
    ]  # fmt: skip
    said = [{"seeker_id": "S3", "slot_id": "J1", "status": "completed"}, {"seeker_id": "S8", "slot_id": "J1", "status": "started"}]
    return world(
        seekers=seekers, slots=slots, commitments=said, partners=[{"partner_id": "P"}], employers=[{"employer_id": "E1"}, {"employer_id": "E2"}],
        centers=[{"center_id": "C", "staff_id": "L"}], staff=[{"staff_id": "L", "role": "liaison"}],
    )  # fmt: skip


def test_the_first_reports_lines(town: Any) -> None:
    plan = plan_of(town, [("S0", "J1"), ("S9", "J2")])
    assert triple(plan, RESULTS, "Participants") == (4, 6, 10)
    assert triple(plan, RESULTS, "Trained") == (2, 3, 5)
    assert triple(plan, RESULTS, "Trained, of participants") == (0.5, 0.5, 0.5)
    assert triple(plan, RESULTS, "Employed") == (1, 1, 2)
    assert triple(plan, RESULTS, "Services: one-to-one sessions") == (NOT_RECORDED,) * 3


def test_reverse_referrals_are_no_placements(town: Any) -> None:
    plan = plan_of(town, [("S0", "J1"), ("S9", "J2")])
    assert triple(plan, RESULTS, "Placed by this plan") == (1, 0, 1)
    assert triple(plan, RESULTS, "Reverse referrals") == (0, 1, 1)
    assert triple(plan, BOARD, "Average wage of those placed") == (20.0, None, 20.0)
    assert [line.measure for line in program_report(plan).measures if line.section == JOBS] == ["51-4041.00"]
    assert triple(plan, MONEY, "Cost per placement, obligated") == (1000.0, None, 1000.0)
    assert triple(plan, MONEY, "Obligated by this plan") == (1000.0, 3000.0, 4000.0)


def test_the_boards_template(town: Any) -> None:
    plan = plan_of(town, [("S0", "J1"), ("S9", "J2")])
    assert triple(plan, BOARD, "Employers participating") == (None, None, 1)
    assert triple(plan, BOARD, "Employers in the plan") == (None, None, 2)
    assert triple(plan, BOARD, "Completing") == (1, 0, 1)
    assert triple(plan, BOARD, "Retained after completion") == (NOT_RECORDED,) * 3
    assert all(line.everybody == NOT_RECORDED for line in program_report(plan).measures if line.section == LATER)


def test_what_is_not_kept_is_not_zero() -> None:
    plan = plan_of(world(seekers=people(3), slots=orders(1)), [("S1", "J1")])
    for measure in ("Trained", "Employed", "Completed training on the job"):
        assert triple(plan, RESULTS, measure) == (NOT_RECORDED,) * 3
    assert triple(plan, BOARD, "Average wage of those placed") == (NOT_RECORDED,) * 3
    assert triple(plan, MONEY, "Obligated by this plan")[2] == NOT_RECORDED


def test_streams_are_capped_as_their_budgets_say(town: Any) -> None:
    rule = {"kind": "budget", "funding_stream": "adult", "available": 5000, "contract_maximum": 700}
    plan = plan_of(town, [("S0", "J1"), ("S9", "J2")], constraints=[rule])
    assert triple(plan, MONEY, "Obligated, adult") == (None, None, 700.0)
    assert triple(plan, MONEY, "Obligated by this plan")[2] == 3700.0


def test_characteristics_hide_small_numbers() -> None:
    seekers = [{"seeker_id": f"S{k:03}", "populations": ["homeless"] * (k % 2) + ["foster_youth"] * (k < 3)} for k in range(100)]
    plan = plan_of(world(seekers=seekers, slots=orders(100)), [(f"S{k:03}", "J1") for k in range(40)])
    line = program_report(plan).of(PEOPLE, "homeless")
    assert (line.everybody, line.note) == (20, "50.0% of those placed; 50.0% of the participants")
    assert program_report(plan).of(PEOPLE, "foster_youth").everybody == HIDDEN


def test_leads_are_for_occupations_without_an_open_seat(town: Any) -> None:
    plan = plan_of(town, [("S0", "J1"), ("S9", "J2")])
    leads = development_leads(plan)  # J1 has a seat left, so only the occupation without any order is a lead
    assert {(lead.onet_soc, lead.choice, lead.orders) for lead in leads} == {("29-1141.00", 2, 0)}
    assert {lead.staff_id for lead in leads} == {"L"}
    assert [lead.seeker_id for lead in leads] == [f"S{k}" for k in range(8, 0, -1)]  # nobody who is placed; who has waited longest first
    assert [lead.number for lead in leads] == list(range(1, 9))
    full = development_leads(plan_of(town, [("S0", "J1"), ("S1", "J1")]))
    assert {(lead.onet_soc, lead.why) for lead in full} == {
        ("51-4041.00", "the one order in this occupation is full"), ("29-1141.00", "no order in this occupation"),
    }  # fmt: skip
    assert triple(plan, LEADING, "Development leads") == (3, 5, 8)
