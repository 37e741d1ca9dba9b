"""Explain a result: why everybody and everything stands where it stands, and what would have to change.

Claims are computed, never narrated: what placing somebody costs comes from solving again with the pair forced, as far as it takes to tell, or from bounds that
hold for every plan; a fix is named only with a plan at hand that bears it out. Where time ends first, what is proved by then is said, and no more.

    explainer = Explainer(open_result("out/portland"))
    print(explainer.seeker("S0042").sentence())
    print(explainer.why_not("S0042", "J017").sentence("seeker"))
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from allocator.errors import Fault, InputError
from allocator.explanations.explanation import Explanation
from allocator.explanations.ground import Ground
from allocator.explanations.rules import lines_of, of_rule, shown
from allocator.explanations.seekers import ineligible, of_seeker
from allocator.explanations.slots import of_slot
from allocator.explanations.why_not import why_not
from allocator.inversions import Inversions, inversions

if TYPE_CHECKING:
    from allocator.opened import Opened

SECONDS = 10.0
"""Seconds for one question."""


class Explainer:
    """A result that can be asked. `seconds` limits each question; None lets it take as long as a proof takes.

    `pricing` limits what is found out once for all questions, the least that each pair costs; six questions' time where absent.
    """

    def __init__(self, opened: Opened, *, seconds: float | None = SECONDS, pricing: float | None = None) -> None:
        if not opened.result.verified:
            message = f"The result holds no plan to explain: it is {opened.result.status}."
            raise InputError([Fault("no_plan", message, "`ojt relax` says what would have to give way.", opened.scenario.name)])
        self._opened, self._seconds = opened, seconds
        self._pricing = 6 * seconds if pricing is None and seconds is not None else pricing

    @cached_property
    def ground(self) -> Ground:
        """What all explanations stand on."""
        opened = self._opened
        return Ground(opened.problem, opened.program, opened.columns, opened.result, opened.warm, self._seconds, self._pricing)

    def limit(self, seconds: float | None) -> None:
        """Limit each further question."""
        self._seconds = self.ground.seconds = seconds

    def seeker(self, seeker_id: str) -> Explanation:
        """Why this person is where they are. Raises InputError where there is no such person."""
        return of_seeker(self.ground, self._position("seekers", seeker_id))

    def slot(self, slot_id: str) -> Explanation:
        """Why this slot is full, or has openings left. Raises InputError where there is no such slot."""
        return of_slot(self.ground, self._position("slots", slot_id))

    def rule(self, label: str) -> list[Explanation]:
        """What a rule asks and reaches, line by line, with what one more and one less would change. Raises InputError where no rule is called so."""
        lines = lines_of(self.ground, label)
        if not lines:
            known = sorted({f"{line.kind}[{line.label}]" if line.label not in ("", line.kind) else line.kind for line in self._opened.result.rules})
            raise InputError([Fault("unknown_rule", f"No rule is called {label!r}.", f"There are: {', '.join(known)}.", file="--rule")])
        return [of_rule(self.ground, line) for line in lines]

    def why_not(self, seeker_id: str, slot_id: str) -> Explanation:
        """Why this person does not hold this slot. Raises InputError where there is no such person or slot."""
        return why_not(self.ground, self._position("seekers", seeker_id), self._position("slots", slot_id))

    def everybody(self, *, seconds: float | None = None) -> list[Explanation]:
        """Every seeker, every slot that has openings left, every line of every rule. `seconds` is for all the questions together."""
        ground = self.ground
        ground.until(seconds)
        nobody = np.bincount(ground.pairs.seeker, minlength=len(ground.seeker_ids)) == 0
        refused = iter(ineligible(ground, np.flatnonzero(nobody).astype(np.int32)))
        people = [next(refused) if nobody[seeker] else of_seeker(ground, seeker, exactly=False) for seeker in range(len(nobody))]
        slots = [of_slot(ground, slot, exactly=False) for slot in np.flatnonzero(ground.open).tolist()]
        rules = [of_rule(ground, line, exactly=False) for line in shown(list(ground.result.rules))]
        ground.until(None)
        return [*people, *slots, *rules]

    def inversions(self) -> Inversions:
        """Every case in which somebody of a lower tier holds a slot that somebody of a higher tier without one could take."""
        return inversions(self.ground)

    def _position(self, table: str, record_id: str) -> int:
        place = self._opened.scenario.position(table, record_id)
        if place < 0:
            one = table.removesuffix("s")
            raise InputError([Fault(f"unknown_{one}", f"{table} has no {record_id}.", "Correct the id.", file=f"--{one}", value=record_id)])
        return place
