"""An explanation: a verdict, a code with its numbers, and the sentence that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from allocator.explanations.catalogue import Language
from allocator.explanations.sentences import SEEKER_FACTS, Register, said

Verdict = Literal["placed", "ineligible", "outbid", "blocked", "tie", "kept"]
VERDICTS: tuple[Verdict, ...] = ("placed", "ineligible", "outbid", "blocked", "tie", "kept")
Subject = Literal["seeker_id", "slot_id", "rule"]


@dataclass(frozen=True)
class Fix:
    """The smallest thing that would help, verified before it is named: with it the pair is eligible, or a plan with the pair is feasible and not worse.

    `code` and `numbers` make its sentence. `changes` are what to change in scenario or policy, as a change set has them; empty where a row can give way in
    several ways. `rows` says by how much which rows of the program give way: `{name: (side, amount)}`.
    """

    code: str
    numbers: Mapping[str, Any]
    changes: tuple[Mapping[str, Any], ...] = ()
    rows: Mapping[str, tuple[Literal["at_least", "at_most"], int]] = field(default_factory=dict)

    def as_dict(self, register: Register = "internal", language: Language = "en") -> dict[str, Any]:
        """The fix as plain JSON data; seeker-safe it is no more than a sentence."""
        sentence = said(self.code, self.numbers, register, language)
        if register == "seeker":
            return {"code": self.code, "sentence": sentence}
        rows = {name: {"side": side, "by": by} for name, (side, by) in self.rows.items()}
        return {"code": self.code, "sentence": sentence, "changes": [dict(change) for change in self.changes], "rows": rows}


@dataclass(frozen=True)
class Explanation:
    """What is said of one seeker, slot or rule. `numbers` are plain JSON data; those that name other people are `internal`."""

    subject: Subject
    name: str
    verdict: Verdict
    code: str
    numbers: Mapping[str, Any]
    fix: Fix | None = None

    def sentence(self, register: Register = "internal", language: Language = "en") -> str:
        """The explanation as one would say it: among colleagues, or to the person concerned."""
        return said(self.code, self.numbers, register, language)

    def as_dict(self, register: Register = "internal", language: Language = "en") -> dict[str, Any]:
        """The explanation as plain JSON data; for a seeker, only what is their own."""
        numbers = self.numbers if register == "internal" else {name: self.numbers[name] for name in SEEKER_FACTS if name in self.numbers}
        return {
            self.subject: self.name,
            "verdict": self.verdict,
            "code": self.code,
            "sentence": self.sentence(register, language),
            "fix": None if self.fix is None else self.fix.as_dict(register, language),
            "numbers": dict(numbers),
        }
