"""A folder is a registry: every module in it that is not `base` holds one rule whose `kind` is the file's name."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from allocator.rule import Rule


@cache
def discover(folder: str) -> dict[str, type[Rule]]:
    """The rules of `allocator.<folder>` by kind, in alphabetical order.

    A file whose rule says another kind than the file's name is a mistake of ours and stops the import.
    """
    package = importlib.import_module(f"allocator.{folder}")
    rules = {}
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        if found.name != "base":
            rules[found.name] = _rule_of(importlib.import_module(f"allocator.{folder}.{found.name}"), found.name)
    return rules


def _rule_of(module: ModuleType, name: str) -> type[Rule]:
    from allocator.rule import Rule

    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module.__name__:
            declared = value.model_fields["kind"].default
            if declared != name:
                raise ImportError(f"{module.__name__}: the rule's kind is {declared!r} but the file is {name!r}; they must be one word.")
            return value
    raise ImportError(f"{module.__name__} holds no rule.")
