"""Which runs have a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

PLANNED = ("optimal", "feasible")
"""Outcomes of runs that have found a plan."""


def has_plan(run: Mapping[str, Any]) -> bool:
    """Whether a run has found a plan that is still there."""
    return run["outcome"] in PLANNED and run["purged_at"] is None


def with_plan(runs: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The first of some runs whose plan is there."""
    return next(filter(has_plan, runs), None)
