"""What would have to give way, where no plan keeps every rule."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.report.section import Section, Wanted
from allocator.report.table import table
from allocator.report.words import nameless
from allocator.wording import with_unit

HEADS = ("rule", "asks for", "possible is", "short by", "why")


def build(wanted: Wanted) -> Iterator[Section]:
    """The cheapest bends of an infeasible result."""
    result = wanted.opened.result
    if result.status != "infeasible":
        return
    if not result.bends:
        yield Section("Goals", "bends", "What would have to give way", "No set of bent rules was found in time that would leave a plan.")
        return
    rows = []
    for bend in result.bends:
        asked = f"at {'least' if bend.at_least else 'most'} {with_unit(bend.promised, bend.unit)}"
        name = bend.name if wanted.people else nameless(bend.name, wanted.opened.scenario)
        rows.append((name, asked, with_unit(bend.possible, bend.unit), with_unit(bend.short, bend.unit), bend.why))
    proof = ", and no cheaper set does" if result.repair.proved else "; a cheaper set may"
    count = "this rule" if len(rows) == 1 else f"these {len(rows):,} rules"
    sentence = f"A plan would fit if {count} gave way by as much as the table says{proof}."
    yield Section("Goals", "bends", "What would have to give way", sentence, table=table("Rules that would have to give way", HEADS, rows))
