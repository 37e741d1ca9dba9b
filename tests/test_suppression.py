"""Small numbers stay hidden from somebody who can add, subtract and solve equations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from allocator.suppression import LEAST, hidden_rows, hidden_stages, small

SEEDS = [*range(40), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(40, 600))]


def rows(*counts: tuple[int, ...]) -> np.ndarray:
    return np.array(counts, dtype=np.int64)


def hidden(*counts: tuple[int, ...]) -> list[bool]:
    return hidden_rows(rows(*counts)).tolist()


def test_large_numbers_and_zeros_are_shown() -> None:
    assert hidden((40, 10), (60, 0), (0, 0)) == [False, False, False]


def test_one_small_row_takes_the_smallest_other_with_it() -> None:
    assert hidden((3, 12), (40, 50), (20, 30), (100, 90)) == [True, False, True, False]


def test_a_row_without_people_hides_nobody() -> None:
    assert hidden((3, 12), (0, 0), (20, 30), (100, 90)) == [True, False, True, False]


def test_two_small_rows_that_are_few_together_take_a_third() -> None:
    assert hidden((3, 0), (2, 1), (20, 30), (100, 90)) == [True, True, True, False]
    assert hidden((3, 6), (2, 1), (20, 30), (100, 90)) == [True, True, True, False]
    assert hidden((3, 6), (7, 5), (20, 30), (100, 90)) == [True, True, False, False]


def test_nine_is_small_and_ten_is_not() -> None:
    assert hidden((9, 50), (50, 50)) == [True, True]
    assert hidden((10, 50), (50, 50)) == [False, False]


def test_one_group_alone_is_hidden_whole() -> None:
    assert hidden((5, 100)) == [True]


def test_the_middle_alone_is_hidden_where_only_it_is_small() -> None:
    nested = rows((123, 26, 22), (204, 57, 37), (572, 168, 114))  # four of the first group were eligible and not placed
    gone, inside = hidden_stages([nested])
    assert gone.tolist() == [False, False, False]
    assert inside.tolist() == [True, True, False]


def test_a_middle_that_the_ends_pin_down_takes_more_rows_with_it() -> None:
    """The second group's eligible are all placed and all of the pool: it hides nothing, so the third must help."""
    nested = rows((60, 25, 20), (70, 70, 70), (80, 50, 30))
    gone, inside = hidden_stages([nested])
    assert (gone.tolist(), inside.tolist()) == ([False, False, False], [True, True, True])


def test_a_middle_that_no_row_can_help_takes_its_ends_with_it() -> None:
    gone, inside = hidden_stages([rows((60, 25, 20), (70, 70, 70))])
    assert (gone.tolist(), inside.tolist()) == ([True, True], [True, True])


# -- what an attacker can work out ------------------------------------------------------------------------------------


def reach(parts: np.ndarray, equations: list[tuple[np.ndarray, float]]) -> list[tuple[float, float]]:
    """Least and most of each variable that is not negative under equations."""
    matrix = np.array([left for left, _ in equations])
    right = np.array([value for _, value in equations])
    found = []
    for variable in range(parts.size):
        goal = np.zeros(parts.size)
        goal[variable] = 1
        ends = [linprog(sign * goal, A_eq=matrix, b_eq=right, bounds=(0, None)) for sign in (1, -1)]
        assert all(end.status == 0 for end in ends)
        found.append((ends[0].fun, -ends[1].fun))
    return found


def unit(shape: tuple[int, int], cells: list[tuple[int, int]]) -> np.ndarray:
    left = np.zeros(shape)
    for cell in cells:
        left[cell] = 1
    return left.ravel()


def draw_parts(draw: np.random.Generator, columns: int) -> np.ndarray:
    size = (int(draw.integers(2, 7)), columns)
    scale = draw.choice([0, 3, 12, 40, 200], size=size, p=[0.1, 0.2, 0.2, 0.3, 0.2])
    return draw.poisson(scale).astype(np.int64)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_hidden_count_can_be_worked_out_from_rows_and_totals(seed: int) -> None:
    draw = np.random.default_rng(seed)
    parts = draw_parts(draw, int(draw.integers(2, 4)))
    gone = hidden_rows(parts)
    assert not small(parts[~gone]).any()
    if not gone.any() or (parts.sum(axis=1) > 0).sum() < 2:
        return  # one group alone is the total, whatever is hidden
    known = [(unit(parts.shape, [(i, j)]), parts[i, j]) for i in np.flatnonzero(~gone) for j in range(parts.shape[1])]
    totals = [(unit(parts.shape, [(i, j) for i in range(len(parts))]), parts[:, j].sum()) for j in range(parts.shape[1])]
    span = np.array(reach(parts, known + totals)).reshape(*parts.shape, 2)
    for i, j in zip(*np.nonzero(gone[:, None] & small(parts)), strict=True):
        assert span[i, j, 1] - span[i, j, 0] >= 1 - 1e-6, (parts, gone, i, j)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_small_middle_can_be_worked_out_from_the_ends(seed: int) -> None:
    """Disjoint parts (left out, eligible only, placed): some rows tell all, some the ends, some nothing; the totals are known."""
    draw = np.random.default_rng(seed)
    parts = draw_parts(draw, 3)
    nested = parts[:, ::-1].cumsum(axis=1)[:, ::-1]
    gone, inside = hidden_stages([nested])
    assert (inside >= gone).all()
    if not inside.any() or (parts.sum(axis=1) > 0).sum() < 2:
        return
    known = []
    for i in range(len(parts)):
        if not inside[i]:
            known += [(unit(parts.shape, [(i, j)]), parts[i, j]) for j in range(3)]
        elif not gone[i]:
            known += [(unit(parts.shape, [(i, 2)]), parts[i, 2]), (unit(parts.shape, [(i, 0), (i, 1)]), parts[i, :2].sum())]
    totals = [(unit(parts.shape, [(i, j) for i in range(len(parts))]), parts[:, j].sum()) for j in range(3)]
    span = np.array(reach(parts, known + totals)).reshape(*parts.shape, 2)
    for i, j in zip(*np.nonzero(inside[:, None] & small(parts)), strict=True):
        assert span[i, j, 1] - span[i, j, 0] >= 1 - 1e-6, (nested, gone, inside, i, j)


def test_plans_side_by_side_hide_what_either_must() -> None:
    """Hidden with b in the first plan and with c in the second, a would be what b shows in the second less what both have together."""
    before, after = rows((3, 30), (15, 30), (50, 50)), rows((13, 20), (5, 40), (50, 50))
    assert hidden_rows(np.hstack([before, after])).tolist() == [True, True, False]
    assert LEAST == 10
