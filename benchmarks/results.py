"""Measurements on disk: one CSV a figure, and `runs.csv`, which says of each run when, where, with what and on which commit it was made."""

from __future__ import annotations

import csv
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

from benchmarks.instances import ROOT

KEPT = ROOT / "benchmarks" / "results"
"""Results that docs/performance.md is made from."""
COLUMNS = (
    "run", "instance", "pairs", "rows", "peer", "engine", "threads", "gap_target", "limit_s", "repeat", "status", "value", "bound", "gap", "broken", "load_s",
    "build_s", "solve_s", "total_s", "peak_mb", "load_average", "said", "phases", "facts",
)  # fmt: skip
RUNS = ("run", "figure", "arguments", "commit", "processor", "cores", "memory_gb", "system", "python", "versions")
PACKAGES = ("numpy", "scipy", "pandas", "pyarrow", "ortools", "highspy", "pulp")
SAME = ["instance", "peer", "gap_target"]
"""What makes two measurements the same measurement, made again."""


@dataclass(frozen=True)
class Run:
    """One call of the benchmarks."""

    name: str
    figure: str
    arguments: str

    @classmethod
    def begun(cls, figure: str, arguments: str) -> Run:
        """A run that begins now."""
        return cls(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), figure, arguments)

    def described(self) -> dict[str, Any]:
        """The run's line."""
        return {
            "run": self.name, "figure": self.figure, "arguments": self.arguments, "commit": _commit(), "processor": _processor(), "cores": os.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / 2**30), "system": _system(), "python": platform.python_version(),
            "versions": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        }  # fmt: skip


def append(path: Path, columns: Iterable[str], line: Mapping[str, Any]) -> None:
    """One more line; mappings as JSON, numbers with six digits that count."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names, new = list(columns), not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow({name: _cell(line.get(name)) for name in names})


def read(folder: Path, figure: str) -> pd.DataFrame:
    """A figure's measurements, the latest run of each kept, repeats by their medians; empty where there are none.

    `ratio` is the total over our own total in the same run, missing where that run has none of ours.
    """
    path = folder / f"{figure}.csv"
    if not path.exists():
        return pd.DataFrame(columns=COLUMNS)
    frame = pd.read_csv(path, dtype={"phases": str, "facts": str, "said": str, "engine": str})
    latest = frame.groupby(SAME, sort=False)["run"].transform("max")
    frame = frame[frame["run"] == latest]
    numbers = ["load_s", "build_s", "solve_s", "total_s", "peak_mb", "load_average"]
    middle = frame.groupby([*SAME, "run"], sort=False)[numbers].median().reset_index()
    # The last of the repeats speaks for those columns that are no times: the answers are the same.
    ending = frame.groupby([*SAME, "run"], sort=False).tail(1).drop(columns=numbers)
    return ending.merge(middle, on=[*SAME, "run"]).reset_index(drop=True)


def runs(folder: Path) -> pd.DataFrame:
    """All runs."""
    path = folder / "runs.csv"
    return pd.read_csv(path, dtype=str) if path.exists() else pd.DataFrame(columns=RUNS)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping | list):
        return json.dumps(value) if value else ""
    if isinstance(value, float | np.floating):
        return f"{value:.10g}"
    return str(value)


def _commit() -> str:
    """The commit, with a plus where files that it tracks have been changed since."""
    try:
        name = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
        changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", "allocator"], cwd=ROOT, check=False, timeout=20).returncode
    except (OSError, subprocess.SubprocessError):
        return ""
    return name + ("+" if changed else "")


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor() or platform.machine())


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        return f"{platform.system()} {platform.release()}"
