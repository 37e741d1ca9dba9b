"""Rules that compare a plan with an earlier one. Where the data brings none, a scenario with such a rule can be kept, and each of its runs says which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from allocator.errors import Fault, InputError
from allocator.inputs import Inputs
from allocator.problem import Problem

NO_REFERENCE = "no_reference"
"""Code of the fault of a rule that has nothing to compare with."""
LOOK_BACK = ("change_limit", "stability")
"""Kinds of rules that compare."""
MEND = "Each run of it needs reference_run: a run with a plan to compare with, such as that of a publication."


def left_to_runs(faults: Iterable[Fault]) -> Iterator[Fault]:
    """The faults of a scenario; what a run mends that says what to compare with is a warning."""
    return (replace(fault, severity="warning", fix=MEND) if fault.code == NO_REFERENCE else fault for fault in faults)


def problem_of(inputs: Inputs) -> tuple[Problem, list[Fault]]:
    """The facts and wishes of a scenario together, and what is odd about them; InputError with everything where they do not fit."""
    problem, found = inputs.placing(lambda: _looked_at(Problem(inputs.scenario, inputs.layers.policy)))
    faults = [inputs.layers.placed(fault) for fault in left_to_runs(found)]
    if any(fault.severity == "error" for fault in faults):
        raise InputError(faults)
    return problem, faults


def _looked_at(problem: Problem) -> tuple[Problem, list[Fault]]:
    return problem, list(problem.faults())


def needs_reference(faults: Iterable[Fault]) -> bool:
    """Whether each run must say what to compare with."""
    return any(fault.code == NO_REFERENCE for fault in faults)
