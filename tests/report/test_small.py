"""No line of a report speaks of fewer than ten people, and none can be found by subtracting the others from the whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from allocator.report.small import SMALLEST, name_of, told_together

SIZES = st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 40), max_size=12)


@given(SIZES)
def test_every_line_is_large_enough_and_all_lines_together_are_everybody(sizes: dict[str, int]) -> None:
    lines = told_together(sizes)
    told = [name for line in lines for name in line]
    everybody = {name for name, size in sizes.items() if size}
    assert len(told) == len(set(told))
    assert all(sum(sizes[name] for name in line) >= SMALLEST for line in lines)
    # Either everybody is told of, or there is nobody but a few and nothing is told.
    assert set(told) == everybody or (told == [] and sum(sizes.values()) < SMALLEST)


@given(SIZES)
def test_who_is_told_alone_is_large_and_at_most_one_line_has_several(sizes: dict[str, int]) -> None:
    lines = told_together(sizes)
    assert sum(len(line) > 1 for line in lines) <= 1
    assert all(sizes[line[0]] >= SMALLEST for line in lines if len(line) == 1)


def test_one_small_group_takes_the_next_smallest_with_it() -> None:
    assert told_together({"a": 30, "b": 4, "c": 12}) == [["a"], ["b", "c"]]
    assert told_together({"a": 30, "b": 4, "c": 7}) == [["a"], ["b", "c"]]
    assert told_together({"a": 30, "b": 4, "c": 2}) == [["a", "b", "c"]]
    assert told_together({"a": 3, "b": 4}) == []
    assert told_together({"a": 10, "b": 0}) == [["a"]]
    assert name_of(["b", "c"], "partners") == "2 partners together"
