"""OR-Tools, HiGHS and PuLP are loaded into one process in any order: their bundled solvers have been known to clash."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

ORTOOLS = "from ortools.math_opt.python import mathopt; from ortools.sat.python import cp_model; from ortools.graph.python import min_cost_flow"
PULP = "import pulp"


HIGHS = "import highspy; highspy.Highs().run()"


@pytest.mark.parametrize("order", ["; ".join(order) for order in itertools.permutations((ORTOOLS, PULP, HIGHS))])
def test_any_order_loads(order: str) -> None:
    finished = subprocess.run([sys.executable, "-c", order], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize("threads", [1, 2])
def test_others_may_have_started_highs_with_threads_of_their_own(threads: int, tmp_path: Path) -> None:
    before = f"import highspy; h = highspy.Highs(); h.setOptionValue('threads', {threads}); h.run(); "
    ours = f"from allocator.cli import app; app(['allocate', 'scenarios/paper', '--engine', 'sifting', '--out', '{tmp_path}'])"
    finished = subprocess.run([sys.executable, "-c", before + ours], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
