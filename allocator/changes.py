"""Changes of a scenario and its policy: a what-if written down, as TOML or JSON, by business key.

    [[changes]]
    op = "set"                                     set, add, remove, pin or forbid
    path = "constraints.reservation[partner].share"
    value = 0.4

Paths are in allocator/change_paths.py. Change sets lie on top of the policy's own layers (file < `--set` < change sets in their order). The laws:

    the later change wins, within a set and between sets
    set gives a value to a record or an entry that is there, also to a column or key that was not; a record that is not there is for add
    removing what is not there is a fault, as is adding what is there
    resolve(base, no changes) is the base, to the digest
    set, pin and forbid twice are as once
    two sets that speak of different things may change places; an entry that is added speaks of the order of its section too

Everything is checked as the same value in a file would be, and all faults come at once, each with its change set, number and path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Protocol, cast, get_args

from allocator.change_paths import TablePath, parsed
from allocator.change_records import TableEdit
from allocator.change_tables import change_tables
from allocator.documents import read_document
from allocator.domain import TABLES
from allocator.errors import Fault, InputError
from allocator.layer_stack import Origin
from allocator.layers import Layers
from allocator.policy import Policy
from allocator.policy_edits import Edit, PolicyPath
from allocator.records import RecordKey, cell, matching, positions, record, table_path
from allocator.scenario import Scenario
from allocator.toml_text import toml_value

Op = Literal["set", "add", "remove", "pin", "forbid"]
OPS: tuple[str, ...] = get_args(Op)
UNNAMED = "changes"
"""How a change set is called that has neither a file nor a name."""

PAIR_PATH = f'Write path = "{table_path("pins", ("S1", "J1"))}".'
_PIN_KEYS = ("reason", "author", "expires")


@dataclass(frozen=True)
class Change:
    """One change: what is done, where, and the new value (None where it needs none)."""

    op: Op
    path: str
    value: Any = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"op": self.op, "path": self.path} | ({} if self.value is None and self.op != "set" else {"value": plain(self.value)})


@dataclass(frozen=True)
class ChangeSet:
    """Changes in their order, with a name and a note; `file` is the one they were read from."""

    changes: tuple[Change, ...] = ()
    name: str = ""
    note: str = ""
    file: str = field(default="", compare=False)

    @property
    def layer(self) -> str:
        """How the set is called among the layers of a policy, and in faults."""
        return self.file or self.name or UNNAMED

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data that `from_dict` reads back to a set that does the same."""
        return {"name": self.name, "note": self.note, "changes": [change.to_dict() for change in self.changes]}

    def to_toml(self) -> str:
        """A TOML file that `read_changes` reads back to the same set.

        A value of None, which TOML cannot say, is written as the blank text that means the same.
        """
        head = [f"{key} = {toml_value(value)}" for key, value in (("name", self.name), ("note", self.note)) if value]
        return "\n\n".join(["\n".join(head)] * bool(head) + [_entry(change) for change in self.changes]) + "\n"

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], *, file: str = "") -> ChangeSet:
        """A change set from plain data, as TOML or JSON give it.

        Raises
        ------
        InputError
            With everything that is wrong with its form: unknown keys and ops, paths that nothing can have.
        """
        faults: list[Fault] = []
        place = file or str(document.get("name") or UNNAMED)
        for key in document:
            if key not in ("name", "note", "changes"):
                faults.append(_unknown_key(str(key), ("name", "note", "changes"), place))
        texts = {key: document.get(key, "") for key in ("name", "note")}
        for key, text in texts.items():
            if not isinstance(text, str):
                faults.append(Fault("wrong_type", f"{key} is {text!r}; it must be text.", "Put it in quotes.", place, column=key))
        said = document.get("changes", [])
        if not isinstance(said, (list, tuple)):
            faults.append(Fault("not_a_list", "changes must be a list.", "Write [[changes]] before each change.", place, column="changes"))
            said = []
        changes = [_change(number, one, place, faults) for number, one in enumerate(said, start=1)]
        if faults:
            raise InputError(faults)
        return cls(tuple(change for change in changes if change is not None), texts["name"], texts["note"], file)


def _entry(change: Change) -> str:
    lines = ["[[changes]]", f"op = {toml_value(change.op)}", f"path = {toml_value(change.path)}"]
    if change.value is not None or change.op == "set":
        lines.append(f"value = {toml_value('' if change.value is None else change.value)}")
    return "\n".join(lines)


def plain(value: Any) -> Any:
    """Decimals as numbers where a float says the same, days in ISO form."""
    if isinstance(value, Decimal):
        near = int(value) if value == value.to_integral_value() and abs(value) < 10**15 else float(value)
        return near if Decimal(repr(near)) == value else str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, (list, tuple)) else value


def _change(number: int, said: Any, file: str, faults: list[Fault]) -> Change | None:
    """One change from plain data; None, and faults, where it is none."""
    origin, before = Origin(file, number), len(faults)
    if not isinstance(said, Mapping):
        fix = 'Write a table with op = "...", path = "..." and, where there is one, value.'
        faults.append(origin.placed(Fault("not_a_table", f"The change is {said!r}, not a table.", fix)))
        return None
    path, op, value = said.get("path"), said.get("op"), said.get("value")
    for key in said:
        if key not in ("op", "path", "value"):
            faults.append(origin.placed(_unknown_key(str(key), ("op", "path", "value"), "")))
    if not isinstance(path, str) or not path:
        faults.append(origin.placed(Fault("missing_key", "The change has no path.", 'Write for example path = "seekers[S1].wage_floor".')))
    if op not in OPS:
        close = get_close_matches(str(op), OPS, 1)
        message = "The change has no op." if op is None else f"There is no op {op!r}." + (f" Did you mean {close[0]!r}?" if close else "")
        faults.append(origin.placed(Fault("unknown_op", message, f"Write one of {', '.join(OPS)}.", column=path if isinstance(path, str) else "")))
    if isinstance(path, str) and path and op == "set" and "value" not in said:
        fix = "Give one; to take a value away, use remove."
        faults.append(origin.placed(Fault("missing_key", "The change sets no value.", fix, column=path)))
    return Change(cast(Op, op), str(path), value) if len(faults) == before else None


def _unknown_key(key: str, known: Sequence[str], file: str) -> Fault:
    close = get_close_matches(key, known, 1)
    said = f"There is no key {key!r} here." + (f" Did you mean {close[0]!r}?" if close else "")
    return Fault("unknown_key", said, f"Known keys: {', '.join(known)}.", file, column=key)


def read_changes(path: str | Path) -> ChangeSet:
    """The change set in a TOML or JSON file.

    Raises
    ------
    InputError
        With everything that is wrong with its form.
    """
    (found,) = read_change_sets([path])
    return found


def read_change_sets(paths: Iterable[str | Path]) -> tuple[ChangeSet, ...]:
    """The change sets in several files; two files of one name are told apart by their folders.

    Raises
    ------
    InputError
        With everything that is wrong with the form of any of them.
    """
    faults: list[Fault] = []
    found: dict[str, ChangeSet] = {}
    for path in map(Path, paths):
        name = _free_name(path, found)
        document = read_document(path, name, faults, what="change set")
        found[name] = ChangeSet(file=name)
        if document is not None:
            try:
                found[name] = ChangeSet.from_dict(document, file=name)
            except InputError as error:
                faults += error.faults
    if faults:
        raise InputError(faults)
    return tuple(found.values())


def _free_name(path: Path, taken: Iterable[str]) -> str:
    names = [path.name, f"{path.parent.name}/{path.name}", *(f"{path.name} ({count})" for count in range(2, 1000))]
    return next(name for name in names if name not in taken)


# -- resolving ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TableValue:
    """What has become of a cell, or of a whole record, column or table: `old` and `new` as plain values, None where there is none."""

    path: str
    old: Any
    new: Any
    layer: str


class Base(Protocol):
    """What changes lie over: a scenario and a policy with its layers."""

    @property
    def scenario(self) -> Scenario:
        """The facts."""

    @property
    def layers(self) -> Layers:
        """The wishes."""


@dataclass(frozen=True)
class Resolved:
    """A scenario and a policy after changes, and who set what: `origins` has the table values that changes touched, and every value of the policy."""

    scenario: Scenario
    layers: Layers
    origins: Mapping[str, str]
    touched: tuple[TableValue, ...] = ()
    """Table values that changes spoke of, in the order of the changes; a value that has become what it was is there too."""


def resolve(scenario: Scenario, layers: Layers, changes: ChangeSet | Sequence[ChangeSet] = ()) -> Resolved:
    """The scenario and the policy with change sets on top, the later over the earlier.

    Raises
    ------
    InputError
        With everything that is wrong with the first set that has a fault: file, `changes[number]: path`, message, fix.
    """
    sets = [changes] if isinstance(changes, ChangeSet) else list(changes)
    base, touched = scenario, dict[TablePath, Origin]()
    for name, each in zip(layer_names(sets), sets, strict=True):
        scenario, layers, spoken = _laid(scenario, layers, each, name)
        for path in spoken:
            touched.pop(path, None)
        touched |= spoken
    values = tuple(_values(base, scenario, touched))
    return Resolved(scenario, layers, {**{value.path: value.layer for value in values}, **layers.origins}, values)


def changed_facts(scenario: Scenario, changes: ChangeSet) -> Scenario:
    """The scenario alone after a change set, whatever the set says of the policy.

    Raises
    ------
    InputError
        With everything that is wrong with the changes of its tables.
    """
    return resolve(scenario, Layers.of(Policy()), replace(changes, changes=tuple(_of_tables(changes.changes)))).scenario


def _of_tables(changes: Iterable[Change]) -> Iterator[Change]:
    yield from (change for change in changes if not isinstance(parsed(change.path), PolicyPath))


def joined(sets: Sequence[ChangeSet]) -> ChangeSet:
    """Change sets as one, their changes one after the other."""
    notes = [each.note for each in sets if each.note]
    return ChangeSet(tuple(change for each in sets for change in each.changes), ", ".join(each.name or each.layer for each in sets), "\n".join(notes))


def layer_names(sets: Sequence[ChangeSet]) -> Iterator[str]:
    """A name of its own for each set, by which faults and origins speak of it."""
    used: set[str] = set()
    for each in sets:
        name = next(name for name in (each.layer, *(f"{each.layer} ({count})" for count in range(2, len(sets) + 2))) if name not in used)
        used.add(name)
        yield name


def _laid(scenario: Scenario, layers: Layers, changes: ChangeSet, layer: str) -> tuple[Scenario, Layers, dict[TablePath, Origin]]:
    """One change set on top: its tables first, for what a policy may say depends on the facts."""
    faults: list[Fault] = []
    tables: list[TableEdit] = []
    policy: list[Edit] = []
    for number, change in enumerate(changes.changes, start=1):
        edit = _edit(change, Origin(layer, number), faults)
        if isinstance(edit, TableEdit):
            tables.append(edit)
        elif edit is not None:
            policy.append(edit)
    after, touched = change_tables(scenario, tables, faults)
    try:
        own_pairs = after.has("pairs")
        records = {table_path(path.table, path.key): origin for path, origin in touched.items() if path.key}
        layers = replace(layers.edited(policy, own_pairs=own_pairs) if policy else layers, records={**layers.records, **records})
    except InputError as error:
        faults += error.faults
    if any(fault.severity == "error" for fault in faults):
        raise InputError(sorted(dict.fromkeys(faults), key=_by_number))
    return after, layers, touched


def _by_number(fault: Fault) -> int:
    """The number of the change that a fault is in."""
    digits = fault.column.removeprefix("changes[").partition("]")[0]
    return int(digits) if fault.column.startswith("changes[") and digits.isdigit() else 0


def _edit(change: Change, origin: Origin, faults: list[Fault]) -> TableEdit | Edit | None:
    """What a change does, to the tables or to the policy."""
    place = parsed(change.path)
    if isinstance(place, Fault):
        faults.append(origin.placed(replace(place, fix=PAIR_PATH) if change.op in ("pin", "forbid") else place))
        return None
    if change.op in ("pin", "forbid"):
        return _pin(change, place, origin, faults)
    op = cast(Literal["set", "add", "remove"], change.op)
    if isinstance(place, TablePath):
        return TableEdit(op, place, change.value, origin)
    return Edit(op, change.path, place, change.value, origin)


def _pin(change: Change, place: Any, origin: Origin, faults: list[Fault]) -> TableEdit | None:
    """`pin` and `forbid` write a record of the pins table, in the place of the one that is there."""
    if not isinstance(place, TablePath) or place.table != "pins" or not place.key or place.column or len(place.key) != 2 or any(place.every):
        faults.append(origin.placed(Fault("bad_path", f"{change.op} needs the path of one pair.", PAIR_PATH, column=change.path)))
        return None
    value = {} if change.value is None else change.value
    if not isinstance(value, Mapping):
        fix = 'Give for example {reason = "union agreement", author = "A. Lee", expires = 2026-12-31}, or nothing.'
        faults.append(origin.placed(Fault("not_a_table", f"The value of {change.op} is {value!r}, not a table.", fix, column=change.path)))
        return None
    for key in value:
        if key not in _PIN_KEYS:
            unknown = _unknown_key(str(key), _PIN_KEYS, "")
            faults.append(origin.placed(replace(unknown, column=change.path)))
    return TableEdit("put", place, {"action": "fix" if change.op == "pin" else "forbid", **{key: value[key] for key in _PIN_KEYS if key in value}}, origin)


# -- what has become of the tables ----------------------------------------------------------------------------------


def _values(before: Scenario, after: Scenario, touched: Mapping[TablePath, Origin]) -> Iterator[TableValue]:
    """Old and new of everything that changes spoke of in the tables."""
    keys: dict[str, list[RecordKey]] = {}
    for path in touched:
        if path.key and not any(path.every):
            keys.setdefault(path.table, []).append(path.key)
    at = {
        (state, table): positions(TABLES[table], scenario.tables.get(table), wanted)
        for state, scenario in (("old", before), ("new", after))
        for table, wanted in keys.items()
    }
    for path, origin in touched.items():
        old = _value(before, path, at.get(("old", path.table), {}))
        new = _value(after, path, at.get(("new", path.table), {}))
        yield TableValue(str(path), old, new, origin.layer)


def _value(scenario: Scenario, path: TablePath, at: Mapping[RecordKey, int]) -> Any:
    """What stands at a path: a cell, a record as a mapping, or how many records there are (or have a value in a column)."""
    if path.table not in TABLES:
        return getattr(scenario, path.column)
    frame = scenario.tables.get(path.table)
    if frame is not None and any(path.every):
        return int(matching(path.model, frame, path.key, path.every).sum()) or None
    if frame is None or (path.key and path.key not in at):
        return None
    if path.key and path.column:
        return cell(path.model.columns()[path.column], frame, at[path.key])
    if path.key:
        return dict(record(path.model, frame, at[path.key]))
    if path.column:
        return int(frame[path.column].notna().sum()) if path.column in frame.columns else None
    return len(frame)
