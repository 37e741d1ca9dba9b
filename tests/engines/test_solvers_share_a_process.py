"""OR-Tools and PuLP are loaded into one process in either order: their bundled solvers have been known to clash."""

from __future__ import annotations

import subprocess
import sys

import pytest

ORTOOLS = "from ortools.math_opt.python import mathopt; from ortools.sat.python import cp_model; from ortools.graph.python import min_cost_flow"
PULP = "import pulp"


@pytest.mark.parametrize("order", [f"{ORTOOLS}; {PULP}", f"{PULP}; {ORTOOLS}"], ids=["ortools first", "pulp first"])
def test_either_order_loads(order: str) -> None:
    finished = subprocess.run([sys.executable, "-c", order], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
