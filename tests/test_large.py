"""Large sizes: too slow for every day, run with `make test PYTEST="-m slow"`."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator.generate import generate, write_generated
from allocator.layers import load_policy
from allocator.policy import Policy
from allocator.read import read_scenario
from allocator.solve import solve

pytestmark = pytest.mark.slow


def test_a_hundred_thousand_seekers_with_rules_that_nest(tmp_path: Path) -> None:
    scenario, document = generate(100_000, 10_000, 10, "network", 1)
    write_generated(scenario, document, tmp_path / "large")
    again = read_scenario(tmp_path / "large")
    assert again.digest == scenario.digest
    result = solve(again, load_policy(tmp_path / "large" / "policy.toml"))
    assert (result.engine, result.status, result.verified) == ("network", "optimal", True)


def test_two_thousand_seekers_with_every_rule() -> None:
    scenario, document = generate(2_000, 200, 10, "full", 1)
    result = solve(scenario, Policy.from_dict(document))
    assert (result.engine, result.status, result.verified) == ("mip", "optimal", True)
