"""The programs that are measured, each made once by its seed and kept on disk.

A specification is written `rules:SEEKERSxSLOTSxEACH`, with `#SEED` behind where the seed is not 1. The rules are

- `none`      one slot each and the openings, nothing else: where an assignment solver has a say;
- `network`   the generated policy whose rules nest;
- `full`      the generated policy with staff time, money, overlapping populations and a limit for each employer;
- `hard_d`, `hard_e`  generalized assignment as in types D and E of the literature: `SEEKERS` jobs, `SLOTS` agents, cost and points negatively
  correlated, and capacity for 80 % of an even share, so that linear relaxations say little about which pairs to take. `EACH` is the number of agents.

Source: Chu and Beasley 1997 (type D); Yagiura, Yamaguchi and Ibaraki 1998 (type E).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pickle
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from allocator.generate import generate, write_generated
from allocator.pairs import Pairs, find_pairs
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import FREE, Objective, Program, Rows, Slack, build
from allocator.scenario import Integers

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "out" / "benchmarks" / "instances"
RULES = ("none", "network", "full", "hard_d", "hard_e")
ALWAYS = ("one_slot_each", "slot_openings")
SETTLING = 3600.0
"""Seconds that making an instance may take."""


@dataclass(frozen=True)
class Spec:
    """What decides an instance."""

    rules: str
    seekers: int
    slots: int
    each: int
    seed: int = 1

    @classmethod
    def parse(cls, text: str) -> Spec:
        """A specification from its text.

        Raises ValueError where it is none.
        """
        said = re.fullmatch(r"(\w+):(\d+)x(\d+)x(\d+)(?:#(\d+))?", text)
        if said is None or said[1] not in RULES:
            raise ValueError(f"{text!r} is no instance; an instance is RULES:SEEKERSxSLOTSxEACH[#SEED], its rules one of {', '.join(RULES)}.")
        return cls(said[1], int(said[2]), int(said[3]), int(said[4]), int(said[5] or 1))

    def __str__(self) -> str:
        return f"{self.rules}:{self.seekers}x{self.slots}x{self.each}" + (f"#{self.seed}" if self.seed != 1 else "")

    @property
    def hard(self) -> bool:
        """Whether it is a generalized assignment, which has no scenario."""
        return self.rules.startswith("hard_")


@dataclass(frozen=True)
class Instance:
    """An instance on disk."""

    spec: Spec
    folder: Path

    @classmethod
    def of(cls, spec: Spec) -> Instance:
        """Where it is kept is named by the code that makes it, so that a change of the code makes it anew."""
        return cls(spec, CACHE / f"{str(spec).replace(':', '-').replace('#', '-s')}-{_made_by()}")

    @property
    def scenario(self) -> Path:
        """The folder of tables with its policy."""
        return self.folder / "scenario"

    @cached_property
    def whole(self) -> Program:
        """The program as the policy has it, with all its goals."""
        with (self.folder / "program.pickle").open("rb") as file:
            program: Program = pickle.load(file)
        return program

    @cached_property
    def program(self) -> Program:
        """The same with one goal, which is what peers can solve: the goals before the last one held by what is known of them."""
        return single(self.whole)

    def prepare(self, *, scenario: bool = False) -> None:
        """Make it where it is not there, in a process of its own, so that who measures stays small."""
        if not (self.folder / "program.pickle").exists() or (scenario and not (self.scenario / "policy.toml").exists()):
            command = [sys.executable, "-m", "benchmarks.instances", str(self.spec), str(self.folder), *(["--scenario"] if scenario else [])]
            subprocess.run(command, cwd=ROOT, check=True, timeout=SETTLING)


def single(program: Program) -> Program:
    """A program of one goal. Every generated promise can be kept, so `shortfall` is 0: its columns are left out, and promises are rows that hold."""
    goal, pairs = program.objectives[-1], len(program.pairs)
    assert (goal.column < pairs).all(), "the last goal must be about pairs only"
    return Program(program.pairs, program.upper[:pairs], tuple(replace(block, slack=Slack.none()) for block in program.rows), (goal,))


def make(spec: Spec) -> Program:
    """The program of a specification, with all the policy's goals."""
    if spec.hard:
        return generalized_assignment(spec)
    scenario, document = generate(spec.seekers, spec.slots, spec.each, "full" if spec.rules == "full" else "network", spec.seed)
    problem = Problem(scenario, Policy.from_dict(document))
    program = build(problem, find_pairs(problem))
    if spec.rules != "none":
        return program
    return replace(single(program), rows=tuple(block for block in program.rows if block.kind in ALWAYS))


def generalized_assignment(spec: Spec) -> Program:
    """Every job to one agent, within the agents' capacities, at least cost."""
    rng, size = np.random.default_rng(spec.seed), (spec.seekers, spec.slots)
    if spec.rules == "hard_d":
        points = rng.integers(1, 101, size)
        cost = 111 - points + rng.integers(-10, 11, size)
    else:
        points = np.floor(1 - 10 * np.log(1 - rng.random(size))).astype(np.int64)
        cost = np.floor(1000 / points - 10 * rng.random(size)).astype(np.int64)
    capacity = (points.sum(axis=0) * 0.8).astype(np.int64) // spec.slots
    seeker, slot = np.divmod(np.arange(spec.seekers * spec.slots, dtype=np.int64), spec.slots)
    pairs = Pairs(spec.slots, seeker.astype(np.int32), slot.astype(np.int32), np.zeros(len(seeker), dtype=np.int64), points.ravel())
    most, free = np.full(spec.slots, spec.seekers), np.full(spec.slots, -FREE)
    one = np.ones(spec.seekers, dtype=np.int64)
    jobs, agents = np.arange(spec.seekers, dtype=np.int32), np.arange(spec.slots, dtype=np.int32)
    rows = (
        Rows("staff_capacity", "", _names("A", spec.slots), free, capacity, pair=np.arange(len(pairs)), row=slot, coefficient=points.ravel()),
        Rows("one_slot_each", "", _names("S", spec.seekers), one, one, of_seeker=jobs),
        Rows("slot_openings", "", _names("A", spec.slots), free, most, of_slot=agents),
    )
    goal = Objective("cost", "cost", np.arange(len(pairs)), cost.ravel().astype(np.int64), maximize=False, unit="cost")
    return Program(pairs, np.ones(len(pairs), dtype=np.int64), rows, (goal,))


def goal_of(program: Program) -> Integers:
    """The one goal's coefficients, to be maximised."""
    (objective,) = program.objectives
    return objective.dense(program.size)


def _names(letter: str, count: int) -> list[str]:
    return [f"{letter}{number}" for number in range(count)]


def _made_by() -> str:
    """A digest of the code that makes instances: the library without its engines, and this file."""
    digest = hashlib.sha256()
    for path in [*sorted((ROOT / "allocator").rglob("*.py")), Path(__file__)]:
        if path.parent.name not in ("engines", "cli"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def main() -> None:
    """Make one instance; it appears whole or not at all."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("spec", type=Spec.parse)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scenario", action="store_true", help="its tables too")
    options = parser.parse_args()
    beside = options.folder.with_name(f".{options.folder.name}.{os.getpid()}")
    beside.mkdir(parents=True)
    try:
        with (beside / "program.pickle").open("wb") as file:
            pickle.dump(make(options.spec), file, protocol=pickle.HIGHEST_PROTOCOL)
        if options.scenario:
            spec = options.spec
            scenario, document = generate(spec.seekers, spec.slots, spec.each, "full" if spec.rules == "full" else "network", spec.seed)
            write_generated(scenario, document, beside / "scenario")
        shutil.rmtree(options.folder, ignore_errors=True)
        beside.rename(options.folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


if __name__ == "__main__":
    main()
