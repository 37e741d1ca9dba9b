"""What an eligibility rule answers: may this pair ever be, and if not, why not?"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

from allocator.rule import Rule
from allocator.scenario import Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem


class Eligibility(Rule):
    """A rule about one pair at a time.

    `looks_at` says which facts decide: a rule that looks at the seeker only, or at the slot only, is asked once for
    each of them instead of once for each pair. Facts that are not recorded never refuse a pair, unless the rule's law says so.
    """

    folder: ClassVar[str] = "eligibility"
    looks_at: ClassVar[Literal["seeker", "slot", "pair"]] = "pair"

    @abstractmethod
    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        """Which of the pairs (seekers[k], slots[k]) may be.

        A rule that looks at the seeker only must not read `slots` (it may be empty), and the other way round.
        """

    @abstractmethod
    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        """Why the rule refuses this pair: one plain sentence with the facts that decided. Only asked about refused pairs."""
