"""A policy in layers: a file, the files it extends, and `--set` on top; with the layer that set each value.

    extends = "../base/policy.toml"     relative to the file; the base may itself extend another

The upper layer wins. Plain keys replace; `limits` merges key by key; entries of `eligibility` and `constraints` merge key by key with the entry of
the same kind and label below (an entry without a label has its kind for one), others are appended; `enabled = false` switches one off. `goals` replace
the goals below as a whole, because their order matters. `--set` changes what is there, and never adds an entry; `key=` without a value takes the key out.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from allocator.documents import Document, read_document
from allocator.errors import Fault, InputError
from allocator.layer_stack import DEFAULT, Origin, Stack, entry_place, flat, lay
from allocator.policy import SECTIONS, Policy, entry_name
from allocator.policy_edits import PATH, SYNTAX, Edit, PolicyPath, apply

__all__ = ["DEFAULT", "SET", "Layers", "entry_place", "leaves", "load_layers", "load_policy"]

SET = "--set"

_SET = re.compile(rf"{PATH}=(?P<value>.*)", re.DOTALL)


@dataclass(frozen=True)
class Layers:
    """A policy, and which layer set each of its values: `constraints.reservation[partner].share` -> `policy.toml`, `--set` or `default`."""

    policy: Policy
    origins: Mapping[str, str]
    _stack: Stack
    records: Mapping[str, Origin] = field(default_factory=dict)
    """Records of the scenario that change sets touched, by path, and the last that did: a rule may find fault with one of them."""

    @classmethod
    def of(cls, policy: Policy, layer: str = "policy") -> Layers:
        """A policy that was made in memory, as one layer."""
        stack = Stack()
        lay(stack, layer, _said(policy))
        return _finished(stack, layer)

    def edited(self, edits: Sequence[Edit], *, own_pairs: bool = False) -> Layers:
        """The layers with these edits on top.

        Raises
        ------
        InputError
            With everything that is wrong with any of them.
        """
        stack = deepcopy(self._stack)
        for edit in edits:
            apply(stack, edit, own_pairs=own_pairs)
        return _finished(stack, "policy", self.records)

    def placed(self, fault: Fault) -> Fault:
        """A fault of the policy with the layer that its reader has to open in place of the word `policy`; where the record that it names in its value
        is a change set's, with that change."""
        if fault.file != "policy":
            return fault
        for path, origin in reversed(list(self.records.items())):
            if path in fault.value:
                return origin.placed(replace(fault, column=path))
        found = self._stack.origin_at(fault.column)
        return fault if found is None else found.placed(fault)


def load_policy(path: str | Path | None, sets: Sequence[str] = (), *, own_pairs: bool = False) -> Policy:
    """The policy in a TOML or JSON file (the built-in one where None) with the files it extends and `--set` changes.

    Raises
    ------
    InputError
        With everything that is wrong in any layer.
    """
    return load_layers(path, sets, own_pairs=own_pairs).policy


def load_layers(path: str | Path | None, sets: Sequence[str] = (), *, own_pairs: bool = False, within: Path | None = None) -> Layers:
    """The same, with the layer that set each value.

    Parameters
    ----------
    own_pairs
        The scenario brings its own pairs; where the policy is silent about eligibility, no such rule is then there to be set.
    within
        The folder that the files come from, where they come from somebody else: no file outside it is read.
    """
    stack = Stack()
    for name, document in reversed(_chain(Path(path), stack.faults, within) if path is not None else []):
        lay(stack, name, document)
    for edit in [edit for edit in (_parsed(text, stack.faults) for text in sets) if edit is not None]:
        apply(stack, edit, own_pairs=own_pairs)
    return _finished(stack, "policy" if path is None else Path(path).name)


def _finished(stack: Stack, file: str, records: Mapping[str, Origin] | None = None) -> Layers:
    """What the layers say together; InputError with the faults of all of them, each at the layer that has to be opened."""
    policy = Policy()
    try:
        policy = Policy.from_dict(stack.document(), file=file)
    except InputError as error:
        for fault in error.faults:
            origin = stack.origin_at(fault.column)
            stack.faults.append(fault if origin is None else origin.placed(fault))
    if stack.faults:
        raise InputError(dict.fromkeys(stack.faults))
    return Layers(policy, stack.origins(leaves(policy)), stack, records or {})


def leaves(policy: Policy) -> Mapping[str, Any]:
    """Every value of a policy by its place, `section.kind[label].key`, as `--set` writes it."""
    found: dict[str, Any] = {}
    for name, value in policy.to_dict().items():
        for place, part in _entries_of(name, value) if name in SECTIONS else [(name, value)]:
            found.update(flat(place, part))
    return found


def _entries_of(section: str, entries: Sequence[Document]) -> Iterator[tuple[str, Document]]:
    for entry in entries:
        yield f"{section}.{entry_name(entry)}", {key: value for key, value in entry.items() if key not in ("kind", "label")}


def _said(policy: Policy) -> Document:
    """A policy as plain data, without what nobody has said."""
    document = policy.model_dump(exclude_unset=True, include={"name", "holidays", "limits"})
    for section in SECTIONS:
        rules = getattr(policy, section)
        if rules is not None:
            document[section] = [{"kind": rule.kind, "label": rule.label, **rule.model_dump(exclude_unset=True)} for rule in rules]
    return document


# -- files ----------------------------------------------------------------------------------------------------------


def _chain(path: Path, faults: list[Fault], within: Path | None) -> list[tuple[str, Document]]:
    """The file and those it extends, the file itself first, each with the name that tells it from the others."""
    found: list[tuple[str, Document]] = []
    seen: list[Path] = []
    wanted: Path | None = path
    base: Any = ""
    while wanted is not None:
        try:
            here = wanted.resolve()
        except (OSError, ValueError):
            faults.append(Fault("not_found", f"{str(wanted)[:200]!r} is not a path.", "Check the path.", file=found[-1][0] if found else "policy"))
            break
        if within is not None and not (here.is_relative_to(within.resolve()) and (wanted == path or not Path(base).is_absolute())):
            message = f"The policy extends {base[:200]!r}, which is not among the files that it came with."
            faults.append(Fault("extends_outside", message, "Give the file along with it, and extend it by its name.", file=found[-1][0], column="extends"))
            break
        if here in seen:
            circle = " extends ".join(step.name for step in [*seen[seen.index(here) :], here])
            faults.append(Fault("extends_cycle", f"The policy extends itself: {circle}.", "Take one `extends` out.", file=found[-1][0], column="extends"))
            break
        seen.append(here)
        name = wanted.name if all(wanted.name != other for other, _ in found) else f"{wanted.parent.name}/{wanted.name}"
        document = read_document(wanted, name, faults, by=found[-1][0] if found else "")
        if document is None:
            break
        base = document.pop("extends", None)
        if base is not None and not (isinstance(base, str) and base):
            faults.append(Fault("bad_value", f"extends is {base!r}; it must be the path of one policy file.", file=name, column="extends"))
            base = None
        found.append((name, document))
        wanted = here.parent / base if base else None
    return found


# -- --set ----------------------------------------------------------------------------------------------------------


def _parsed(text: str, faults: list[Fault]) -> Edit | None:
    found = _SET.fullmatch(text)
    if found is None:
        faults.append(Fault("bad_set", f"{text!r} is not a change.", SYNTAX, file=SET, value=text))
        return None
    return Edit("set", text, PolicyPath.of(found), _value(found["value"]), Origin(SET))


def _value(text: str) -> Any:
    """A TOML value; what is none is a bare word; nothing at all takes the key out."""
    try:
        parsed = tomllib.loads(f"value = {text}", parse_float=Decimal)
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if len(parsed) == 1 else text
