"""What an eligibility rule answers: may this pair ever be, and if not, why not?"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import numpy as np

from allocator.rule import Rule
from allocator.scenario import Integers, Mask, Positions
from allocator.signatures import signatures

if TYPE_CHECKING:
    from allocator.problem import Problem


class Exceptions(NamedTuple):
    """Verdicts that are nearly the same for everybody: `admits` says which slots admit everybody, and for the few pairs
    (seeker[k], slot[k]), all different, it is the other way round."""

    admits: Mask
    seeker: Positions
    slot: Positions


class Eligibility(Rule):
    """A rule about one pair at a time.

    `looks_at` says which facts decide: a rule that looks at the seeker only, or at the slot only, is asked once for
    each of them instead of once for each pair. Facts that are not recorded never refuse a pair, unless the rule's law says so.

    `reads` says which columns decide, as `seekers.column` and `slots.column`. A rule that looks at pairs is then asked once for
    all seekers, and all slots, that agree in them. None is always right, and slow: nobody is taken to be like anybody else.
    """

    folder: ClassVar[str] = "eligibility"
    looks_at: ClassVar[Literal["seeker", "slot", "pair"]] = "pair"
    reads: ClassVar[tuple[str, ...] | None] = None

    @abstractmethod
    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        """Which of the pairs (seekers[k], slots[k]) may be.

        A rule that looks at the seeker only must not read `slots` (it may be empty), and the other way round.
        """

    @abstractmethod
    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        """Why the rule refuses this pair: one plain sentence with the facts that decided. Only asked about refused pairs."""

    def alike(self, problem: Problem) -> tuple[Integers, Integers]:
        """A number for each seeker and one for each slot: who has the same number is judged alike.

        Taken from `reads`; a rule that needs less than whole columns says so here.
        """
        if self.reads is None:
            return np.arange(problem.scenario.size("seekers")), np.arange(problem.scenario.size("slots"))
        return signatures(problem, "seekers", self.reads), signatures(problem, "slots", self.reads)

    def exceptions(self, problem: Problem) -> Exceptions | None:
        """The rule's verdicts as exceptions, where there are few of them; else None, and `alike` is asked."""
        return None
