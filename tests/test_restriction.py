"""A cap of pairs per seeker is never silent: what it leaves out is in the result, in the printed answer and in each person's reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from allocator.cli import app
from allocator.policy import Policy
from allocator.result import Restriction, Result
from allocator.scenario import Scenario
from allocator.solve import solve
from allocator.write import write_scenario
from tests.worlds import orders, people, scores, world

POINTS = {("S1", "J1"): 9, ("S1", "J2"): 8, ("S2", "J1"): 9, ("S2", "J2"): 1, ("S3", "J2"): 5}


def facts(**tables: Any) -> Scenario:
    return world(seekers=people(3, partner_id="A"), slots=orders(1, 1), pairs=scores(POINTS), **tables)


def solved(most: int | None, there: Scenario | None = None, *rules: dict[str, Any]) -> Result:
    document = {"constraints": list(rules), "goals": [{"kind": "match_quality"}], "limits": {"pairs_per_seeker": most}}
    return solve(there or facts(), Policy.from_dict(document))


def test_what_the_cap_leaves_out_is_in_the_result() -> None:
    result = solved(1)
    assert (result.restriction, result.pairs, result.status) == (Restriction(1, 2), 3, "optimal")
    assert result.as_dict()["restriction"] == {"pairs_per_seeker": 1, "left_out": 2}
    assert result.goal("match_quality").value == 14  # the whole answer is 9 + 8
    (left,) = result.unplaced
    assert (left.reason, left.detail) == ("capped", "the one slot that was looked at is full; the cap of pairs left out 1 more")


def test_a_cap_that_cuts_nothing_restricts_nothing() -> None:
    for most in (None, 2):
        result = solved(most)
        assert (result.restriction, result.as_dict()["restriction"], result.goal("match_quality").value) == (None, None, 17)
        assert [one.reason for one in result.unplaced] == ["outbid"]


def test_a_promise_that_the_cap_cuts_short_is_not_said_to_have_no_supply_at_all() -> None:
    promise = {"kind": "reservation", "beneficiaries": "seeker:S1", "scope": "slot:J2", "count": 1}
    (line,) = solved(1, None, promise).reservations
    assert line.short_why == "no supply: eligible members could take 0 of these seats at most among the pairs that the cap kept"
    (line,) = solved(2, None, promise).reservations
    assert line.short == 0


def test_fixed_pairs_are_kept_whatever_their_score() -> None:
    there = facts(pins=[{"seeker_id": "S2", "slot_id": "J2", "action": "fix"}], commitments=[{"seeker_id": "S1", "slot_id": "J2", "status": "referred"}])
    result = solved(1, there)
    assert (result.pairs, result.restriction) == (5, None)
    assert ("S2", "J2") in result.plan()


def test_the_printed_answer_begins_with_the_restriction(tmp_path: Path) -> None:
    write_scenario(facts(), tmp_path / "facts")
    done = CliRunner().invoke(app, ["allocate", str(tmp_path / "facts"), "--set", "limits.pairs_per_seeker=1", "--out", str(tmp_path / "out")])
    words = " ".join(done.output.split())
    assert "proved best among each person's best pair; 2 eligible pairs were left out by the cap. Checked" in words
    assert json.loads((tmp_path / "out" / "result.json").read_text())["restriction"] == {"pairs_per_seeker": 1, "left_out": 2}


def test_infeasible_is_said_of_the_pairs_that_were_kept(tmp_path: Path) -> None:
    write_scenario(facts(), tmp_path / "facts")
    (tmp_path / "facts" / "policy.toml").write_text(
        '[limits]\npairs_per_seeker = 1\n[[constraints]]\nkind = "reservation"\nbeneficiaries = "any_partner"\ncount = 1\nscope = "slot:J2"\n'
        'mode = "minimum_hard"\n[[constraints]]\nkind = "reservation"\nlabel = "first"\nbeneficiaries = "seeker:S1"\nscope = "slot:J2"\ncount = 1\n'
        'mode = "minimum_hard"\n'
    )
    done = CliRunner().invoke(app, ["allocate", str(tmp_path / "facts"), "--out", str(tmp_path / "out")])
    assert done.exit_code == 3
    words = " ".join(done.output.split())
    assert (
        "No plan keeps every rule of this policy among each person's best pair; 2 eligible pairs were left out by the cap; another pair may allow one." in words
    )
