"""A policy in layers: a file, the files it extends, and `--set` on top; with the layer that set each value.

    extends = "../base/policy.toml"     relative to the file; the base may itself extend another

The upper layer wins. Plain keys replace; `limits` merges key by key; entries of `eligibility` and `constraints` merge key by key with the entry of
the same kind and label below (an entry without a label has its kind for one), others are appended; `enabled = false` switches one off. `goals` replace
the goals below as a whole, because their order matters. `--set` changes what is there, and never adds an entry; `key=` without a value takes the key out.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from allocator.errors import Fault, InputError
from allocator.policy import DEFAULT_GOALS, SECTIONS, Limits, Policy, entry_fault, entry_name, free_label
from allocator.registry import discover

Document = dict[str, Any]

SET = "--set"
DEFAULT = "default"
SYNTAX = "Write section.kind[label].key=value, for example constraints.reservation[partner].share=0.4 or limits.time=60."

_ENTRY = re.compile(r"(?P<section>eligibility|constraints|goals)\.(?P<kind>\w+)(?:\[(?P<label>.*?)\])?\.(?P<keys>[\w-]+(?:\.[\w-]+)*)=(?P<value>.*)", re.DOTALL)
_PLAIN = re.compile(r"(?P<keys>\w+(?:\.\w+)*)=(?P<value>.*)", re.DOTALL)
_WHERE = re.compile(r" ?\(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


@dataclass(frozen=True)
class Layers:
    """A policy, and which layer set each of its values: `constraints.reservation[partner].share` -> `policy.toml`, `--set` or `default`."""

    policy: Policy
    origins: Mapping[str, str]
    _stack: _Stack

    def placed(self, fault: Fault) -> Fault:
        """A fault of the policy with the layer that its reader has to open in place of the word `policy`."""
        return replace(fault, file=self._stack.layer_at(fault.column) or fault.file) if fault.file == "policy" else fault


def load_policy(path: str | Path | None, sets: Sequence[str] = (), *, own_pairs: bool = False) -> Policy:
    """The policy in a TOML or JSON file (the built-in one where None) with the files it extends and `--set` changes.

    Raises
    ------
    InputError
        With everything that is wrong in any layer.
    """
    return load_layers(path, sets, own_pairs=own_pairs).policy


def load_layers(path: str | Path | None, sets: Sequence[str] = (), *, own_pairs: bool = False) -> Layers:
    """The same, with the layer that set each value.

    Parameters
    ----------
    own_pairs
        The scenario brings its own pairs; where the policy is silent about eligibility, no such rule is then there to be set.
    """
    stack = _Stack()
    for name, document in reversed(_chain(Path(path), stack.faults) if path is not None else []):
        _lay(stack, name, document)
    changes = [change for change in (_parsed(text, stack.faults) for text in sets) if change is not None]
    _write_out_defaults(stack, {change.section for change in changes}, own_pairs)
    for change in changes:
        _apply(stack, change)
    name = Path(path).name if path is not None else "policy"
    policy = Policy()
    try:
        policy = Policy.from_dict(stack.document(), file="policy" if path is None else Path(path).name)
    except InputError as error:
        stack.faults += [replace(fault, file=stack.layer_at(fault.column) or fault.file) for fault in error.faults]
    if stack.faults:
        raise InputError(dict.fromkeys(stack.faults))
    return Layers(policy, stack.origins(leaves(policy)), stack)


def leaves(policy: Policy) -> Mapping[str, Any]:
    """Every value of a policy by its place, `section.kind[label].key`, as `--set` writes it."""
    found: dict[str, Any] = {}
    for name, value in policy.to_dict().items():
        for place, part in _entries_of(name, value) if name in SECTIONS else [(name, value)]:
            found.update(_flat(place, part))
    return found


def _entries_of(section: str, entries: Sequence[Document]) -> Iterator[tuple[str, Document]]:
    for entry in entries:
        yield f"{section}.{entry_name(entry)}", {key: value for key, value in entry.items() if key not in ("kind", "label")}


def entry_place(place: str) -> str:
    """The entry that a place lies in, `section.kind[label]`; nothing where it lies in none."""
    entry = re.match(r"(?:eligibility|constraints|goals)\.\w+(?:\[.*?\](?=\.|$))?", place)
    return entry.group() if entry else ""


def _flat(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            yield from _flat(f"{place}.{key}", part)
    else:
        yield place, value


# -- files ----------------------------------------------------------------------------------------------------------


def _chain(path: Path, faults: list[Fault]) -> list[tuple[str, Document]]:
    """The file and those it extends, the file itself first, each with the name that tells it from the others."""
    found: list[tuple[str, Document]] = []
    seen: list[Path] = []
    wanted: Path | None = path
    while wanted is not None:
        try:
            here = wanted.resolve()
        except (OSError, ValueError):
            faults.append(Fault("not_found", f"{str(wanted)[:200]!r} is not a path.", "Check the path.", file=found[-1][0] if found else "policy"))
            break
        if here in seen:
            circle = " extends ".join(step.name for step in [*seen[seen.index(here) :], here])
            faults.append(Fault("extends_cycle", f"The policy extends itself: {circle}.", "Take one `extends` out.", file=found[-1][0], column="extends"))
            break
        seen.append(here)
        name = wanted.name if all(wanted.name != other for other, _ in found) else f"{wanted.parent.name}/{wanted.name}"
        document = _read(wanted, name, faults, by=found[-1][0] if found else "")
        if document is None:
            break
        base = document.pop("extends", None)
        if base is not None and not (isinstance(base, str) and base):
            faults.append(Fault("bad_value", f"extends is {base!r}; it must be the path of one policy file.", file=name, column="extends"))
            base = None
        found.append((name, document))
        wanted = here.parent / base if base else None
    return found


def _read(path: Path, name: str, faults: list[Fault], by: str) -> Document | None:
    """One file as plain data; None, and a fault, where it cannot be had."""
    try:
        there = path.is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        extended = f" that {by} extends" if by else ""
        fix = "The path is relative to the file that extends." if by else "Check the path."
        faults.append(Fault("not_found", f"There is no policy file {path}{extended}.", fix, file=by or name, column="extends" if by else ""))
        return None
    try:
        raw = path.read_bytes()
        document = _parse_json(raw.decode("utf-8-sig")) if path.suffix.lower() == ".json" else _parse_toml(raw.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        faults.append(Fault("not_utf8", "The file is not UTF-8 text.", "Save it as UTF-8.", file=name, row=line))
    except InputError as error:
        faults += error.faults
    except json.JSONDecodeError as error:
        faults.append(Fault("bad_json", f"This is not JSON: {error.msg}.", "Mend the line.", file=name, row=error.lineno, column=str(error.colno)))
    except RecursionError:
        faults.append(Fault("cannot_read", "The file is nested too deeply to be a policy.", "Mend the file.", file=name))
    except (ValueError, OSError) as error:
        faults.append(Fault("cannot_read", f"The file cannot be read: {error}.", "Mend the file.", file=name))
    else:
        if isinstance(document, dict):
            return document
        faults.append(Fault("not_a_table", "A policy must be a table of keys, not a list or a single value.", file=name))
    return None


def _parse_toml(text: str, name: str) -> Any:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        where = _WHERE.search(str(error))
        line = int(where["line"]) if where and where["line"] else text.count("\n") + 1
        column = where["column"] if where and where["column"] else ""
        said = f"This is not TOML: {_WHERE.sub('', str(error))}."
        raise InputError([Fault("bad_toml", said, "Mend the line.", file=name, row=line, column=column)]) from None


def _parse_json(text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> Document:
        twice = sorted({key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1})
        if twice:
            raise ValueError(f"the key {twice[0]!r} is there twice")
        return dict(pairs)

    return json.loads(text, parse_float=Decimal, object_pairs_hook=once)


# -- merging --------------------------------------------------------------------------------------------------------


@dataclass
class _Stack:
    """The layers laid so far, from the bottom: plain data, who set what, and what is wrong."""

    plain: Document = field(default_factory=dict)
    order: list[tuple[str, str, str]] = field(default_factory=list)
    entries: dict[tuple[str, str, str], Document] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    """The layer that set each value."""
    touched: dict[str, str] = field(default_factory=dict)
    """The last layer that spoke of each entry."""
    faults: list[Fault] = field(default_factory=list)

    def document(self) -> Document:
        """What the layers say together."""
        return {**self.plain, **{section: [self.entries[key] for key in self.order if key[0] == section] for section in self.plain if section in SECTIONS}}

    def record(self, place: str, value: Any, layer: str) -> None:
        """Remember that a layer has set a value, and with it everything inside."""
        for known in [known for known in self.sources if known.startswith(f"{place}.")]:
            del self.sources[known]
        self.sources.pop(place, None)
        for leaf, _ in _flat(place, value):
            self.sources[leaf] = layer

    def set_by(self, place: str) -> str | None:
        """The layer that set a value, or the whole that it is a part of."""
        return next((self.sources[whole] for whole in _outwards(place) if whole in self.sources), None)

    def origins(self, values: Mapping[str, Any]) -> dict[str, str]:
        """The layer of each of a policy's values."""
        return {place: self.set_by(place) or self._short_for(place, value, values) or DEFAULT for place, value in values.items()}

    def _short_for(self, place: str, value: Any, values: Mapping[str, Any]) -> str | None:
        """The layer that set a value by another word: `{partner = "A"}` for `partners`, `{after_days = 3}` for `steps`."""
        table = place.rpartition(".")[0] + "."
        inside = (layer for known, layer in self.sources.items() if known.startswith(table) and known not in values)
        return next(inside, None) if value not in (None, [], {}, "") and len(table) > len(entry_place(place)) + 1 else None

    def layer_at(self, place: str) -> str | None:
        """The layer to open for a fault at a place: the one that set the value, else the last that spoke of the entry."""
        return self.set_by(place) or next((self.touched[whole] for whole in _outwards(place) if whole in self.touched), None)


def _outwards(place: str) -> Iterator[str]:
    """A place, then what it is a part of, outwards: `a.b[c].d[2].e`, `a.b[c].d[2]`, `a.b[c].d`, `a.b[c]`."""
    least = len(entry_place(place))
    while place:
        yield place
        cut = max(place.rfind("."), place.rfind("["))
        place = place[:cut] if cut >= max(least, 1) else ""


def _lay(stack: _Stack, layer: str, document: Document) -> None:
    """Put one layer on top."""
    for name, value in document.items():
        if name in SECTIONS and isinstance(value, list):
            stack.plain.setdefault(name, [])
            _lay_entries(stack, layer, name, value)
        elif name == "limits" and isinstance(value, dict) and isinstance(stack.plain.get(name, {}), dict):
            stack.plain[name] = {**stack.plain.get(name, {}), **value}
            for key, part in value.items():
                stack.record(f"limits.{key}", part, layer)
        elif name in SECTIONS:
            # Policy says what is wrong with it, about the layer that said it.
            stack.faults += _faults_of({name: value}, layer)
        else:
            stack.plain[name] = value
            stack.record(name, value, layer)


def _faults_of(document: Document, layer: str) -> tuple[Fault, ...]:
    try:
        Policy.from_dict(document, file=layer)
    except InputError as error:
        return error.faults
    return ()


def _lay_entries(stack: _Stack, layer: str, section: str, entries: Sequence[Any]) -> None:
    if section == "goals":
        for key in [key for key in stack.order if key[0] == section]:
            stack.order.remove(key)
            del stack.entries[key]
        for place in [place for place in stack.sources if place.startswith("goals.")]:
            del stack.sources[place]
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


def _merge(stack: _Stack, layer: str, key: tuple[str, str, str], entry: Document) -> None:
    """An entry over the one of the same kind and label below, key by key."""
    if key not in stack.entries:
        stack.order.append(key)
        stack.entries[key] = {}
    below = stack.entries[key]
    below.update({**entry, "label": entry.get("label", key[2])})
    place = f"{key[0]}.{entry_name(below)}"
    stack.touched[place] = layer
    for name, value in entry.items():
        if name not in ("kind", "label"):
            stack.record(f"{place}.{name}", value, layer)


def _write_out_defaults(stack: _Stack, wanted: set[str], own_pairs: bool) -> None:
    """Where `--set` speaks of a section that the files leave to the default, the default's entries are what there is to set."""
    kinds = {"goals": DEFAULT_GOALS, "eligibility": () if own_pairs else Policy.default_eligibility()}
    for section in sorted(wanted & set(kinds) - set(stack.plain)):
        stack.plain[section] = []
        for kind in kinds[section]:
            stack.order.append((section, kind, kind))
            stack.entries[section, kind, kind] = {"kind": kind, "label": kind}


# -- --set ----------------------------------------------------------------------------------------------------------


class _Change(NamedTuple):
    """One `--set`: the section, the entry (kind and label), the keys to follow, the new value."""

    text: str
    section: str
    kind: str
    label: str | None
    keys: list[str]
    value: Any


def _parsed(text: str, faults: list[Fault]) -> _Change | None:
    entry = _ENTRY.fullmatch(text)
    if entry is not None:
        return _Change(text, entry["section"], entry["kind"], entry["label"], entry["keys"].split("."), _value(entry["value"]))
    plain = _PLAIN.fullmatch(text)
    if plain is not None and not text.startswith(SECTIONS):
        return _Change(text, "", "", None, plain["keys"].split("."), _value(plain["value"]))
    faults.append(Fault("bad_set", f"{text!r} is not a change.", SYNTAX, file=SET, value=text))
    return None


def _value(text: str) -> Any:
    """A TOML value; what is none is a bare word; nothing at all takes the key out."""
    try:
        parsed = tomllib.loads(f"value = {text}", parse_float=Decimal)
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if len(parsed) == 1 else text


def _apply(stack: _Stack, change: _Change) -> None:
    if not change.section:
        _apply_plain(stack, change)
        return
    key = _target(stack, change)
    if key is None:
        return
    entry = stack.entries[key]
    place = f"{key[0]}.{entry_name(entry)}"
    if change.keys[0] in ("kind", "label"):
        stack.faults.append(Fault("bad_set", f"{change.keys[0]} cannot be set.", "Change it in the file.", file=SET, column=f"{place}.{change.keys[0]}"))
        return
    stack.touched[place] = SET
    if _put(stack, place, entry, change):
        stack.record(f"{place}.{'.'.join(change.keys)}", change.value, SET)


def _apply_plain(stack: _Stack, change: _Change) -> None:
    known = [*(f"limits.{name}" for name in Limits.model_fields), *(name for name in Policy.model_fields if name not in (*SECTIONS, "limits"))]
    place = ".".join(change.keys)
    if place not in known:
        stack.faults.append(_no_target(place, known, change.text))
        return
    if _put(stack, "", stack.plain, change):
        stack.record(place, change.value, SET)


def _put(stack: _Stack, place: str, document: Document, change: _Change) -> bool:
    """Set a value inside nested tables, or take it out where there is none to set."""
    for key in change.keys[:-1]:
        place = f"{place}.{key}" if place else key
        inner = document.get(key, {})
        if not isinstance(inner, Mapping):
            stack.faults.append(Fault("bad_set", f"{place} is {inner!r}, not a table.", "Set it as a whole.", file=SET, column=place, value=change.text))
            return False
        document[key] = dict(inner)
        document = document[key]
    document[change.keys[-1]] = change.value
    if change.value == "":
        del document[change.keys[-1]]
    return True


def _target(stack: _Stack, change: _Change) -> tuple[str, str, str] | None:
    """The entry that a change is about, or a fault that lists those there are."""
    there = [key for key in stack.order if key[0] == change.section]
    same_kind = [key for key in there if key[1] == change.kind]
    if change.label is not None:
        found = [key for key in same_kind if key[2] == change.label]
    else:
        found = same_kind if len(same_kind) == 1 else [key for key in same_kind if key[2] == key[1]]
    if found:
        return found[0]
    name = f"{change.section}.{change.kind}" + (f"[{change.label}]" if change.label is not None else "")
    names = [f"{key[0]}.{entry_name(stack.entries[key])}" for key in (same_kind or there)]
    if change.label is None and same_kind:
        message = f"{name} could be any of {len(same_kind)} entries."
        stack.faults.append(Fault("ambiguous_target", message, f"Say which: {', '.join(names)}.", file=SET, column=name, value=change.text))
    elif change.kind not in discover(change.section):
        stack.faults.append(_no_target(name, names or sorted(discover(change.section)), change.text))
    else:
        stack.faults.append(_no_target(name, names, change.text))
    return None


def _no_target(name: str, known: Sequence[str], text: str) -> Fault:
    close = get_close_matches(name, known, 1)
    hint = f"Did you mean {close[0]}? " if close else ""
    listed = f"There are: {', '.join(known)}." if known else "The policy has no entry there; add one to the file."
    return Fault("unknown_target", f"There is no {name} to set.", hint + listed, file=SET, column=name, value=text)
