"""A policy: the wishes of one allocation. Rules in force, goals in order, limits; TOML and JSON both ways."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from allocator.constraints.base import Constraint
from allocator.eligibility.base import Eligibility
from allocator.errors import Fault, InputError
from allocator.goals.base import Goal
from allocator.registry import discover
from allocator.rule import Rule
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
    """When to stop."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: float | None = Field(None, gt=0, description="Seconds for solving, over all goals; unlimited where absent.")
    gap: Decimal = Field(Decimal(0), ge=0, lt=1, description="Relative gap at which a goal counts as done; 0 asks for proof.")


class Policy(BaseModel):
    """Rules in force, goals in order, limits.

    `eligibility` and `goals` are None where the policy does not speak of them; `resolved` fills in the defaults.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
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
        if faults:
            raise InputError(faults)
        return policy.model_copy(update={name: _labelled(parts[name]) for name in SECTIONS if name in parts})

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
        constraints = [rule for rule in self.constraints if rule.enabled]
        present = {rule.kind for rule in self.constraints}
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
        place = f"{section}[{number}]"
        kind = entry.get("kind") if isinstance(entry, Mapping) else None
        if kind not in known:
            close = get_close_matches(str(kind), known, 1)
            said = "The entry has no kind." if kind is None else f"{section} has no kind {kind!r}." + (f" Did you mean {close[0]!r}?" if close else "")
            faults.append(Fault("unknown_kind", said, f"Known kinds: {', '.join(known)}.", file=file, column=place, value=str(kind or "")))
            continue
        try:
            yield known[kind].model_validate(entry)
        except ValidationError as error:
            faults += _translated(error, known[kind], f"{place} {kind}", file)


def _translated(error: ValidationError, model: type[BaseModel], place: str, file: str) -> Iterator[Fault]:
    """What pydantic found, in the words of this package."""
    for found in error.errors(include_url=False):
        path = ".".join(str(part) for part in found["loc"])
        column = ": ".join(part for part in (place, path) if part)
        if found["type"] == "extra_forbidden":
            known = ", ".join(_keys_at(model, found["loc"][:-1]))
            yield Fault("unknown_key", f"There is no key {found['loc'][-1]!r} here.", f"Known keys: {known}.", file=file, column=column)
        elif found["type"] == "missing":
            yield Fault("missing_key", f"The key {path!r} is missing.", "Add it.", file=file, column=column)
        else:
            message = found["msg"].removeprefix("Value error, ")
            value = str(found["input"])[:40]
            yield Fault("bad_value", f"{message[:1].upper()}{message[1:]}; got {value}.", file=file, column=column, value=value)


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


def _labelled(entries: tuple[AnyRule, ...]) -> tuple[AnyRule, ...]:
    """Give each entry a label of its own: its kind, then `kind 2`, `kind 3`; the same label twice is a fault."""
    used: set[tuple[str, str]] = set()
    labelled = []
    for entry in entries:
        label = entry.label or entry.kind
        if (entry.kind, label) in used:
            if entry.label:
                message = f"Two {entry.kind} entries have the label {label!r}."
                raise InputError([Fault("duplicate_label", message, "Give each its own label.", file="policy", column=f"{entry.folder}.{entry.name}", value=label)])
            label = next(f"{entry.kind} {number}" for number in range(2, len(entries) + 2) if (entry.kind, f"{entry.kind} {number}") not in used)
        used.add((entry.kind, label))
        labelled.append(entry.model_copy(update={"label": label}))
    return tuple(labelled)
