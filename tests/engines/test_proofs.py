"""Proofs: what is called proved is so in exact integers, at every scale; forged proofs are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from allocator import read_policy, read_scenario
from allocator.engines import goal_by_goal
from allocator.engines.base import Clock, Hold, Outcome, Silent
from allocator.engines.branch_and_cut import Case, Relaxation, Tree
from allocator.engines.choose import choose
from allocator.engines.closing import Question
from allocator.engines.completed import completed
from allocator.engines.cuts import Recipe, derive, separate
from allocator.engines.exact import ProgramPrices, RowPrices, evaluated
from allocator.engines.goal_by_goal import GoalByGoal, Step
from allocator.engines.integer import Model
from allocator.engines.linear import LinearProgram
from allocator.engines.mip import Mip
from allocator.engines.proofs import IntegerProof, PriceProof, Proof, SearchProof, proved_bound, proved_empty
from allocator.engines.sifting import Sifting, State
from allocator.pairs import find_pairs
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import FREE, Program, Rows, build
from allocator.scenario import Integers
from allocator.solve import solve
from tests.worlds import orders, people, scores, world

CASES = Path(__file__).parent.parent / "cases" / "answers"
GENERAL = ("mip", "sifting", "cp_sat", "pulp")


@pytest.mark.parametrize("engine", ["auto", *GENERAL])
@pytest.mark.parametrize(("case", "best"), [("false-optimum", 2_999_999_996), ("scores-of-a-hundred-million", None)])
def test_scores_wider_than_a_solvers_tolerance_are_proved_best(case: str, best: int | None, engine: str) -> None:
    result = solve(read_scenario(CASES / case), read_policy(CASES / case / "policy.toml"), engine=engine)
    assert result.status == "optimal"
    goal = result.goal("match_quality")
    assert goal.value == goal.bound
    exact = solve(read_scenario(CASES / case), read_policy(CASES / case / "policy.toml"), engine="cp_sat")
    assert goal.value == exact.goal("match_quality").value
    assert best is None or goal.value == best


# -- worlds with wide numbers ----------------------------------------------------------------------------------------


def wide_program(seed: int) -> Program:
    """A small program whose scores, points and cents are wide, tied or nearly tied; the facts of a board's own match system."""
    draw = np.random.default_rng(seed)
    seekers, slots = int(draw.integers(2, 6)), int(draw.integers(1, 4))
    base = 10 ** int(draw.integers(0, 10))
    near = int(draw.integers(1, 4))
    chosen = [(f"S{i}", f"J{j}") for i in range(1, seekers + 1) for j in range(1, slots + 1) if draw.random() < 0.8] or [("S1", "J1")]
    table = {pair: min(1e9, base + int(draw.integers(0, 10**near)) + int(draw.integers(0, 100)) / 100) for pair in chosen}
    points = 10 ** int(draw.integers(0, 6))
    cents = 10 ** int(draw.integers(2, 10))
    pairs: list[dict[str, Any]] = [
        line | {"staff_points": int(points + draw.integers(0, 3)), "cost_cents": int(cents + draw.integers(0, 5))} for line in scores(table)
    ]
    facts = world(
        seekers=people(seekers, staff_id="coach"),
        slots=orders(*draw.integers(1, 3, slots).tolist(), staff_id="rep", funding_stream="adult"),
        staff=[{"staff_id": "coach", "capacity": int(points * draw.integers(1, 4) + draw.integers(0, 6))}, {"staff_id": "rep", "capacity": 10**9}],
        pairs=pairs,
    )
    constraints: list[dict[str, Any]] = [{"kind": "staff_capacity", "charge": "seeker"}]
    if draw.random() < 0.6:
        available = float(int(cents * draw.integers(1, 4) + draw.integers(0, 12))) / 100
        constraints.append({"kind": "budget", "funding_stream": "adult", "available": available})
    goals = [{"kind": "match_quality"}, {"kind": "lottery"}]
    if draw.random() < 0.3:
        goals.insert(0, {"kind": "placements"})
    problem = Problem(facts, Policy.from_dict({"constraints": constraints, "goals": goals}), seed)
    problem.require_sound()
    return build(problem, find_pairs(problem))


def best_by_trying(program: Program) -> list[int] | None:
    """The lexicographic best of all ways to assign people, in the program's integers."""
    options = [[-1, *np.flatnonzero(program.pairs.seeker == who).tolist()] for who in np.unique(program.pairs.seeker)]
    best: list[int] | None = None
    for choice in product(*options):
        columns = completed(program, np.array([pair for pair in choice if pair >= 0], dtype=np.int64))
        if columns is not None and next(program.broken_rows(columns), None) is None:
            value = [int(objective.dense(program.size) @ columns) for objective in program.objectives]
            best = value if best is None or value > best else best
    return best


def told(program: Program, engine: str) -> Outcome:
    return choose(program, engine).engine.solve(program, Clock(), 0, Silent())


def agree_with_all_plans(seeds: range) -> int:
    proved = 0
    for seed in seeds:
        program = wide_program(seed)
        truth = best_by_trying(program)
        for engine in GENERAL:
            outcome = told(program, engine)
            if truth is None:
                assert outcome.status == "infeasible", f"world {seed}, {engine}"
                continue
            assert outcome.columns is not None, f"world {seed}, {engine}"
            values = [(goal.value, goal.bound) for goal in outcome.goals]
            # Whatever is left open, the first goal's value is reached and its bound is not exceeded by any plan.
            value, bound = values[0]
            assert value is not None, f"world {seed}, {engine}"
            assert bound is not None, f"world {seed}, {engine}"
            assert value <= truth[0] <= bound, f"world {seed}, {engine}: {values}, {truth}"
            assert outcome.status in ("optimal", "feasible"), f"world {seed}, {engine}"
            if outcome.status == "optimal":
                assert [value for value, _ in values] == truth, f"world {seed}, {engine}"
                proved += 1
    return proved


@pytest.mark.parametrize("part", range(4))
def test_engines_and_trying_everything_agree_on_wide_numbers(part: int) -> None:
    worlds = range(part * 40, part * 40 + 40)
    assert agree_with_all_plans(worlds) >= 0.95 * len(worlds) * len(GENERAL)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(20))
def test_five_thousand_worlds_of_wide_numbers(part: int) -> None:
    worlds = range(10_000 + part * 250, 10_000 + part * 250 + 250)
    assert agree_with_all_plans(worlds) >= 0.95 * len(worlds) * len(GENERAL)


# -- cuts ------------------------------------------------------------------------------------------------------------


def small_models() -> Iterator[Model]:
    for seed in range(200):
        draw = np.random.default_rng(seed)
        rows, columns = int(draw.integers(2, 6)), int(draw.integers(3, 8))
        matrix = csr_matrix(draw.integers(-3, 9, (rows, columns)) * (draw.random((rows, columns)) < 0.8))
        lower = np.where(draw.random(rows) < 0.7, -(1 << 60), draw.integers(0, 3, rows))
        upper = np.maximum(draw.integers(3, 15, rows), lower)
        yield Model(matrix.astype(np.int64), lower, upper, draw.integers(1, 3, columns), draw.integers(0, 20, columns), 1)


def test_no_cut_cuts_off_a_solution_in_whole_numbers() -> None:
    cuts = cut_off = 0
    for model in small_models():
        linear = LinearProgram(model, lambda: False)
        if linear.solve() != "optimal":
            continue
        whole = [np.array(x) for x in product(*(range(most + 1) for most in model.most.tolist())) if model.keeps(np.array(x))]
        for cut in separate(linear):
            cuts += 1
            assert all(int(cut.coefficients @ x[cut.columns]) <= cut.upper for x in whole)
            cut_off += float(cut.coefficients @ linear.values[cut.columns]) > cut.upper + 1e-9
            again = derive(model.matrix, model.lower, model.upper, model.most, cut.recipe)
            assert again is not None
            assert (again.upper, again.columns.tolist()) == (cut.upper, cut.columns.tolist())
    assert cuts > 100
    assert cut_off == cuts


def test_cuts_of_any_recipe_keep_every_solution_in_whole_numbers() -> None:
    """A forged recipe may give a useless cut, never a false one."""
    derived = 0
    for seed, model in enumerate(small_models()):
        draw = np.random.default_rng(seed)
        whole = [np.array(x) for x in product(*(range(most + 1) for most in model.most.tolist())) if model.keeps(np.array(x))]
        for _ in range(10):
            count = int(draw.integers(1, len(model.lower) + 1))
            rows = draw.permutation(len(model.lower))[:count]
            complemented = np.flatnonzero(draw.random(len(model.goal)) < 0.3)
            recipe = Recipe(
                rows, draw.integers(-9, 10, count), model.lower[rows] <= -(1 << 60), complemented, int(draw.integers(2, 30)), bool(draw.random() < 0.5)
            )
            cut = derive(model.matrix, model.lower, model.upper, model.most, recipe)
            if cut is not None:
                derived += 1
                assert all(int(cut.coefficients @ x[cut.columns]) <= cut.upper for x in whole)
    assert derived > 500


# -- forged proofs ---------------------------------------------------------------------------------------------------


class Spying(GoalByGoal):
    """An engine, and the proofs that it gave for each goal."""

    def __init__(self, engine: GoalByGoal) -> None:
        self.engine, self.given = engine, list[tuple[Integers, tuple[Hold, ...], Step]]()

    def maximize(self, program: Program, goal: Integers, holds: Any, *others: Any) -> Step:
        step = self.engine.maximize(program, goal, holds, *others)
        self.given.append((goal, tuple(holds), step))
        return step


def given_proofs(count: int) -> Iterator[tuple[Program, Integers, tuple[Hold, ...], Proof, int]]:
    """Sound proofs of bounds that are reached, of random worlds, with the best value."""
    found = 0
    for seed in range(5_000):
        program = wide_program(seed)
        for engine in (Mip(), Sifting(State(program))):
            spy = Spying(engine)
            outcome = spy.solve(program, Clock(), 0, Silent())
            if outcome.columns is None:
                continue
            for goal, holds, step in spy.given:
                for proof in step.proofs:
                    if not isinstance(proof, IntegerProof) and proved_bound(program, goal, holds, [proof]) == int(goal @ outcome.columns):
                        yield program, goal, holds, proof, int(goal @ outcome.columns)
                        found += 1
                        if found == count:
                            return


def _reworded(case: Case, draw: np.random.Generator) -> Case:
    count = len(case.prices.numbers)
    return Case(replace(case.prices, numbers=-draw.integers(0, 5, count)), case.empty)


def forged(proof: Proof, draw: np.random.Generator) -> Proof:
    """The proof with something changed so that it claims more than it shows."""
    if isinstance(proof, SearchProof):
        lower = None if proof.beyond is None else proof.beyond - 1 - int(draw.integers(0, 3))
        way = int(draw.integers(0, 3))
        if way == 0 and proof.nodes:
            return replace(proof, beyond=lower, nodes=proof.nodes[:-1])
        if way == 1 and proof.nodes:
            nodes = tuple(_reworded(node, draw) if isinstance(node, Case) else node for node in proof.nodes)
            return replace(proof, beyond=lower, nodes=nodes)
        return replace(proof, beyond=lower)
    assert isinstance(proof, PriceProof)
    numbers = proof.prices.rows
    return PriceProof(replace(proof.prices, rows=numbers + draw.integers(-50, 50, len(numbers)) * np.maximum(1, np.abs(numbers) // 100)))


def test_a_thousand_forged_bounds_are_refused() -> None:
    """Whatever is changed in a proof, it never shows a bound below a value that is reached, and a tree with a case missing shows none."""
    draw = np.random.default_rng(16)
    tried = searches = 0
    for program, goal, holds, proof, best in given_proofs(250):
        for _ in range(4):
            bound = proved_bound(program, goal, holds, [forged(proof, draw)])
            assert bound is None or bound >= best
            tried += 1
            searches += isinstance(proof, SearchProof)
    assert tried == 1_000
    assert searches >= 200


def test_an_engine_that_claims_without_proof_is_not_believed() -> None:
    class Boasting(GoalByGoal):
        name = "boasting"

        def maximize(self, program: Program, goal: Integers, holds: Any, *others: Any) -> Step:
            return Step("optimal", np.zeros(program.size, dtype=np.int64), 0)

    facts = world(seekers=people(2), slots=orders(1, 1), pairs=scores({("S1", "J1"): 3, ("S2", "J2"): 4}))
    problem = Problem(facts, Policy.from_dict({"goals": [{"kind": "match_quality"}]}))
    outcome = Boasting().solve(build(problem, find_pairs(problem)), Clock(), 0, Silent())
    assert (outcome.status, [(goal.value, goal.bound) for goal in outcome.goals]) == ("feasible", [(0, 700)])


def test_a_claim_that_nothing_fits_needs_a_proof() -> None:
    class Despairing(GoalByGoal):
        name = "despairing"

        def maximize(self, program: Program, goal: Integers, holds: Any, *others: Any) -> Step:
            return Step("infeasible", None, None)

    program = wide_program(1)
    assert Despairing().solve(program, Clock(), 0, Silent()).status == "no_solution"


def test_a_value_beyond_a_proved_bound_is_our_mistake() -> None:
    class Cheating(GoalByGoal):
        name = "cheating"

        def maximize(self, program: Program, goal: Integers, holds: Any, *others: Any) -> Step:
            return Step("optimal", np.ones(program.size, dtype=np.int64), 1, (IntegerProof("guessing", 1),))

    facts = world(seekers=people(2), slots=orders(1, 1), pairs=scores({("S1", "J1"): 3, ("S2", "J2"): 4}))
    problem = Problem(facts, Policy.from_dict({"goals": [{"kind": "match_quality"}]}))
    with pytest.raises(goal_by_goal.InternalError, match="beyond its proved bound"):
        Cheating().solve(build(problem, find_pairs(problem)), Clock(), 0, Silent())


def test_prices_that_show_nothing_prove_nothing_empty() -> None:
    program = wide_program(2)
    goal = program.objectives[0].dense(program.size)
    model = Model.of(program, goal, ()).tightened()
    relaxation = Relaxation(model, Clock())
    relaxation.tighten(lambda: -(1 << 60))
    assert relaxation.prices is not None
    proof = SearchProof.plain(None, relaxation.rows, Case(relaxation.prices, empty=True))
    assert not proved_empty(program, (), [proof])
    assert len(list(islice(small_models(), 3))) == 3


def test_a_tree_that_met_better_solutions_on_its_way_is_still_a_proof() -> None:
    """It was made for any better solution, and is beyond the best one that it met."""
    raised = 0
    for seed in range(300):
        program = wide_program(seed)
        goal = program.objectives[0].dense(program.size)
        question = Question.of(program, goal, ())
        relaxation = Relaxation(question.model, Clock())
        if relaxation.tighten(lambda: FREE) != "optimal":
            continue
        free, at = relaxation.free(1)
        tree = Tree(relaxation.rows, question.model.goal, question.model.most, 1, free, at, relaxation.prices, Clock(), question.model.keeps)
        if not tree.search(10_000) or tree.found is None:
            continue
        proof = SearchProof.of_tree(question.beyond(tree.cutoff), tree)
        assert proved_bound(program, goal, (), [proof]) == int(goal @ tree.found)
        raised += tree.cutoff > 2
    assert raised > 100


def test_prices_that_would_overflow_a_machine_integer_prove_no_more_than_they_should() -> None:
    """The row -8 x <= 0 says nothing; at a price of 2**60 its term of x is 2**63, which a machine integer takes for less than nothing."""
    matrix, one, nothing = csr_matrix(np.array([[-8]])), np.ones(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    found = evaluated(matrix, np.array([-FREE]), nothing, one, nothing, one, RowPrices(np.array([1 << 60]), 0))
    assert found is not None
    assert found[0] == 1 + (1 << 63)

    facts = world(seekers=people(1), slots=orders(1), pairs=scores({("S1", "J1"): 1}))
    problem = Problem(facts, Policy.from_dict({"goals": [{"kind": "placements"}]}))
    plain = build(problem, find_pairs(problem))
    pair = np.zeros(1, dtype=np.int64)
    row = Rows("useless", "", [], np.array([-FREE]), nothing, pair=pair, row=pair, coefficient=np.array([-8]))
    program = replace(plain, rows=(*plain.rows, row))
    prices = np.zeros(program.row_count, dtype=np.int64)
    prices[-1] = 1 << 60
    assert proved_bound(program, one, (), [PriceProof(ProgramPrices(prices, (), 0))]) == 1 + (1 << 63)
