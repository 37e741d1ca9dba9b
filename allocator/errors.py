"""What can go wrong, as one tree.

    AllocatorError
    ├── InputError          the user's data or policy: carries every fault found, each with its place and its mend
    ├── UnfitEngineError    the engine that was asked for cannot solve this program (allocator/engines/choose.py)
    └── InternalError       our mistake: an engine broke a rule, or a proof does not hold

An impossible policy is neither: it is a `Result` whose status is `infeasible`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the input, where it is, and what to do about it.

    `row` counts as a spreadsheet does: the header is row 1, the first record row 2.
    A `warning` is told but does not stop the run.
    """

    code: str
    message: str
    fix: str = ""
    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""
    severity: str = "error"

    @property
    def place(self) -> str:
        """Where, in the words of somebody who has the file open."""
        parts = [self.file]
        if self.sheet:
            parts.append(f"sheet {self.sheet}")
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column:
            parts.append(f"column {self.column}" if self.row is not None or self.sheet else self.column)
        return ", ".join(part for part in parts if part)

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        mend = f" {self.fix}" if self.fix else ""
        return f"{where}{self.message}{mend} [{self.code}]"

    def as_dict(self) -> dict[str, Any]:
        """The fault as plain JSON data."""
        return asdict(self)


class AllocatorError(Exception):
    """Anything this package raises on purpose."""


class InputError(AllocatorError):
    """The data or the policy cannot be used; `faults` holds everything that is wrong with it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        count = len(self.faults)
        super().__init__(f"{count} fault{'' if count == 1 else 's'} in the input:\n" + "\n".join(f"  {fault}" for fault in self.faults))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)


class InternalError(AllocatorError):
    """A promise this package makes about itself did not hold; please report it with the scenario's digest."""
