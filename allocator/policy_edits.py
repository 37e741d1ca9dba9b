"""Edits of a policy in layers: set, add and remove values, entries, sections and their order. `--set` and change sets both come down to these.

    limits.time                                      a plain key
    constraints.reservation[partner].share           a value of an entry; the label may be left out where the kind has one entry
    constraints.reservation[partner]                 an entry: `add` and `remove`; `set` sets the keys that its value has
    goals.order                                      the entries of a section in order, as a list of their names
    goals                                            a section: `add` writes out the default, `remove` goes back to it

`set` and `remove` change what is there, so that nothing is created by a misspelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Literal, NamedTuple

from allocator.errors import Fault
from allocator.layer_stack import Key, Origin, Stack, write_out_defaults
from allocator.policy import SECTIONS, Limits, Policy, entry_fault, entry_name
from allocator.registry import discover

SYNTAX = "Write section.kind[label].key=value, for example constraints.reservation[partner].share=0.4 or limits.time=60."
ORDER = "order"

PATH = (
    r"(?:(?P<section>eligibility|constraints|goals)(?:\.(?P<kind>\w+)(?:\[(?P<label>.*?)\])?(?:\.(?P<keys>[\w-]+(?:\.[\w-]+)*))?)?"
    r"|(?P<plain>\w+(?:\.\w+)*))"
)
"""What a place in a policy looks like."""
_PATH = re.compile(PATH, re.DOTALL)


class PolicyPath(NamedTuple):
    """A place in a policy: a section, an entry by kind and label, the keys to follow. Empty where the path does not go so far."""

    section: str
    kind: str
    label: str | None
    keys: tuple[str, ...]

    @classmethod
    def of(cls, found: re.Match[str]) -> PolicyPath:
        """The place that `PATH` has found."""
        keys = found["keys"] or found["plain"]
        return cls(found["section"] or "", found["kind"] or "", found["label"], tuple(keys.split(".")) if keys else ())


def policy_path(text: str) -> PolicyPath | None:
    """The place in a policy that a text names, by its form alone."""
    found = _PATH.fullmatch(text)
    return None if found is None else PolicyPath.of(found)


class Edit(NamedTuple):
    """One thing to do to a policy: what its author wrote, where, the new value, and who says so."""

    op: Literal["set", "add", "remove"]
    text: str
    path: PolicyPath
    value: Any
    origin: Origin

    def fault(self, code: str, message: str, fix: str, place: str = "") -> Fault:
        """A fault of this edit."""
        return self.origin.placed(Fault(code, message, fix, column=place, value=self.text))


def apply(stack: Stack, edit: Edit, *, own_pairs: bool) -> None:
    """Do it to the layers laid so far; what is wrong with it goes to their faults.

    `own_pairs` says that the scenario brings its own pairs: then no eligibility rule holds by default, to be written out.
    """
    section, kind, label, keys = edit.path
    if not section:
        _apply_plain(stack, edit)
        return
    if not kind:
        _apply_section(stack, edit, own_pairs)
        return
    write_out_defaults(stack, {section}, own_pairs)
    stack.plain.setdefault(section, [])
    if kind == ORDER and label is None and not keys:
        _reorder(stack, edit)
    elif edit.op == "add" and not keys:
        _add(stack, edit)
    elif (key := _target(stack, edit)) is not None:
        if edit.op == "remove" and not keys:
            stack.drop(key)
        else:
            _change_entry(stack, key, edit)


def _no_target(edit: Edit, name: str, known: Sequence[str]) -> Fault:
    """There is nothing of that name; those there are get listed."""
    close = get_close_matches(name, known, 1)
    hint = f"Did you mean {close[0]}? " if close else ""
    listed = f"There are: {', '.join(known)}." if known else "The policy has no entry there; add one to the file."
    return edit.fault("unknown_target", f"There is no {name} to {edit.op}.", hint + listed, name)


# -- values ---------------------------------------------------------------------------------------------------------


def _apply_plain(stack: Stack, edit: Edit) -> None:
    known = [*(f"limits.{name}" for name in Limits.model_fields), *(name for name in Policy.model_fields if name not in (*SECTIONS, "limits"))]
    place = ".".join(edit.path.keys)
    if place not in known:
        stack.faults.append(_no_target(edit, place, known))
    elif edit.op == "add":
        stack.faults.append(edit.fault("bad_change", f"{place} is a value, not an entry.", "Use set.", place))
    elif _put(stack, "", stack.plain, edit.path.keys, edit):
        stack.record(place, edit.value, edit.origin)


def _change_entry(stack: Stack, key: Key, edit: Edit) -> None:
    """Set or remove one value of an entry, or set the several that the value of a whole entry has."""
    entry = stack.entries[key]
    place = f"{key[0]}.{entry_name(entry)}"
    if edit.op == "add":
        stack.faults.append(edit.fault("bad_change", f"{place}.{'.'.join(edit.path.keys)} is a value, not an entry.", "Use set.", place))
        return
    if not edit.path.keys and not isinstance(edit.value, Mapping):
        stack.faults.append(edit.fault("bad_set", f"{edit.text!r} is not a change: {place} is a whole entry.", SYNTAX, place))
        return
    parts = {edit.path.keys: edit.value} if edit.path.keys else {(str(name),): value for name, value in edit.value.items() if name not in ("kind", "label")}
    for keys, value in parts.items():
        inner = f"{place}.{'.'.join(keys)}"
        if keys[0] in ("kind", "label"):
            stack.faults.append(edit.fault("bad_set", f"{keys[0]} cannot be set.", "Change it in the file.", inner))
            return
        stack.touched[place] = edit.origin
        if _put(stack, place, entry, keys, edit._replace(value=value)):
            stack.record(inner, value, edit.origin)


def _put(stack: Stack, place: str, document: dict[str, Any], keys: tuple[str, ...], edit: Edit) -> bool:
    """Set a value inside nested tables, or take it out: always where `set` has no value, and with `remove` where there is one."""
    for key in keys[:-1]:
        place = f"{place}.{key}" if place else key
        inner = document.get(key, {})
        if not isinstance(inner, Mapping):
            stack.faults.append(edit.fault("bad_set", f"{place} is {inner!r}, not a table.", "Set it as a whole.", place))
            return False
        document[key] = dict(inner)
        document = document[key]
    if edit.op == "remove" and keys[-1] not in document:
        whole, known = f"{place}.{keys[-1]}".lstrip("."), sorted(set(document) - {"kind", "label"})
        close = get_close_matches(keys[-1], known, 1)
        hint = f"Did you mean {close[0]}?" if close else f"What is set there: {', '.join(known)}." if known else "Nothing is set there."
        stack.faults.append(edit.fault("nothing_to_remove", f"{whole} is not set, so it cannot be removed.", hint, whole))
        return False
    document[keys[-1]] = edit.value
    if edit.op == "remove" or edit.value is None or edit.value == "":
        del document[keys[-1]]
    return True


# -- entries --------------------------------------------------------------------------------------------------------


def _target(stack: Stack, edit: Edit) -> Key | None:
    """The entry that an edit is about, or a fault that lists those there are."""
    section, kind, label, _ = edit.path
    there = [key for key in stack.order if key[0] == section]
    same_kind = [key for key in there if key[1] == kind]
    if label is not None:
        found = [key for key in same_kind if key[2] == label]
    else:
        found = same_kind if len(same_kind) == 1 else [key for key in same_kind if key[2] == key[1]]
    if found:
        return found[0]
    name = f"{section}.{kind}" + (f"[{label}]" if label is not None else "")
    names = [f"{key[0]}.{entry_name(stack.entries[key])}" for key in (same_kind or there)]
    if label is None and same_kind:
        fault = edit.fault("ambiguous_target", f"{name} could be any of {len(same_kind)} entries.", f"Say which: {', '.join(names)}.", name)
    elif kind not in discover(section):
        fault = _no_target(edit, name, names or sorted(discover(section)))
    else:
        fault = _no_target(edit, name, names)
    stack.faults.append(fault)
    return None


def _add(stack: Stack, edit: Edit) -> None:
    """A new entry after those there are."""
    section, kind, label, _ = edit.path
    entry = {"kind": kind, "label": label or kind}
    place = f"{section}.{entry_name(entry)}"
    value = {} if edit.value is None else edit.value
    if not isinstance(value, Mapping):
        stack.faults.append(edit.fault("not_a_table", f"{place} is an entry; its value must be a table of its keys.", "Give for example {count = 3}.", place))
        return
    other = [f"{name} = {value[name]!r}" for name in ("kind", "label") if value.get(name, entry[name]) != entry[name]]
    wrong = entry_fault(section, 1, entry, edit.origin.layer)
    if other:
        stack.faults.append(edit.fault("bad_change", f"The value of {place} says {' and '.join(other)}.", "Leave it out: the path says it.", place))
    elif wrong is not None:
        stack.faults.append(edit.fault(wrong.code, wrong.message, wrong.fix, place))
    elif (section, kind, entry["label"]) in stack.entries:
        stack.faults.append(edit.fault("exists_already", f"{place} is there already.", "Use set to change it, or give another label.", place))
    else:
        key = (section, kind, entry["label"])
        stack.order.append(key)
        stack.entries[key] = {**entry, **{str(name): part for name, part in value.items()}}
        stack.touched[place] = edit.origin
        for name, part in value.items():
            if name not in ("kind", "label"):
                stack.record(f"{place}.{name}", part, edit.origin)


# -- sections -------------------------------------------------------------------------------------------------------


def _apply_section(stack: Stack, edit: Edit, own_pairs: bool) -> None:
    section = edit.path.section
    if edit.op == "set":
        stack.faults.append(edit.fault("bad_set", f"{edit.text!r} is not a change: {section} is a whole section.", SYNTAX, section))
    elif edit.op == "add" and section in stack.plain:
        stack.faults.append(edit.fault("exists_already", f"The policy speaks of {section} already.", f"Add entries: {section}.kind[label].", section))
    elif edit.op == "add":
        write_out_defaults(stack, {section}, own_pairs)
        stack.plain.setdefault(section, [])
    elif section not in stack.plain:
        message = f"The policy is silent about {section}, so there is nothing to remove."
        stack.faults.append(edit.fault("nothing_to_remove", message, "Leave the change out.", section))
    else:
        del stack.plain[section]
        for key in [key for key in stack.order if key[0] == section]:
            stack.drop(key)


def _reorder(stack: Stack, edit: Edit) -> None:
    """The entries of a section in another order: each of them named once."""
    section = edit.path.section
    by_name = {entry_name(stack.entries[key]): key for key in stack.order if key[0] == section}
    place = f"{section}.{ORDER}"
    listed = f"Name each once: {', '.join(by_name)}."
    if edit.op != "set" or not isinstance(edit.value, (list, tuple)):
        stack.faults.append(edit.fault("bad_change", f"{place} can be set to a list of names, and nothing else.", listed, place))
        return
    wanted = [str(name).removeprefix(f"{section}.") for name in edit.value]
    wrong = list(_misnamed(wanted, by_name))
    if wrong:
        stack.faults.append(edit.fault("bad_order", f"{place} {'; '.join(wrong)}.", listed, place))
        return
    names = iter(wanted)
    stack.order = [by_name[next(names)] if key[0] == section else key for key in stack.order]


def _misnamed(wanted: Sequence[str], known: Mapping[str, Key]) -> Iterator[str]:
    for name in dict.fromkeys(wanted):
        close = get_close_matches(name, known, 1)
        if name not in known:
            yield f"names {name}, which is not there" + (f" (did you mean {close[0]}?)" if close else "")
        elif wanted.count(name) > 1:
            yield f"names {name} twice"
    if missing := [name for name in known if name not in wanted]:
        yield f"leaves out {', '.join(missing)}"
