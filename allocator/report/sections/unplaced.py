"""Why people were not placed, counted by reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from allocator.report.section import Section, Wanted
from allocator.report.table import Column, table
from allocator.wording import REASONS

_RULE = re.compile(r"\b(\w+)(?:\[.*\])? (?:refuses|is at its limit)")
MOST_RULES = 4


def build(wanted: Wanted) -> Iterator[Section]:
    """A line for each reason, with the rules that are named first most often."""
    people = wanted.opened.result.unplaced
    if not len(people):
        return
    reasons = Counter(people.reason.tolist()).most_common()
    rows = []
    for reason, count in reasons:
        rules = Counter[str]()
        for detail, times in Counter(people.detail[people.reason == reason].tolist()).items():
            if found := _RULE.search(detail):
                rules[found[1]] += times
        most = ", ".join(f"{rule.replace('_', ' ')} {times:,}" for rule, times in rules.most_common(MOST_RULES))
        rows.append((reason.replace("_", " "), count, REASONS.get(reason, "").removesuffix("; refused most by"), most))
    parts = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in reasons)
    sentence = f"{len(people):,} {'person was' if len(people) == 1 else 'people were'} not placed: {parts}."
    heads = ("reason", Column("people", "number"), "what it means", "rules named first, and for how many")
    yield Section("People", "unplaced", "Not placed", sentence, table=table("People not placed, by reason", heads, rows))
