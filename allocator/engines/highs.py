"""How HiGHS is asked: silent, on one thread, and without minding how the process around it uses HiGHS.

HiGHS starts its threads once in a process, and from then on refuses to run with any other number. One thread is what we ask for, since the same program
must give the same answer on any machine; in a process where others came first and took several, we run with those.
"""

from __future__ import annotations

import highspy


def silent(**options: bool | int | float | str) -> highspy.Highs:
    """A solver with these options."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    for name, value in {"threads": 1, **options}.items():
        if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            message = f"HiGHS has no option {name} that may be {value}."
            raise ValueError(message)
    return solver


def run(solver: highspy.Highs) -> highspy.HighsModelStatus:
    """Solve, and the model's status."""
    if solver.run() == highspy.HighsStatus.kError and solver.getModelStatus() == highspy.HighsModelStatus.kNotset:
        solver.setOptionValue("threads", 0)
        solver.run()
    return solver.getModelStatus()
