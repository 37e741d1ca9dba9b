"""When a held seat is let go, and to whom: a ladder of steps, each with a deadline.

    release = {after_days = 10, calendar = "business"}                                  open to everybody, 10 business days after posting
    release = [{to = "any_partner", after_days = 5}, {before_start_days = 14}]          to any partner first, to everybody 14 days before start

A step fires for a slot on the day that is `after_days` after its posting, or `before_start_days` before its start, whichever comes
first. A slot stands on the highest step that has fired by `as_of`; a step replaces the one before it, so name both groups to widen
a circle. A day that is not recorded fires nothing, and a release without steps never lets go.

Business days leave out weekends and the policy's `holidays`; the first day is not counted, the last one is: ten business days after
a Monday is the Monday two weeks later, one business day after a Friday or a Saturday is the Monday.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from allocator.errors import Fault
from allocator.groups import Beneficiaries, unknown_names
from allocator.scenario import NO_DAY, Dates, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem
    from allocator.rule import Rule


class Step(BaseModel):
    """One rung of a release: whom the slot opens to, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Annotated[Literal["open"] | Beneficiaries, Field(union_mode="left_to_right")] = Field(
        "open", description="Whom the slot opens to: open (everybody), or beneficiaries."
    )
    after_days: int | None = Field(None, ge=0, le=3650, description="Days after posting.")
    before_start_days: int | None = Field(None, ge=0, le=3650, description="Days before the start.")
    calendar: Literal["calendar", "business"] = Field("calendar", description="Whether days are calendar days or business days.")

    @model_validator(mode="after")
    def _has_a_deadline(self) -> Step:
        if self.after_days is None and self.before_start_days is None:
            raise ValueError("a release step needs after_days, before_start_days or both")
        return self

    def fires_on(self, problem: Problem) -> Dates:
        """Per slot, the first day the step is in force; NaT where it never is."""
        # fmin: the earlier of the two, and the known one where only one is known.
        return np.fmin(self._after_posting(problem), self._before_start(problem))

    def _after_posting(self, problem: Problem) -> Dates:
        posted = problem.scenario.days("slots", "posted_date")
        return np.full(len(posted), NO_DAY) if self.after_days is None else np.maximum(posted, self._moved(posted, self.after_days, problem))

    def _before_start(self, problem: Problem) -> Dates:
        start = problem.scenario.days("slots", "start_date")
        return np.full(len(start), NO_DAY) if self.before_start_days is None else self._moved(start, -self.before_start_days, problem)

    def _moved(self, days: Dates, by: int, problem: Problem) -> Dates:
        if self.calendar == "calendar":
            return np.asarray(days + np.timedelta64(by, "D"))
        moved, known = days.copy(), ~np.isnat(days)
        moved[known] = np.busday_offset(days[known], by, roll="backward", holidays=list(problem.policy.holidays))
        return moved

    @property
    def whom(self) -> str:
        """Whom the slot opens to, in words."""
        return "everybody" if self.to == "open" else self.to.describe()

    def describe(self) -> str:
        """When it fires, in words: `10 business days after posting or 14 business days before the start`."""
        return " or ".join(words for words in (self._words(self.after_days, "after posting"), self._words(self.before_start_days, "before the start")) if words)

    def because(self, problem: Problem, slot: int) -> str:
        """The same for one slot: the trigger that sets its day."""
        posting, start = self._after_posting(problem)[slot], self._before_start(problem)[slot]
        first = not np.isnat(posting) and not posting > start
        return self._words(self.after_days, "after posting") if first else self._words(self.before_start_days, "before the start")

    def _words(self, days: int | None, moment: str) -> str:
        unit = "business day" if self.calendar == "business" else "day"
        return "" if days is None else f"{days} {unit}{'' if days == 1 else 's'} {moment}"


class Release(BaseModel):
    """The steps by which a held slot is let go; written as one table or a list of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: tuple[Step, ...] = Field((), description="Steps, first to last; none means that the slot is never released.")

    @model_validator(mode="before")
    @classmethod
    def _from_tables(cls, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return {"steps": value}
        if isinstance(value, dict) and value and "steps" not in value:
            return {"steps": [value]}
        return value

    @model_validator(mode="after")
    def _each_step_can_matter(self) -> Release:
        for number, step in enumerate(self.steps[:-1], start=1):
            if step.to == "open":
                raise ValueError(f"release step {number} already opens the slot to everybody; no step can follow it")
        return self

    def rungs(self, problem: Problem) -> Positions:
        """Per slot, the highest step that has fired, counted from 1; 0 where the slot is not released."""
        rung = np.zeros(problem.scenario.size("slots"), dtype=np.int32)
        for number, step in enumerate(self.steps, start=1):
            rung[step.fires_on(problem) <= problem.as_of] = number
        return rung

    def to(self, rung: int) -> Beneficiaries | None:
        """Whom a slot on this rung (1 or higher) is open to; None for everybody."""
        whom = self.steps[rung - 1].to
        return None if whom == "open" else whom

    def describe(self, rung: int) -> str:
        """When a slot reaches this rung, in words; rung 0 is `not released`."""
        return "not released" if rung == 0 else self.steps[rung - 1].describe()

    def why(self, problem: Problem, slot: int) -> str:
        """A sentence about one slot: since when it has been released and why, or when it will be."""
        return f"{problem.scenario.ids('slots')[slot]} {self.state(problem, slot)}."

    def state(self, problem: Problem, slot: int) -> str:
        """The same without naming the slot: `is not released until 2026-11-16, 10 business days after posting`."""
        dates = [step.fires_on(problem)[slot] for step in self.steps]
        rung = int(self.rungs(problem)[slot])
        if rung:
            step = self.steps[rung - 1]
            return f"was released to {step.whom} on {dates[rung - 1]}, {step.because(problem, slot)}"
        ahead = [(date, step) for date, step in zip(dates, self.steps, strict=True) if not np.isnat(date)]
        if ahead:
            date, step = min(ahead, key=lambda dated: dated[0])
            return f"is not released until {date}, {step.because(problem, slot)}, and then to {step.whom}"
        return "is not released: the days that its release counts from are not recorded" if self.steps else "is never released"

    def faults(self, rule: Rule, problem: Problem) -> Iterator[Fault]:
        """Names that nothing answers to, and steps that can never fire because their day is in no table."""
        for number, step in enumerate(self.steps, start=1):
            field = f"release[{number}]"
            if step.to != "open":
                yield from unknown_names(rule, problem, step.to, f"{field}.to")
            columns = [column for days, column in ((step.after_days, "posted_date"), (step.before_start_days, "start_date")) if days is not None]
            if problem.scenario.has("slots") and not any(problem.scenario.has("slots", column) for column in columns):
                message = f"Release step {number} can never fire: the slots table has no {' and no '.join(columns)}."
                yield rule.fault("missing_column", message, f"Add slots.{columns[0]}.", field=field, severity="warning")
