"""People whom nothing in a model tells apart, counted together.

Two seekers with the same choices, worth the same and counted in the same rows, can change places in any solution. A solver that
looks at them one by one looks at each plan many times over; with a column for how many of them go somewhere it looks once.

Source: orbital shrinking, Fischetti and Liberti 2012, for the case in which each group's totals can always be shared out again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, vstack

from allocator.engines.integer import Model
from allocator.program import FREE
from allocator.scenario import Integers


@dataclass(frozen=True, eq=False)
class Alike:
    """A model with people alike counted together.

    Column k of `model` counts those of the columns `members[k]` of the whole model that are taken, one for each person of a group;
    `group[k]` is the group's number, -1 for a column that stands for itself.
    """

    model: Model
    members: tuple[Integers, ...]
    group: Integers
    width: int

    @classmethod
    def of(cls, whole: Model) -> Alike:
        """The model with its groups, where it has any."""
        row_of = _own_rows(whole)
        kind = _kinds(whole, row_of)
        order = np.lexsort((kind, row_of))
        order = order[row_of[order] >= 0]
        starts = np.flatnonzero(np.diff(row_of[order])) + 1
        people: dict[tuple[int, ...], list[Integers]] = {}
        for columns in np.split(order, starts) if len(order) else []:
            people.setdefault(tuple(kind[columns].tolist()), []).append(columns)
        members = [np.array([column]) for column in np.flatnonzero(row_of < 0).tolist()]
        group = [-1] * len(members)
        for number, same in enumerate(people.values()):
            members += list(np.stack(same, axis=1))
            group += [number] * len(same[0])
        sizes = np.array([len(same) for same in people.values()], dtype=np.int64)
        return cls(_together(whole, row_of, members, np.array(group, dtype=np.int64), sizes), tuple(members), np.array(group), len(whole.goal))

    def each(self, columns: Integers) -> Integers:
        """A solution for every person, from one with people counted together."""
        told = np.zeros(self.width, dtype=np.int64)
        taken: dict[int, int] = {}
        for number, value in enumerate(columns.tolist()):
            mine, group = self.members[number], int(self.group[number])
            if group < 0:
                told[mine[0]] = value
            elif value:
                first = taken.get(group, 0)
                told[mine[first : first + value]] = 1
                taken[group] = first + value
        return told


def _own_rows(model: Model) -> Integers:
    """Of each column the row that lets its person be assigned once at most, `[column]`; -1 for none."""
    matrix, row_of = model.matrix, np.full(len(model.goal), -1, dtype=np.int64)
    plain = np.ones(matrix.shape[0], dtype=bool)
    plain[np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[matrix.data != 1]] = False
    for row in np.flatnonzero(plain & (model.upper == 1) & (model.lower <= 0)).tolist():
        columns = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
        if (row_of[columns] < 0).all() and (model.most[columns] == 1).all():
            row_of[columns] = row
    return row_of


def _kinds(model: Model, row_of: Integers) -> Integers:
    """Columns that count alike in the goal and in all rows but their own have the same number."""
    columns = model.matrix.tocsc()
    numbers: dict[tuple[int, int, bytes, bytes], int] = {}
    kind = np.empty(len(row_of), dtype=np.int64)
    for column in range(len(row_of)):
        entries = slice(columns.indptr[column], columns.indptr[column + 1])
        rows, data = columns.indices[entries], columns.data[entries]
        other = rows != row_of[column]
        key = (int(model.goal[column]), int(model.most[column]), rows[other].tobytes(), data[other].tobytes())
        kind[column] = numbers.setdefault(key, len(numbers))
    return kind


def _together(whole: Model, row_of: Integers, members: list[Integers], group: Integers, sizes: Integers) -> Model:
    """The model over groups: the rows as they are, and one for each group in the place of its people's own."""
    first = np.array([mine[0] for mine in members], dtype=np.int64)
    others = np.setdiff1d(np.arange(whole.matrix.shape[0]), row_of)
    inside = np.flatnonzero(group >= 0)
    of_group = csr_matrix((np.ones(len(inside), dtype=np.int64), (group[inside], inside)), shape=(len(sizes), len(members)))
    matrix = vstack([whole.matrix[others][:, first], of_group]).tocsr() if len(members) else csr_matrix((len(others) + len(sizes), 0), dtype=np.int64)
    most = whole.most[first].copy()
    most[inside] = sizes[group[inside]]
    lower = np.concatenate([whole.lower[others], np.full(len(sizes), -FREE)])
    return Model(matrix, lower, np.concatenate([whole.upper[others], sizes]), most, whole.goal[first], whole.divisor)
