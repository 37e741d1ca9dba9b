"""What every rule and goal has: a kind, a label, a law in plain words, and a say about its own parameters."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from allocator.errors import Fault

if TYPE_CHECKING:
    from allocator.problem import Problem


Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
"""A number of people, seats or points in a policy; bounded, so that sums of them stay exact in 64 bits."""


class Rule(BaseModel):
    """One entry of a policy. The file's docstring is the law; `ojt rules` and `docs/rules.md` print it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    folder: ClassVar[str]

    kind: str
    label: str = Field("", description="Name of this entry in reports and in --set; the kind where absent.")
    enabled: bool = Field(True, description="false switches the entry off without deleting it.")

    @classmethod
    def law(cls) -> str:
        """The rule in plain words: the docstring of its file."""
        return inspect.cleandoc(sys.modules[cls.__module__].__doc__ or "")

    @property
    def name(self) -> str:
        """How reports call this entry: `kind` or `kind[label]`."""
        return self.kind if self.label in ("", self.kind) else f"{self.kind}[{self.label}]"

    def faults(self, problem: Problem) -> Iterator[Fault]:
        """What is wrong with the parameters in the light of the facts: an unknown partner, a missing column."""
        return iter(())

    def fault(self, code: str, message: str, fix: str = "", *, field: str = "", value: str = "", severity: str = "error") -> Fault:
        """A fault of this entry, placed where the reader of the policy can find it."""
        place = f"{self.folder}.{self.name}" + (f".{field}" if field else "")
        return Fault(code, message, fix, file="policy", column=place, value=value, severity=severity)
