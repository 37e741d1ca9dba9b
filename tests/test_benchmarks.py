"""The benchmarks measure what they say: peers agree on small programs, a false claim is found out, and the page has no figure that was not measured."""

from __future__ import annotations

import csv
import json
import pickle
from functools import cache
from pathlib import Path

import highspy
import numpy as np
import pytest

from allocator.program import Program
from benchmarks import frontier, process, report
from benchmarks.figures import FIGURES
from benchmarks.instances import Instance, Spec, generalized_assignment, make, single
from benchmarks.peer import Answer, Terms, peer
from benchmarks.report import SECTIONS, fitted
from benchmarks.results import COLUMNS, KEPT, RUNS, append, read
from benchmarks.run import arguments, batches

EXACT = Terms(gap=0, limit=30)
GENERAL = ("ours", "ours_all_goals", "pulp_cbc", "pulp_highs", "highs_whole", "cp_sat")


class Made(Instance):
    """An instance that is made in memory."""

    @property
    def whole(self) -> Program:  # type: ignore[override]
        return made(str(self.spec))


@cache
def made(text: str) -> Program:
    return make(Spec.parse(text))


def found(name: str, text: str, monkeypatch: pytest.MonkeyPatch, terms: Terms = EXACT) -> process.Measurement:
    monkeypatch.setattr(process, "Instance", Made)
    highspy.Highs.resetGlobalScheduler(True)  # a measurement has a process of its own; here the last peer's threads would be in the way of the next
    return process.run(process.Job(name, text, "nowhere", terms))


@pytest.mark.parametrize("text", ["none:60x12x6", "network:60x12x6", "full:60x12x6", "hard_d:12x3x3", "hard_e:12x3x3"])
def test_peers_agree_on_the_optimum(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    flows = ("raw_flow",) if text.startswith(("none", "network")) else ()
    matched = ("scipy_assignment",) if text.startswith("none") else ()
    answers = {name: found(name, text, monkeypatch) for name in (*GENERAL, *flows, *matched)}
    assert {name: answer["status"] for name, answer in answers.items()} == dict.fromkeys(answers, "proved")
    assert len({answer["value"] for answer in answers.values()}) == 1


def test_peers_that_cannot_say_the_rules_are_not_measured_on_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("raw_flow", "full:60x12x6", monkeypatch)["status"] == "not applicable"
    assert found("scipy_assignment", "hard_d:12x3x3", monkeypatch)["status"] == "not applicable"
    ignoring, ours = (found(name, "network:60x12x6", monkeypatch) for name in ("scipy_assignment", "ours"))
    assert ignoring["status"] == "rules broken"
    assert ignoring["value"] > ours["value"]


def test_what_a_solver_claims_is_counted_again() -> None:
    instance = Made(Spec.parse("network:60x12x6"), Path("nowhere"))
    nobody = np.zeros(instance.program.size, dtype=np.int64)
    assert process.judged(instance, Answer(nobody, 0), EXACT)["status"] == "rules broken"  # promises are rows
    best = peer("raw_flow").solve(instance, EXACT, process.Laps())
    assert process.judged(instance, Answer(best.columns, best.bound * 1.5), EXACT)["status"] == "feasible"  # type: ignore[operator]
    assert process.judged(instance, Answer(None, None), EXACT)["status"] == "no solution"


def test_a_frontier_is_the_same_for_us_and_for_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontier, "POINTS", 5)
    text = "network:100x20x6"
    ours, loop, point = (found(name, text, monkeypatch, Terms(0, 30)) for name in ("frontier_ours", "frontier_pulp_highs", "frontier_pulp_point"))
    assert ours["facts"]["values"] == loop["facts"]["values"]
    assert len(ours["facts"]["values"]) == 5
    assert point["facts"]["values"] == ours["facts"]["values"][2:3]


def test_a_measurement_is_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "program.pickle").write_bytes(pickle.dumps(made("none:60x12x6")))
    measured = process.measure(process.Job("raw_flow", "none:60x12x6", str(tmp_path), EXACT))
    assert measured["status"] == "proved"
    assert 20 < measured["peak_mb"] < 2_000
    assert measured["total_s"] == pytest.approx(measured["build_s"] + measured["solve_s"], abs=1e-3)
    killed = process.measure(process.Job("raw_flow", "none:60x12x6", str(tmp_path), Terms(limit=0.01)), grace=0)
    assert killed["status"] == "killed"


def test_the_hard_kind_is_hard_where_it_should_be() -> None:
    program = generalized_assignment(Spec.parse("hard_d:200x20x20"))
    (points,) = (rows.coefficient for rows in program.rows if rows.coefficient is not None)
    assert np.corrcoef(points, program.objectives[0].coefficient)[0, 1] < -0.9
    assert single(program).objectives == program.objectives


def test_every_figure_has_its_section_and_reads_as_instances() -> None:
    assert list(SECTIONS) != []
    assert set(SECTIONS) == set(FIGURES)
    for figure in FIGURES:
        for scale in ("small", "large"):
            for batch in batches(arguments([figure, "--scale", scale]), figure):
                assert [str(Spec.parse(text)) for text in batch.specs] == list(batch.specs)
                assert all(hasattr(peer(name), "solve") for name in batch.peers)


def test_latest_run_counts_repeats_by_their_median(tmp_path: Path) -> None:
    line = {"instance": "none:1x1x1", "peer": "ours", "gap_target": 0, "limit_s": 1, "status": "proved", "value": 1, "facts": {"a": 1}, "total_s": 9.0}
    for run, seconds in (("2026-01-01", 50.0), ("2026-01-02", 1.0), ("2026-01-02", 2.0), ("2026-01-02", 30.0)):
        append(tmp_path / "full.csv", COLUMNS, {**line, "run": run, "solve_s": seconds})
    (one,) = read(tmp_path, "full").itertuples()
    assert (one.run, one.solve_s, json.loads(one.facts)) == ("2026-01-02", 2.0, {"a": 1})


def test_the_exponent_of_a_square_is_two(tmp_path: Path) -> None:
    for pairs in (1_000, 10_000, 100_000):
        append(tmp_path / "growth.csv", COLUMNS, {"run": "1", "instance": f"i{pairs}", "peer": "ours", "gap_target": 0, "limit_s": 1, "pairs": pairs,
                                                  "total_s": (pairs / 1_000) ** 2, "peak_mb": 100 + pairs / 1_000})  # fmt: skip
    assert fitted(read(tmp_path, "growth")) == ("2.00", "1,000")


def test_the_page_says_what_was_measured() -> None:
    assert report.PAGE.read_text("utf-8") == report.page(), "run python -m benchmarks.report"


def test_kept_results_name_their_runs() -> None:
    with (KEPT / "runs.csv").open(encoding="utf-8", newline="") as file:
        runs = list(csv.DictReader(file))
    assert all(set(run) == set(RUNS) for run in runs)
    for figure in FIGURES:
        assert set(read(KEPT, figure)["run"]) <= {run["run"] for run in runs}
