"""What is measured for each figure, at two sizes: `small` ends within minutes, `large` is what docs/performance.md shows.

A batch is some instances, each solved by some peers on the same terms; peers take turns, so that what else the machine does falls on all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

ALL = ("ours", "ours_all_goals", "pulp_highs", "pulp_cbc", "highs_whole", "cp_sat")
"""Who can solve any rules."""


@dataclass(frozen=True)
class Batch:
    """Instances, peers and terms."""

    specs: tuple[str, ...]
    peers: tuple[str, ...]
    gap: float = 1e-4
    limit: float = 60.0
    repeat: int = 1


@dataclass(frozen=True)
class Figure:
    """What is to be shown, and how it is measured at each size."""

    title: str
    small: tuple[Batch, ...]
    large: tuple[Batch, ...]


FIGURES = {
    "full": Figure(
        "All kinds of rules, beside general solvers",
        small=(Batch(("full:600x60x8", "full:2000x200x10"), ALL),),
        large=(
            Batch(("full:10000x1000x20",), ("ours", "ours_all_goals", "pulp_highs", "highs_whole"), limit=900),
            Batch(("full:10000x1000x20",), ("pulp_cbc", "cp_sat"), limit=300),
            Batch(("full:10000x1000x20",), ("ours", "ours_all_goals", "pulp_cbc", "cp_sat"), gap=1e-5, limit=300),
        ),
    ),
    "large": Figure(
        "All kinds of rules, at size",
        small=(Batch(("full:5000x500x10",), ("ours",)),),
        large=(
            Batch(("full:100000x10000x20",), ("ours", "ours_all_goals"), limit=900),
            Batch(("full:1000000x100000x10",), ("ours",), limit=3600),
        ),
    ),
    "network": Figure(
        "Rules that nest, beside the bare flow call",
        small=(
            Batch(("none:2000x200x10", "network:2000x200x10"), (*ALL, "raw_flow", "scipy_assignment")),
            Batch(("network:10000x1000x49",), ("ours", "raw_flow"), repeat=3),
        ),
        large=(
            Batch(("none:10000x1000x49", "network:10000x1000x49"), (*ALL, "raw_flow", "scipy_assignment"), limit=300),
            Batch(("network:10000x1000x49",), ("ours", "raw_flow"), repeat=5, limit=300),
            Batch(("network:100000x10000x20",), ("ours", "raw_flow"), repeat=3, limit=300),
            Batch(("network:1000000x100000x10",), ("ours", "raw_flow"), repeat=3, limit=900),
        ),
    ),
    "end_to_end": Figure(
        "From files to files",
        small=(Batch(("network:10000x1000x20", "full:2000x200x10"), ("ours_end_to_end",)),),
        large=(
            Batch(("network:10000x1000x20", "network:100000x10000x20", "network:1000000x100000x10"), ("ours_end_to_end",), limit=900),
            Batch(("full:10000x1000x20", "full:100000x10000x20"), ("ours_end_to_end",), limit=900),
        ),
    ),
    "frontier": Figure(
        "A frontier of 31 points",
        small=(Batch(("full:1000x100x10",), ("frontier_ours", "frontier_pulp_highs"), limit=20),),
        large=(
            Batch(("full:2000x200x10",), ("frontier_ours", "frontier_pulp_highs"), gap=5e-4),
            Batch(("full:10000x1000x20",), ("frontier_ours", "questions_ours", "frontier_pulp_point"), gap=5e-4, limit=300),
        ),
    ),
    "hard": Figure(
        "Where relaxations say little: generalized assignment",
        small=(Batch(("hard_d:60x10x10", "hard_e:60x10x10"), ("ours", "highs_whole", "cp_sat", "pulp_cbc"), gap=0, limit=15),),
        large=(Batch(("hard_d:200x20x20", "hard_e:200x20x20"), ("ours", "highs_whole", "cp_sat", "pulp_cbc"), gap=0, limit=60),),
    ),
    "growth": Figure(
        "Growth",
        small=(
            Batch(("network:1000x100x10", "network:3000x300x10", "network:10000x1000x10"), ("ours", "raw_flow")),
            Batch(("full:1000x100x10", "full:3000x300x10"), ("ours", "highs_whole")),
        ),
        large=(
            Batch(tuple(f"network:{n}x{n // 10}x10" for n in (1_000, 10_000, 100_000, 1_000_000)), ("ours", "raw_flow"), repeat=3, limit=900),
            Batch(tuple(f"full:{n}x{n // 10}x10" for n in (1_000, 3_000, 10_000, 30_000, 100_000)), ("ours",), limit=900),
            Batch(("full:1000000x100000x10",), ("ours",), limit=3600),
            Batch(tuple(f"full:{n}x{n // 10}x10" for n in (1_000, 3_000, 10_000)), ("highs_whole", "pulp_highs", "pulp_cbc", "cp_sat"), limit=300),
        ),
    ),
    "lines": Figure(
        "Where the time goes from files to files",
        small=(Batch(("full:2000x200x10",), ("ours_lines",)),),
        large=(Batch(("network:100000x10000x20", "full:100000x10000x20"), ("ours_lines",), limit=900),),
    ),
}  # fmt: skip
