"""A frontier: one promise moved seat by seat, 31 points, everything else the same. What a planner's slider asks for.

The promise is the largest of the partners'; its counts end where the generated policy has it, so that every point can be kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from allocator.program import Program
from allocator.scenario import Integers
from benchmarks.peer import Answer

POINTS = 31


@dataclass(frozen=True)
class Promise:
    """A block of one row that promises a group of seekers some seats, and the counts it is moved through."""

    block: int
    counts: tuple[int, ...]

    @classmethod
    def of(cls, program: Program) -> Promise:
        """The largest promise to a partner."""
        promised = [
            int(rows.lower[0]) if rows.kind == "reservation" and rows.of_seeker is not None and "partner" in rows.label else -1 for rows in program.rows
        ]
        block = int(np.argmax(promised))
        most = promised[block]
        return cls(block, tuple(range(max(0, most - POINTS + 1), most + 1)))

    def row(self, program: Program) -> int:
        """The number of the promise's row."""
        return sum(len(rows) for rows in program.rows[: self.block])

    def at(self, program: Program, count: int) -> Program:
        """The program with so many seats promised."""
        rows = list(program.rows)
        rows[self.block] = replace(rows[self.block], lower=np.array([count]))
        return replace(program, rows=tuple(rows))


class Points:
    """The points found: values counted again and rows judged, as for a single solve."""

    def __init__(self) -> None:
        self.values: list[int | None] = []
        self.bounds: list[float] = []
        self.seconds: list[float] = []

    def add(self, program: Program, columns: Integers | None, bound: float | None, seconds: float) -> None:
        """One more point, for the program as it was asked."""
        if columns is not None:
            broken = list(program.broken_rows(columns))
            assert not broken, f"a point breaks {broken[0]}"
        self.values.append(None if columns is None else program.objectives[-1].value(columns))
        self.bounds.append(math.inf if bound is None else bound)
        self.seconds.append(seconds)

    def answer(self, said: str, promise: Promise, **facts: Any) -> Answer:
        """The sums of values and bounds, whose gap is the points' average; and each point's seconds. No value where a point has none."""
        seconds = [round(one, 4) for one in self.seconds]
        told = {"points": len(seconds), "loop": len(promise.counts), "median_s": float(np.median(seconds)), "values": self.values, "seconds": seconds}
        known = [value for value in self.values if value is not None]
        if len(known) < len(self.values):
            return Answer(None, math.fsum(self.bounds), said, None, {**told, **facts})
        gaps = [abs(bound - value) / max(abs(bound), 1) for value, bound in zip(known, self.bounds, strict=True)]
        return Answer(None, math.fsum(self.bounds), said, sum(known), {**told, "worst_gap": max(gaps), **facts})
