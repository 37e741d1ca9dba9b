"""Priority inversions: somebody of a lower tier holds a slot that somebody of a higher tier, eligible and without a slot, could take; each with its cause.

The cause is what happens if the two change places and nothing else does: a commitment or a pin that holds the one, a row that breaks, a goal before the
priority of service that gets worse. Where priority of service is a goal and the plan is proved best there is always such a cause.

    commitment         the holder has begun
    pin                staff have fixed the holder, or ruled the other out
    reverse_referral   the employer named the holder
    staff_capacity, budget, reservation, ... a row of that rule breaks; `rule` names it
    shortfall, match_quality, ... that goal ranks before the priority of service, and gets worse
    no_priority        the policy does not ask for priority of service
    better_unused      nothing stands in the way: the plan was not proved best
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from allocator.explanations.direct import places_of
from allocator.explanations.ground import Ground
from allocator.explanations.swaps import swapped
from allocator.problem import FROZEN_STATUSES
from allocator.scenario import Integers, Mask

CAUSES = {
    "commitment": "the holder has begun there",
    "pin": "staff have decided so",
    "reverse_referral": "the employer named the holder",
    "no_priority": "the policy does not ask for priority of service",
    "better_unused": "nothing stands in the way; the plan was not proved best",
}
MOST_SHOWN = 5
"""Cases that a group names."""


@dataclass(frozen=True)
class InversionGroup:
    """Cases that are alike: which tier waits while which tier holds, for what cause, and the rule with the keys of its rows.

    `examples` are (waiting, slot, holder).
    """

    waiting_tier: str
    holding_tier: str
    cause: str
    rule: str
    rows: tuple[str, ...]
    cases: int
    people: int
    slots: int
    examples: tuple[tuple[str, str, str], ...]

    @property
    def sentence(self) -> str:
        """The group in words, for colleagues."""
        who = f"{self.people:,} of tier {self.waiting_tier} without a slot could take {'a slot' if self.slots == 1 else f'{self.slots:,} slots'}"
        return f"{who} held by tier {self.holding_tier}: {self.why}."

    @property
    def why(self) -> str:
        """The cause in words."""
        if self.cause in CAUSES:
            return CAUSES[self.cause]
        if not self.rule:
            return f"changing places would make {self.cause} worse, which ranks before"
        shown = ", ".join(self.rows[:MOST_SHOWN]) + (f" and {len(self.rows) - MOST_SHOWN} more" if len(self.rows) > MOST_SHOWN else "")
        return f"changing places would break {self.rule}" + (f" ({shown})" if shown else "")

    def as_dict(self) -> dict[str, Any]:
        """The group as plain JSON data."""
        examples = [{"seeker_id": waiting, "slot_id": slot, "held_by": holder} for waiting, slot, holder in self.examples]
        return {**vars(self), "rows": list(self.rows), "examples": examples, "sentence": self.sentence}


@dataclass(frozen=True, eq=False)
class Inversions:
    """All cases as columns (seeker_id, tier, slot_id, held_by, held_tier, cause, rule, row), and the groups of those that are alike, largest first."""

    cases: pd.DataFrame
    groups: tuple[InversionGroup, ...]

    def __len__(self) -> int:
        return len(self.cases)

    def as_dict(self) -> dict[str, Any]:
        """The inversions as plain JSON data; groups only, with a few examples each."""
        return {"cases": len(self), "groups": [group.as_dict() for group in self.groups]}


def inversions(ground: Ground) -> Inversions:
    """Every case: who waits, which slot, who holds it, and why they do not change places."""
    pairs, tiers = ground.pairs, ground.problem.tiers
    waiting = np.flatnonzero(ground.pair_of[pairs.seeker] < 0)
    come, go = places_of(ground, waiting)
    inverted = go >= 0
    inverted[inverted] = tiers[pairs.seeker[come[inverted]]] < tiers[pairs.seeker[go[inverted]]]
    come, go = come[inverted], go[inverted]
    cause, rule, row = _causes(ground, come, go)
    names = np.array(ground.problem.tier_names, dtype=object)
    cases = pd.DataFrame(
        {
            "seeker_id": ground.seeker_ids[pairs.seeker[come]], "tier": names[tiers[pairs.seeker[come]]], "slot_id": ground.slot_ids[pairs.slot[come]],
            "held_by": ground.seeker_ids[pairs.seeker[go]], "held_tier": names[tiers[pairs.seeker[go]]], "cause": cause, "rule": rule, "row": row,
        }
    )  # fmt: skip
    return Inversions(cases, tuple(_grouped(cases)))


def _causes(ground: Ground, come: Integers, go: Integers) -> tuple[Any, Any, Any]:
    """For each case what stands in the way of changing places, and the rule and the key of its row, where it is one."""
    cause, rule, key = (np.full(len(come), "", dtype=object) for _ in range(3))
    if not len(come):
        return cause, rule, key
    judged = swapped(ground.room, [come], [go])
    kinds = np.array([block.kind for block in ground.program.rows for _ in range(len(block))], dtype=object)
    broken = np.flatnonzero(judged.row >= 0)
    cause[broken] = kinds[judged.row[broken]]
    told = {int(row): ground.row(int(row)) for row in np.unique(judged.row[broken])}
    rule[broken] = [_rule(told[int(row)]) for row in judged.row[broken]]
    key[broken] = [told[int(row)]["key"] for row in judged.row[broken]]
    goal, amount = judged.first
    kind = [objective.kind for objective in ground.program.objectives]
    asked = "priority_of_service" in kind
    better = (goal < 0) | (amount > 0)
    free = judged.row < 0
    worse = np.flatnonzero(free & ~better)
    cause[worse] = np.array([kind[number] for number in goal[worse]], dtype=object)
    cause[free & better] = "better_unused"
    if not asked:
        cause[free] = "no_priority"
    cause[_among(cause, "commitments") | _begun(ground, go)] = "commitment"
    cause[_among(cause, "pins")] = "pin"
    cause[ground.problem.reverse_referrals[ground.pairs.slot[go]]] = "reverse_referral"
    rule[np.isin(cause, list(CAUSES))] = key[np.isin(cause, list(CAUSES))] = ""
    return cause, rule, key


def _rule(row: dict[str, Any]) -> str:
    return str(row["kind"] if row["label"] == row["kind"] else f"{row['kind']}[{row['label']}]")


def _among(cause: Any, kind: str) -> Mask:
    return np.asarray(cause == kind)


def _begun(ground: Ground, go: Integers) -> Mask:
    """Which holders have begun."""
    frozen = ground.problem.commitments(FROZEN_STATUSES)
    return np.isin(go, ground.pairs.find(frozen.seeker, frozen.slot))


def _grouped(cases: pd.DataFrame) -> Iterator[InversionGroup]:
    groups = []
    for (waiting, holding, cause, rule), alike in cases.groupby(["tier", "held_tier", "cause", "rule"], sort=True):
        shown = alike.drop_duplicates("seeker_id").head(MOST_SHOWN)
        examples = tuple(shown[["seeker_id", "slot_id", "held_by"]].itertuples(index=False, name=None))
        groups.append(
            InversionGroup(
                str(waiting),
                str(holding),
                str(cause),
                str(rule),
                tuple(sorted(set(alike["row"]) - {""})),
                len(alike),
                alike["seeker_id"].nunique(),
                alike["slot_id"].nunique(),
                examples,
            )
        )
    yield from sorted(groups, key=lambda group: (-group.cases, group.waiting_tier, group.holding_tier, group.cause, group.rule))
