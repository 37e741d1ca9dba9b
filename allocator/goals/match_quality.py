"""Better matches: the sum of the scores of all assignments is as large as can be.

    maximise  sum of score[i, j] x[i, j]  -  sum of price[r] x short[r] over promises with a price

The score of a pair is the user's own where the scenario brings pairs. Otherwise it is the weighted mean of the components, each 0 to 100, rounded half up to
two decimals; a component whose facts are not recorded is left out of the mean, and a pair of which nothing is known scores 50.

Why: a person who fits stays. Weights are inside this goal only; nothing here can buy a lower tier a seat.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Literal, cast

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, model_validator

from allocator.errors import Fault
from allocator.goals.base import Goal
from allocator.problem import Problem
from allocator.program import Draft, Objective
from allocator.quality.base import FULL, Component
from allocator.scenario import Integers, Positions

CHUNK = 1 << 20


class Weights(BaseModel):
    """How much each component counts; 0 leaves it out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    occupation: NonNegativeInt = Field(30, le=1000, description="Closeness of the slot's occupation to the career map.")
    skills: NonNegativeInt = Field(20, le=1000, description="Overlap of skills and credentials.")
    wage: NonNegativeInt = Field(15, le=1000, description="Gain over the wage floor.")
    commute: NonNegativeInt = Field(15, le=1000, description="Nearness.")
    waiting: NonNegativeInt = Field(10, le=1000, description="Days in the pool.")
    need: NonNegativeInt = Field(10, le=1000, description="Barriers to employment.")

    @model_validator(mode="after")
    def _something(self) -> Weights:
        if not any(self.model_dump().values()):
            raise ValueError("at least one weight must be above 0")
        return self


class MatchQuality(Goal):
    """Sum of scores, in points."""

    kind: Literal["match_quality"] = "match_quality"
    weights: Weights = Field(Weights(), description="Weights of the components of built-in scoring.")

    def faults(self, problem: Problem) -> Iterator[Fault]:
        if problem.scenario.has("pairs") and self.weights != Weights():
            yield self.fault(
                "unused_weights",
                "The scenario brings its own pairs and scores; weights have no effect.",
                "Take them out, or take pairs out.",
                field="weights",
                severity="warning",
            )

    def objectives(self, draft: Draft) -> Iterator[Objective]:
        charged, each = draft.charged("match_quality")
        column = np.concatenate([np.arange(len(draft.pairs), dtype=np.int64), charged])
        yield Objective(self.kind, self.label, column, np.concatenate([draft.pairs.score, -each]), scale=100, unit="points")

    def components(self, problem: Problem, seekers: Positions, slots: Positions) -> dict[str, Integers]:
        """Each component of these pairs in hundredths of a point; -1 where its facts are not recorded."""
        names = [name for name, weight in self.weights.model_dump().items() if weight]
        return {name: cast(Component, import_module(f"allocator.quality.{name}")).score(problem, seekers, slots) for name in names}

    def score(self, problem: Problem, seekers: Positions, slots: Positions) -> Integers:
        """Scores of these pairs in hundredths of a point."""
        starts = range(0, max(1, len(seekers)), CHUNK)
        return np.concatenate([self._score(problem, seekers[k : k + CHUNK], slots[k : k + CHUNK]) for k in starts])

    def _score(self, problem: Problem, seekers: Positions, slots: Positions) -> Integers:
        weights = self.weights.model_dump()
        total, weight = np.zeros(len(seekers), dtype=np.int64), np.zeros(len(seekers), dtype=np.int64)
        for name, fit in self.components(problem, seekers, slots).items():
            known = fit >= 0
            total += np.where(known, weights[name] * fit, 0)
            weight += np.where(known, weights[name], 0)
        mean = (2 * total + weight) // np.maximum(2 * weight, 1)
        return np.where(weight > 0, mean, FULL // 2)
