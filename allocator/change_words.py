"""Changes in plain English, one sentence each, with what was there before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from allocator.change_paths import SCENARIO, TablePath, parsed
from allocator.changes import Base, Change
from allocator.domain import Column
from allocator.errors import Fault
from allocator.groups import Beneficiaries, Scope
from allocator.layers import leaves
from allocator.policy import SECTIONS
from allocator.policy_edits import ORDER, PolicyPath
from allocator.records import RecordKey, cell, positions, record
from allocator.rule import Rule
from allocator.tables.headers import normalise, spellings

_NOUNS = {
    "seekers": "seeker", "slots": "slot", "employers": "employer", "partners": "partner", "centers": "center", "staff": "staff member", "pairs": "pair",
    "commitments": "commitment", "pins": "pin", "reference": "reference assignment", "commutes": "journey",
}  # fmt: skip
_ITSELF = ("seekers", "slots", "employers", "partners", "centers", "staff")
"""Tables whose records are called by their id alone: S17, J3."""
_COLUMNS = {
    "partner_id": "partner", "center_id": "center", "employer_id": "employer", "county_fips": "county", "onet_soc": "occupation", "last_soc": "last occupation",
    "career_map_soc": "career map", "designated_seeker_id": "designated seeker", "ojt_workshop_date": "OJT workshop on", "months_experience": "experience",
    "max_commute_min": "longest commute", "naics": "industry", "prior_employer_ids": "prior employers", "slot_id": "slot",
}  # fmt: skip
_UNITS = {"dollars an hour": "$/hour", "share": "", "people": ""}
_STAFF = {"seekers": "coach", "slots": "representative", "employers": "representative", "centers": "liaison"}
"""What the column staff_id means in each table."""
_LIMITS = {
    "limits.time": ("Time for solving", "seconds"),
    "limits.gap": ("Gap at which a goal counts as done", ""),
    "limits.memory": ("Memory for solving", "gigabytes"),
    "limits.pairs_per_seeker": ("Pairs looked at for each seeker", ""),
    "name": ("Name of the policy", ""),
    "holidays": ("Holidays", ""),
}


MOST_PARTS = 4
"""Values told of a record that comes or goes."""


def describe(change: Change, base: Base) -> str:
    """One plain sentence: what the change does, and what was there in the base. A change that cannot be done is described all the same."""
    place = parsed(change.path)
    if isinstance(place, Fault):
        return f"{change.op} {change.path}."
    if isinstance(place, TablePath):
        return _sentence(_of_tables(change, place, base))
    return _sentence(_of_policy(change, place, base))


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return f"{text}{'' if text.endswith(('.', '!', '?')) else '.'}"


# -- tables ---------------------------------------------------------------------------------------------------------


def _of_tables(change: Change, place: TablePath, base: Base) -> str:
    if place.table == SCENARIO:
        if place.column == "as_of":
            return f"The facts are looked at as of {change.value}; was {base.scenario.as_of}"
        return f"The scenario is called {change.value}; was {base.scenario.name}"
    if any(place.every):
        only = " and ".join(
            f"{_column(place.table, name)} {part}" for name, part, every in zip(place.model.keys, place.key, place.every, strict=True) if not every
        )
        return f"All records of {place.table} with {only} are taken out"
    if not place.key:
        return _whole(change, place, base)
    frame = base.scenario.tables.get(place.table)
    at = positions(place.model, frame, [place.key]).get(place.key)
    old = None if frame is None or at is None else record(place.model, frame, at)
    if change.op in ("pin", "forbid"):
        return _pinned(change, place.key, old)
    if place.column:
        column = place.model.columns()[place.column]
        was = None if frame is None or at is None else cell(column, frame, at)
        new = None if change.op == "remove" else change.value
        return f"{_who(place)}: {_valued(place.table, column, new)}" + ("" if at is None else f"; was {_value(column, was, new is None)}")
    return _record(change, place, old)


def _whole(change: Change, place: TablePath, base: Base) -> str:
    """A column or a table comes or goes."""
    count = base.scenario.size(place.table)
    records = f"{count:,} record{'' if count == 1 else 's'}"
    if place.column:
        what = f"The column {place.column} of {place.table}"
        return f"{what} is taken away" if change.op == "remove" else f"{what} is added, unknown everywhere"
    return f"The table {place.table} is taken away ({records})" if change.op == "remove" else f"An empty table {place.table} is added"


def _record(change: Change, place: TablePath, old: Mapping[str, Any] | None) -> str:
    columns = place.model.columns()
    if change.op == "remove":
        return f"{_capital(_NOUNS[place.table])} {_name(place.key)} is taken out" + (f" ({_parts(place.table, columns, old)})" if old else "")
    known = spellings(place.model)
    said = change.value if isinstance(change.value, Mapping) else {}
    new = {known[normalise(str(name))]: value for name, value in said.items() if normalise(str(name)) in known}
    if change.op == "add":
        return f"New {_NOUNS[place.table]} {_name(place.key)}" + (f": {_parts(place.table, columns, new)}" if new else "")
    was = {name: f" (was {_value(columns[name], (old or {}).get(name), False)})" if old is not None else "" for name in new}
    return f"{_who(place)}: " + ", ".join(f"{_valued(place.table, columns[name], value)}{was[name]}" for name, value in new.items())


def _pinned(change: Change, key: RecordKey, old: Mapping[str, Any] | None) -> str:
    """`P1 is pinned to slot J3: union agreement (A. Lee).`"""
    said = change.value if isinstance(change.value, Mapping) else {}
    seeker, slot = key
    text = f"{seeker} is pinned to slot {slot}" if change.op == "pin" else f"{seeker} must not get slot {slot}"
    text += f" until {said['expires']}" if said.get("expires") else ""
    text += f": {said['reason']}" if said.get("reason") else ""
    text += f" ({said['author']})" if said.get("author") else ""
    before = {"fix": "pinned", "forbid": "forbidden"}[str(old["action"])] if old else ""
    return text + (f"; was {before}" if before and before != ("pinned" if change.op == "pin" else "forbidden") else "")


def _who(place: TablePath) -> str:
    return _name(place.key) if place.table in _ITSELF else f"{_capital(_NOUNS[place.table])} {_name(place.key)}"


def _name(key: RecordKey) -> str:
    return " – ".join(key)


def _parts(table: str, columns: Mapping[str, Column], values: Mapping[str, Any]) -> str:
    """The first few values of a record."""
    told = [_valued(table, columns[name], value) for name, value in list(values.items())[:MOST_PARTS]]
    return ", ".join(told) + (f" and {len(values) - MOST_PARTS} more values" if len(values) > MOST_PARTS else "")


def _column(table: str, name: str) -> str:
    words = _STAFF.get(table) if name == "staff_id" else _COLUMNS.get(name)
    return words or name.removesuffix("_id").replace("_", " ")


def _valued(table: str, column: Column, value: Any) -> str:
    return f"{_column(table, column.name)} {_value(column, value, True)}"


def _value(column: Column, value: Any, with_unit: bool) -> str:
    """A cell's value with its unit: `17.50 $/hour`, `yes`, `welding, forklift`; `unknown` where there is none."""
    if value is None or value == "" or value == []:
        return "none" if column.kind == "codes" else "unknown"
    if column.kind == "flag" and isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    unit = _UNITS.get(column.unit, column.unit)
    after = f" {unit}" if unit and with_unit else ""
    number = _number(value) if column.kind in ("number", "whole") else None
    if number is None:
        return str(value).replace(";", ", ") if column.kind == "codes" else f"{value}{after}"
    if column.unit == "share":
        return _percent(number)
    return f"{number:,.2f}{after}" if column.unit == "dollars an hour" else f"{_plain(number)}{after}"


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _plain(number: Decimal) -> str:
    """Without zeros at the end: 3, 4.5, 1,200."""
    return f"{number:,.6f}".rstrip("0").rstrip(".")


def _percent(share: Decimal) -> str:
    return f"{_plain(share * 100)} %"


# -- policy ---------------------------------------------------------------------------------------------------------


def _of_policy(change: Change, place: PolicyPath, base: Base) -> str:
    section, kind, label, keys = place
    if not section:
        words, unit = _LIMITS.get(change.path, (change.path, ""))
        return f"{words}: {_setting(None if change.op == 'remove' else change.value, unit)}; was {_setting(leaves(base.layers.policy).get(change.path), unit)}"
    rules = _rules(section, base)
    if not kind:
        return f"The policy goes back to the default {section}" if change.op == "remove" else f"The policy writes out its {section}"
    if kind == ORDER and label is None and not keys:
        return f"Order of {section}: {_setting(change.value)}; was {', '.join(rule.name for rule in rules) or 'none'}"
    rule = _rule(rules, kind, label)
    name = f"{kind.replace('_', ' ')}{f' {label}' if label and label != kind else ''}"
    if not keys:
        return _entry(change, section, name, rule)
    if change.op != "remove" and keys == ("enabled",):
        return f"{_capital(name)} is switched {'on' if change.value else 'off'}"
    old = None if rule is None else _at(rule.model_dump(mode="json"), keys)
    new = None if change.op == "remove" or change.value == "" else change.value
    promise = _promise(rule, keys, new, old)
    if promise:
        return promise
    words = " ".join(key.replace("_", " ") for key in keys)
    said, was = (_percent(number) if keys[-1] == "share" and (number := _number(value)) is not None else _setting(value) for value in (new, old))
    return f"{_capital(name)}: {words} {said}; was {was}"


def _promise(rule: Rule | None, keys: Sequence[str], new: Any, old: Any) -> str:
    """The share or count of a reservation: `Reserve 40 % for any partner; was 30 %.`; nothing for other rules."""
    group, scope = getattr(rule, "beneficiaries", None), getattr(rule, "scope", None)
    number = _number(new)
    if not isinstance(group, Beneficiaries) or not isinstance(scope, Scope) or keys not in (("share",), ("count",)) or number is None:
        return ""
    where = "" if scope.everything else f" in {scope.describe()}"
    verb = {"cap": "Allow at most", "set_aside": "Set aside"}.get(str(getattr(rule, "mode", "")), "Reserve")
    if keys == ("share",):
        was = _number(old)
        return f"{verb} {_percent(number)}{where} for {group.describe()}; was {'not a share' if was is None else _percent(was)}"
    return f"{verb} {_plain(number)} seat{'' if number == 1 else 's'}{where} for {group.describe()}; was {'not a count' if old is None else old}"


def _entry(change: Change, section: str, name: str, rule: Rule | None) -> str:
    what = "goal" if section == "goals" else "rule"
    if change.op == "remove":
        return f"The {what} {name} is taken out of the policy"
    said = change.value if isinstance(change.value, Mapping) else {}
    parts = {str(key): value for key, value in said.items() if key not in ("kind", "label")}
    if change.op == "add":
        return f"New {what} {name}" + (f": {', '.join(_part(key, value) for key, value in parts.items())}" if parts else "")
    old = {} if rule is None else rule.model_dump(mode="json")
    return f"{_capital(name)}: " + ", ".join(f"{_part(key, value)} (was {_setting(old.get(key))})" for key, value in parts.items())


def _part(key: str, value: Any) -> str:
    number = _number(value) if key == "share" else None
    return f"{key.replace('_', ' ')} {_setting(value) if number is None else _percent(number)}"


def _rules(section: str, base: Base) -> Sequence[Rule]:
    """The entries of a section; those of the default where the policy is silent."""
    assert section in SECTIONS
    said = getattr(base.layers.policy, section)
    return tuple(said if said is not None else getattr(base.layers.policy.resolved(base.scenario), section))


def _rule(rules: Sequence[Rule], kind: str, label: str | None) -> Rule | None:
    same = [rule for rule in rules if rule.kind == kind]
    if label is None and len(same) == 1:
        return same[0]
    return next((rule for rule in same if rule.label == (kind if label is None else label)), None)


def _at(document: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _setting(value: Any, unit: str = "") -> str:
    """A value of the policy: `40`, `yes`, `A, B`, `{ after_days = 3 }`; `none` where there is none."""
    if value is None or value == "" or value == [] or value == {}:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(_named(value))
    if isinstance(value, (list, tuple)):
        return ", ".join(f"({_setting(item)})" if isinstance(item, (Mapping, list)) else str(item) for item in value)
    return f"{value} {unit}".strip()


def _named(value: Mapping[str, Any]) -> Iterator[str]:
    """What a table says, without what it is silent about."""
    for key, part in value.items():
        if part not in (None, "", [], {}):
            yield f"{key.replace('_', ' ')} {_setting(part)}"


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
