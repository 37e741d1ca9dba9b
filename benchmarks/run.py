"""Measure: `python -m benchmarks.run FIGURE ... [--scale small|large]`.

Figures are those of benchmarks/figures.py, or `all`. Instances, peers and terms may be said otherwise; each measurement is a process of its own,
and one line in `RESULTS/FIGURE.csv`.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.figures import FIGURES, Batch
from benchmarks.instances import ROOT, Instance, Spec
from benchmarks.peer import Terms
from benchmarks.process import GRACE, Job, Measurement, measure
from benchmarks.results import COLUMNS, RUNS, Run, append

PASSING = ROOT / "out" / "benchmarks" / "results"
"""Where results go that nobody means to keep."""


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", nargs="+", choices=[*FIGURES, "all"], metavar="FIGURE", help=f"{', '.join(FIGURES)} or all")
    parser.add_argument("--scale", choices=["small", "large"], default="small", help="which of the figure's sizes; small where absent")
    parser.add_argument("--instance", action="append", type=Spec.parse, help="RULES:SEEKERSxSLOTSxEACH[#SEED] in place of the figure's; may be repeated")
    parser.add_argument("--peers", type=lambda text: tuple(text.split(",")), help="names with commas between, in place of the figure's")
    parser.add_argument("--only", type=lambda text: set(text.split(",")), help="of the figure's peers only these")
    parser.add_argument("--gap", type=float, help="relative gap at which to stop")
    parser.add_argument("--limit", type=float, help="seconds for each solve")
    parser.add_argument("--repeat", type=int, help="how often each")
    parser.add_argument("--threads", type=int, default=2, help="for peers that can use several; 2 where absent")
    parser.add_argument("--seed", type=int, default=1, help="the solvers' seed; an instance has its own")
    parser.add_argument("--engine", default="auto", help="our engine; auto where absent")
    parser.add_argument("--results", type=Path, default=PASSING, help="folder for the CSV files; benchmarks/results holds what docs/performance.md shows")
    return parser.parse_args(words)


def batches(options: argparse.Namespace, figure: str) -> Iterator[Batch]:
    """The figure's batches, or what was said in their place."""
    said = FIGURES[figure].large if options.scale == "large" else FIGURES[figure].small
    if options.instance:
        # Other instances: one batch, with the peers of the figure's first.
        said = (Batch(tuple(map(str, options.instance)), said[0].peers, said[0].gap, said[0].limit),)
    for batch in said:
        peers = options.peers or tuple(name for name in batch.peers if not options.only or name in options.only)
        gap = batch.gap if options.gap is None else options.gap
        if peers:
            yield Batch(batch.specs, peers, gap, options.limit or batch.limit, options.repeat or batch.repeat)


def jobs(batch: Batch, options: argparse.Namespace) -> Iterator[tuple[int, Instance, Job]]:
    """A batch's jobs in order: instances one by one, repeats around peers, so that peers take turns."""
    for text in batch.specs:
        instance = Instance.of(Spec.parse(text))
        for repeat in range(batch.repeat):
            for name in batch.peers:
                instance.prepare(scenario=name in ("ours_end_to_end", "ours_lines"))
                terms = Terms(batch.gap, batch.limit, options.threads, options.seed, options.engine)
                yield repeat, instance, Job(name, text, str(instance.folder), terms, 31 if name.startswith(("frontier", "questions")) else 1)


def line(run: Run, repeat: int, job: Job, found: Measurement, load: float) -> Measurement:
    """A measurement as a line of its figure's table."""
    terms, facts = job.terms, dict(found.get("facts", {}))
    engine = facts.pop("engine", "")
    asked = {"threads": terms.threads, "gap_target": terms.gap, "limit_s": terms.limit, "repeat": repeat, "load_average": round(load, 2)}
    return {"run": run.name, "instance": job.spec, "peer": job.peer, "engine": engine, **asked, **found, "facts": facts}


def main(words: Sequence[str]) -> None:
    """Measure, and say each line as it is there."""
    options = arguments(words)
    wanted = list(FIGURES) if "all" in options.figures else options.figures
    for figure in wanted:
        run = Run.begun(figure, shlex.join(words))
        append(options.results / "runs.csv", RUNS, run.described())
        print(f"\n{FIGURES[figure].title} ({figure})", flush=True)
        for batch in batches(options, figure):
            for repeat, _, job in jobs(batch, options):
                load = os.getloadavg()[0]
                found = line(run, repeat, job, measure(job, GRACE), load)
                append(options.results / f"{figure}.csv", COLUMNS, found)
                print(_told(found), flush=True)
    print(f"\nwritten to {options.results}")


def _told(found: Measurement) -> str:
    value, gap = found.get("value") or "-", "-" if found.get("gap") is None else f"{found['gap']:.1e}"
    times = f"build {found.get('build_s', 0):8.2f} s  solve {found.get('solve_s', 0):8.2f} s  peak {found.get('peak_mb', 0):8.0f} MB"
    return f"{found['instance']:<28} {found['peer']:<20} {found['status']:<14} value {value:>12}  gap {gap:>8}  {times}  {found.get('said', '')}"


if __name__ == "__main__":
    main(sys.argv[1:])
