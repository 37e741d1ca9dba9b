"""The test for a network is itself tested: against every way of splitting the sets, and its two roads against each other."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.sparse import csr_array

from allocator.engines.bihierarchy import Bihierarchy, Tree, _by_crossing, _by_side, bihierarchy, two_families
from allocator.pairs import Pairs, find_pairs
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import FREE, Program, Rows, build
from tests.worlds import orders, people, scores, world


def crosses(one: frozenset[int], other: frozenset[int]) -> bool:
    return bool(one & other) and not one <= other and not other <= one


def splits_in_two(sets: list[frozenset[int]]) -> bool:
    """The definition, tried out: some split leaves no crossing inside either family."""
    crossings = [pair for pair in combinations(range(len(sets)), 2) if crosses(sets[pair[0]], sets[pair[1]])]
    return any(all((split >> one & 1) != (split >> other & 1) for one, other in crossings) for split in range(1 << len(sets)))


def matrix(sets: list[frozenset[int]], width: int) -> csr_array:
    return csr_array(np.array([[int(k in members) for k in range(width)] for members in sets], dtype=np.int32).reshape(len(sets), width))


@pytest.mark.parametrize("seed", range(8))
def test_two_families_are_found_just_when_some_split_works(seed: int) -> None:
    draw = np.random.default_rng(seed)
    answers = set()
    for _ in range(250):
        width = int(draw.integers(2, 7))
        sets = [frozenset(np.flatnonzero(draw.random(width) < 0.5).tolist()) for _ in range(int(draw.integers(1, 8)))]
        sets = [members for members in sets if members]
        if not sets:
            continue
        found = two_families(matrix(sets, width))
        works = splits_in_two(sets)
        assert isinstance(found, int) is not works, sets
        if not isinstance(found, int):
            assert not any(crosses(sets[one], sets[other]) for one, other in combinations(range(len(sets)), 2) if found[one] == found[other])
        answers.add(works)
    assert answers == {True, False}


def test_three_sets_that_cross_each_other_are_not_a_bihierarchy() -> None:
    assert isinstance(two_families(matrix([frozenset({0, 1}), frozenset({1, 2}), frozenset({2, 0})], 3)), int)


def test_equal_sets_nest() -> None:
    assert not isinstance(two_families(matrix([frozenset({0, 1}), frozenset({0, 1}), frozenset({1, 2})], 3)), int)


def test_the_set_that_is_named_is_the_largest_on_an_odd_circle() -> None:
    sets = [frozenset({0, 1, 2, 3}), frozenset({3, 4}), frozenset({4, 0}), frozenset({5})]
    assert two_families(matrix(sets, 6)) == 0


def pairs_of(table: np.ndarray) -> Pairs:
    seeker, slot = np.nonzero(table)
    return Pairs(table.shape[1], seeker.astype(np.int32), slot.astype(np.int32), np.ones(len(seeker), dtype=np.int64))


def side_rows(kind: str, rows: np.ndarray, of: str) -> Rows:
    count = int(rows.max(initial=-1)) + 1
    return Rows(kind, kind, [f"{kind} {k}" for k in range(count)], np.full(count, -FREE), np.ones(count, dtype=np.int64), **{of: rows.astype(np.int32)})  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(300))
def test_the_quick_road_and_the_general_one_agree(seed: int) -> None:
    draw = np.random.default_rng(seed)
    people_count, slot_count = int(draw.integers(2, 7)), int(draw.integers(2, 5))
    pairs = pairs_of(draw.random((people_count, slot_count)) < 0.6)
    if len(pairs) == 0:
        return
    rows = [side_rows("one_slot_each", np.arange(people_count), "of_seeker"), side_rows("slot_openings", np.arange(slot_count), "of_slot")]
    for number in range(int(draw.integers(0, 4))):
        of, size = ("of_seeker", people_count) if draw.random() < 0.6 else ("of_slot", slot_count)
        rows.append(side_rows(f"rule {number}", draw.integers(-1, 2, size), of))
    program = Program(pairs, np.ones(len(pairs), dtype=np.int64), tuple(rows), ())
    quick, general = _by_side(program), _by_crossing(program)
    # The quick road answers only yes, and then the general one must; it may pass on what only the general one can see.
    if quick is not None:
        assert isinstance(general, Bihierarchy)
        for tree in (quick.seekers, quick.slots):
            assert_tree_is_true(program, tree)
    if isinstance(general, Bihierarchy):
        for tree in (general.seekers, general.slots):
            assert_tree_is_true(program, tree)


def assert_tree_is_true(program: Program, tree: Tree) -> None:
    """Walking from a pair's leaf to the root meets exactly the tree's rows that hold the pair."""
    members: dict[tuple[int, int], set[int]] = {}
    for number in set(tree.block[1:].tolist()):
        row, pair, _ = program.rows[number].entries(program.pairs)
        for r, p in zip(row.tolist(), pair.tolist(), strict=True):
            members.setdefault((number, r), set()).add(p)
    nodes = {(int(b), int(r)) for b, r in zip(tree.block[1:], tree.row[1:], strict=True)}
    for pair in range(len(program.pairs)):
        node, met = int(tree.leaf[pair]), set()
        while node:
            met.add((int(tree.block[node]), int(tree.row[node])))
            node = int(tree.parent[node])
        assert met == {name for name in nodes if pair in members[name]}


def problem(constraints: list[dict[str, object]]) -> Problem:
    every = {(f"S{i}", f"J{j}"): 1.0 for i in range(1, 5) for j in range(1, 4)}
    seekers = [
        {**one, "partner_id": partner, "populations": populations}
        for one, partner, populations in zip(people(4), ("P1", "P1", "P2", None), (["x"], ["y"], ["x"], []), strict=True)
    ]
    slots = [
        {**one, "employer_id": employer, "county_fips": county}
        for one, employer, county in zip(orders(2, 2, 2), ("E1", "E1", "E2"), ("41051", "41067", "41067"), strict=True)
    ]
    facts = world(seekers=seekers, slots=slots, employers=[{"employer_id": "E1", "naics": "62"}, {"employer_id": "E2", "naics": "23"}], pairs=scores(every))
    return Problem(facts, Policy.from_dict({"constraints": constraints}))


SECTOR = {"kind": "business_target", "label": "s", "scope": "sector:62", "maximum": 1}
NESTED = {"kind": "reservation", "label": "one", "beneficiaries": "partner:P1", "count": 1}


@pytest.mark.parametrize(
    ("constraints", "is_network"),
    [
        ([NESTED], True),
        ([NESTED, {"kind": "reservation", "label": "any", "beneficiaries": "any_partner", "count": 2}], True),
        ([NESTED, {"kind": "reservation", "label": "x", "beneficiaries": "population:x", "count": 1}], False),
        ([SECTOR, {"kind": "employer_limit", "at_most": 2}], True),
        ([SECTOR, SECTOR | {"label": "c", "scope": "county:41067"}], False),
        ([NESTED | {"scope": "sector:62"}], False),
        ([NESTED | {"scope": "slot:J1"}], True),
        ([NESTED | {"count": None, "share": 0.5, "denominator": "filled"}], False),
    ],
    ids="partner partner-in-any partner-across-population employer-in-sector sector-across-county partner-in-sector partner-in-slot share-of-filled".split(),
)  # fmt: skip
def test_policies_that_nest_are_networks_and_others_are_not(constraints: list[dict[str, object]], is_network: bool) -> None:
    asked = problem([{key: value for key, value in entry.items() if value is not None} for entry in constraints])
    program = build(asked, find_pairs(asked))
    answer = bihierarchy(program)
    assert isinstance(answer, Bihierarchy) is is_network, answer


def test_the_reason_names_the_rule_that_crosses() -> None:
    asked = problem([NESTED | {"scope": "sector:62"}])
    assert bihierarchy(build(asked, find_pairs(asked))) == "reservation[one] crosses both seekers' and slots' rows"
