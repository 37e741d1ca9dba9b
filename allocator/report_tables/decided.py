"""What decided about somebody without a slot, in words: a result keeps it with the names of the rules."""

from __future__ import annotations

import re
from collections.abc import Sequence

from allocator.problem import Problem
from allocator.row_words import words_of_name
from allocator.scenario import Names
from allocator.wording import refusals

_REFUSED = re.compile(r"(.+) refuses ([0-9]+)")
_BLOCKED = re.compile(r"(.+ is open, but )(.+) is at its limit")


def decided(problem: Problem, details: Names | Sequence[str]) -> list[str]:
    """Details of many people, as `unplaced` tells them; many are alike, and each is worded once."""
    words = {detail: _worded(problem, detail) for detail in dict.fromkeys(details)}
    return [words[detail] for detail in details]


def _worded(problem: Problem, detail: str) -> str:
    if blocked := _BLOCKED.fullmatch(detail):
        return f"{blocked[1]}{words_of_name(problem, blocked[2])} stands in the way"
    counts = [_REFUSED.fullmatch(part) for part in detail.split("; ")]
    return f"refused for {refusals({each[1]: int(each[2]) for each in counts if each})}" if all(counts) else detail
