"""The generator of synthetic scenarios: sizes, the same draw from the same seed, and policies that have a solution."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from allocator.generate import CSV_PAIRS, Rules, generate, write_generated
from allocator.policy import Policy
from allocator.read import frames_to_scenario, read_scenario
from allocator.solve import solve
from allocator.toml_text import toml_document


def _read_back(text: str) -> Any:
    return tomllib.loads(text, parse_float=Decimal)


@pytest.mark.parametrize(("seekers", "slots", "each", "rules"), [(1, 1, 1, "network"), (7, 3, 3, "full"), (400, 40, 5, "network"), (1000, 90, 10, "full")])
def test_sizes_are_those_asked_for(seekers: int, slots: int, each: int, rules: Rules) -> None:
    scenario, _ = generate(seekers, slots, each, rules, 5)
    assert (scenario.size("seekers"), scenario.size("slots"), scenario.size("pairs")) == (seekers, slots, seekers * each)
    pairs = scenario.tables["pairs"]
    assert not pairs.duplicated(["seeker_id", "slot_id"]).any(), "each seeker's slots are different"
    assert pairs.groupby("seeker_id").size().eq(each).all()
    assert pairs["score"].between(0, 100).all()
    assert np.allclose(pairs["score"] * 100, np.rint(pairs["score"] * 100))
    assert pairs["staff_points"].between(1, 5).all()
    assert scenario.tables["slots"]["openings"].between(1, 5).all()


@pytest.mark.parametrize("rules", ["network", "full"])
def test_the_seed_decides_everything(rules: Rules) -> None:
    one, policy = generate(300, 40, 6, rules, 1)
    same, same_policy = generate(300, 40, 6, rules, 1)
    other, _ = generate(300, 40, 6, rules, 2)
    assert one.digest == same.digest
    assert policy == same_policy
    assert one.digest != other.digest


@pytest.mark.parametrize("rules", ["network", "full"])
def test_the_reader_finds_nothing_wrong_and_nothing_out_of_order(rules: Rules) -> None:
    scenario, _ = generate(1200, 150, 4, rules, 3)
    checked = frames_to_scenario(scenario.tables, as_of=scenario.as_of, name=scenario.name)
    assert checked.warnings == ()
    assert checked.digest == scenario.digest


@pytest.mark.parametrize(("form", "suffix"), [(None, ".csv"), ("csv", ".csv"), ("parquet", ".parquet")])
def test_written_and_read_back(tmp_path: Path, form: Any, suffix: str) -> None:
    scenario, policy = generate(200, 30, 5, "full", 4)
    write_generated(scenario, policy, tmp_path / "out", form)
    assert (tmp_path / "out" / f"pairs{suffix}").exists()
    again = read_scenario(tmp_path / "out")
    assert (again.digest, again.name, again.warnings) == (scenario.digest, scenario.name, ())
    assert _read_back((tmp_path / "out" / "policy.toml").read_text("utf-8")) == policy


def test_many_pairs_are_written_as_parquet(tmp_path: Path) -> None:
    scenario, policy = generate(CSV_PAIRS // 20, 100, 20, "network", 4)
    write_generated(scenario, policy, tmp_path / "out")
    assert (tmp_path / "out" / "pairs.parquet").exists()


@pytest.mark.parametrize(("seekers", "slots", "each"), [(1, 1, 1), (40, 5, 3), (500, 60, 6), (3000, 300, 10)])
@pytest.mark.parametrize("seed", [1, 2])
def test_network_rules_are_a_network_and_every_promise_is_kept(seekers: int, slots: int, each: int, seed: int) -> None:
    scenario, policy = generate(seekers, slots, each, "network", seed)
    result = solve(scenario, Policy.from_dict(policy))
    assert (result.status, result.engine) == ("optimal", "network")
    assert result.warnings == []
    assert all(goal.value == 0 for goal in result.goals if goal.kind == "shortfall")


@pytest.mark.parametrize(("seekers", "slots", "each"), [(30, 4, 3), (120, 12, 5), (300, 60, 4)])
@pytest.mark.parametrize("seed", [1, 2])
def test_full_rules_are_no_network_and_every_promise_is_kept(seekers: int, slots: int, each: int, seed: int) -> None:
    scenario, policy = generate(seekers, slots, each, "full", seed)
    result = solve(scenario, Policy.from_dict(policy), time_limit=60)
    assert (result.status, result.engine) == ("optimal", "mip")
    assert result.warnings == []
    assert result.goal("shortfall").value == 0


def test_rules_bind() -> None:
    """The best matches are not the planted plan, so promises cost something."""
    scenario, policy = generate(2000, 200, 10, "network", 1)
    free = {**policy, "constraints": []}
    assert solve(scenario, Policy.from_dict(policy)).goal("match_quality").value < solve(scenario, Policy.from_dict(free)).goal("match_quality").value


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((0, 5, 1, "network", 1), "at least 1"),
        ((5, 2, 3, "network", 1), "3 different slots when there are 2"),
        ((5, 2, 1, "loose", 1), "no rules 'loose'"),
    ],
)
def test_what_cannot_be_is_said(arguments: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        generate(*arguments)


def test_toml_of_every_kind_of_value() -> None:
    document = {
        "name": 'a "quoted" \\ name\x7f',
        "empty": [],
        "limits": {"time": Decimal("1.50")},
        "goals": [{"kind": "x", "on": True, "off": False, "count": 3, "scope": {"sectors": ["62", "31-33"]}}],
    }
    assert _read_back(toml_document(document)) == document
