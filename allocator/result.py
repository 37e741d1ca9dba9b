"""What a run answers, frozen: assignments, proofs, promises, reasons, and the digests of what it came from."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from allocator.constraints.base import Standing
from allocator.engines.base import Reached, Status, StopReason
from allocator.errors import Fault
from allocator.files import write_whole
from allocator.policy import Policy
from allocator.promises import ReservationLine
from allocator.repair import NO_REPAIR, Bend, Repair
from allocator.trace import Moment
from allocator.unplaced import UnplacedPeople

SCHEMA = 2
"""Version of `result.json`; raised when a key changes its meaning or goes."""

KEYS = (
    "schema", "scenario", "status", "stop_reason", "engine", "engine_reason", "verified", "placed", "reverse_referrals", "seekers", "openings", "pairs",
    "pairs_considered", "restriction", "refusals", "goals", "rules", "reservations", "bends", "bends_proved",
    "conflicts", "changes", "repaired", "warnings", "policy", "seed", "as_of", "digests", "inputs", "versions", "timings", "trace",
)  # fmt: skip
"""Keys of `result.json`, in their order."""

REFERENCE_FILE = "reference.csv"
"""The reference of a run that was given one, beside its result."""
CHANGES_FILE = "changes.toml"
REPAIR_FILE = "repair.toml"
"""The change sets of a run that was given some, as one, beside its result."""

Amount = int | float


@dataclass(frozen=True)
class Restriction:
    """What a proof does not speak of: the policy's cap left out so many eligible pairs, and the answer is the best of those that were kept."""

    pairs_per_seeker: int
    left_out: int


@dataclass(frozen=True)
class GoalResult:
    """A goal's value and proven bound in the policy's units; `gap` is their distance relative to the bound. None where not known."""

    kind: str
    label: str
    unit: str
    value: Amount | None
    bound: Amount | None
    gap: float | None

    @classmethod
    def of(cls, reached: Reached) -> GoalResult:
        """From the program's integers to the policy's units, exactly."""
        objective, value, bound = reached.objective, reached.value, reached.bound
        gap = None if value is None or bound is None else abs(bound - value) / max(abs(bound), 1)
        return cls(objective.kind, objective.label or objective.kind, objective.unit, _units(value, objective.scale), _units(bound, objective.scale), gap)


@dataclass(frozen=True, eq=False)
class Result:
    """The answer of one run.

    `status` is optimal, feasible, infeasible or no_solution; `stop_reason` proved, gap_limit, time_limit, memory_limit, work_limit, cancelled or error.
    `assignments` has seeker_id, slot_id, score, tier and, where scoring is built in, each component (empty where its facts are not recorded).
    `policy` is the policy as solved, with defaults written out and over-and-above reservations settled.
    `trace` is how value and bound of each goal closed in on each other; like `timings` it differs from run to run.
    `repair` is the way out where nothing fits; `repaired` is what was bent before this answer was found, where the policy as it came had none.
    `restriction` is not None where a cap left eligible pairs out: status, bounds and reasons then hold among the pairs that were kept.
    """

    status: Status
    stop_reason: StopReason
    engine: str
    engine_reason: str
    verified: bool
    seekers: int
    openings: int
    pairs: int
    considered: int
    assignments: pd.DataFrame
    unplaced: UnplacedPeople
    goals: Sequence[GoalResult]
    rules: Sequence[Standing]
    reservations: Sequence[ReservationLine]
    reverse_referrals: int
    refusals: Mapping[str, int]
    warnings: Sequence[Fault]
    policy: Policy
    scenario_name: str
    seed: int
    as_of: str
    digests: Mapping[str, str]
    versions: Mapping[str, str]
    timings: dict[str, float] = field(default_factory=dict)
    restriction: Restriction | None = None
    inputs: Mapping[str, str | None] = field(default_factory=dict)
    """Where the facts were read: `scenario` seen from the folder of the result, `reference` and `changes` files in it. Empty for facts that were in memory."""
    trace: Sequence[Moment] = ()
    repair: Repair = NO_REPAIR
    repaired: Sequence[Bend] = ()

    @property
    def bends(self) -> Sequence[Bend]:
        """Where nothing fits: what would have to give way."""
        return self.repair.bends

    @property
    def placed(self) -> int:
        """People who hold a slot."""
        return len(self.assignments)

    def plan(self) -> list[tuple[str, str]]:
        """The assignments as (seeker_id, slot_id)."""
        return list(zip(self.assignments["seeker_id"], self.assignments["slot_id"], strict=True))

    def goal(self, kind: str, label: str | None = None) -> GoalResult:
        """A goal's result by kind (and label, where a goal has several levels). Raises KeyError where there is none."""
        for goal in self.goals:
            if goal.kind == kind and label in (None, goal.label):
                return goal
        raise KeyError(f"no goal {kind} {label or ''}".strip())

    def as_dict(self) -> dict[str, Any]:
        """`result.json` as plain data."""
        return {
            "schema": SCHEMA,
            "scenario": self.scenario_name,
            "status": self.status,
            "stop_reason": self.stop_reason,
            "engine": self.engine,
            "engine_reason": self.engine_reason,
            "verified": self.verified,
            "placed": self.placed,
            "reverse_referrals": self.reverse_referrals,
            "seekers": self.seekers,
            "openings": self.openings,
            "pairs": self.pairs,
            "pairs_considered": self.considered,
            "restriction": None if self.restriction is None else asdict(self.restriction),
            "refusals": dict(self.refusals),
            "goals": [vars(goal) for goal in self.goals],
            "rules": [line.as_dict() for line in self.rules],
            "reservations": [line.as_dict() for line in self.reservations],
            "bends": [vars(bend) for bend in self.repair.bends],
            "bends_proved": self.repair.proved,
            "conflicts": [asdict(conflict) for conflict in self.repair.conflicts],
            "changes": self.repair.changes.to_dict(),
            "repaired": [vars(bend) for bend in self.repaired],
            "warnings": [fault.as_dict() for fault in self.warnings],
            "policy": self.policy.to_dict(),
            "seed": self.seed,
            "as_of": self.as_of,
            "digests": dict(self.digests),
            "inputs": dict(self.inputs),
            "versions": dict(self.versions),
            "timings": {phase: round(seconds, 4) for phase, seconds in self.timings.items()},
            "trace": [moment.as_dict() for moment in self.trace],
        }


def write_result(result: Result, folder: str | Path, reference: pd.DataFrame | None = None, changes: str = "") -> list[Path]:
    """Write `result.json`, `assignments.csv`, `unplaced.csv` and `rules.csv`, and `reference.csv` and `changes.toml` (its text) where they are given; where
    nothing fits, `repair.toml`, the change set that makes it fit.

    Each file appears whole or not at all.

    `result.json` is written last: where it is, the others are; `timings` gain the seconds that the others took. Raises OSError where the folder
    cannot be written.
    """
    started = time.perf_counter()
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    (target / "result.json").unlink(missing_ok=True)
    for name in (REFERENCE_FILE, CHANGES_FILE, REPAIR_FILE):
        (target / name).unlink(missing_ok=True)
    rules = pd.DataFrame([line.as_dict() for line in result.rules], columns=_RULE_COLUMNS).astype(
        dict.fromkeys(("required", "achieved", "slack", "at_least", "at_most"), "Int64")
    )
    written = [
        write_whole(target / "assignments.csv", _csv(result.assignments)),
        write_whole(target / "unplaced.csv", _csv(pd.DataFrame(result.unplaced.columns()))),
        write_whole(target / "rules.csv", _csv(rules)),
    ]
    if reference is not None:
        written.append(write_whole(target / REFERENCE_FILE, _csv(reference)))
    if changes:
        written.append(write_whole(target / CHANGES_FILE, changes.encode()))
    if result.repair.changes.changes:
        written.append(write_whole(target / REPAIR_FILE, result.repair.changes.to_toml().encode()))
    result.timings["write"] = time.perf_counter() - started
    return [write_whole(target / "result.json", (json.dumps(result.as_dict(), indent=2) + "\n").encode()), *written]


_RULE_COLUMNS = ["kind", "label", "key", "required", "achieved", "slack", "unit", "hard", "at_least", "at_most"]


def _csv(frame: pd.DataFrame) -> bytes:
    """The frame as CSV, decimals with two digits, missing values blank.

    Arrow writes a million rows many times faster than pandas, but knows only to quote every text or none: where a text needs quotes, pandas writes.
    """
    columns = {str(name): _as_text(frame[name]) for name in frame}
    sink = io.BytesIO()
    try:
        options = pa.csv.WriteOptions(include_header=False, quoting_style="none")
        pa.csv.write_csv(pa.table(columns), sink, options)
    except pa.ArrowInvalid:
        return str(frame.to_csv(index=False, float_format="%.2f", lineterminator="\n")).encode()
    return ",".join(columns).encode() + b"\n" + sink.getvalue()


def _as_text(column: pd.Series) -> pa.Array:
    """A column's cells as they are to be written."""
    if pd.api.types.is_float_dtype(column.dtype):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        return pa.array(np.char.mod("%.2f", values), mask=np.isnan(values), type=pa.large_string())
    if pd.api.types.is_bool_dtype(column.dtype):
        return pa.array(np.where(column, "True", "False"))
    return pa.array(column, from_pandas=True) if len(column) else pa.array([], type=pa.large_string())


def _units(value: int | None, scale: int) -> Amount | None:
    """Whole numbers stay whole; hundredths become decimals with two digits."""
    if value is None or scale == 1:
        return value
    return value // scale if value % scale == 0 else value / scale


def table(lines: Iterable[Any]) -> pd.DataFrame:
    """Lines of a result (standings, reservations, bends) as a data frame."""
    return pd.DataFrame([line.as_dict() if hasattr(line, "as_dict") else vars(line) for line in lines])
