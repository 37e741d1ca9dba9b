"""What each staff member does next morning, kind of task by kind of task, the most urgent kind first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np

from allocator.report_tables.base import Field, ReportTable, from_rows
from allocator.report_tables.changes import change_of
from allocator.report_tables.material import Material
from allocator.wording import refused_for

ABOUT = (
    "What each staff member does next morning, kind of task by kind of task: people whose slot is gone or another come first, then contracts, offers and "
    "referrals; within a kind, what is due first. Lines of nobody are at the end: name somebody for them."
)
FIELDS = (
    Field("staff_id", "Staff"),
    Field("role", "Role"),
    Field("number", "No.", "whole"),
    Field("task", "What to do"),
    Field("seeker_id", "Seeker"),
    Field("slot_id", "Slot"),
    Field("employer_id", "Employer"),
    Field("due", "By", "day"),
    Field("why", "Why"),
)
FIRST_VISIT = timedelta(days=14)
"""Monitoring begins with a visit in the first two weeks."""
MOST_ALIKE = 10
"""People a staff member is told to invite in one morning, first served first; the others are on the sheet of the unplaced."""

TASKS = (
    "Tell them that the slot of the last plan is gone",
    "Tell them that the slot has changed",
    "Prepare contract and training plan",
    "Ask for the answer to the offer",
    "Refer to the employer",
    "Tell them about the referral",
    "Follow up the referral",
    "Visit the trainee",
    "Look for people for open seats",
    "Renew the consent to referral",
    "Book the OJT workshop",
)
"""Every kind of task, the most urgent first; a worklist is in this order whatever day its tasks are due, and in that of the days within a kind."""
_OF_STATUS = {
    "accepted": TASKS[2],
    "offered": TASKS[3],
    None: TASKS[4],
    "proposed": TASKS[4],
    "referred": TASKS[6],
    "started": TASKS[7],
}
_OF_RULE = {"consent": TASKS[9], "workshop": TASKS[10]}


class Task(NamedTuple):
    """One thing to do; `staff` is a position, -1 for nobody's."""

    staff: int
    task: str
    seeker: int
    slot: int
    due: date | None
    why: str
    place: int = 0
    """Place among tasks of the same kind and day."""


def worklist(material: Material) -> ReportTable:
    """One line a task."""
    facts = material.facts
    ids, role, employer = facts.ids("staff"), facts.coded("staff", "role"), facts.coded("slots", "employer_id")
    seekers, slots = facts.ids("seekers"), facts.ids("slots")
    numbers: Counter[int] = Counter()
    rows = []
    for task in sorted(_tasks(material), key=_urgency):
        numbers[task.staff] += 1
        nobody = task.staff < 0
        rows.append(
            (
                None if nobody else ids[task.staff], None if nobody else role.text(task.staff), numbers[task.staff], task.task,
                None if task.seeker < 0 else seekers[task.seeker], None if task.slot < 0 else slots[task.slot],
                None if task.slot < 0 else employer.text(task.slot), task.due, task.why,
            )
        )  # fmt: skip
    return from_rows("worklist", "Staff worklist", ABOUT, FIELDS, rows)


def _urgency(task: Task) -> tuple[Any, ...]:
    """Staff in the order of their ids, nobody last; then by task, day, slot and seeker."""
    return (task.staff < 0, task.staff, TASKS.index(task.task), task.due or date.max, task.place, task.slot, task.seeker)


def _tasks(material: Material) -> Iterator[Task]:
    yield from _of_assignments(material)
    yield from _of_changes(material)
    yield from _of_open_seats(material)
    yield from _of_unplaced(material)


def _of_assignments(material: Material) -> Iterator[Task]:
    """The representative's next step with the employer, and the coach's word to the seeker where the assignment is new."""
    problem, facts, plan = material.problem, material.facts, material.plan
    status, since = facts.coded("commitments", "status"), facts.days("commitments", "since")
    held_before = dict(material.before or ())
    for seeker, slot in zip(plan.seeker.tolist(), plan.slot.tolist(), strict=True):
        record = material.history.get((seeker, slot))
        known = None if record is None else status.text(record)
        day = None if record is None else _date(since[record])
        start, last = _date(facts.days("slots", "start_date")[slot]), _date(facts.days("slots", "fill_by")[slot])
        due = min((one for one in (start, last) if one is not None), default=None)
        if known == "started":
            due = None if day is None else day + FIRST_VISIT
        elif known == "accepted":
            due = start
        task = _OF_STATUS.get(known, TASKS[4])
        why = f"{known} on {day.isoformat()}" if known and day else known or ("in this plan" if start is None else f"starts on {start.isoformat()}")
        yield Task(int(problem.slot_staff[slot]), task, seeker, slot, due, why)
        if task == TASKS[4] and str(facts.ids("seekers")[seeker]) not in held_before:
            yield Task(int(problem.seeker_staff[seeker]), TASKS[5], seeker, slot, due, why)


def _of_changes(material: Material) -> Iterator[Task]:
    facts, now = material.facts, dict(material.plan.named())
    for seeker_id, old in sorted(material.before or ()):
        who, slot = facts.position("seekers", seeker_id), facts.position("slots", now.get(seeker_id, ""))
        change = change_of(old, now.get(seeker_id))
        if who >= 0 and change is not None:
            why = f"{old} before, {now[seeker_id]} now" if change == "moved" else f"{old} before"
            yield Task(int(material.problem.seeker_staff[who]), TASKS[1] if change == "moved" else TASKS[0], who, slot, None, why)


def _of_open_seats(material: Material) -> Iterator[Task]:
    problem, facts = material.problem, material.facts
    last, admitted = facts.days("slots", "fill_by"), np.bincount(material.pairs.slot, minlength=len(problem.openings))
    free = problem.openings - material.filled
    for slot in np.flatnonzero((free > 0) & ~(last < problem.as_of)).tolist():
        seats = f"{free[slot]} of {problem.openings[slot]} seats open"
        yield Task(int(problem.slot_staff[slot]), TASKS[8], -1, slot, _date(last[slot]), f"{seats}; {admitted[slot]} people are eligible")


def _of_unplaced(material: Material) -> Iterator[Task]:
    """People in the pool whom a missing workshop or consent keeps from every slot: the first of each list, and how many more there are."""
    problem = material.problem
    waiting = problem.in_pool.copy()
    waiting[material.plan.seeker] = False
    waited, nobody = problem.days_since("seekers", "pool_entry_date"), np.empty(0, dtype=np.int32)
    for rule in problem.eligibility:
        if rule.kind in _OF_RULE and rule.looks_at == "seeker":
            refused = np.flatnonzero(waiting & ~rule.mask(problem, np.arange(len(waiting), dtype=np.int32), nobody))
            told: Counter[int] = Counter()
            for seeker in refused[np.lexsort((refused, -waited[refused], problem.tiers[refused]))].tolist():
                staff = int(problem.seeker_staff[seeker])
                told[staff] += 1
                if told[staff] <= MOST_ALIKE:
                    yield Task(staff, _OF_RULE[rule.kind], seeker, -1, None, rule.reason(problem, seeker, -1), told[staff])
            for staff, count in sorted(told.items()):
                if count > MOST_ALIKE:
                    more = f"and {count - MOST_ALIKE:,} more: see Unplaced, refused for {refused_for(rule.name)}"
                    yield Task(staff, _OF_RULE[rule.kind], -1, -1, None, more, MOST_ALIKE + 1)


def _date(day: np.datetime64) -> date | None:
    return None if np.isnat(day) else day.astype("datetime64[D]").item()
