"""Cuts: rows that every solution in whole numbers keeps and a solution in parts may not, derived in exact integers.

A cut is told by its recipe: rows with integer multipliers, columns that are counted from their upper end, and a
divisor. `derive` makes the cut from it, and nothing in that depends on a solver; a proof that uses a cut holds the
recipe, and whoever checks the proof derives the cut again.

Rows are added up with their multipliers, each with a whole slack, so that the sum is an equation in whole numbers:

    sum a[k] x[k] + sum h[r] slack[r]  =  b          (all x and slack whole and not below 0)

With b = q * divisor + rest, 0 < rest < divisor, and a = p * divisor + s, 0 <= s < divisor, every solution keeps

    sum (p * (divisor - rest) + max(0, s - rest)) * x  <=  q * (divisor - rest)

Source: mixed-integer rounding, Nemhauser and Wolsey 1990; complementing and the choice of the divisor, Marchand and
Wolsey 2001; rows from the simplex tableau, Gomory 1960; sums by a modulus, Caprara, Fischetti and Letchford 2000.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from allocator.engines.linear import LinearProgram
from allocator.program import FREE
from allocator.scenario import Floats, Integers, Mask

FINE, FINEST = 24, 42
"""Powers of two by which multipliers from the tableau are multiplied before they are rounded; the larger a row's numbers, the more."""
LARGEST = 2.0**60
"""Numbers that may turn up while a cut is derived."""
COARSE = 1 << 30
"""The largest coefficient of a cut."""
MANY_ROWS = 400
"""Sums of more rows than this are left alone."""
MANY_ROWS = 400
"""Sums of more rows than this are left alone."""
VIOLATED = 1e-4
"""A cut has to cut off the solution in parts by so much, relative to the length of its coefficients."""
FRACTIONAL = 1e-3
PARALLEL = 0.97
"""Of two cuts whose directions are closer than this (their cosine), the deeper one is enough."""
TRIED, ADDED = 100, 30
"""Rows of the tableau that are tried, and cuts that are added, in a round."""
MODULI, UNWHOLE, ELIMINATED = (2, 3, 5), 1e-5, 200_000
"""Moduli of sums of binding rows; how far from whole a column in parts is; rows times columns up to which they are looked for."""
DIVISORS = 12
"""Coefficients of columns strictly inside their range that are tried as divisor."""
DENSE, DENSE_ADDED = 500, 3
"""A cut with more columns than this, and a tenth of all beside, is dense; such cuts are added where there are fewer than so many others."""


@dataclass(frozen=True, eq=False)
class Recipe:
    """How a cut follows from rows (numbered as in `Rows`): multipliers, which side each row is taken at, columns
    that are counted from their upper end, the divisor, and whether the equation is turned round first."""

    rows: Integers
    multipliers: Integers
    at_upper: Mask
    complemented: Integers
    divisor: int
    turned: bool


@dataclass(frozen=True, eq=False)
class Cut:
    """coefficients @ x[columns] <= upper."""

    columns: Integers
    coefficients: Integers
    upper: int
    recipe: Recipe


@dataclass(frozen=True, eq=False)
class _Equation:
    """Rows added up: coefficients of the columns and of the slacks, and the right side."""

    dense: Integers
    slack: Integers
    right: int


def _added_up(matrix: csr_matrix, lower: Integers, upper: Integers, recipe: Recipe) -> _Equation | None:
    side = np.where(recipe.at_upper, upper[recipe.rows], lower[recipe.rows])
    if (np.abs(side) >= FREE).any():
        return None
    multipliers = recipe.multipliers
    entries = matrix[recipe.rows]
    if _most(entries, multipliers) > LARGEST:
        return None
    sign = -1 if recipe.turned else 1
    right = sum(int(a) * int(b) for a, b in zip(multipliers.tolist(), side.tolist(), strict=True))
    slack = np.where(recipe.at_upper, multipliers, -multipliers)
    return _Equation(sign * np.asarray(entries.T @ multipliers).ravel(), sign * slack, sign * right)


def derive(matrix: csr_matrix, lower: Integers, upper: Integers, most: Integers, recipe: Recipe) -> Cut | None:
    """The cut of a recipe; None where its numbers are too large, or the recipe says nothing.

    Parameters
    ----------
    matrix, lower, upper
        The rows before the cut, in integers.
    most
        The largest value of each column; the least is 0.
    """
    summed = _added_up(matrix, lower, upper, recipe)
    return None if summed is None else _rounded(summed, matrix, lower, upper, most, recipe)


def _rounded(summed: _Equation, matrix: csr_matrix, lower: Integers, upper: Integers, most: Integers, recipe: Recipe) -> Cut | None:
    turned_over = recipe.complemented
    if len(turned_over) and int(most[turned_over].max()) >= FREE:
        return None
    dense, right, divisor = summed.dense.copy(), summed.right, recipe.divisor
    right -= sum(int(a) * int(u) for a, u in zip(dense[turned_over].tolist(), most[turned_over].tolist(), strict=True))
    dense[turned_over] *= -1
    rest = right % divisor
    if rest == 0:
        return None
    quotient, left = (right - rest) // divisor, divisor - rest
    largest = max(float(np.abs(dense).max(initial=0)), float(np.abs(summed.slack).max(initial=0)), float(divisor))
    if largest * 4 > LARGEST or abs(quotient) * float(left) > LARGEST:
        return None
    cut, slack = _round_down(dense, divisor, rest), _round_down(summed.slack, divisor, rest)
    bound = quotient * left
    bound -= sum(int(c) * int(u) for c, u in zip(cut[turned_over].tolist(), most[turned_over].tolist(), strict=True))
    cut[turned_over] *= -1
    # A slack is its side less the row (or the row less its side): put in, only columns are left.
    sign = np.where(recipe.at_upper, slack, -slack)
    side = np.where(recipe.at_upper, upper[recipe.rows], lower[recipe.rows])
    entries = matrix[recipe.rows]
    if _most(entries, sign) > LARGEST:
        return None
    cut = cut - np.asarray(entries.T @ sign).ravel()
    bound -= sum(int(a) * int(b) for a, b in zip(sign.tolist(), side.tolist(), strict=True))
    # Rounding down once more keeps the numbers short, and every solution in whole numbers.
    step = -(-int(np.abs(cut).max(initial=0)) // COARSE)
    if step > 1:
        cut, bound = cut // step, bound // step
    # Coefficients that are next to nothing are left out: where they help, at what they help at most.
    large = int(np.abs(cut).max(initial=0))
    tiny = np.flatnonzero((cut != 0) & (np.abs(cut) < large * 1e-7))
    for column in tiny[cut[tiny] < 0].tolist():
        if most[column] >= FREE:
            return None
        bound -= int(cut[column]) * int(most[column])
    cut[tiny] = 0
    columns = np.flatnonzero(cut)
    if not len(columns) or abs(bound) > 2**58:
        return None
    return Cut(columns, cut[columns], bound, recipe)


def _most(entries: csr_matrix, multipliers: Integers) -> float:
    """What the rows' sum could come to in any column, at most."""
    largest = np.asarray(abs(entries).max(axis=1).todense()).ravel().astype(np.float64) if entries.shape[1] else np.zeros(len(multipliers))
    return float((largest * np.abs(multipliers)).sum())


def _round_down(values: Integers, divisor: int, rest: int) -> Integers:
    whole = values // divisor
    return np.asarray(whole * (divisor - rest) + np.maximum(values - whole * divisor - rest, 0))


def separate(linear: LinearProgram) -> list[Cut]:
    """Cuts that the linear program's present solution breaks, the deepest first."""
    values = linear.values
    found = [told for candidate in _candidates(linear) if (told := _best(linear, candidate)) is not None]
    found.sort(key=lambda one: -one[0])
    kept: list[Cut] = []
    directions: list[Floats] = []
    sparse = [cut for _, cut in found if len(cut.columns) <= DENSE + len(values) // 10]
    dense = [cut for _, cut in found if len(cut.columns) > DENSE + len(values) // 10]
    for cuts, most in ((sparse, ADDED), (dense, DENSE_ADDED)):
        for cut in cuts:
            if len(kept) >= most:
                break
            direction = np.zeros(len(values))
            direction[cut.columns] = cut.coefficients
            direction /= np.sqrt((direction**2).sum())
            if all(float((direction * other).sum()) < PARALLEL for other in directions):
                kept.append(cut)
                directions.append(direction)
    return kept


def _candidates(linear: LinearProgram) -> Iterator[tuple[Integers, Integers, Mask, int]]:
    """Sums of rows to round, and what a whole one is in them: rows of the tableau whose column is in parts, and rows that bind, each by itself."""
    for multipliers in linear.tableau_rows(FRACTIONAL, TRIED):
        rows = np.flatnonzero(multipliers)
        bits = min(FINEST, FINE + math.ceil(math.log2(float(linear.size[rows].max(initial=1.0)))))
        told = np.rint(np.ldexp(multipliers[rows], bits))
        rows, told = rows[told != 0], told[told != 0]
        if 0 < len(rows) <= MANY_ROWS and float(np.abs(told).max()) < 2.0**54:
            yield rows, told.astype(np.int64), linear.nearer_upper(rows), 1 << bits
    for modulus in MODULI:
        yield from _modular(linear, modulus)
    for row in linear.binding_rows().tolist():
        rows = np.array([row])
        yield rows, np.ones(1, dtype=np.int64), linear.nearer_upper(rows), 1


def _modular(linear: LinearProgram, modulus: int) -> Iterator[tuple[Integers, Integers, Mask, int]]:
    """Sums of binding rows in which every column in parts has a multiple of the modulus, and the right side has not.

    Divided by the modulus and rounded down, such a sum loses nothing on the left and nearly one on the right.
    """
    rows, columns = linear.tight_in_parts(UNWHOLE)
    if not len(rows) or len(rows) * len(columns) > ELIMINATED:
        return
    at_upper = linear.nearer_upper(rows)
    entries = linear.matrix[rows]
    side = np.where(at_upper, linear.upper[rows], linear.lower[rows])
    ends = np.rint(linear.values).astype(np.int64)
    ends[columns] = 0
    right = (side - entries @ ends) % modulus
    left = np.asarray(entries[:, columns].todense()) % modulus
    for multipliers in _annulled(left, modulus):
        rest = int((multipliers * right).sum()) % modulus
        if rest == 0:
            continue
        # So that modulus - 1 is left over on the right, and slacks count 0 where that goes.
        told = multipliers * ((modulus - 1) * pow(rest, -1, modulus)) % modulus
        used = np.flatnonzero(told)
        if len(used) <= MANY_ROWS:
            yield rows[used], np.where(at_upper[used], told[used], told[used] - modulus), at_upper[used], -modulus


def _annulled(left: Any, modulus: int) -> Iterator[Integers]:
    """Sums of rows that are nothing by the modulus in every column: a basis of them, by elimination."""
    count = len(left)
    order = np.argsort((left != 0).sum(axis=1), kind="stable")
    whole: Any = np.concatenate([left[order], np.eye(count, dtype=np.int64)], axis=1)
    width, top = left.shape[1], 0
    for column in range(width):
        found = np.flatnonzero(whole[top:, column])
        if not len(found):
            continue
        whole[[top, top + int(found[0])]] = whole[[top + int(found[0]), top]]
        whole[top] = whole[top] * pow(int(whole[top, column]), -1, modulus) % modulus
        others = top + 1 + np.flatnonzero(whole[top + 1 :, column])
        whole[others] = (whole[others] - whole[others, column][:, None] * whole[top]) % modulus
        top += 1
    for row in whole[top:]:
        told = np.zeros(count, dtype=np.int64)
        told[order] = row[width:]
        yield told


def _best(linear: LinearProgram, candidate: tuple[Integers, Integers, Mask, int]) -> tuple[float, Cut] | None:
    """The cut of a sum of rows that cuts deepest, over divisors and both ways round."""
    rows, multipliers, at_upper, one = candidate
    plain = Recipe(rows, multipliers, at_upper, np.empty(0, dtype=np.int64), 1, turned=False)
    summed = _added_up(linear.matrix, linear.lower, linear.upper, plain)
    if summed is None:
        return None
    values, most = linear.values, linear.most
    used = np.flatnonzero(summed.dense)
    complemented = used[(values[used] > most[used] / 2) & (most[used] < FREE)]
    value = values.copy()
    value[complemented] = most[complemented] - value[complemented]
    activity = linear.activity[rows]
    slack = np.maximum(np.where(at_upper, linear.upper[rows] - activity, activity - linear.lower[rows]), 0.0)
    # How deep a cut is depends on the columns and slacks that are not 0; there are few.
    inside, loose = used[value[used] > 1e-9], np.flatnonzero(slack > 1e-9)
    amount = np.concatenate([value[inside], slack[loose]])
    terms = np.concatenate([np.where(np.isin(inside, complemented), -1, 1) * summed.dense[inside], summed.slack[loose]])
    right = summed.right - sum(int(a) * int(u) for a, u in zip(summed.dense[complemented].tolist(), most[complemented].tolist(), strict=True))
    least = max(1, one // 64)
    steps = np.unique(np.abs(terms))
    steps = steps[steps > least][:DIVISORS].tolist()
    tried = (
        [-one]
        if one < 0
        else [*steps, *(step // 2 for step in steps[:6]), one, 2 * one, 3 * one]
        if one > 1
        else [step // part for step in steps for part in (1, 2, 4, 8)]
    )
    best: tuple[float, Recipe] | None = None
    for divisor in sorted({int(d) for d in tried if d > 1}):
        for turned in (False, True):
            sign = -1 if turned else 1
            rest = sign * right % divisor
            if rest == 0 or abs(right // divisor) * float(divisor) > LARGEST:
                continue
            cut = _round_down(sign * terms, divisor, rest)
            over = float((cut * amount).sum()) - (sign * right - rest) // divisor * (divisor - rest)
            length = float(np.sqrt((cut.astype(np.float64) ** 2).sum()))
            if length and over / length > VIOLATED and (best is None or over / length > best[0]):
                best = (over / length, Recipe(rows, multipliers, at_upper, complemented, divisor, turned))
    if best is None:
        return None
    cut_ = derive(linear.matrix, linear.lower, linear.upper, most, best[1])
    if cut_ is None:
        return None
    length = float(np.sqrt((cut_.coefficients.astype(np.float64) ** 2).sum()))
    depth = (float((cut_.coefficients * values[cut_.columns]).sum()) - cut_.upper) / length
    return (depth, cut_) if depth > VIOLATED / 10 else None
