"""Datasets and scenarios as the library has them: facts and wishes, read from a folder of this machine, of which a few stay in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from allocator.changes import ChangeSet
from allocator.inputs import Inputs, read_inputs
from api.service import Service

KEPT = 4
"""Datasets kept in the memory of a process; the least recently used goes first."""

_kept: OrderedDict[str, Inputs] = OrderedDict()
_opening = threading.Lock()

Layer = Mapping[str, Any]
"""A change set as it is stored: `name` and `changes`."""


def facts_of(service: Service, dataset: Mapping[str, Any]) -> Inputs:
    """The facts and the policy of a dataset without faults."""
    key = f"{service.store.url} {dataset['id']}"
    with _opening:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    inputs = read_inputs(service.folders.folder(dataset["files"]), None, None, None)
    with _opening:
        _kept[key] = inputs
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return inputs


def under_layers(base: Inputs, layers: Sequence[Layer]) -> Inputs:
    """A dataset's facts and wishes with the change sets of a scenario on top; InputError with every fault of the first set that has one."""
    sets = tuple(ChangeSet.from_dict({"name": layer["name"], "changes": layer["changes"]}) for layer in layers)
    return base.under(*sets) if sets else base
