"""A policy: the wishes of one allocation. Rules in force, goals in order, limits; TOML and JSON both ways."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from itertools import chain, count
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from allocator.constraints.base import Constraint
from allocator.eligibility.base import Eligibility
from allocator.errors import Fault, InputError
from allocator.goals.base import Goal
from allocator.registry import discover
from allocator.rule import Count, Rule
from allocator.scenario import Scenario

if TYPE_CHECKING:
    from allocator.goals.match_quality import MatchQuality

SECTIONS = ("eligibility", "constraints", "goals")
ALWAYS = ("one_slot_each", "slot_openings")
"""Constraints that hold whether the policy names them or not."""
WITH_TABLE = {"commitments": "commitments", "pins": "pins"}
"""Constraints that hold as soon as the scenario brings their table."""
DEFAULT_GOALS = ("priority_of_service", "placements", "match_quality")

AnyRule = TypeVar("AnyRule", bound=Rule)


class Limits(BaseModel):
    """When to stop, and how many pairs to look at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: float | None = Field(None, gt=0, description="Seconds for solving, over all goals; unlimited where absent.")
    gap: Decimal = Field(Decimal(0), ge=0, lt=1, description="Relative gap at which a goal counts as done; 0 asks for proof.")
    memory: float | None = Field(None, gt=0, description="Gigabytes that the process may hold while solving; unlimited where absent.")
    pairs_per_seeker: Count | None = Field(
        None, ge=1, description="Look at each seeker's best pairs only, so many of them; the result says what was left out. All where absent."
    )


class Policy(BaseModel):
    """Rules in force, goals in order, limits.

    `eligibility` and `goals` are None where the policy does not speak of them; `resolved` fills in the defaults.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("", description="Name of the policy in reports.")
    holidays: tuple[date, ...] = Field((), description="Days that do not count as business days, besides weekends.")
    eligibility: tuple[Eligibility, ...] | None = None
    constraints: tuple[Constraint, ...] = ()
    goals: tuple[Goal, ...] | None = None
    limits: Limits = Limits()

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], *, file: str = "policy") -> Policy:
        """A policy from plain data, as TOML or JSON give it.

        Raises
        ------
        InputError
            With every unknown kind, unknown key and wrong value at once.
        """
        faults: list[Fault] = []
        parts: dict[str, Any] = {}
        for name, value in document.items():
            if name in SECTIONS:
                parts[name] = tuple(_entries(name, value, faults, file))
            elif name in cls.model_fields:
                parts[name] = value
            else:
                known = ", ".join([*cls.model_fields, "extends"])
                faults.append(Fault("unknown_key", f"A policy has no key {name!r}.", f"Known keys: {known}.", file=file, column=name))
        try:
            policy = cls(**{name: value for name, value in parts.items() if name not in SECTIONS})
        except ValidationError as error:
            faults += _translated(error, cls, "", file)
            policy = cls()
        labelled = {name: tuple(_labelled(parts[name], faults, file)) for name in SECTIONS if name in parts}
        faults += _goals_said_twice(labelled.get("goals", ()), file)
        if faults:
            raise InputError(faults)
        return policy.model_copy(update=labelled)

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `from_dict` turns into the same policy."""
        document: dict[str, Any] = {"name": self.name, "holidays": [day.isoformat() for day in self.holidays], "limits": self.limits.model_dump(mode="json")}
        for section in SECTIONS:
            entries = getattr(self, section)
            if entries is not None:
                document[section] = [entry.model_dump(mode="json") for entry in entries]
        return document

    @property
    def digest(self) -> str:
        """SHA-256 of the policy in canonical JSON."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()

    def resolved(self, scenario: Scenario) -> Policy:
        """The policy with every default written out and every disabled entry left out.

        Where the policy is silent about eligibility, every eligibility rule that needs no choice of the policy's holds, unless the
        scenario brings its own pairs; where it is silent about goals, priority of service comes before placements before match quality.
        """
        faults: list[Fault] = []
        constraints = list(_labelled(tuple(rule for rule in self.constraints if rule.enabled), faults, "policy"))
        if faults:
            raise InputError(faults)
        present = {rule.kind for rule in constraints}
        for kind in (*ALWAYS, *(kind for kind, table in WITH_TABLE.items() if scenario.has(table))):
            if kind not in present:
                constraints.append(discover("constraints")[kind](kind=kind, label=kind))  # type: ignore[arg-type]
        return self.model_copy(
            update={
                "eligibility": tuple(_in_force(self.eligibility, [] if scenario.has("pairs") else _defaults("eligibility"))),
                "constraints": tuple(constraints),
                "goals": tuple(_in_force(self.goals, [discover("goals")[kind](kind=kind, label=kind) for kind in DEFAULT_GOALS])),
            }
        )

    def replacing(self, entries: Iterable[Constraint]) -> Policy:
        """The policy with these constraints in place of those of the same kind and label."""
        new = {(entry.kind, entry.label): entry for entry in entries}
        return self.model_copy(update={"constraints": tuple(new.get((rule.kind, rule.label), rule) for rule in self.constraints)})

    @staticmethod
    def default_eligibility() -> tuple[str, ...]:
        """Kinds of the eligibility rules that hold where the policy is silent: those that need no choice of the policy's."""
        return tuple(rule.kind for rule in _defaults("eligibility"))

    @property
    def match_quality(self) -> MatchQuality:
        """The goal that says how pairs are scored; the standard weights where the policy has none."""
        from allocator.goals.match_quality import MatchQuality

        return next((goal for goal in self.goals or () if isinstance(goal, MatchQuality)), MatchQuality())

    @property
    def local_tiers(self) -> tuple[tuple[str, ...], ...]:
        """Populations that the Governor or the local board put in priority tier 4, first served first."""
        from allocator.goals.priority_of_service import PriorityOfService

        return next((goal.local for goal in self.goals or () if isinstance(goal, PriorityOfService)), ())


def _in_force(entries: tuple[AnyRule, ...] | None, defaults: Sequence[Rule]) -> Iterator[Rule]:
    yield from (entry for entry in (defaults if entries is None else entries) if entry.enabled)


def _defaults(folder: str) -> list[Rule]:
    """The rules of a folder that need no parameters."""
    return [rule(kind=kind, label=kind) for kind, rule in discover(folder).items() if not any(info.is_required() for info in rule.model_fields.values())]


def _entries(section: str, entries: Any, faults: list[Fault], file: str) -> Iterator[Rule]:
    known = discover(section)
    if not isinstance(entries, (list, tuple)):
        faults.append(Fault("not_a_list", f"{section} must be a list of entries.", f"Write [[{section}]] before each entry.", file=file, column=section))
        return
    for number, entry in enumerate(entries, start=1):
        wrong = entry_fault(section, number, entry, file)
        if wrong is not None:
            faults.append(wrong)
            continue
        try:
            yield known[entry["kind"]].model_validate(entry)
        except ValidationError as error:
            faults += _translated(error, known[entry["kind"]], f"{section}.{entry_name(entry)}", file)


def entry_fault(section: str, number: int, entry: Any, file: str) -> Fault | None:
    """What is wrong with an entry before its keys are looked at: it is no table, or no rule is called what it says."""
    place, known = f"{section}[{number}]", discover(section)
    if not isinstance(entry, Mapping):
        return Fault(
            "not_a_table", f"Entry {number} of {section} is {entry!r}, not a table.", 'Write it as a table with kind = "...".', file=file, column=place
        )
    kind = entry.get("kind")
    if isinstance(kind, str) and kind in known:
        return None
    close = get_close_matches(str(kind), known, 1)
    said = "The entry has no kind." if kind is None else f"{section} has no kind {kind!r}." + (f" Did you mean {close[0]!r}?" if close else "")
    return Fault("unknown_kind", said, f"Known kinds: {', '.join(known)}.", file=file, column=place, value=str(kind or ""))


def entry_name(entry: Mapping[str, Any]) -> str:
    """How reports call an entry that is still plain data: `kind` or `kind[label]`."""
    kind, label = entry["kind"], entry.get("label", "")
    return kind if label in ("", kind) else f"{kind}[{label}]"


def _translated(error: ValidationError, model: type[BaseModel], place: str, file: str) -> Iterator[Fault]:
    """What pydantic found, in the words of this package."""
    for found in error.errors(include_url=False):
        path = ".".join(str(part) for part in found["loc"])
        column = ".".join(part for part in (place, path) if part)
        if found["type"] == "extra_forbidden":
            known = _keys_at(model, found["loc"][:-1])
            close = get_close_matches(str(found["loc"][-1]), known, 1)
            said = f"There is no key {found['loc'][-1]!r} here." + (f" Did you mean {close[0]!r}?" if close else "")
            yield Fault("unknown_key", said, f"Known keys: {', '.join(known)}.", file=file, column=column)
        elif found["type"] == "missing":
            yield Fault("missing_key", f"The key {path!r} is missing.", "Add it.", file=file, column=column)
        else:
            whole = isinstance(found["input"], Mapping)
            value = "" if whole else str(found["input"])[:40]
            yield Fault("bad_value", _wrong_value(found, path or place, value), _mend(found), file=file, column=column, value=value)


def _wrong_value(found: Mapping[str, Any], name: str, value: str) -> str:
    """What is wrong with a value: what it is, and what it may be."""
    limits, said = found.get("ctx", {}), f"{name} is {value}"
    if found["type"] in ("less_than_equal", "less_than"):
        return f"{said}; it must be {'at most' if found['type'] == 'less_than_equal' else 'below'} {limits.get('le', limits.get('lt'))}."
    if found["type"] in ("greater_than_equal", "greater_than"):
        return f"{said}; it must be {'at least' if found['type'] == 'greater_than_equal' else 'above'} {limits.get('ge', limits.get('gt'))}."
    if found["type"] == "literal_error":
        return f"{said}; it must be {limits['expected']}."
    message = str(found["msg"]).removeprefix("Value error, ")
    if "_" not in message.split(" ")[0] and message.split(" ")[1:2] != ["="]:  # a key keeps its spelling
        message = f"{message[:1].upper()}{message[1:]}"
    return f"{message}; {said}." if value and found["type"] != "value_error" else f"{message}."


def _mend(found: Mapping[str, Any]) -> str:
    """A hint where the mistake is a common one."""
    if found["type"] == "less_than_equal" and found["loc"][-1:] == ("share",):
        return "Shares run from 0 to 1: 30 % is 0.3."
    return ""


def _keys_at(model: type[BaseModel], path: Sequence[Any]) -> list[str]:
    """The keys allowed at a path inside a model, as far as its annotations tell."""
    for part in path:
        if isinstance(part, int):
            continue
        annotation = getattr(model.model_fields.get(part), "annotation", None)
        for inner in (annotation, *getattr(annotation, "__args__", ())):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                model = inner
                break
    return list(model.model_fields)


def _labelled(entries: tuple[AnyRule, ...], faults: list[Fault], file: str) -> Iterator[AnyRule]:
    """Give each entry a label of its own: its kind, then `kind 2`, `kind 3`; the same label twice is a fault."""
    used: set[tuple[str, str]] = set()
    for entry in entries:
        if entry.label and (entry.kind, entry.label) in used:
            place = f"{entry.folder}.{entry.name}"
            message = f"Two {entry.kind} entries have the label {entry.label!r}."
            faults.append(Fault("duplicate_label", message, "Give each its own label.", file=file, column=place, value=entry.label))
        label = entry.label or free_label(entry.kind, used)
        used.add((entry.kind, label))
        yield entry.model_copy(update={"label": label})


def free_label(kind: str, used: Container[tuple[str, str]]) -> str:
    """The label of an entry that has none of its own: the kind, else `kind 2`, `kind 3` and so on."""
    return next(label for label in chain([kind], (f"{kind} {number}" for number in count(2))) if (kind, label) not in used)


def _goals_said_twice(goals: Iterable[Goal], file: str) -> Iterator[Fault]:
    """A goal that is already held cannot be improved again."""
    for kind, times in Counter(goal.aim for goal in goals if goal.enabled).items():
        if times > 1:
            yield Fault("duplicate_goal", f"The goal {kind} is listed {times} times; only the first counts.", "Keep one of them.", file=file, column="goals")
