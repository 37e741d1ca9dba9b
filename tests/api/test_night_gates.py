"""Each gate at the edge of its figure, and the sentence it tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.night.gates import Counts, Fresh, Gate, Last, Moved, NoViolation, Placed, Promises, Proof, Tables, Tonight, gates, judged
from api.night.schedule import Gates

NOW = datetime(2026, 11, 2, 10, 30, tzinfo=UTC)
LAST = Last(placed=100, counts={"seekers": 200, "slots": 50, "commitments": 10}, short={"partners": 2})
GOOD = Tonight(NOW, "optimal", 0, 100, 0.0, {"seekers": 200, "slots": 50}, {"partners": 2}, 5, NOW - timedelta(hours=3), LAST)


@pytest.mark.parametrize(
    ("gate", "passes", "fails", "words"),
    [
        (NoViolation(), {}, {"violations": 1}, "breaks hard rules in one place"),
        (Proof(0.01), {"outcome": "feasible", "gap": 0.01}, {"outcome": "feasible", "gap": 0.0101}, "1.00% is allowed"),
        (Proof(0.01), {"gap": None}, {"outcome": "feasible", "gap": None}, "not known"),
        (Placed(0.95), {"placed": 95}, {"placed": 94}, "94 people placed, 100 last time"),
        (Fresh(3), {}, {"newest": NOW - timedelta(hours=3, minutes=6)}, "3.1 hours old"),
        (Fresh(3), {"newest": NOW + timedelta(hours=1)}, {"newest": None}, "not known"),
        (Moved(5), {}, {"moved": 6}, "6 people of the last publication moved"),
        (Counts(0.5), {"counts": {"seekers": 100, "slots": 75}}, {"counts": {"seekers": 99, "slots": 50}}, "Seekers has 99 records, 200 last time"),
        (Counts(0.5), {}, {"counts": {"seekers": 200}}, "Slots has 0 records"),
        (Tables(("seekers", "slots")), {}, {"counts": {"seekers": 1, "slots": 0}}, "No records in slots."),
        (Promises(), {}, {"short": {"partners": 3}}, "'partners' is 3 short, 2 last time"),
        (Promises(), {"short": {"new one": 9}}, {"short": {"partners": 3, "new one": 9}}, "'partners' is 3 short"),
    ],
)  # fmt: skip
def test_a_gate_passes_at_its_figure_and_fails_beyond_it(gate: Gate, passes: dict[str, object], fails: dict[str, object], words: str) -> None:
    assert gate.verdict(replace(GOOD, **passes)).passed  # type: ignore[arg-type]
    refused = gate.verdict(replace(GOOD, **fails))  # type: ignore[arg-type]
    assert (refused.passed, words in refused.sentence) == (False, True), refused


def test_the_first_night_has_nothing_to_be_compared_with() -> None:
    first = replace(GOOD, last=None, moved=None, placed=0)
    assert all(verdict["passed"] for verdict in judged(Gates(moved=0), first))


def test_a_gate_that_is_null_is_not_asked_but_hard_rules_are() -> None:
    nothing = Gates(gap=None, placed=None, counts=None, tables=[], promises=False)
    assert [gate.name for gate in gates(nothing)] == ["no_violation"]
    everything = Gates(fresh_hours=1, moved=1)
    assert [gate.name for gate in gates(everything)] == ["no_violation", "proof", "placed", "fresh", "moved", "counts", "tables", "promises"]
