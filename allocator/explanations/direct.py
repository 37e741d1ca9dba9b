"""Direct swaps: plans at hand in which one person takes somebody's place, or an opening, and at most one other moves. They show what a place costs at most.

Together with what the regrets prove that it costs at least they often settle a question before it is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from allocator.engines.regret import Difference
from allocator.explanations.ground import Ground
from allocator.explanations.swaps import swapped
from allocator.scenario import Integers


@dataclass(frozen=True)
class Swap:
    """A plan a few assignments away: who comes and who goes (pairs, -1 for none), the first goal that gets worse, -1 for none, and by how much."""

    come: tuple[int, ...]
    go: tuple[int, ...]
    goal: int
    loss: int

    def told(self, ground: Ground) -> dict[str, Any]:
        """As plain data."""
        whose = None if self.go[0] < 0 else ground.seeker_id(self.go[0])
        return {"slot": ground.slot_id(self.come[0]), "instead_of": whose, "cost": ground.amount(self.goal, self.loss, self.loss) if self.goal >= 0 else None}

    def columns(self, ground: Ground) -> Integers:
        """The pairs of that plan; columns beside them are left as they are."""
        columns = ground.columns.copy()
        columns[[pair for pair in self.go if pair >= 0]] = 0
        columns[[pair for pair in self.come if pair >= 0]] = 1
        return columns


@dataclass(frozen=True)
class Swaps:
    """The cheapest swap; or none, and the row that most of them would break, -1 where there is nobody to change places with."""

    best: Swap | None = None
    row: int = -1


def cheapest(ground: Ground, mine: Integers, held: int) -> Swaps:
    """Of all ways in which a person who holds the pair `held` (-1 for none) could have one of these pairs directly, the cheapest."""
    come, go = places_of(ground, mine)
    nobody = np.full(len(come), -1, dtype=np.int64)
    comes, goes = [come, nobody], [go, nobody]
    if held >= 0:
        # Whoever leaves goes out, or takes the place that the person leaves.
        place = np.full(len(come), ground.pairs.slot[held], dtype=np.int32)
        there = np.where(go >= 0, ground.pairs.find(np.where(go >= 0, ground.pairs.seeker[go], -1), place), -1)
        other = np.flatnonzero(there >= 0)
        goes = [np.concatenate([go, go[other]]), np.full(len(go) + len(other), held, dtype=np.int64)]
        comes = [np.concatenate([come, come[other]]), np.concatenate([nobody, there[other]])]
    if not len(comes[0]):
        return Swaps()
    judged = swapped(ground.room, comes, goes)
    best = judged.best(np.arange(len(comes[0])))
    if best < 0:
        return Swaps(row=int(np.bincount(judged.row).argmax()))
    goal, amount = judged.first
    return Swaps(Swap((int(comes[0][best]), int(comes[1][best])), (int(goes[0][best]), int(goes[1][best])), int(goal[best]), -int(amount[best])))


def settled(ground: Ground, mine: Integers, seeker: int, *, asked: Integers | None) -> tuple[Difference | None, Swaps]:
    """How the best plan in which this person has one of these pairs compares, and the direct swaps.

    What regrets and swaps settle together is not asked. Else `asked` pairs are, where there is time; None where nothing is known but the regrets.
    """
    swaps = cheapest(ground, mine, int(ground.pair_of[seeker]))
    known = _known(ground, mine, swaps.best)
    if known is not None and (known.telling == "equal" or known.proved):
        return known, swaps
    if asked is None or ground.late:
        return known, swaps
    return _narrowed(ground, ground.ask_one_of(asked), swaps.best), swaps


def _known(ground: Ground, mine: Integers, swap: Swap | None) -> Difference | None:
    """What regrets and the cheapest swap say together."""
    goal, least = ground.hint(mine)
    if swap is None:
        return None
    if swap.goal < 0:
        return Difference("equal", columns=swap.columns(ground))
    if swap.loss < 0:
        return Difference("better", swap.goal, -swap.loss, None, columns=swap.columns(ground))
    if swap.goal == goal:
        return Difference("worse", goal, least, swap.loss, columns=swap.columns(ground))
    if ground.program.objectives[swap.goal].kind == "lottery":
        # Nothing but chance is lost by it; whether even that is, is not for this plan to say.
        return Difference("worse", swap.goal, 0, swap.loss, columns=swap.columns(ground))
    return None


def _narrowed(ground: Ground, told: Difference, swap: Swap | None) -> Difference:
    """An answer, and what the cheapest swap shows where the answer was not exact."""
    if swap is None or swap.goal < 0 or told.telling not in ("worse", "open") or told.proved:
        return told
    if told.telling == "worse" and told.goal == swap.goal:
        most = swap.loss if told.most is None else min(told.most, swap.loss)
        return replace(told, most=most, first=True, columns=swap.columns(ground) if most == swap.loss else told.columns)
    cheaper = told.most is None or swap.goal > told.goal or (swap.goal == told.goal and swap.loss < told.most)
    if told.telling == "open" and cheaper:
        return Difference("open", swap.goal, 0, swap.loss, columns=swap.columns(ground))
    return told


def places_of(ground: Ground, mine: Integers) -> tuple[Integers, Integers]:
    """Every way to take a place: each of these pairs with the pair of somebody who would leave it, -1 for an opening."""
    pairs, chosen = ground.pairs, ground.chosen
    order = np.argsort(pairs.slot[chosen], kind="stable")
    slots = pairs.slot[chosen][order]
    first, end = np.searchsorted(slots, pairs.slot[mine]), np.searchsorted(slots, pairs.slot[mine], side="right")
    many = end - first
    come = np.repeat(mine, many)
    start = np.repeat(first - (np.cumsum(many) - many), many)
    go = chosen[order][np.arange(len(come)) + start] if len(come) else np.empty(0, dtype=np.int64)
    free = mine[ground.open[pairs.slot[mine]]]
    return np.concatenate([come, free]), np.concatenate([go, np.full(len(free), -1, dtype=np.int64)])
