"""What the answer came from: facts, policy, seed, engine and versions, so that anybody can have it again."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.report.section import Section, Wanted
from allocator.report.table import table
from allocator.report.words import nameless


def build(wanted: Wanted) -> Iterator[Section]:
    """Digests, seed, engine, versions."""
    result = wanted.opened.result
    rows = [
        ("scenario", result.scenario_name),
        ("as of", result.as_of),
        ("seed", str(result.seed)),
        ("facts, digest", result.digests["scenario"]),
        ("policy, digest", result.digests["policy"]),
        ("engine", f"{result.engine}: {nameless(result.engine_reason, wanted.opened.scenario)}"),
        ("pairs", f"{result.pairs:,} eligible of {result.considered:,} considered"),
        ("status", f"{result.status.replace('_', ' ')} ({result.stop_reason.replace('_', ' ')})"),
        ("checked", "against every rule, by code that knows no solver" if result.verified else "there is no plan to check"),
        ("seconds of solving", f"{result.timings['solve']:,.1f}" if "solve" in result.timings else "not known"),
        *((name, version) for name, version in result.versions.items()),
    ]
    sentence = "The same facts, policy, seed and versions give the same answer."
    yield Section("The run", "origin", "Where it came from", sentence, table=table("Facts, policy and versions of the run", ("what", "value"), rows))
