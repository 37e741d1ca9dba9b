"""The sections of a report in their order. A new subject is one file with a `build`, and one word in `ORDER`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.report.section import Builder, Section, Wanted
from allocator.report.sections import (
    bends,
    changes,
    closing,
    equity,
    goals,
    groups,
    money,
    origin,
    placed,
    program,
    quality,
    reservations,
    rules,
    staff,
    targets,
    tiers,
    unplaced,
    warnings,
)

if TYPE_CHECKING:
    from allocator.opened import Opened

ORDER: tuple[Builder, ...] = (
    bends.build, goals.build,
    reservations.build, targets.build, money.build, rules.build,
    staff.build,
    tiers.build, groups.build, unplaced.build, quality.build, equity.build, program.build, changes.build, placed.build,
    closing.build, warnings.build, origin.build,
)  # fmt: skip
"""Who makes the sections, chapter by chapter."""


def sections(opened: Opened, *, people: bool = False, by_demographics: bool = True) -> list[Section]:
    """Everything there is to tell of a result. With `people`, also who holds which slot, by id; what is made from demographics only where it may be."""
    wanted = Wanted(opened, people)
    return [section for build in ORDER if by_demographics or build is not equity.build for section in build(wanted)]
