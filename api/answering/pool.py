"""The parent's half of answering: which process is asked, for how long, and what becomes of one that dies or overstays.

A run that is open somewhere is asked about there, as what was found out about it stays in that process. Papers (workbooks, reports) never take the last
process, so that a short question does not wait for a long one. Whoever finds nobody free in time is told to come again.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog

from allocator import Fault, InputError
from api.answering.subject import Subject
from api.problems import ProblemError
from api.settings import Settings
from api.solving.process import CONTEXT, end_of, held_bytes, prepare

log = structlog.get_logger("ojt.answers")
PATIENCE = 5.0
"""Seconds that a question waits for a process."""
WAITING = 8
"""Questions that may wait at once."""
LOOK = 0.5
"""Seconds between two looks at the memory of a process that is thinking."""
AGAIN = "2"
Kind = Literal["short", "warm", "paper"]
"""`short` is answered by any process, `warm` by the one that has the run open, where there is one; `paper` takes long, and never the last process."""


@dataclass(eq=False)
class Answerer:
    """One process, as its parent knows it."""

    process: Any = None
    pipe: Any = None
    busy: Kind | None = None
    open: Sequence[str] = field(default_factory=tuple)
    used: float = 0.0

    def start(self, most_bytes: float) -> None:
        """Be alive; OSError or EOFError where that cannot be just now, because the server that processes are forked from was killed."""
        if self.process is not None and self.process.is_alive():
            return
        self.end()
        prepare()
        ours, theirs = CONTEXT.Pipe()
        process = CONTEXT.Process(target=_main, args=(theirs, most_bytes), daemon=True)
        try:
            process.start()
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self.process, self.pipe = process, ours

    def end(self) -> None:
        """Be gone, whatever it was doing."""
        if self.process is None:
            return
        end_of(self.process)
        self.process.join(5)
        self.pipe.close()
        self.process, self.pipe, self.open = None, None, ()


class Answerers:
    """The answering processes of this process; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._all = [Answerer() for _ in range(settings.answerers)]
        self._free = threading.Condition()
        self._waiting, self._closed = 0, False

    def ask(self, name: str, subjects: Sequence[Subject], arguments: Mapping[str, Any], *, kind: Kind = "short", seconds: float = 60.0) -> bytes:
        """The answer to a question; one that takes longer than `seconds` ends with its process.

        Raises InputError where the question has faults, ProblemError where nobody is free, where it takes too long, or where an answer breaks.
        """
        question = json.dumps({"name": name, "subjects": [list(subject) for subject in subjects], "arguments": dict(arguments)}, default=str).encode()
        answerer = self._taken(kind, [subject.key for subject in subjects])
        try:
            head, content = self._answered(answerer, question, name, seconds)
        finally:
            with self._free:
                answerer.busy, answerer.used = None, time.monotonic()
                self._free.notify_all()
        if head["how"] == "faulty":
            raise InputError([Fault(**fault) for fault in head["faults"]])
        if head["how"] == "broken":
            log.error("an answer made a mistake", question=name, error=head["error"], trace=head["trace"])
            message = f"An answer made a mistake ({head['error']}) at {name}."
            raise RuntimeError(message)
        return content

    def _answered(self, answerer: Answerer, question: bytes, name: str, seconds: float) -> tuple[Mapping[str, Any], bytes]:
        """The answer, on a second attempt where the process has died: perhaps only because nobody had asked it anything for long."""
        for _ in range(2):
            try:
                answerer.start(self._settings.answers_gb * 1e9)
                answerer.pipe.send_bytes(question)
                self._wait(answerer, name, seconds)
                head = json.loads(answerer.pipe.recv_bytes())
                content = answerer.pipe.recv_bytes()
            except (EOFError, OSError):
                log.warning("an answering process died", question=name)
                answerer.end()
            except BaseException:
                answerer.end()
                raise
            else:
                answerer.open = head["open"]
                if head["leaves"]:
                    answerer.end()
                return head, content
        raise ProblemError("unavailable", "The process that worked on the answer died; ask again.")

    def _wait(self, answerer: Answerer, name: str, seconds: float) -> None:
        """Until there is an answer; ProblemError where the process needs more time or memory than it may."""
        until = time.monotonic() + seconds
        while not answerer.pipe.poll(LOOK):
            if time.monotonic() > until:
                log.warning("an answer took too long and its process was ended", question=name, seconds=seconds)
                raise ProblemError("unavailable", f"The answer took longer than {seconds:g} seconds and was given up.")
            if held_bytes(answerer.process.pid) > self._settings.memory_gb * 1e9:
                log.warning("an answer needed too much memory and its process was ended", question=name)
                raise ProblemError("unavailable", f"The answer needs more than {self._settings.memory_gb:g} GB of memory.")

    def _taken(self, kind: Kind, keys: Sequence[str]) -> Answerer:
        """A process that is free for a question, from now on its own; ProblemError where there is none in time."""
        until = time.monotonic() + PATIENCE
        with self._free:
            if self._waiting >= WAITING:
                raise _busy()
            self._waiting += 1
            try:
                while (chosen := self._choose(kind, keys)) is None:
                    left = until - time.monotonic()
                    if left <= 0 or self._closed:
                        raise _busy()
                    self._free.wait(left)
                chosen.busy = kind
                return chosen
            finally:
                self._waiting -= 1

    def _choose(self, kind: Kind, keys: Sequence[str]) -> Answerer | None:
        """The free process to ask: one that has the subject open, else one that lives, that has little open, that was idle longest."""
        papers = sum(each.busy == "paper" for each in self._all)
        if kind == "paper" and papers >= max(1, len(self._all) - 1):
            return None
        holders = [each for each in self._all if keys and set(keys) <= set(each.open)]
        free = [each for each in holders if each.busy is None]
        if not free and not (holders and kind == "warm"):
            free = [each for each in self._all if each.busy is None]
        return min(free, key=lambda each: (each.process is None, len(each.open), each.used), default=None)

    def close(self) -> None:
        """End every process."""
        with self._free:
            self._closed = True
            self._free.notify_all()
        for each in self._all:
            each.end()


def _busy() -> ProblemError:
    return ProblemError("busy", "Everybody who could answer is busy; come again in a moment.", headers={"Retry-After": AGAIN})


def _main(pipe: Any, most_bytes: float) -> None:
    from api.answering.child import main

    main(pipe, most_bytes)
