"""What a recommendation says: candidates, what each would mean for everybody else, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from allocator.explanations.sentences import amount
from allocator.result import Amount


@dataclass(frozen=True)
class Cost:
    """An amount that a plan is worse by, in the first goal in which it is; nothing (`goal` empty) where it is as good."""

    goal: str
    label: str
    unit: str
    amount: Amount

    def __str__(self) -> str:
        if not self.goal:
            return "nothing"
        return amount({"kind": self.goal, "label": self.label, "unit": self.unit, "least": self.amount, "most": self.amount})


FREE_OF_COST = Cost("", "", "", 0)


@dataclass(frozen=True)
class Step:
    """One person's part in a move: from the slot they hold (None for none) to another (None for none)."""

    seeker_id: str
    from_slot: str | None
    to_slot: str | None


@dataclass(frozen=True)
class Move:
    """A few steps that bring a pair about and keep every rule, the candidate's first; `cost` is what the plan is then worse by."""

    steps: tuple[Step, ...]
    cost: Cost


@dataclass(frozen=True)
class Exact:
    """What a solve with the pair forced says: `impossible`, `worse`, `equal`, `better` or, where time ran out, `open`.

    It costs `least` to `most`; most is None where no plan with the pair was found in time. `proved` where the two are the same.
    `people_moved` counts those whose slot differs in the plan found.
    """

    telling: Literal["impossible", "worse", "equal", "better", "open"]
    least: Cost
    most: Cost | None
    proved: bool
    people_moved: int | None
    seconds: float


@dataclass(frozen=True)
class Candidate:
    """A pair that the plan does not have, and what it would mean.

    `least` is what every plan with the pair gives up at least (in that goal, or something in an earlier one), None where no price tells, which is as
    good as it gets. `components` are points of built-in scoring, None where not recorded.
    """

    rank: int
    seeker_id: str
    slot_id: str
    score: float
    tier: str
    components: dict[str, float | None]
    holds: str | None
    seat_open: bool
    in_the_way: tuple[str, ...]
    least: Cost | None
    move: Move | None
    why: str
    exact: Exact | None = None

    @property
    def proved(self) -> bool:
        """Whether the cost is known to be that of the move."""
        return self.move is not None and (self.least or FREE_OF_COST) == self.move.cost


@dataclass(frozen=True, eq=False)
class Recommendation:
    """The candidates for one seeker or one slot, the best first.

    Ranked by what the move costs: nothing before something, a later goal before an earlier one, little before much; then those for whom no short move
    was found, by what every plan with the pair gives up at least; of equals the higher score. Moves are looked for on behalf of the likeliest: first by
    the prices, who can be seated at once, and the score. `held` are the slots of the seeker, or the people in the slot. `eligible` counts pairs, of
    which `settled` cannot be had: a pin or what has begun says otherwise. `left_out` counts eligible pairs that a cap has cut; None for a slot.
    """

    seeker_id: str | None
    slot_id: str | None
    held: tuple[str, ...]
    seats_open: int | None
    eligible: int
    settled: int
    refused: dict[str, int]
    left_out: int | None
    candidates: Sequence[Candidate]

    def as_dict(self) -> dict[str, Any]:
        """The recommendation as plain JSON data."""
        told = {name: value for name, value in vars(self).items() if name != "candidates"}
        return {**told, "held": list(self.held), "candidates": [{**asdict(one), "proved": one.proved} for one in self.candidates]}


def why(candidate: Candidate, rules: Sequence[str]) -> str:
    """The candidate in one or two sentences; `rules` are those that stand in the way, in words."""
    full = f"{candidate.slot_id} is full" if not candidate.seat_open else f"{candidate.slot_id} has an open seat"
    hindered = f"{full}, and {_listed(rules)} in the way" if rules else full
    least = "" if candidate.least is None else f" Every plan with this pair gives up {candidate.least} at least, or something in an earlier goal."
    if candidate.move is None:
        return f"{hindered}; no short move brings it about.{least}"
    if len(candidate.move.steps) == 1:
        how = f"{candidate.seeker_id} can {'move' if candidate.holds else 'be seated'} there at once"
    else:
        how = "; ".join(_said(step) for step in candidate.move.steps)
    if not candidate.move.cost.goal:
        return f"{hindered}. {how}. The plan stays as good as it is."
    if candidate.move.cost.amount < 0:
        gain = replace(candidate.move.cost, amount=-candidate.move.cost.amount)
        return f"{hindered}. {how}. That makes the plan better by {gain}: it was not proved best."
    if candidate.proved:
        return f"{hindered}. {how}. That costs {candidate.move.cost}, and no plan with this pair costs less."
    return f"{hindered}. {how}. That costs {candidate.move.cost}; a plan with this pair may cost less.{least}"


def _said(step: Step) -> str:
    if step.to_slot is None:
        return f"{step.seeker_id} gives up {step.from_slot} and waits"
    if step.from_slot is None:
        return f"{step.seeker_id} takes {step.to_slot}"
    return f"{step.seeker_id} moves from {step.from_slot} to {step.to_slot}"


def _listed(names: Sequence[str]) -> str:
    return f"{names[0]} stands" if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} stand"
