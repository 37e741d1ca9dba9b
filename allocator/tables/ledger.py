"""The faults found so far: all of them counted, the first of each sort kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from allocator.errors import Fault

_SECURITY_NUMBER = re.compile(r"\b\d{3}-\d{2}-\d{4}\b")
"""What looks like a social security number is never repeated, in whatever message."""

MOST_TOLD = 1000
"""More faults than this are counted, not listed."""

MOST_SHOWN = 40
"""Longer values are cut to this many characters."""


def shown(value: object) -> str:
    """A cell's value, short enough to show."""
    text = _SECURITY_NUMBER.sub("***-**-****", str(value))
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"


@dataclass
class _Batch:
    """Faults of one sort in one column: how many, and the first of them."""

    count: int = 0
    faults: list[Fault] = field(default_factory=list)


class Ledger:
    """Collects faults over all tables; a million bad cells cost no more than the thousand that will be told."""

    def __init__(self) -> None:
        self._batches: dict[tuple[str, str, str, str, str], _Batch] = {}
        self._files: dict[tuple[str, str], int] = {}

    def add(self, *faults: Fault) -> None:
        """Take up single faults."""
        for fault in faults:
            self._batch(fault, 1).faults.append(fault)

    def add_rows(self, rows: np.ndarray[tuple[int], np.dtype[np.int64]], make: Callable[[int], Fault]) -> None:
        """Take up the same sort of fault in many rows; `make(row)` words one of them."""
        if len(rows):
            first = [make(int(row)) for row in rows[:MOST_TOLD]]
            self._batch(first[0], len(rows)).faults.extend(first)

    def errors(self) -> tuple[Fault, ...]:
        """Every error, by file and row; beyond `MOST_TOLD` a last fault says how many more there are of which code."""
        return self._told("error")

    def warnings(self) -> tuple[Fault, ...]:
        """Every warning, likewise."""
        return self._told("warning")

    def _batch(self, fault: Fault, count: int) -> _Batch:
        self._files.setdefault((fault.file, fault.sheet), len(self._files))
        batch = self._batches.setdefault((fault.severity, fault.file, fault.sheet, fault.column, fault.code), _Batch())
        batch.count += count
        return batch

    def _told(self, severity: str) -> tuple[Fault, ...]:
        batches = [batch for (of, *_), batch in self._batches.items() if of == severity]
        share = _share([batch.count for batch in batches])
        told = [fault for batch in batches for fault in batch.faults[:share]]
        told.sort(key=lambda fault: (self._files[fault.file, fault.sheet], fault.row or 0))
        hidden = Counter[str]()
        for batch in batches:
            hidden[batch.faults[0].code] += batch.count - min(batch.count, share)
        return (*told, *_more(+hidden, severity))


def _share(counts: list[int]) -> int:
    """How many each sort may list, so that a flood of one does not hide the others."""
    share = MOST_TOLD
    while share > 1 and sum(min(count, share) for count in counts) > MOST_TOLD:
        share -= 1
    return share


def _more(hidden: Counter[str], severity: str) -> Iterable[Fault]:
    if hidden:
        by_code = ", ".join(f"{count:,} {code}" for code, count in hidden.most_common())
        word = "fault" if severity == "error" else "warning"
        message = f"There are {hidden.total():,} more {word}s than the {MOST_TOLD:,} that are listed at most: {by_code}."
        yield Fault("more_faults", message, "Mend the listed ones first; many of the others are likely of the same kind.", severity=severity)
