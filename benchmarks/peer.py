"""What a peer is given and what it gives back. A peer is a module of `benchmarks/peers/` with one function `solve(instance, terms, laps)`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol

from allocator.scenario import Integers
from benchmarks.instances import Instance


class NotApplicableError(Exception):
    """The peer has no way of saying these rules; the message says why."""


@dataclass(frozen=True)
class Terms:
    """The same for every peer: when to stop, how many threads where it can use several, and the seed. `engine` is for ours alone."""

    gap: float = 1e-4
    limit: float = 60.0
    threads: int = 2
    seed: int = 1
    engine: str = "auto"


@dataclass(frozen=True, eq=False)
class Answer:
    """A solution's columns, the bound that the solver claims (in the goal's own direction and units) and what it said.

    A peer that measures more than one solve has no columns but a `value`.
    """

    columns: Integers | None
    bound: float | None
    said: str = ""
    value: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


class Laps:
    """Seconds by phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[phase] = self.seconds.get(phase, 0.0) + time.perf_counter() - started


class Peer(Protocol):
    """A way of solving an instance."""

    def solve(self, instance: Instance, terms: Terms, laps: Laps) -> Answer:
        """Solve it, with `load`, `build` and `solve` timed apart. `load` is reading the program from disk, which nobody is blamed for."""


def peer(name: str) -> Peer:
    """The peer of a name. Imported only here: a child loads the one solver that it measures."""
    module: Any = import_module(f"benchmarks.peers.{name}")
    return module  # type: ignore[no-any-return]
