"""The layers of a policy laid one on the other: plain data, who set what, and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from allocator.documents import Document
from allocator.errors import Fault, InputError
from allocator.policy import DEFAULT_GOALS, SECTIONS, Policy, entry_fault, entry_name, free_label

DEFAULT = "default"

Key = tuple[str, str, str]
"""An entry: section, kind, label."""


def entry_place(place: str) -> str:
    """The entry that a place lies in, `section.kind[label]`; nothing where it lies in none."""
    entry = re.match(r"(?:eligibility|constraints|goals)\.\w+(?:\[.*?\](?=\.|$))?", place)
    return entry.group() if entry else ""


def flat(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The values inside a value, each with its place."""
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            yield from flat(f"{place}.{key}", part)
    else:
        yield place, value


class Origin(NamedTuple):
    """Who set a value: a layer and, where it is a list of changes, the change's number in it, counted from 1."""

    layer: str
    number: int | None = None

    def placed(self, fault: Fault) -> Fault:
        """The fault at this origin."""
        return replace(fault, file=self.layer, column=fault.column if self.number is None else change_place(self.number, fault.column))


def change_place(number: int, path: str) -> str:
    """Where a change stands in its list, and what it is about."""
    return f"changes[{number}]" + (f": {path}" if path else "")


@dataclass
class Stack:
    """The layers laid so far, from the bottom: plain data, who set what, and what is wrong."""

    plain: Document = field(default_factory=dict)
    order: list[Key] = field(default_factory=list)
    entries: dict[Key, Document] = field(default_factory=dict)
    sources: dict[str, Origin] = field(default_factory=dict)
    """The layer that set each value."""
    touched: dict[str, Origin] = field(default_factory=dict)
    """The last layer that spoke of each entry."""
    faults: list[Fault] = field(default_factory=list)

    def document(self) -> Document:
        """What the layers say together."""
        return {**self.plain, **{section: [self.entries[key] for key in self.order if key[0] == section] for section in self.plain if section in SECTIONS}}

    def record(self, place: str, value: Any, origin: Origin) -> None:
        """Remember who has set a value, and with it everything inside."""
        self.forget(place)
        for leaf, _ in flat(place, value):
            self.sources[leaf] = origin

    def forget(self, place: str) -> None:
        """Forget who has set a value and what is inside."""
        for known in [known for known in self.sources if known.startswith(f"{place}.")]:
            del self.sources[known]
        self.sources.pop(place, None)

    def drop(self, key: Key) -> None:
        """Take an entry away, and who has set what in it."""
        place = f"{key[0]}.{entry_name(self.entries.pop(key))}"
        self.order.remove(key)
        self.forget(place)
        self.touched.pop(place, None)

    def set_by(self, place: str) -> Origin | None:
        """Who set a value, or the whole that it is a part of."""
        return next((self.sources[whole] for whole in _outwards(place) if whole in self.sources), None)

    def origins(self, values: Mapping[str, Any]) -> dict[str, str]:
        """The layer of each of a policy's values."""
        found = {place: self.set_by(place) or self._short_for(place, value, values) for place, value in values.items()}
        return {place: DEFAULT if origin is None else origin.layer for place, origin in found.items()}

    def _short_for(self, place: str, value: Any, values: Mapping[str, Any]) -> Origin | None:
        """Who set a value by another word: `{partner = "A"}` for `partners`, `{after_days = 3}` for `steps`."""
        table = place.rpartition(".")[0] + "."
        inside = (origin for known, origin in self.sources.items() if known.startswith(table) and known not in values)
        return next(inside, None) if value not in (None, [], {}, "") and len(table) > len(entry_place(place)) + 1 else None

    def origin_at(self, place: str) -> Origin | None:
        """Where to look for a fault at a place: the one that set the value, else the last that spoke of the entry."""
        return self.set_by(place) or next((self.touched[whole] for whole in _outwards(place) if whole in self.touched), None)


def _outwards(place: str) -> Iterator[str]:
    """A place, then what it is a part of, outwards: `a.b[c].d[2].e`, `a.b[c].d[2]`, `a.b[c].d`, `a.b[c]`."""
    least = len(entry_place(place))
    while place:
        yield place
        cut = max(place.rfind("."), place.rfind("["))
        place = place[:cut] if cut >= max(least, 1) else ""


def lay(stack: Stack, layer: str, document: Document) -> None:
    """Put one layer on top."""
    for name, value in document.items():
        if name in SECTIONS and isinstance(value, list):
            stack.plain.setdefault(name, [])
            _lay_entries(stack, layer, name, value)
        elif name == "limits" and isinstance(value, dict) and isinstance(stack.plain.get(name, {}), dict):
            stack.plain[name] = {**stack.plain.get(name, {}), **value}
            for key, part in value.items():
                stack.record(f"limits.{key}", part, Origin(layer))
        elif name in SECTIONS:
            # Policy says what is wrong with it, about the layer that said it.
            stack.faults += _faults_of({name: value}, layer)
        else:
            stack.plain[name] = value
            stack.record(name, value, Origin(layer))


def _faults_of(document: Document, layer: str) -> tuple[Fault, ...]:
    try:
        Policy.from_dict(document, file=layer)
    except InputError as error:
        return error.faults
    return ()


def _lay_entries(stack: Stack, layer: str, section: str, entries: Sequence[Any]) -> None:
    if section == "goals":
        for key in [key for key in stack.order if key[0] == section]:
            stack.drop(key)
    used: set[tuple[str, str]] = set()
    for number, entry in enumerate(entries, start=1):
        wrong = entry_fault(section, number, entry, layer)
        if wrong is not None:
            stack.faults.append(wrong)
            continue
        kind, label = entry["kind"], entry.get("label") or free_label(entry["kind"], used)
        if (kind, label) in used:
            place = f"{section}.{entry_name(entry)}"
            stack.faults.append(
                Fault(
                    "duplicate_label", f"Two {kind} entries have the label {label!r}.", "Give each its own label.", file=layer, column=place, value=str(label)
                )
            )
        used.add((kind, label))
        _merge(stack, layer, (section, kind, str(label)), entry)


def _merge(stack: Stack, layer: str, key: Key, entry: Document) -> None:
    """An entry over the one of the same kind and label below, key by key."""
    if key not in stack.entries:
        stack.order.append(key)
        stack.entries[key] = {}
    below = stack.entries[key]
    below.update({**entry, "label": entry.get("label", key[2])})
    place = f"{key[0]}.{entry_name(below)}"
    stack.touched[place] = Origin(layer)
    for name, value in entry.items():
        if name not in ("kind", "label"):
            stack.record(f"{place}.{name}", value, Origin(layer))


def write_out_defaults(stack: Stack, wanted: set[str], own_pairs: bool) -> None:
    """Where an edit speaks of a section that the files leave to the default, the default's entries are what there is to set."""
    kinds = {"goals": DEFAULT_GOALS, "eligibility": () if own_pairs else Policy.default_eligibility()}
    for section in sorted(wanted & set(kinds) - set(stack.plain)):
        stack.plain[section] = []
        for kind in kinds[section]:
            stack.order.append((section, kind, kind))
            stack.entries[section, kind, kind] = {"kind": kind, "label": kind}
