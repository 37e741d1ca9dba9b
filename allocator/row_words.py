"""A row of a program as plain data and in words, for sentences about what is in the way."""

from __future__ import annotations

from typing import Any

from allocator.problem import Problem
from allocator.program import Rows


def row_told(problem: Problem, block: Rows, number: int) -> dict[str, Any]:
    """Which rule a row belongs to, its full name, and what people call it."""
    key, name = _key(block, number), block.row_name(number)
    words = rule_words(problem, block.kind, block.label, key)
    return {"kind": block.kind, "label": block.label or block.kind, "key": key, "name": name, "words": words or name}


def rule_words(problem: Problem, kind: str, label: str, key: str) -> str:
    """What people call the row of a rule with a key; nothing where there is no such rule."""
    rule = next((rule for rule in problem.policy.constraints if (rule.kind, rule.label) == (kind, label)), None)
    return "" if rule is None else rule.in_words(problem, key)


def words_of_name(problem: Problem, name: str) -> str:
    """What people call a row of which only the full name is known, as `Rows.row_name` makes it; the name where no rule has such a row."""
    for rule in sorted(problem.policy.constraints, key=lambda rule: -len(rule.name)):
        if name == rule.name:
            return rule.in_words(problem, "")
        if name.startswith(f"{rule.name}[") and name.endswith("]"):
            return rule.in_words(problem, name[len(rule.name) + 1 : -1])
    return name


def _key(block: Rows, number: int) -> str:
    return str(block.names[number]) if len(block.names) else ""
