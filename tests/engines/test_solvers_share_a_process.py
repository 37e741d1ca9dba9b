"""OR-Tools, HiGHS and PuLP are loaded into one process in any order: their bundled solvers have been known to clash."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest

ORTOOLS = "from ortools.math_opt.python import mathopt; from ortools.sat.python import cp_model; from ortools.graph.python import min_cost_flow"
PULP = "import pulp"


HIGHS = "import highspy; highspy.Highs().run()"


@pytest.mark.parametrize("order", ["; ".join(order) for order in itertools.permutations((ORTOOLS, PULP, HIGHS))])
def test_any_order_loads(order: str) -> None:
    finished = subprocess.run([sys.executable, "-c", order], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
