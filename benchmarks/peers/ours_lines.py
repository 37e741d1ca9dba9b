"""The run from files to files, with a look every few milliseconds at which line of ours it is in.

Each look is worth the time since the last one, so that a long call into a solver counts in full for the line that makes it.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from pathlib import Path
from types import FrameType

import allocator
from benchmarks.instances import Instance
from benchmarks.peer import Answer, Laps, Terms
from benchmarks.peers import ours_end_to_end
from benchmarks.peers.ours import load_engines

EVERY = 0.005
MOST = 25
HOME = str(Path(allocator.__file__).parent)


class Looks:
    """Seconds by line: the innermost line of the library that was being carried out."""

    def __init__(self) -> None:
        self.seconds: Counter[tuple[str, str, int]] = Counter()
        self.last = time.perf_counter()

    def look(self, _: int, frame: FrameType | None) -> None:
        """What the timer's signal calls."""
        now = time.perf_counter()
        while frame is not None and not frame.f_code.co_filename.startswith(HOME):
            frame = frame.f_back
        if frame is not None and frame.f_lineno is not None:  # some instructions belong to no line
            path = str(Path(frame.f_code.co_filename).relative_to(Path(HOME).parent))
            self.seconds[path, frame.f_code.co_qualname, frame.f_lineno] += now - self.last
        self.last = now

    def lines(self) -> list[dict[str, object]]:
        """The dearest lines with their texts, dearest first."""
        told = []
        for (path, function, number), seconds in self.seconds.most_common(MOST):
            text = (Path(HOME).parent / path).read_text("utf-8").splitlines()[number - 1].strip()
            told.append({"file": path, "function": function, "line": number, "text": text, "seconds": round(seconds, 3)})
        return told


def solve(instance: Instance, terms: Terms, laps: Laps) -> Answer:
    """The same run as `ours_end_to_end`, watched."""
    load_engines()
    looks = Looks()
    started = looks.last
    signal.signal(signal.SIGALRM, looks.look)
    signal.siginterrupt(signal.SIGALRM, False)
    signal.setitimer(signal.ITIMER_REAL, EVERY, EVERY)
    try:
        answer = ours_end_to_end.solve(instance, terms, laps)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return Answer(None, answer.bound, answer.said, answer.value, {**answer.facts, "watched_s": looks.last - started, "lines": looks.lines()})
