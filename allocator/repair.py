"""The way out of a policy that nothing fits: what bends and by how much, which rules are in conflict and why, and the changes that make it fit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from allocator.constraints.base import Mend
from allocator.policy import Policy
from allocator.scenario import Scenario


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

    `changes` move each rule's own parameters, `notes` say what they change beside what gives way. Where no bending helps, `bends` is empty and `conflicts` name
    the rules that cannot bend.
    """

    bends: tuple[Bend, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    changes: tuple[Mend, ...] = ()
    notes: tuple[str, ...] = ()
    proved: bool = False
    feasible: bool = False

    @property
    def price(self) -> float:
        """What all bends cost, in seats."""
        return round(sum(bend.price for bend in self.bends), 6)

    def as_dict(self) -> dict[str, Any]:
        """The repair as plain JSON data."""
        return {
            "bends": [asdict(bend) for bend in self.bends],
            "conflicts": [asdict(conflict) for conflict in self.conflicts],
            "changes": [plain(change) for change in self.changes],
            "notes": list(self.notes),
            "proved": self.proved,
            "feasible": self.feasible,
        }

    def to_toml(self, name: str) -> str:
        """The changes as a change set in TOML."""
        note = "; ".join(_moved(bend) for bend in self.bends)
        lines = [f"name = {json.dumps(name)}", f"note = {json.dumps(note)}"]
        for change in self.changes:
            lines += ["", "[[changes]]", f'op = "{change.op}"', f"path = {json.dumps(change.path)}"]
            lines += [] if change.op == "remove" else [f"value = {_toml(change.value)}"]
        return "\n".join(lines) + "\n"


NO_REPAIR = Repair()


def plain(change: Mend) -> dict[str, Any]:
    """One operation of a change set, as plain JSON data."""
    said = {"op": change.op, "path": change.path}
    value = float(change.value) if isinstance(change.value, Decimal) else change.value
    return said if change.op == "remove" else {**said, "value": value}


def applied(scenario: Scenario, policy: Policy, changes: Iterable[Mend]) -> tuple[Scenario, Policy]:
    """The facts and the policy with a repair's changes."""
    tables, document = dict(scenario.tables), policy.to_dict()
    for change in changes:
        place = next((place for place in _places(policy) if change.path.startswith(f"{place}.")), None)
        if place is not None:
            entry = document["constraints"][_places(policy).index(place)]
            entry[change.path[len(place) + 1 :]] = change.value
            continue
        table, _, rest = change.path.partition("[")
        keys, _, column = rest.rpartition("]")
        there = tables[table].copy()
        same = (there.iloc[:, 0] == keys) if column else (there["seeker_id"] + "," + there["slot_id"] == keys)
        if change.op == "remove":
            there = there[~same].reset_index(drop=True)
        else:
            there.loc[same, column[1:]] = change.value
        tables[table] = there
    changed = Scenario.of(tables, as_of=scenario.as_of, name=scenario.name, warnings=scenario.warnings)
    return changed, Policy.from_dict(document)


def _places(policy: Policy) -> list[str]:
    return [f"constraints.{rule.name}" for rule in policy.constraints]


def joined(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def _moved(bend: Bend) -> str:
    return f"{bend.name}: {bend.possible:,} instead of {bend.promised:,} {bend.unit}"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    return f"{value:f}" if isinstance(value, Decimal) else json.dumps(value)
