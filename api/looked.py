"""What looking into a dataset's files tells, kept for the next who asks: datasets never change."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from api.datasets import broken_off
from api.folders import own_folder
from api.problems import ProblemError
from api.service import Service
from api.solving.apart import BrokenOffError, apart
from api.solving.looking import look, write_faults

KEPT = 64
"""Answers kept in the memory of a process."""
_kept: OrderedDict[str, dict[str, Any]] = OrderedDict()
_asking = threading.Lock()

Row = Mapping[str, Any]


def looked_into(service: Service, dataset: Row, wanted: Sequence[Row] = ()) -> dict[str, Any]:
    """The sheets of a dataset that is not archived, and the cells around faults. Takes as long as reading takes."""
    folder = _folder(service, dataset)  # first: of an archived one nothing is told, from memory neither
    places = [{name: fault[name] for name in ("file", "sheet", "row", "column")} for fault in wanted]
    key = f"{service.store.url} {dataset['id']} {json.dumps(places)}"
    with _asking:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    told = _apart(service, look, folder, _withheld(dataset), places)
    with _asking:
        _kept[key] = told
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return told


def workbook_of_faults(service: Service, dataset: Row, faults: Sequence[Row]) -> bytes:
    """A workbook with a comment in every faulty cell of a dataset that is not archived."""
    beside = Path(tempfile.mkdtemp(dir=own_folder(service.settings.work), prefix="faults-"))
    try:
        path = beside / "faults.xlsx"
        _apart(service, write_faults, _folder(service, dataset), _withheld(dataset), list(faults), str(path))
        return path.read_bytes()
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _folder(service: Service, dataset: Row) -> str:
    if dataset["purged_at"] is not None:
        raise ProblemError("gone", f"Dataset {dataset['id']!r} was archived.")
    return str(service.folders.folder(dataset["files"]))


def _withheld(dataset: Row) -> list[str]:
    """Files whose cells nobody is told: where it is not known which those are, all of them."""
    return list(dataset["files"]) if dataset["withheld"] is None else list(dataset["withheld"])


def _apart(service: Service, work: Any, *arguments: Any) -> dict[str, Any]:
    settings = service.settings
    try:
        return apart(work, *arguments, memory_gb=settings.upload_memory_gb, seconds=settings.upload_time.total_seconds())
    except BrokenOffError as error:
        raise broken_off(error, settings) from None
