"""What a run reads: a scenario, a policy, perhaps a reference and change sets, with everything wrong in any of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from allocator.errors import Fault, InputError

if TYPE_CHECKING:
    import pandas as pd

    from allocator.changes import ChangeSet, TableValue
    from allocator.layers import Layers
    from allocator.problem import Problem
    from allocator.scenario import Scenario

T = TypeVar("T")


class Inputs(NamedTuple):
    """A scenario and a policy that were read without a fault, the change sets that lie over them, and the table values these touched."""

    scenario: Scenario
    layers: Layers
    changes: tuple[ChangeSet, ...] = ()
    touched: tuple[TableValue, ...] = ()
    reference: pd.DataFrame | None = None
    """The assignments that `--reference` gave, before any change."""
    base: Inputs | None = None
    """What the change sets lie over; None without any."""

    def sentences(self) -> list[str]:
        """What the change sets do, one sentence for each change; what was there is what the sets under its own have made of it."""
        from allocator.change_words import describe

        told: list[str] = []
        before = self.base
        for number, each in enumerate(self.changes):
            assert before is not None
            told += [describe(change, before) for change in each.changes]
            if number + 1 < len(self.changes):
                before = before.under(each)
        return told

    def problem(self, seed: int = 0) -> Problem:
        """Both together; InputError where the policy does not fit the facts."""
        from allocator.problem import Problem

        problem = Problem(self.scenario, self.layers.policy, seed)
        self.placing(problem.require_sound)
        return problem

    def under(self, *changes: ChangeSet) -> Inputs:
        """The same with further change sets on top, the later over the earlier."""
        from allocator.changes import resolve

        after = resolve(self.scenario, self.layers, changes)
        return self._replace(
            scenario=after.scenario,
            layers=after.layers,
            changes=(*self.changes, *changes),
            touched=(*self.touched, *after.touched),
            base=self.base or self,
        )

    def placing(self, work: Callable[[], T]) -> T:
        """Do something, and put the faults it finds in the policy at the layer that has to be opened."""
        try:
            return work()
        except InputError as error:
            raise InputError(self.layers.placed(fault) for fault in error.faults) from None


def policy_file(scenario: Path, policy: Path | None) -> Path | None:
    """The policy that was asked for, else the scenario's own, else None: the built-in one."""
    if policy is not None:
        return policy / "policy.toml" if policy.is_dir() else policy
    own = scenario / "policy.toml"
    return own if own.is_file() else None


def read_inputs(
    scenario: Path,
    policy: Path | None,
    sets: Sequence[str] | None,
    as_of: datetime | None,
    reference: Path | None = None,
    changes: Sequence[Path] | None = None,
) -> Inputs:
    """Read everything; InputError with every fault of every file."""
    from allocator.changes import read_change_sets, resolve
    from allocator.layers import load_layers
    from allocator.read import read_scenario

    faults: list[Fault] = []
    facts = tried(lambda: read_scenario(scenario, as_of=as_of.date() if as_of else None), faults)
    own_pairs = facts is not None and facts.has("pairs")
    layers = tried(lambda: load_layers(policy_file(scenario, policy), sets or (), own_pairs=own_pairs), faults)
    if facts is not None and reference is not None:
        before = facts
        facts = tried(lambda: with_reference_file(before, reference), faults)
    change_sets = tried(lambda: read_change_sets(changes or ()), faults)
    if facts is None or layers is None or change_sets is None:
        raise InputError(faults)
    resolved = resolve(facts, layers, change_sets)
    given = facts.tables["reference"] if reference is not None else None
    return Inputs(resolved.scenario, resolved.layers, change_sets, resolved.touched, given, Inputs(facts, layers) if change_sets else None)


def with_reference_file(scenario: Scenario, path: Path) -> Scenario:
    """The scenario with the assignments in a file as its reference."""
    from allocator.opened import with_reference

    return with_reference(scenario, read_reference(path))


def read_reference(path: Path) -> pd.DataFrame:
    """The assignments in a file, one for each person."""
    from allocator.read import read_assignments

    frame = read_assignments(path)
    again = frame["seeker_id"].duplicated().to_numpy()
    if again.any():
        raise InputError(
            Fault("duplicate_seeker", f"{seeker} holds a second slot in the reference.", "Keep one.", path.name, row=int(row) + 2, column="seeker_id")
            for row, seeker in zip(again.nonzero()[0], frame["seeker_id"][again], strict=True)
        )
    return frame


def tried(read: Callable[[], T], faults: list[Fault]) -> T | None:
    """What was read; None, and its faults added to the others, where it cannot be."""
    try:
        return read()
    except InputError as error:
        faults += [replace(fault) for fault in error.faults]
        return None
