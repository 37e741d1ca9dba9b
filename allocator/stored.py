"""A result on disk, read back: `result.json` and the tables beside it, as `write_result` wrote them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from allocator.changes import ChangeSet
from allocator.constraints.base import Standing
from allocator.engines.base import Status, StopReason
from allocator.errors import Fault, InputError
from allocator.policy import Policy
from allocator.promises import ReservationLine
from allocator.repair import Bend, Conflict, Party, Repair
from allocator.result import SCHEMA, GoalResult, Restriction, Result
from allocator.trace import Moment
from allocator.unplaced import Unplaced, UnplacedPeople

RESULT_FILE = "result.json"
TEXTS = ("seeker_id", "slot_id", "tier")
"""Columns of `assignments.csv` that are text even where they look like numbers; the others are points."""


def read_result(folder: str | Path) -> Result:
    """The result in a folder that `write_result` has written.

    Raises
    ------
    InputError
        The folder holds no result, or one of another version, or its files do not belong together.
    """
    target = Path(folder)
    document = _document(target)
    try:
        assignments = _assignments(target / "assignments.csv")
        unplaced = pd.read_csv(target / "unplaced.csv", dtype=str, keep_default_na=False)
        result = _result(document, assignments, unplaced)
        _require_sense(document)
    except (OSError, LookupError, AttributeError, TypeError, ValueError, ArithmeticError) as error:
        raise _unreadable(target, f"{type(error).__name__}: {error}") from None
    if result.placed != document["placed"]:
        raise _unreadable(target, f"result.json speaks of {document['placed']} people placed, assignments.csv of {result.placed}")
    return result


def _document(target: Path) -> Mapping[str, Any]:
    path = target / RESULT_FILE
    try:
        there = path.is_file()
        document = json.loads(path.read_text("utf-8")) if there else None
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(target, str(error)) from None
    if not there:
        message, mend = f"{target} holds no result: there is no {RESULT_FILE}.", "Name the folder that `ojt allocate --out` has written."
        raise InputError([Fault("no_result", message, mend, str(target))])
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        said = document.get("schema") if isinstance(document, dict) else None
        message = f"The result is of schema {said}; this version reads schema {SCHEMA}."
        raise InputError([Fault("other_schema", message, "Allocate again with this version.", str(path))])
    return document


def _require_sense(document: Mapping[str, Any]) -> None:
    """Raise where the document says what no run would: somebody has edited it."""
    date.fromisoformat(document["as_of"])
    if document["status"] not in get_args(Status) or document["stop_reason"] not in get_args(StopReason):
        raise ValueError(f"there is no status {document['status']!r} that ends by {document['stop_reason']!r}")
    if type(document["seed"]) is not int or type(document["verified"]) is not bool:
        raise TypeError("seed is no whole number, or verified neither true nor false")
    if not isinstance(document["digests"]["scenario"], str) or not isinstance(document["inputs"], dict):
        raise TypeError("digests and inputs are not what a run writes")
    if any(not isinstance(amount, int | float | None) for goal in document["goals"] for amount in (goal["value"], goal["bound"])):
        raise TypeError("a goal's value is no number")


def _assignments(path: Path) -> pd.DataFrame:
    frame = pd.read_csv(path, dtype=dict.fromkeys(TEXTS, str), keep_default_na=False, na_values={})
    for name in frame.columns:
        if name not in TEXTS:
            frame[name] = pd.to_numeric(frame[name])
    return frame


def _result(document: Mapping[str, Any], assignments: pd.DataFrame, unplaced: pd.DataFrame) -> Result:
    restriction = document["restriction"]
    return Result(
        status=document["status"],
        stop_reason=document["stop_reason"],
        engine=document["engine"],
        engine_reason=document["engine_reason"],
        verified=document["verified"],
        seekers=document["seekers"],
        openings=document["openings"],
        pairs=document["pairs"],
        considered=document["pairs_considered"],
        assignments=assignments,
        unplaced=UnplacedPeople(*(unplaced[name].to_numpy(dtype=object) for name in Unplaced._fields)),
        goals=[GoalResult(**goal) for goal in document["goals"]],
        rules=[_standing(line) for line in document["rules"]],
        reservations=[ReservationLine(**line) for line in document["reservations"]],
        reverse_referrals=document["reverse_referrals"],
        refusals=document["refusals"],
        warnings=[Fault(**fault) for fault in document["warnings"]],
        policy=Policy.from_dict(document["policy"], file=RESULT_FILE),
        scenario_name=document["scenario"],
        seed=document["seed"],
        as_of=document["as_of"],
        digests=document["digests"],
        versions=document["versions"],
        timings=document["timings"],
        restriction=None if restriction is None else Restriction(**restriction),
        inputs=document["inputs"],
        trace=[Moment(**moment) for moment in document.get("trace", [])],
        repair=_repair(document),
        repaired=tuple(Bend(**bend) for bend in document["repaired"]),
    )


def _repair(document: Mapping[str, Any]) -> Repair:
    conflicts = [
        Conflict(tuple(Party(**party) for party in said["rules"]), tuple(said["certificate"]), tuple(said["bends"]), said["price"], said["minimal"])
        for said in document["conflicts"]
    ]
    changes = ChangeSet.from_dict(document["changes"])
    return Repair(tuple(Bend(**bend) for bend in document["bends"]), tuple(conflicts), changes, proved=document["bends_proved"], feasible=bool(changes.changes))


def _standing(line: Mapping[str, Any]) -> Standing:
    return Standing(**{name: value for name, value in line.items() if name not in ("required", "slack")})


def _unreadable(target: Path, why: str) -> InputError:
    message = f"The result in {target} cannot be read: {why}."
    return InputError([Fault("bad_result", message, "Allocate again; the files of a run belong together.", str(target))])
