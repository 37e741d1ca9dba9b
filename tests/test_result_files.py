"""Tables of a result are written as pandas would write them, whichever way is taken."""

import numpy as np
import pandas as pd
import pytest

from allocator.result import _csv

FRAMES = {
    "plain": {"seeker_id": ["S1", "S 2", "Sé"], "score": [1.005, np.nan, -0.0], "tier": ["1", "4a", "5"]},
    "a comma in an id": {"seeker_id": ["S,1", "S2"], "score": [1.0, 2.25], "tier": ["1", "2"]},
    "a quotation mark": {"seeker_id": ['S"1', "S2"], "detail": ["", "two\nlines"]},
    "nobody": {"seeker_id": [], "reason": [], "detail": []},
    "rules": {"kind": ["a", "b"], "slack": pd.array([None, -3], dtype="Int64"), "hard": [True, False]},
    "many scores": {"score": np.random.default_rng(1).integers(-(10**9), 10**9, 2000) / 100, "tier": ["1"] * 2000},
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_table_is_written_as_pandas_writes_it(name: str) -> None:
    frame = pd.DataFrame(FRAMES[name])
    assert _csv(frame).decode() == frame.to_csv(index=False, float_format="%.2f", lineterminator="\n")
