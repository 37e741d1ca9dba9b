"""The page's sections on the program and on equity: what the reports say, and no small number."""

from __future__ import annotations

from allocator.opened import Opened
from allocator.policy import Policy
from allocator.report.section import Wanted
from allocator.report.sections import equity, program
from allocator.solve import solve
from tests.worlds import orders, world


def opened(**shares: int) -> Opened:
    sexes = [sex for sex, count in shares.items() for _ in range(count)]
    seekers = [{"seeker_id": f"S{k:03}", "partner_id": "P" if k % 2 else None} for k in range(len(sexes))]
    protected = [{"seeker_id": f"S{k:03}", "sex": sex} for k, sex in enumerate(sexes)]
    pairs = [{"seeker_id": f"S{k:03}", "slot_id": "J1", "score": float(len(sexes) - k)} for k in range(len(sexes))]
    scenario = world(seekers=seekers, slots=orders(40), partners=[{"partner_id": "P"}], pairs=pairs, demographics=protected)
    return Opened.of(scenario, solve(scenario, Policy.from_dict({"goals": [{"kind": "match_quality"}]})))


def test_a_group_below_four_fifths_is_named() -> None:
    (section,) = equity.build(Wanted(opened(female=50, male=50)))  # the first 40 are placed, all of them of one sex
    assert section.sentence.startswith("Below four fifths of the highest rate: sex male. That is a prompt to look, no proof")
    assert section.table is not None
    told = {row[0]: row for row in section.table.rows}
    assert told["sex: male"][1:5] == (50, 0, 0.0, 0.0)


def test_small_groups_are_hidden_on_the_page() -> None:
    (section,) = equity.build(Wanted(opened(female=50, male=47, other=3)))
    assert section.table is not None
    told = {row[0]: row for row in section.table.rows}
    assert told["sex: other"][1:4] == ("hidden",) * 3
    assert told["sex: male"][1:4] == ("hidden",) * 3


def test_without_the_protected_table_there_is_no_section() -> None:
    scenario = world(seekers=[{"seeker_id": "S1"}], slots=orders(1))
    result = solve(scenario, Policy.from_dict({}))
    assert not list(equity.build(Wanted(Opened.of(scenario, result))))


def test_the_program_report_is_told_with_its_units() -> None:
    (section,) = program.build(Wanted(opened(female=50, male=50)))
    assert section.table is not None
    told = {row[1]: row for row in section.table.rows}
    assert told["Participants"][2:5] == ("50 people", "50 people", "100 people")
    assert told["Placed, of participants"][4] == "40.0%"
    assert told["Retained after completion"][4] == "not recorded"


def test_the_program_report_splits_no_small_number() -> None:
    (section,) = program.build(Wanted(opened(female=4, male=50)))
    assert section.table is not None
    few = [row for row in section.table.rows if row[4].endswith(" people") and any(cell in row[2:4] for cell in ("1 people", "9 people"))]
    assert few == []
