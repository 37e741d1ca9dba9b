"""Which engine, and why: the structure of the rules decides."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from allocator.engines.base import Engine
from allocator.engines.bihierarchy import bihierarchy
from allocator.engines.network import LARGEST_COST, Network
from allocator.errors import AllocatorError
from allocator.program import Program, Rows

NAMES = ("auto", "network", "sifting", "mip", "cp_sat", "pulp")

LARGE = 50_000
"""Pairs from which sifting is faster than the mixed-integer program over all of them."""


class Choice(NamedTuple):
    """An engine and one sentence on why it was chosen."""

    engine: Engine
    reason: str


class UnfitEngineError(AllocatorError):
    """The engine that was asked for cannot solve this program; the message says why."""


def choose(program: Program, wanted: str = "auto") -> Choice:
    """The engine for a program.

    Raises UnfitEngineError when `network` is asked for and the rules do not nest.
    """
    if wanted in ("auto", "network"):
        trees = bihierarchy(program)
        obstacle = trees if isinstance(trees, str) else _beside_obstacle(program)
        if obstacle is None and not isinstance(trees, str):
            return Choice(Network(trees), "every rule nests on the seeker side or the slot side, so the program is a minimum-cost flow")
        if wanted == "network":
            raise UnfitEngineError(f"The rules are not a network: {obstacle}.")
        return Choice(_named("sifting" if len(program.pairs) >= LARGE or _has_knapsacks(program) else "mip"), f"not a network: {obstacle}")
    return Choice(_named(wanted), "asked for")


def _has_knapsacks(program: Program) -> bool:
    """Whether seekers choose between rows in which they take up different room: relaxations say little then, and sifting has more to say."""
    from allocator.engines.knapsacks import Knapsacks

    return Knapsacks.of(program) is not None


def _named(name: str) -> Engine:
    # Imported where needed: loading a solver takes longer than solving a small network.
    if name == "mip":
        from allocator.engines.mip import Mip

        return Mip()
    if name == "sifting":
        from allocator.engines.sifting import Sifting

        return Sifting()
    if name == "cp_sat":
        from allocator.engines.cp_sat import CpSat

        return CpSat()
    if name == "pulp":
        from allocator.engines.pulp_model import Pulp

        return Pulp()
    raise UnfitEngineError(f"There is no engine {name!r}; there are {', '.join(NAMES)}.")


def _beside_obstacle(program: Program) -> str | None:
    """Why columns beside the pairs keep the program from being a network: each must be the seats short (or over) of one row."""
    if len(program.pairs) == 0:
        return "there is no eligible pair"
    used = np.zeros(program.size, dtype=np.int64)
    for block in program.rows:
        np.add.at(used, block.slack.column, 1)
        if (np.abs(block.slack.coefficient) != 1).any() or _twice(block):
            return f"{block.row_name(0)} has columns of its own that are not seats short"
    if (used[len(program.pairs) :] > 1).any():
        return "an assignment may count for one of several promises only"
    for objective in program.objectives:
        beside = objective.column >= len(program.pairs)
        if ((objective.coefficient[beside] < 0) if not objective.maximize else (objective.coefficient[beside] > 0)).any():
            return f"{objective.label} rewards seats short"
        if int(np.abs(objective.coefficient).max(initial=0)) * (program.row_count + 4) > LARGEST_COST:
            return f"the coefficients of {objective.label} are too large"
    return None


def _twice(block: Rows) -> bool:
    """Whether a row has two columns on the same side, or one on a side without a bound."""
    key = block.slack.row * 2 + (block.slack.coefficient > 0)
    return len(np.unique(key)) < len(key)
