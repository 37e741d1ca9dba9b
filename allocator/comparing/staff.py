"""Staff load: whom each staff member would serve in either plan, and the points that capacity rules count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.comparing.side import Side
from allocator.scenario import Positions

Both = tuple[int | None, int | None]


@dataclass(frozen=True)
class StaffLine:
    """One staff member on both sides, under one capacity rule (`rule` is empty where none limits them).

    `people` are assignments of people they coach, of slots they look after, or at a center whose liaison they are. `points` are those that the plan
    charges to them, `room` those that they have. None where there is none.
    """

    staff_id: str
    role: str
    rule: str
    people: Both
    points: Both
    room: Both

    @property
    def differs(self) -> bool:
        """Whether anything does."""
        return any(before != after for before, after in (self.people, self.points, self.room))

    def as_dict(self) -> dict[str, Any]:
        """The line as plain JSON data."""
        sides = ({"people": people, "points": points, "room": room} for people, points, room in zip(self.people, self.points, self.room, strict=True))
        base, other = sides
        return {"staff_id": self.staff_id, "role": self.role, "rule": self.rule, "base": base, "other": other}


def staff(base: Side, other: Side) -> Iterator[StaffLine]:
    """Every staff member of either side, by id, under each rule that limits them."""
    sides = (base, other)
    people = [_people(side) for side in sides]
    limits = [{(line.key, line.label): (line.achieved, line.at_most) for line in side.rules if line.kind == "staff_capacity"} for side in sides]
    rules = sorted({*limits[0], *limits[1]})
    for member in sorted({*people[0], *people[1]}):
        role = next((role for side in sides if (role := _role(side, member)) is not None), None) or ""
        served = people[0].get(member), people[1].get(member)
        for label in [label for key, label in rules if key == member] or [""]:
            (points, room), (points_now, room_now) = (side.get((member, label), (None, None)) for side in limits)
            yield StaffLine(member, role, label, served, (points, points_now), (room, room_now))


def _people(side: Side) -> dict[str, int]:
    """Assignments that are each staff member's business; each counts once."""
    facts = side.scenario
    liaison = np.append(facts.link("centers", "staff_id"), np.int32(-1)) if facts.has("centers") else np.array([-1], dtype=np.int32)
    center = facts.link("seekers", "center_id") if facts.has("centers") else np.full(facts.size("seekers"), -1, dtype=np.int32)
    whose: list[Positions] = [facts.link("seekers", "staff_id")[side.seeker], side.problem.slot_staff[side.slot], liaison[center][side.seeker]]
    count = np.zeros(facts.size("staff") + 1, dtype=np.int64)  # the last one for nobody's, -1
    for number, members in enumerate(whose):
        again = np.zeros(len(members), dtype=bool)
        for earlier in whose[:number]:
            again |= earlier == members
        np.add.at(count, members[~again], 1)
    return {str(name): int(number) for name, number in zip(facts.ids("staff"), count[:-1], strict=True)}


def _role(side: Side, member: str) -> str | None:
    position = side.scenario.position("staff", member)
    return None if position < 0 else side.scenario.coded("staff", "role").text(position)
