"""The public names: few, written by hand, and what they say they are."""

from __future__ import annotations

import subprocess
import sys

import allocator


def test_every_public_name_is_there_and_no_module_stands_in_for_a_function() -> None:
    import allocator.check
    import allocator.solve

    assert sorted(allocator.__all__) == allocator.__all__ == dir(allocator)
    for name in allocator.__all__:
        assert callable(getattr(allocator, name)), name


def test_unknown_names_are_refused() -> None:
    assert not hasattr(allocator, "allocate")


def test_the_package_itself_loads_no_solver() -> None:
    code = "import sys, allocator, allocator.cli; print([name for name in ('ortools', 'pulp', 'pandas') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
