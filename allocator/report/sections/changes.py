"""What differs from the reference: who stays, moves, comes and leaves, counted."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.charts.flow import flow
from allocator.report.section import Section, Wanted


def build(wanted: Wanted) -> Iterator[Section]:
    """People flow against the scenario's reference, where it has one."""
    opened = wanted.opened
    if not opened.scenario.has("reference") or not opened.result.verified:
        return
    seeker, slot = opened.problem.reference
    before = dict(zip(seeker.tolist(), slot.tolist(), strict=True))
    now = dict(zip(opened.plan.seeker.tolist(), opened.plan.slot.tolist(), strict=True))
    both = before.keys() & now.keys()
    same = sum(before[person] == now[person] for person in both)
    gone = len(opened.scenario.tables["reference"]) - len(before)
    chart = flow(same=same, moved=len(both) - same, lost=len(before) - len(both), newly_placed=len(now) - len(both), before="in the reference")
    left = f" {gone:,} {'person' if gone == 1 else 'people'} of the reference {'is' if gone == 1 else 'are'} no longer among the seekers." if gone else ""
    yield Section("People", "changes", "Changes against the reference", f"{chart.sentence}{left}", chart)
