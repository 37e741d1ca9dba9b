"""Change sets: the laws over random worlds, every fault with its place, and both ways of writing them."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.changes import Change, ChangeSet, resolve
from allocator.errors import Fault, InputError
from allocator.layers import Layers, load_layers
from allocator.read import frames_to_scenario
from allocator.scenario import Scenario
from tests.random_changes import done_slowly, random_changes
from tests.random_worlds import random_problem


def same(one: Scenario, other: Scenario) -> bool:
    return one.digest == other.digest and one.name == other.name and list(one.tables) == list(other.tables)


def layers() -> Layers:
    return load_layers(None)


def told(scenario: Scenario, *changes: Change, over: Layers | None = None) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as caught:
        resolve(scenario, over or layers(), ChangeSet(changes, file="what_if.toml"))
    return caught.value.faults


# -- laws of the tables ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", range(0, 30, 10))
def test_tables_are_as_if_each_change_were_done_by_hand_and_as_if_read_from_files(start: int) -> None:
    done = 0
    for seed in range(start, start + 10):
        scenario = random_problem(seed, bare=True).scenario
        changes = random_changes(scenario, np.random.default_rng(seed), 12)
        resolved = resolve(scenario, layers(), changes).scenario
        assert same(resolved, done_slowly(scenario, changes)), (seed, changes)
        read = frames_to_scenario(dict(resolved.tables), as_of=resolved.as_of, name=resolved.name)
        assert read.digest == resolved.digest, (seed, changes)
        done += len(changes.changes)
    assert done > 50
