"""A sweep in parts, written down and read back, says what the whole one says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from allocator.charts.frontier import frontier
from allocator.constraints.reservation import Reservation
from allocator.generate import generate
from allocator.inputs import Inputs
from allocator.layers import Layers, load_layers
from allocator.over import Over
from allocator.policy import Policy
from allocator.read import read_scenario
from allocator.sweep import Policies, Sweep, policies_over, sweep
from allocator.sweep_parts import joined, part_document, points_in, split
from allocator.variants import Terms
from tests.test_sweep import EXACT, PAPER, SEATS, policies, worlds


def in_parts(inputs: Inputs, asked: Policies, overs: list[Over], count: int, seed: int = 0, terms: Terms = EXACT, **more: bool) -> Sweep:
    """As workers do it: each part on its own, its file read by somebody else."""
    documents = []
    for part in split(overs, count):
        found = sweep(inputs.scenario, asked, part.solved(overs), seed=seed, terms=terms, **more)
        documents.append(json.loads(json.dumps(part_document(found, overs, part))))
    return joined(overs, documents, inputs.scenario.ids("seekers").tolist(), seed=seed, gap=float(terms.gap), lottery=terms.lottery)


def told(found: Sweep) -> dict[str, Any]:
    """Everything but how long it took and which road it went; slopes, which come from sums of decimals, to nine digits."""
    document = found.as_dict()
    for point in document["points"]:
        del point["seconds"], point["road"]
        for price in point["prices"]:
            if price["method"] == "slope":
                price |= {side: None if price[side] is None else round(price[side], 9) + 0.0 for side in ("below", "above")}
    return document


@pytest.mark.parametrize("count", [1, 2, 3, 8, 30])
def test_parts_are_even_cover_everything_once_and_reach_over_their_seams(count: int) -> None:
    for overs in ([Over("a", tuple("12345678"))], [Over("a", tuple("123")), Over("b", tuple("12345"))], [Over("a", tuple("12345")), Over("b", tuple("12"))]):
        parts = split(overs, count)
        assert sorted(texts for part in parts for texts in points_in(part.owned(overs))) == sorted(points_in(overs))
        sizes = {part.stop - part.start for part in parts}
        assert max(sizes) - min(sizes) <= 1
        assert min(sizes) >= 1
        for part in parts:
            assert set(points_in(part.owned(overs))) <= set(points_in(part.solved(overs)))
            if part.axis == len(overs) - 1:
                assert (part.first, part.last) == (max(0, part.start - 1), min(len(overs[part.axis].texts), part.stop + 1))


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_paper_frontier_in_parts(count: int) -> None:
    inputs = Inputs(read_scenario(PAPER), load_layers(PAPER / "policy.toml", own_pairs=True))
    overs = [Over(SEATS, ("0", "1", "2", "3"))]
    whole = sweep(inputs.scenario, policies_over(inputs), overs, terms=EXACT, baselines=True, served=True)
    parts = in_parts(inputs, policies_over(inputs), overs, count, baselines=True, served=True)
    assert told(parts) == told(whole)
    assert parts.frame().equals(whole.frame())
    assert parts.knee == whole.knee
    assert [point.answer.placed for point in parts.points] == [point.answer.placed for point in whole.points]
    assert parts.change_set(parts.points[2]) == whole.change_set(whole.points[2])
    assert whole.points[0].as_dict()["served"]["partner"]
    goal = whole.main_goal
    assert goal is not None
    label = whole.points[0].goals[goal].label
    assert frontier(parts.frame(), SEATS, reached=label).spec() == frontier(whole.frame(), SEATS, reached=label).spec()


@pytest.mark.parametrize("networks", [True, False])
def test_random_worlds_in_parts(networks: bool) -> None:
    for problem, rule in worlds(90_000, 5, networks=networks):
        inputs = Inputs(problem.scenario, Layers.of(problem.policy))
        overs = [Over(f"constraints.reservation[{rule.label}].share", ("0", "0.1", "0.25", "0.3", "0.6", "0.8", "1"))]
        whole = sweep(problem.scenario, policies(problem.policy), overs, seed=problem.seed, terms=EXACT)
        for count in (2, 7):
            assert values(in_parts(inputs, policies(problem.policy), overs, count, problem.seed)) == values(whole)


def values(found: Sweep) -> list[Any]:
    """What is the same whichever of several equally good plans is found: status, values, bounds, promises, prices that are quotients, marks.

    Where a promise is only a wish, how far it is kept belongs to the plan.
    """
    return [
        (point.texts, point.status, point.goals, [promise.promised for promise in point.promises], quotients)
        for point in found.points
        for quotients in [[price for price in point.prices if price.method == "difference"]]
    ]


def test_a_generated_world_in_parts_with_slopes_on_both_sides_of_the_seams() -> None:
    scenario, document = generate(60, 10, 5, "full", 5)
    policy = document if isinstance(document, Policy) else Policy.from_dict(document)
    partner = max((rule for rule in policy.constraints if isinstance(rule, Reservation) and rule.label.startswith("partner")), key=lambda rule: rule.count or 0)
    hard = policy.replacing([rule.model_copy(update={"mode": "minimum_hard"}) for rule in policy.constraints if isinstance(rule, Reservation)])
    most = partner.count or 0
    overs = [Over(f"constraints.reservation[{partner.label}].count", tuple(str(count) for count in range(max(0, most - 4), most + 4)))]
    whole = sweep(scenario, policies(hard), overs, terms=EXACT)
    assert sum(price.method == "slope" for point in whole.points for price in point.prices) > 3
    for count in (2, 3, 5):
        parts = in_parts(Inputs(scenario, Layers.of(hard)), policies(hard), overs, count)
        assert values(parts) == values(whole)
        assert slopes(parts) == pytest.approx(slopes(whole))


def slopes(found: Sweep) -> list[float]:
    """Every slope, in order; -1 where there is none."""
    return [
        -1.0 if side is None else side for point in found.points for price in point.prices if price.method == "slope" for side in (price.below, price.above)
    ]


def test_points_of_parts_that_are_missing_have_no_answer() -> None:
    inputs = Inputs(read_scenario(PAPER), load_layers(PAPER / "policy.toml", own_pairs=True))
    overs = [Over(SEATS, ("0", "1", "2", "3"))]
    second = split(overs, 2)[1]
    found = sweep(inputs.scenario, policies_over(inputs), second.solved(overs), terms=EXACT)
    half = joined(overs, [part_document(found, overs, second)], inputs.scenario.ids("seekers").tolist())
    assert [point.stop_reason for point in half.points][:2] == ["cancelled", "cancelled"]
    assert [point.verified for point in half.points] == [False, False, True, True]
    assert half.points[2].newly_placed is not None
    nothing = joined(overs, [], ())
    assert [point.status for point in nothing.points] == ["no_solution"] * 4
    assert nothing.as_dict()["knee"] is None


def test_a_point_that_was_read_back_has_no_program() -> None:
    inputs = Inputs(read_scenario(PAPER), load_layers(PAPER / "policy.toml", own_pairs=True))
    found = in_parts(inputs, policies_over(inputs), [Over(SEATS, ("0", "1"))], 1)
    with pytest.raises(AttributeError):
        _ = found.points[0].variant


def test_what_is_swept_lies_over_the_policy() -> None:
    base = Inputs(read_scenario(PAPER), load_layers(PAPER / "policy.toml", own_pairs=True))
    policy = policies_over(base)([f"{SEATS}=1"])
    assert next(rule.count for rule in policy.constraints if isinstance(rule, Reservation)) == 1
