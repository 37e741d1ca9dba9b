"""All other rules that limit many pairs at once: how many of their limits are used up, and how many aims are missed."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.constraints.base import Standing
from allocator.report.section import Section, Wanted
from allocator.report.table import numbers, table, texts

TOLD_ELSEWHERE = ("reservation", "business_target", "budget", "staff_capacity")


def build(wanted: Wanted) -> Iterator[Section]:
    """A line for each rule, with the number of its limits."""
    rules: dict[tuple[str, str], list[Standing]] = {}
    for line in wanted.opened.result.rules:
        if line.kind not in TOLD_ELSEWHERE and line.slack is not None:
            rules.setdefault((line.kind, line.label), []).append(line)
    if not rules:
        return
    rows = []
    for (kind, label), lines in rules.items():
        words = kind.replace("_", " ")
        full, missed = sum(line.slack == 0 for line in lines), sum((line.slack or 0) < 0 for line in lines)
        rows.append((words if label in ("", kind) else f"{words}, {label}", len(lines), len(lines) - full - missed, full, missed))
    missed = sum(int(row[4]) for row in rows)
    kept = "all are kept" if not missed else f"{missed:,} {'aim is' if missed == 1 else 'aims are'} missed"
    sentence = f"{len(rows):,} other {'rule limits' if len(rows) == 1 else 'rules limit'} the plan; {kept}."
    heads = [*texts("rule"), *numbers("limits", "with room left", "exactly met", "missed")]
    yield Section("Promises, targets and money", "rules", "Other rules", sentence, table=table("Limits of the other rules", heads, rows))
