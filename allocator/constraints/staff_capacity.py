"""Nobody on the staff carries more than they can.

    sum over assignments charged to k of points  <=  capacity[k] - used[k],   for every staff member k

An assignment is charged to the seeker's coach (`charge = "seeker"`), to the slot's business services representative
(`"slot"`; the employer's where the slot names none) or to the liaison of the seeker's center (`"center"`). It uses the pair's own
`staff_points` where the `pairs` table has them, else `points`, plus `extra_points` for each population of the seeker's. Staff whose
capacity is not recorded are not limited; where `used` already exceeds `capacity` there is room for nothing more.

Why: a placement without the coaching it needs is a promise to fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from allocator.constraints.base import SEAT, Constraint, Give, Mend, Standing, Violation
from allocator.errors import Fault
from allocator.plan import Plan
from allocator.problem import Problem
from allocator.program import FREE, Draft, Rows
from allocator.rule import Count
from allocator.scenario import Integers, Positions


class StaffCapacity(Constraint):
    """Points used by assignments against what each staff member can carry."""

    kind: Literal["staff_capacity"] = "staff_capacity"
    charge: Literal["seeker", "slot", "center"] = Field(
        "seeker", description="Whose time an assignment takes: the seeker's coach, the slot's representative, or the liaison of the seeker's center."
    )
    role: str | None = Field(None, description="Limit only staff with this role; everyone where absent.")
    points: Count = Field(1, description="Points of an assignment that brings none of its own.")
    extra_points: dict[str, Count] = Field({}, description="Further points for each of these populations that the seeker belongs to.")

    def faults(self, problem: Problem) -> Iterator[Fault]:
        facts = problem.scenario
        if not facts.has("staff"):
            yield self.fault("missing_table", "staff_capacity needs the staff table.", "Add staff with staff_id and capacity, or take the rule out.")
        elif self.role and facts.coded("staff", "role").code(self.role) < 0:
            yield self.fault(
                "unknown_role",
                f"Nobody on the staff has the role {self.role!r}.",
                f"Roles there are: {', '.join(facts.coded('staff', 'role').values) or 'none'}.",
                field="role",
                value=self.role,
            )
        elif self.charge == "center" and not facts.has("centers", "staff_id"):
            yield self.fault("missing_column", 'charge = "center" needs the centers\' liaisons.', "Add the column staff_id to centers.", field="charge")

    def rows(self, draft: Draft) -> Iterator[Rows]:
        problem = draft.problem
        room = self._room(problem)
        limited = np.flatnonzero(room >= 0)
        row_of = np.full(len(room) + 1, -1, dtype=np.int32)
        row_of[limited] = np.arange(len(limited))
        charged_to = self._charged_to(problem)
        own = draft.pairs.points if draft.pairs.points is not None else np.full(len(draft.pairs), -1, dtype=np.int64)
        points = np.where(own >= 0, own, self._points(problem)[draft.pairs.seeker])
        names, lower, upper = problem.scenario.ids("staff")[limited], np.full(len(limited), -FREE), room[limited]
        if len(points) and (points == 1).all():
            of_seeker = row_of[charged_to] if self.charge != "slot" else None
            of_slot = row_of[charged_to] if self.charge == "slot" else None
            yield Rows(self.kind, self.label, names, lower, upper, of_seeker=of_seeker, of_slot=of_slot, bend=SEAT)
            return
        row = row_of[charged_to[draft.pairs.slot if self.charge == "slot" else draft.pairs.seeker]].astype(np.int64)
        inside = np.flatnonzero((row >= 0) & (points > 0))
        price = SEAT if len(inside) == 0 else max(1, int(SEAT / points[inside].mean()))
        yield Rows(self.kind, self.label, names, lower, upper, pair=inside, row=row[inside], coefficient=points[inside], bend=price)

    def violations(self, plan: Plan) -> Iterator[Violation]:
        for line in self.standings(plan):
            if line.at_most is not None and line.achieved > line.at_most:
                yield self.violation(
                    line.key, f"{line.key} would carry {line.achieved} more points; there is room for {line.at_most}.", line.achieved - line.at_most, "points"
                )

    def standings(self, plan: Plan) -> Iterator[Standing]:
        facts = plan.problem.scenario
        charged_to = self._charged_to(plan.problem)
        member = charged_to[plan.slot if self.charge == "slot" else plan.seeker]
        own, usual = plan.brought("staff_points"), self._points(plan.problem)
        room = self._room(plan.problem)
        carried = np.zeros(len(room) + 1, dtype=np.int64)  # the last one for nobody's, -1
        np.add.at(carried, member, np.where(own >= 0, own, usual[plan.seeker]))
        for k in np.flatnonzero(room >= 0):
            yield self.standing(str(facts.ids("staff")[k]), int(carried[k]), at_most=int(room[k]), unit="points")

    def in_words(self, problem: Problem, key: str) -> str:
        return f"the staff time of {key}"

    def because(self, problem: Problem, key: str, lower: bool, value: int) -> str:
        return f"{key} has room for {_points(value)}"

    def gives(self, problem: Problem, give: Give) -> str:
        return f"{give.key} would have to carry {_points(give.possible)} more, with room for {give.asked}"

    def mended(self, plan: Plan, gives: Sequence[Give]) -> Iterator[Mend]:
        facts = plan.problem.scenario
        used = facts.integers("staff", "used")
        for give in gives:
            yield Mend("set", f"staff[{give.key}].capacity", int(used[facts.position("staff", give.key)]) + give.possible)

    def _room(self, problem: Problem) -> Integers:
        """Points each staff member can still carry; -1 where this rule sets no limit."""
        facts = problem.scenario
        capacity, used = facts.integers("staff", "capacity"), facts.integers("staff", "used")
        role = facts.coded("staff", "role")
        limited = (capacity >= 0) & ((role.codes == role.code(self.role)) if self.role else True)
        return np.where(limited, np.maximum(capacity - used, 0), -1)

    def _charged_to(self, problem: Problem) -> Positions:
        """Whose time each seeker (or slot) takes, as a position in the staff table; -1 for nobody's."""
        facts = problem.scenario
        if self.charge == "slot":
            return problem.slot_staff
        if self.charge == "seeker":
            return facts.link("seekers", "staff_id")
        liaison = np.append(facts.link("centers", "staff_id"), np.int32(-1))
        return liaison[facts.link("seekers", "center_id")]

    def _points(self, problem: Problem) -> Integers:
        """Points of an assignment of each seeker that brings none of its own."""
        points = np.full(problem.scenario.size("seekers"), self.points, dtype=np.int64)
        populations = problem.scenario.lists("seekers", "populations")
        for population, extra in self.extra_points.items():
            points += extra * populations.any_of(frozenset([population]))
        return points


def _points(count: int) -> str:
    return f"{count} point{'' if count == 1 else 's'}"
