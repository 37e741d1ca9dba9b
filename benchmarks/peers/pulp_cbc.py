"""PuLP with CBC, its default solver. Times by the clock on the wall; the bound is read from CBC's log, because PuLP keeps none."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pulp

from benchmarks.instances import Instance
from benchmarks.peer import Answer, Laps, Terms
from benchmarks.peers.pulp_model import model, values

_NUMBER = r"(-?[\d.]+(?:e[+-]?\d+)?)"
_BOUNDS = (re.compile(rf"^(?:Lower|Upper) bound: +{_NUMBER}", re.MULTILINE), re.compile(rf"best possible {_NUMBER}"))
_RELAXED = re.compile(rf"^Continuous objective value is {_NUMBER}", re.MULTILINE)


def solve(instance: Instance, terms: Terms, laps: Laps) -> Answer:
    """CBC in the process that PuLP starts; writing and reading its files is part of solving, as PuLP's users have it."""
    with laps("load"):
        program = instance.program
    with laps("build"):
        problem, columns = model(program)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "cbc.log"
        solver = pulp.PULP_CBC_CMD(
            msg=False, timeLimit=terms.limit, gapRel=terms.gap, threads=terms.threads, timeMode="elapsed", logPath=str(log),
            options=[f"randomCbcSeed {terms.seed}"],
        )  # fmt: skip
        with laps("solve"):
            problem.solve(solver)
        said = log.read_text(errors="replace")
    found = values(problem, columns)
    best = None if found is None else program.objectives[0].value(found)
    ending = re.findall(r"^Result - .*$", said, flags=re.MULTILINE)
    return Answer(found, _bound(said, best, program.objectives[0].maximize), ending[-1] if ending else f"PuLP says {pulp.LpStatus[problem.status]}")


def _bound(said: str, value: int | None, maximize: bool) -> float | None:
    """The last bound in the log, which may stand there with either sign: the one that the value does not pass.

    Where the search ended, the value is the bound; where it never began, the linear relaxation's optimum is one.
    """
    if value is not None and re.search(r"^Result - Optimal solution found$", said, flags=re.MULTILINE):
        return float(value)
    numbers = [float(found) for pattern in _BOUNDS for found in pattern.findall(said)[-1:]] or [float(found) for found in _RELAXED.findall(said)[-1:]]
    if not numbers:
        return None
    possible = {numbers[0], -numbers[0]}
    if value is None:
        return abs(numbers[0])
    meant = [number for number in possible if (number >= value - 1e-6 if maximize else number <= value + 1e-6)]
    return min(meant, key=lambda number: abs(number - value)) if meant else None
