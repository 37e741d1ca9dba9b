"""The one door to the protected table: groups of people by sex, race, age and disability, for counting and for nothing else.

`Scenario` refuses this table to whoever asks it for a column. `allocator.equity` comes in here, and a test keeps everybody else out.
What is handed out has no ids: group numbers in the order of the seekers table.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from allocator.domain import PROTECTED, TABLES
from allocator.scenario import Coded, Names, Scenario

NOT_RECORDED = "not recorded"
"""The name of the group of those of whom nothing is recorded, or who did not want to say."""
UNSAID = frozenset({"", "unknown", "not_disclosed", "not disclosed", "not_recorded", "not recorded", "declined", "refused", "9"})
"""Values that name no group."""


def attributes(scenario: Scenario) -> Iterator[tuple[str, Coded]]:
    """Each protected attribute of the scenario with every seeker's group; nothing where there is no such table.

    `Coded.codes` is aligned with the seekers table. Everybody is in a group: those of whom nothing is recorded are in `NOT_RECORDED`.
    """
    frame = scenario.tables.get(PROTECTED)
    if frame is None:
        return
    key = TABLES[PROTECTED].keys[0]
    place = scenario.positions("seekers", frame[key].to_numpy(dtype=object))
    there = np.flatnonzero(place >= 0)
    for name in TABLES[PROTECTED].model_fields:
        if name != key and name in frame.columns:
            said = np.full(scenario.size("seekers"), NOT_RECORDED, dtype=object)
            said[place[there]] = _said(frame[name])[there]
            codes, values = pd.factorize(said, sort=True)
            yield name, Coded(codes.astype(np.int32), tuple(str(value) for value in values))


def _said(column: pd.Series) -> Names:
    """A column as the names of groups."""
    if pd.api.types.is_bool_dtype(column.dtype):
        column = column.map({True: "yes", False: "no"})
    text = column.astype(object).where(column.notna(), "").astype(str)
    return np.where(text.str.strip().str.lower().isin(UNSAID), NOT_RECORDED, text).astype(object)
