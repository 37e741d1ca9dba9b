"""Signatures: records with the same facts in some columns are one, so that what follows from those columns is worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from allocator.domain import TABLES
from allocator.scenario import Integers, Scenario

if TYPE_CHECKING:
    from allocator.problem import Problem


def signatures(problem: Problem, table: str, reads: Sequence[str]) -> Integers:
    """A number for each record of a table; records with the same number agree in every column of `reads` that is the table's.

    `reads` names columns as `table.column`; those of other tables are passed over. Numbers run from 0 in the order in which they first occur.
    """
    own = tuple(sorted(column for place, _, column in (name.partition(".") for name in reads) if place == table))
    return problem.once(("signatures", table, own), lambda: together(problem.scenario.size(table), [_facts(problem.scenario, table, name) for name in own]))


def together(size: int, columns: Sequence[Any]) -> Integers:
    """A number for each of `size` records; the same number where all of the columns agree."""
    number = np.zeros(size, dtype=np.int64)
    for column in columns:
        codes, values = pd.factorize(np.asarray(column), use_na_sentinel=False)
        number, _ = pd.factorize(number * max(1, len(values)) + codes)
    return number.astype(np.int64)


def firsts(numbers: Integers) -> Integers:
    """For each number 0, 1, 2, ... the first record that has it."""
    first = np.zeros(int(numbers.max(initial=-1)) + 1, dtype=np.int64)
    first[numbers[::-1]] = np.arange(len(numbers))[::-1]
    return first


def _facts(facts: Scenario, table: str, column: str) -> Any:
    """A column as an array in which equal facts are equal, and unknown is a fact as well."""
    kind = TABLES[table].columns()[column].kind
    if kind == "codes":
        return facts.lists(table, column).codes
    if kind == "flag":
        return facts.flags(table, column)
    if kind == "day":
        return facts.days(table, column).astype(np.int64)
    if kind == "number":
        return facts.numbers(table, column)
    return facts.integers(table, column) if kind == "whole" else facts.coded(table, column).codes
