"""Changes said in words: each sentence once, aloud."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from allocator.change_words import describe
from allocator.changes import Change, Resolved
from allocator.differences import difference
from allocator.layers import Layers
from allocator.policy import Policy
from tests.random_changes import random_changes
from tests.test_changes import POLICY, random_base, town

BASE = Resolved(town(), Layers.of(Policy.from_dict(POLICY)), {})


@pytest.mark.parametrize(
    ("op", "path", "value", "sentence"),
    [
        ("set", "constraints.reservation[partner].share", Decimal("0.4"), "Reserve 40 % for any partner; was 30 %."),
        ("set", "constraints.reservation[young].count", 1, "Reserve 1 seat for population young; was 2."),
        ("set", "constraints.reservation[partner].mode", "cap", "Reservation partner: mode cap; was minimum_best_effort."),
        ("set", "constraints.staff_capacity.enabled", False, "Staff capacity is switched off."),
        ("remove", "constraints.staff_capacity", None, "The rule staff capacity is taken out of the policy."),
        ("add", "constraints.budget[adult]", {"available": 900}, "New rule budget adult: available 900."),
        ("add", "goals.lottery", None, "New goal lottery."),
        ("set", "goals.order", ["match_quality", "placements"], "Order of goals: match_quality, placements; was placements, match_quality."),
        ("set", "goals.match_quality.weights.wage", 40, "Match quality: weights wage 40; was 15."),
        ("remove", "goals", None, "The policy goes back to the default goals."),
        ("set", "limits.time", 60, "Time for solving: 60 seconds; was none."),
        ("set", "seekers[S1].wage_floor", Decimal("17.5"), "S1: wage floor 17.50 $/hour; was 16.00."),
        ("remove", "seekers[S1].wage_floor", None, "S1: wage floor unknown; was 16.00 $/hour."),
        ("set", "seekers[S1].veteran", True, "S1: veteran yes; was unknown."),
        ("set", "seekers[S1]", {"coach_id": "BOB", "skills": ["a", "b"]}, "S1: coach BOB (was ANN), skills a, b (was none)."),
        ("set", "slots[J1].reimbursement_rate", Decimal("0.75"), "J1: reimbursement rate 75 %; was unknown."),
        ("add", "slots[J9]", {"openings": 2, "wage": 30}, "New slot J9: openings 2, wage 30.00 $/hour."),
        ("remove", "slots[J1]", None, "Slot J1 is taken out (openings 1, wage 18.00 $/hour)."),
        ("set", "commitments[S1,J1].status", "offered", "Commitment S1 – J1: status offered; was referred."),
        ("remove", "commitments[*,J1]", None, "All records of commitments with slot J1 are taken out."),
        ("remove", "commitments", None, "The table commitments is taken away (1 record)."),
        ("add", "seekers.shifts", None, "The column shifts of seekers is added, unknown everywhere."),
        ("pin", "pins[S1,J1]", {"reason": "union agreement", "author": "A. Lee"}, "S1 is pinned to slot J1: union agreement (A. Lee)."),
        ("forbid", "pins[S1,J1]", {"expires": date(2026, 12, 31)}, "S1 must not get slot J1 until 2026-12-31."),
        ("set", "scenario.as_of", "2026-11-09", "The facts are looked at as of 2026-11-09; was 2026-11-02."),
        ("set", "nonsense here", 1, "set nonsense here."),
    ],
)
def test_a_change_is_one_plain_sentence(op: Any, path: str, value: Any, sentence: str) -> None:
    assert describe(Change(op, path, value), BASE) == sentence


@pytest.mark.parametrize("seed", range(6))
def test_every_change_has_its_words(seed: int) -> None:
    one, other = random_base(seed), random_base(seed + 500)
    changes = (*difference(one, other).changes, *random_changes(one.scenario, np.random.default_rng(seed), 10).changes)
    for change in changes:
        said = describe(change, one)
        assert said.endswith(".")
        assert "None" not in said
        assert "[]" not in said
