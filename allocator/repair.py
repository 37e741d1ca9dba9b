"""The way out of a policy that nothing fits: what bends and by how much, which rules are in conflict and why, and the changes that make it fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from allocator.changes import Change, ChangeSet
from allocator.constraints.base import Mend

NO_CHANGES = ChangeSet()


@dataclass(frozen=True)
class Bend:
    """One promise or limit that gives way: what it asks for (`at_least`, or at most) and what is possible, in `unit`; `short` is the distance.

    `price` is what that costs, in seats; `people` have an eligible pair that it is about.
    """

    rule: str
    label: str
    key: str
    name: str
    at_least: bool
    promised: int
    possible: int
    short: int
    unit: str
    price: float
    people: int
    why: str = ""


@dataclass(frozen=True)
class Party:
    """A promise or limit that takes part in a conflict, and what it says."""

    rule: str
    label: str
    key: str
    name: str
    says: str


@dataclass(frozen=True)
class Conflict:
    """Promises and limits that cannot hold together, and have nothing to do with any other conflict.

    `certificate` says why, one sentence for each that bends; `bends` are their full names, and `price` what they cost together, in seats. `minimal` where each
    of `rules` was confirmed to have a part in it, by solving without it.
    """

    rules: tuple[Party, ...]
    certificate: tuple[str, ...]
    bends: tuple[str, ...]
    price: float
    minimal: bool


@dataclass(frozen=True)
class Repair:
    """What would make a policy fit. `proved` where no cheaper set of bends does; `feasible` where a lawful plan under the changed policy was found.

    `settled` is False where time ran out before anything was known of the policy. `changes` move each rule's own parameters, `notes` say what they change
    beside what gives way. Where no bending helps, `bends` is empty and `conflicts` name the rules that cannot bend.
    """

    bends: tuple[Bend, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    changes: ChangeSet = NO_CHANGES
    notes: tuple[str, ...] = ()
    proved: bool = False
    feasible: bool = False
    settled: bool = True

    @property
    def price(self) -> float:
        """What all bends cost, in seats."""
        return round(sum(bend.price for bend in self.bends), 6)

    def as_dict(self) -> dict[str, Any]:
        """The repair as plain JSON data."""
        return {
            "bends": [asdict(bend) for bend in self.bends],
            "conflicts": [asdict(conflict) for conflict in self.conflicts],
            "changes": self.changes.to_dict(),
            "notes": list(self.notes),
            "proved": self.proved,
            "feasible": self.feasible,
            "settled": self.settled,
        }


NO_REPAIR = Repair()
NOT_SETTLED = Repair(settled=False)


def joined(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def changes_of(mends: Iterable[Mend], bends: Iterable[Bend]) -> ChangeSet:
    """A repair's changes as a change set; its note says what they move."""
    moved = "; ".join(f"{bend.name}: {bend.possible:,} instead of {bend.promised:,} {bend.unit}" for bend in bends)
    return ChangeSet(tuple(Change(mend.op, mend.path, mend.value) for mend in mends), "repair", moved)
