"""What a goal answers: which assignments are better, as integer coefficients over the program's columns."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from allocator.rule import Rule

if TYPE_CHECKING:
    from allocator.program import Draft, Objective


class Goal(Rule):
    """One level of the lexicographic order: proved (or bounded), then held while the next is improved."""

    folder: ClassVar[str] = "goals"
    smaller_is_better: ClassVar[bool] = False
    """Whether the goal's values are to be small; as its objectives say."""

    @property
    def aim(self) -> str:
        """What it improves; of two goals with one aim only the first would count."""
        return self.kind

    @abstractmethod
    def objectives(self, draft: Draft) -> Iterator[Objective]:
        """The goal's objectives, most important first; nothing where the facts leave nothing to improve."""
