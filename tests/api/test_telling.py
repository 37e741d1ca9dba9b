"""What a worker writes down of what its solver tells."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from api.jobs import runs as life
from api.jobs import solving
from api.jobs.solving import Telling


def test_a_better_bound_is_no_better_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[dict[str, Any]] = []
    monkeypatch.setattr(life, "progress", lambda *told: written.append(told[2]) or True)
    monkeypatch.setattr(solving, "EVERY", 0.0)
    service: Any = SimpleNamespace(store=None)
    claim: Any = None
    telling = Telling(service, claim)
    for value, bound in ((None, 9), (None, 8), (5, 8), (5, 7), (6, 7)):
        telling.heard({"type": "incumbent", "goal": "match_quality", "value": value, "bound": bound})
    assert ["last_improvement_at" in values for values in written] == [False, False, True, False, True]
