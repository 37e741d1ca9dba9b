"""What can be said of a problem before anything is solved: which rules are in force, what each promise comes to in seats, and which cannot all be kept.

Counts alone, in a moment: who is in the pool, which seats are in a promise's scope. Who may take which seat is not looked at, so what is said here is
certain, and what is not said may still be impossible.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from allocator.changes import plain
from allocator.constraints.reservation import Reservation, Rung
from allocator.domain import TABLES
from allocator.layers import Layers
from allocator.policy import ALWAYS, SECTIONS, entry_name
from allocator.problem import COMMITTED_STATUSES, Problem
from allocator.records import record
from allocator.rule import Rule

MOST_PINS = 500
By = Literal["policy", "default", "law"]
"""Why a rule is there: the policy says so, nobody has said anything else, or it always holds."""


@dataclass(frozen=True)
class InForce:
    """A rule or goal as it stands, also one that is switched off; `entry` has its parameters as plain JSON data."""

    section: str
    kind: str
    label: str
    name: str
    by: By
    enabled: bool
    entry: dict[str, Any]


@dataclass(frozen=True)
class Promise:
    """A reservation in seats and people. `people` counts the pool, `seats` the openings of the promise's scope that it still covers."""

    label: str
    who: str
    where: str
    mode: str
    denominator: str
    rounding: str
    seats: int
    promised: int | None
    """None where the promise moves with the plan."""
    people: int


@dataclass(frozen=True)
class Notice:
    """Something that cannot be kept in full, found by counting."""

    code: Literal["few_people", "promised_twice"]
    labels: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class Outlook:
    """A problem before it is solved."""

    people: int
    openings: int
    reference: int | None
    """People in the reference; None where there is none, so that nobody's moves can be limited."""
    rules: Sequence[InForce]
    promises: Sequence[Promise]
    notices: Sequence[Notice]
    pins: Sequence[dict[str, Any]]
    """What people have decided about pairs, as plain values; the first `MOST_PINS`."""

    def as_dict(self) -> dict[str, Any]:
        """The outlook as plain JSON data."""
        return asdict(self)


def outlook(problem: Problem, layers: Layers) -> Outlook:
    """What can be said of a problem whose policy has these layers."""
    kept = [rule for rule in problem.policy.constraints if isinstance(rule, Reservation)]
    promises = [_promise(problem, rule) for rule in kept]
    notices = [*(notice for promise in promises for notice in _few_people(promise)), *_promised_twice(problem, kept)]
    reference = len(problem.scenario.tables["reference"]) if problem.scenario.has("reference") else None
    rules = list(_in_force(problem, layers))
    return Outlook(int(problem.in_pool.sum()), int(problem.openings.sum()), reference, rules, promises, notices, list(_pins(problem)))


def _pins(problem: Problem) -> Iterator[dict[str, Any]]:
    frame = problem.scenario.tables.get("pins")
    for number in range(0 if frame is None else min(len(frame), MOST_PINS)):
        assert frame is not None
        keys = {name: str(frame[name].iat[number]) for name in TABLES["pins"].keys}
        yield {**keys, **plain(dict(record(TABLES["pins"], frame, number)))}


def _in_force(problem: Problem, layers: Layers) -> Iterator[InForce]:
    """Section by section, in the policy's own order; what holds without being named comes where it takes effect."""
    resolved = {"eligibility": problem.eligibility, "constraints": problem.policy.constraints, "goals": problem.goals}
    for section in SECTIONS:
        said: Sequence[Rule] = getattr(layers.policy, section) or ()
        named = {(rule.kind, rule.label) for rule in said}
        silent = [rule for rule in resolved[section] if (rule.kind, rule.label) not in named]
        if section == "goals":
            yield from (_told(rule, "default") for rule in silent)
        yield from (_told(rule, "policy") for rule in said)
        if section != "goals":
            yield from (_told(rule, "law" if rule.kind in ALWAYS else "default") for rule in silent)


def _told(rule: Rule, by: By) -> InForce:
    entry = rule.model_dump(mode="json")
    return InForce(rule.folder, rule.kind, rule.label, entry_name(entry), by, rule.enabled, {name: entry[name] for name in entry if name not in _HEAD})


_HEAD = ("kind", "label", "enabled")


def _promise(problem: Problem, rule: Reservation) -> Promise:
    rungs = rule.rungs(problem)
    promised = None if rule.denominator == "filled" else sum(rule.promises(problem))
    seats = sum(rung.seats for rung in rungs)
    who, where = rule.beneficiaries.describe(), rule.scope.describe()
    return Promise(rule.label, who, where, rule.mode, rule.denominator, rule.rounding, seats, promised, _people(problem, rungs[0]))


def _people(problem: Problem, rung: Rung) -> int:
    """Beneficiaries who could hold a seat: those in the pool, and those who hold one already."""
    could = problem.in_pool.copy()
    could[problem.commitments(COMMITTED_STATUSES).seeker] = True
    return int((rung.members & could).sum())


def _few_people(promise: Promise) -> Iterator[Notice]:
    """A promise to more people than there are."""
    if promise.mode == "cap" or promise.promised is None or promise.promised <= promise.people:
        return
    verb = "is" if promise.promised == 1 else "are"
    message = f"{_seats(promise.promised)} {verb} promised to {promise.who}, but only {promise.people} of the people in the pool belong there."
    yield Notice("few_people", (promise.label,), message)


def _promised_twice(problem: Problem, kept: Sequence[Reservation]) -> Iterator[Notice]:
    """Promises inside one scope that add up to more than its seats: they can be kept together only by people who count for several."""
    firm = [(rule, rule.scope.members(problem), sum(rule.promises(problem))) for rule in kept if rule.mode != "cap" and rule.denominator != "filled"]
    seen: set[tuple[str, ...]] = set()
    for rule, scope, _ in firm:
        inside = [(other.label, promised) for other, slots, promised in firm if not (slots & ~scope).any()]
        labels, seats, total = tuple(label for label, _ in inside), int(problem.openings[scope].sum()), sum(promised for _, promised in inside)
        if len(inside) < 2 or total <= seats or labels in seen:
            continue
        seen.add(labels)
        share = f"{total / seats:.0%} of its {_seats(seats)}" if seats else "more than none, and there are no seats"
        message = f"Promises in {rule.scope.describe()} add up to {total}, {share}. They can all be kept only by people who count for several of them."
        yield Notice("promised_twice", labels, message)


def _seats(count: int) -> str:
    return f"{count} seat{'' if count == 1 else 's'}"
