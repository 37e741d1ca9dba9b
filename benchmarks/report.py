"""Write docs/performance.md from the results: `python -m benchmarks.report`; with `--check` only say whether it has drifted. No figure is typed by hand."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.figures import FIGURES
from benchmarks.instances import ROOT
from benchmarks.results import KEPT, read, runs

PAGE = ROOT / "docs" / "performance.md"
NAMES = {
    "ours": "**OJT Allocator**", "ours_all_goals": "**OJT Allocator**, both goals", "ours_end_to_end": "**OJT Allocator**, files to files",
    "pulp_highs": "PuLP + HiGHS", "pulp_cbc": "PuLP + CBC", "highs_whole": "HiGHS, whole program", "cp_sat": "CP-SAT", "raw_flow": "bare `SimpleMinCostFlow`",
    "scipy_assignment": "scipy assignment, rules ignored", "frontier_ours": "**OJT Allocator**", "frontier_pulp_highs": "PuLP + HiGHS, loop",
    "frontier_pulp_point": "PuLP + HiGHS, one point", "questions_ours": "**OJT Allocator**, one promise changed",
}  # fmt: skip
OURS = ("ours", "frontier_ours", "questions_ours")

INTRO = """\
# Performance

*This page is made from `benchmarks/results/` by `python -m benchmarks.report`; no figure is typed by hand. `make bench` measures small sizes on your
machine in a few minutes, `make bench-full` everything below in some hours.*

**How it is measured.** Each measurement is a fresh process; its peak memory is the process's own (of PuLP + CBC the larger of the two processes).
Every peer gets the same program, the same relative gap to stop at, the same limit for its solve, and two threads where it can use several. *build* is
handing the program to the solver the way a good user would: PuLP an expression a row, CP-SAT its own kinds of rows, HiGHS and the flow whole arrays;
*solve* begins after that. What a solver says is not believed: value and rows are counted again from its solution in exact integers, and *proved*
means that the value found this way is within the gap of the bound it claims. *times ours* is the total of build and solve over ours **in the same
run**; `>` where the peer had no proof by then, blank where it was measured in another run.

**What is solved.** Instances are made by seed (`allocator/generate.py`): `full:10000x1000x20` is 10,000 seekers, 1,000 slots with one to five
openings each, and 20 eligible slots for each seeker, under all kinds of rules: partner promises, sector ranges, overlapping populations, promises
inside a sector, staff points, a budget, employer limits. `network` has the promises and ranges that nest; `none` only one slot each and the openings.
Promises come first in our policies (`shortfall`, which is 0 here: all can be kept) and quality second. Peers know one goal at a time, so promises are
hard rows for all of them and for us, quality is the goal; *both goals* is our engine on the program as the policy has it, where that promises can be
kept is found out and proved too. scipy's assignment knows no rules at all: its value is what could be had if no promise were made.
"""


def page(folder: Path = KEPT) -> str:
    """The page's text."""
    parts = [INTRO, *_machine(folder)]
    for name, figure in FIGURES.items():
        frame = read(folder, name)
        if len(frame):
            parts += [f"## {figure.title}\n", f"`python -m benchmarks.run {name} --scale large --results benchmarks/results`\n", *SECTIONS[name](frame)]
    return "\n".join([*parts, *_history(folder)])


def _machine(folder: Path) -> Iterator[str]:
    known = runs(folder)
    if len(known):
        for _, group in known.groupby(["processor", "cores", "memory_gb", "system"], sort=False):
            last = group.iloc[-1]
            machine = f"{last.processor}, {last.cores} cores, {last.memory_gb} GB, {last.system}, Python {last.python}; {last.versions}"
            yield (
                f"**The machine.** {machine}. It did other work at the same time, whose load the tables tell (processes that wanted a core when the "
                "measurement began): read ratios before seconds.\n"
            )


def _history(folder: Path) -> Iterator[str]:
    known = runs(folder)
    used = {run for name in FIGURES for run in read(folder, name)["run"]}
    known = known[known["run"].isin(used)]
    if len(known):
        yield "## The runs\n"
        cells = [(f"{one.run[:16].replace('T', ' ')}", one.commit, f"`python -m benchmarks.run {one.arguments}`") for one in known.itertuples()]
        yield _table(("begun (UTC)", "commit", "command"), cells)


# -- sections ----------------------------------------------------------------------------------------------------------


def _beside_peers(frame: pd.DataFrame) -> Iterator[str]:
    """A table for each instance and gap."""
    for (instance, gap), group in frame.groupby(["instance", "gap_target"], sort=False):
        pairs = _size(group)
        yield f"`{instance}`{pairs}, {_asked(gap)}:\n"
        yield _solves(group)


def _solves(group: pd.DataFrame) -> str:
    header = ("", "outcome", "value", "gap", "build s", "solve s", "times ours", "peak MB", "limit s", "load")
    ours = _ours(group)
    cells = [
        (
            _name(one), one.status, _whole(one.value), _gap(one.gap), _seconds(one.build_s), _seconds(one.solve_s), _ratio(one, ours), _whole(one.peak_mb),
            _whole(one.limit_s), f"{one.load_average:.1f}",
        )
        for one in group.itertuples()
    ]  # fmt: skip
    return _table(header, cells)


def _end_to_end(frame: pd.DataFrame) -> Iterator[str]:
    phases = ("read", "pairs", "build", "solve", "check", "explain", "write")
    cells = []
    for one in frame.itertuples():
        seconds = json.loads(one.phases) if isinstance(one.phases, str) else {}
        times = [_seconds(seconds.get(phase, np.nan)) for phase in phases]
        over = f"{one.total_s / seconds['solve']:.1f}" if seconds.get("solve") else ""
        cells.append((f"`{one.instance}`", one.status, *times, _seconds(one.total_s), over, _whole(one.peak_mb)))
    yield "Tables and policy read from disk, answer written to disk; checking is by the law alone, explaining says why each unplaced person has no slot.\n"
    yield _table(("", "outcome", *(f"{phase} s" for phase in phases), "total s", "total / solve", "peak MB"), cells)


def _frontier(frame: pd.DataFrame) -> Iterator[str]:
    yield (
        "The largest promise to a partner is moved seat by seat up to its count. Where the whole loop over PuLP would take hours, its middle point is measured "
        "and **multiplied by the number of points**: those seconds are marked with ×.\n"
    )
    for instance, group in frame.groupby("instance", sort=False):
        yield f"`{instance}`{_size(group)}, {_asked(group['gap_target'].iloc[0])}, limit {group['limit_s'].max():.0f} s a point:\n"
        ours = _ours(group)
        cells = []
        for one in group.itertuples():
            facts = json.loads(one.facts) if isinstance(one.facts, str) else {}
            single = one.peer == "frontier_pulp_point"
            total = one.build_s + one.solve_s * (facts["loop"] if single else 1)
            ratio = "" if ours is None or ours.run != one.run or one.peer in OURS else f"{'> ' if one.status != 'proved' else ''}{_times(total / ours.total_s)}"
            median = facts.get("median_s", np.nan)
            cells.append(
                (_name(one), one.status, facts.get("points", ""), _seconds(median), ("× " if single else "") + _seconds(total), ratio, _whole(one.peak_mb))
            )
        yield _table(("", "outcome", "points", "median s a point", "all points s", "times ours", "peak MB"), cells)


def _growth(frame: pd.DataFrame) -> Iterator[str]:
    yield (
        "Seconds of build and solve together grow with the number of pairs to the power of the exponent; fitted by least squares of the logarithms over the "
        "sizes that were proved. Memory per million pairs is the slope between the smallest and the largest size.\n"
    )
    if (PAGE.parent / "performance-growth.svg").exists():
        yield "![Seconds and memory against pairs, both axes logarithmic](performance-growth.svg)\n"
    cells = []
    for (rules, _), group in frame.assign(rules=frame["instance"].str.split(":").str[0]).groupby(["rules", "peer"], sort=False):
        proved = group[group["status"] == "proved"].sort_values("pairs")
        sizes = f"{_whole(proved['pairs'].min())} to {_whole(proved['pairs'].max())}" if len(proved) else "none"
        cells.append((rules, _name(group.iloc[0]), sizes, *fitted(proved)))
    yield _table(("rules", "", "pairs proved", "exponent", "MB per million pairs"), cells)
    cells = [
        (f"`{one.instance}`", _whole(one.pairs), _name(one), one.status, _gap(one.gap), _seconds(one.build_s), _seconds(one.solve_s), _whole(one.peak_mb))
        for one in frame.sort_values(["pairs", "instance"], kind="stable").itertuples()
    ]
    yield _table(("", "pairs", "", "outcome", "gap", "build s", "solve s", "peak MB"), cells)


def fitted(proved: pd.DataFrame) -> tuple[str, str]:
    """The exponent of time in pairs, and megabytes per million pairs; blank where there are fewer than two sizes."""
    if proved["pairs"].nunique() < 2:
        return "", ""
    exponent = np.polyfit(np.log(proved["pairs"].astype(float)), np.log(proved["total_s"].clip(lower=1e-4)), 1)[0]
    first, last = proved.iloc[0], proved.iloc[-1]
    return f"{exponent:.2f}", _whole((last.peak_mb - first.peak_mb) / (last.pairs - first.pairs) * 1e6)


def _lines(frame: pd.DataFrame) -> Iterator[str]:
    yield "The innermost line of the library, looked at every 5 ms; a call into a solver counts for the line that makes it. The three dearest of each run:\n"
    cells = []
    for one in frame.itertuples():
        facts = json.loads(one.facts)
        for place in facts["lines"][:3]:
            source = f"{place['file']}: {place['function']}"
            cells.append(
                (
                    f"`{one.instance}`",
                    _seconds(place["seconds"]),
                    f"{place['seconds'] / facts['watched_s']:.0%}",
                    source,
                    f"`{place['text'].replace('|', chr(92) + '|')}`",
                )
            )
    yield _table(("", "seconds", "share", "where", "line"), cells)
    yield DONE_ABOUT_IT


DONE_ABOUT_IT = """What was done about them. *HiGHS* (`highs.py`): the relaxation of a large program starts from a hundred small ones, block
by block, and goes on from their basis; pairs come in frugally, of each seeker the best, and never more than a third of those inside; seekers' own rows
stay out until they are broken; rounding and mending look at a few hundred people. What is left is the simplex method and one small integer program.
*The best pairs of each slot* (`State.top`): one sort of all pairs, once a program. *The rows of some pairs* (`Sieve.columns`): rows of whole groups are
kept by seeker and by slot, not by pair, so that ten million pairs hold their matrix in little memory; the price is a sparse sum where pairs are let
in. *The flow call* (`_Arcs.cheapest`) is the solver's own, on arrays that are filled at once. *Who could take a promise's seats* (`eligible_supply`) is a
maximum flow over those pairs that count, once a promise. *Reading* checks whole columns, and goes row by row only where a column has faults.
"""


SECTIONS: dict[str, Callable[[pd.DataFrame], Iterator[str]]] = {
    "full": _beside_peers, "large": _beside_peers, "network": _beside_peers, "hard": _beside_peers, "end_to_end": _end_to_end, "frontier": _frontier,
    "growth": _growth, "lines": _lines,
}  # fmt: skip


# -- cells -------------------------------------------------------------------------------------------------------------


def _table(header: Sequence[str], cells: Sequence[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *cells]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def _ours(group: pd.DataFrame) -> pd.Series | None:
    mine = group[group["peer"].isin(OURS)]
    return mine.iloc[0] if len(mine) else None


def _name(one: object) -> str:
    engine = getattr(one, "engine", "")
    name = NAMES.get(str(one.peer), str(one.peer))  # type: ignore[attr-defined]
    return f"{name} ({engine})" if isinstance(engine, str) and engine else name


def _ratio(one: object, ours: pd.Series | None) -> str:
    """How many times our total, in the same run."""
    if ours is None or one.run != ours.run or one.peer in OURS or one.status in ("rules broken", "not applicable", "error"):  # type: ignore[attr-defined]
        return ""
    return f"{'> ' if one.status != 'proved' else ''}{_times(one.total_s / ours.total_s)}"  # type: ignore[attr-defined]


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"


def _size(group: pd.DataFrame) -> str:
    pairs = group["pairs"].dropna()
    return f", {pairs.iloc[0]:,.0f} pairs, {group['rows'].dropna().iloc[0]:,.0f} rows" if len(pairs) else ""


def _asked(gap: float) -> str:
    return "to proof" if gap == 0 else f"to a gap of {gap * 100:.3g} %"


def _gap(gap: float) -> str:
    return "" if pd.isna(gap) else "0" if gap < 1e-12 else f"{gap * 100:.2g} %"


def _whole(number: float) -> str:
    return "" if pd.isna(number) else f"{number:,.0f}"


def _seconds(seconds: float) -> str:
    return (
        ""
        if pd.isna(seconds)
        else f"{seconds:,.0f}"
        if seconds >= 100
        else f"{seconds:.1f}"
        if seconds >= 10
        else f"{seconds:.2f}"
        if seconds >= 0.1
        else f"{seconds:.3f}"
    )


def main(words: Sequence[str]) -> int:
    """Write the page, or say whether it has drifted."""
    if words == ["--check"]:
        drifted = not PAGE.exists() or PAGE.read_text("utf-8") != page()
        if drifted:
            print("docs/performance.md has drifted; run python -m benchmarks.report", file=sys.stderr)
        return int(drifted)
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
