"""The parent's half of answering: which process is asked, for how long, and what becomes of one that dies or overstays.

A run that is open somewhere is asked about there, as what was found out about it stays in that process. Papers (workbooks, reports) never take the last
process, so that a short question does not wait for a long one. Whoever finds nobody free in time is told to come again. A run that is looked at is opened
ahead of the first question, as long as a process stays free beside it.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
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
OPENING = 120.0
"""Longest time for opening a run ahead."""
Kind = Literal["short", "warm", "paper", "ahead"]
"""`short` is answered by any process, `warm` by the one that has the run open or is opening it, where there is one; `paper` takes long, and never the last
process; `ahead` is no question yet."""
Readiness = Literal["open", "opening", "later"]


@dataclass(eq=False)
class Answerer:
    """One process, as its parent knows it."""

    process: Any = None
    pipe: Any = None
    busy: Kind | None = None
    open: Sequence[str] = field(default_factory=tuple)
    ready: Sequence[str] = field(default_factory=tuple)
    """What is open with all that the first question finds out."""
    coming: Sequence[str] = field(default_factory=tuple)
    """What will be open once the question that is worked on is answered."""
    used: float = 0.0
    ending: threading.Lock = field(default_factory=threading.Lock)

    @property
    def lives(self) -> bool:
        """Whether there is a process."""
        process = self.process
        return process is not None and bool(process.is_alive())

    def start(self, most_bytes: float) -> tuple[Any, Any]:
        """Be alive: the process and the pipe to it, which stay those even where another thread ends it meanwhile.

        Raises OSError or EOFError where that cannot be just now, because the server that processes are forked from was killed.
        """
        process, pipe = self.process, self.pipe
        if pipe is not None and process.is_alive():
            return process, pipe
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
        return process, ours

    def end(self) -> None:
        """Be gone, whatever it was doing. Whoever works on an answer and whoever ends everything may both want it: one of them does it."""
        with self.ending:
            process, pipe = self.process, self.pipe
            self.process, self.pipe, self.open, self.ready = None, None, (), ()
        if process is not None:
            end_of(process)
            process.join(5)
            pipe.close()


class Answerers:
    """The answering processes of this process; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._all = [Answerer() for _ in range(settings.answerers)]
        self._free = threading.Condition()
        self._waiting, self._closed = 0, False
        self._unkept: deque[str] = deque(maxlen=100)
        """Runs that were opened ahead and did not stay open, because there is no room for them."""

    def ask(self, name: str, subjects: Sequence[Subject], arguments: Mapping[str, Any], *, kind: Kind = "short", seconds: float = 60.0) -> bytes:
        """The answer to a question; one that takes longer than `seconds` ends with its process.

        Raises InputError where the question has faults, ProblemError where nobody is free, where it takes too long, or where an answer breaks.
        """
        question = _question(name, subjects, arguments)
        answerer = self._taken(kind, [subject.key for subject in subjects], seconds)
        try:
            head, content = self._answered(answerer, question, name, seconds)
        finally:
            self._give_back(answerer)
        if head["how"] == "faulty":
            raise InputError([Fault(**fault) for fault in head["faults"]])
        if head["how"] == "broken":
            log.error("an answer made a mistake", question=name, error=head["error"], trace=head["trace"])
            message = f"An answer made a mistake ({head['error']}) at {name}."
            raise RuntimeError(message)
        return content

    def open_ahead(self, key: str, subject: Callable[[], Subject]) -> Readiness:
        """Open a run before anybody asks about it, in the background, where a process stays free for others; how far that is. `subject` lays the run out."""
        with self._free:
            if any(key in each.ready and each.lives for each in self._all):
                return "open"
            if any(key in each.coming for each in self._all):
                return "opening"
            free = [each for each in self._all if each.busy is None]
            if self._closed or key in self._unkept or len(free) < 2 or any(each.busy == "ahead" for each in self._all):
                return "later"
            chosen = min(free, key=lambda each: (len(each.ready), key not in each.open, *_order(each)))  # what is ready elsewhere stays within reach
            chosen.busy, chosen.coming = "ahead", (key,)
        threading.Thread(target=self._open, args=(chosen, key, subject), daemon=True).start()
        return "opening"

    def _open(self, answerer: Answerer, key: str, subject: Callable[[], Subject]) -> None:
        try:
            self._answered(answerer, _question("open_run", [subject()], {}), "open_run", OPENING)
            if key not in answerer.ready:
                self._unkept.append(key)
        except Exception as error:  # nobody waits for it: whoever asks finds out anew, and is told
            if not self._closed:
                log.warning("a run could not be opened ahead", error=type(error).__name__)
            self._unkept.append(key)
        finally:
            self._give_back(answerer)

    def _give_back(self, answerer: Answerer) -> None:
        with self._free:
            answerer.busy, answerer.coming, answerer.used = None, (), time.monotonic()
            self._free.notify_all()

    def _answered(self, answerer: Answerer, question: bytes, name: str, seconds: float) -> tuple[Mapping[str, Any], bytes]:
        """The answer, on a second attempt where the process has died: perhaps only because nobody had asked it anything for long."""
        for _ in range(2):
            if self._closed:
                break
            try:
                process, pipe = answerer.start(self._settings.answers_gb * 1e9)
                pipe.send_bytes(question)
                self._wait(process, pipe, name, seconds)
                head, content = json.loads(pipe.recv_bytes()), pipe.recv_bytes()
            except (EOFError, OSError):
                log.warning("an answering process died", question=name)
                answerer.end()
            except BaseException:
                answerer.end()
                raise
            else:
                answerer.open, answerer.ready = head["open"], head["ready"]
                if head["leaves"]:
                    answerer.end()
                return head, content
        raise ProblemError("unavailable", "The process that worked on the answer died; ask again.")

    def _wait(self, process: Any, pipe: Any, name: str, seconds: float) -> None:
        """Until there is an answer; ProblemError where the process needs more time or memory than it may."""
        until = time.monotonic() + seconds
        while not pipe.poll(LOOK):
            if time.monotonic() > until:
                log.warning("an answer took too long and its process was ended", question=name, seconds=seconds)
                raise ProblemError("unavailable", f"The answer took longer than {seconds:g} seconds and was given up.")
            if held_bytes(process.pid) > self._settings.memory_gb * 1e9:
                log.warning("an answer needed too much memory and its process was ended", question=name)
                raise ProblemError("unavailable", f"The answer needs more than {self._settings.memory_gb:g} GB of memory.")

    def _taken(self, kind: Kind, keys: Sequence[str], seconds: float) -> Answerer:
        """A process that is free for a question, from now on its own; ProblemError where there is none in time.

        A run that is being opened is waited for as long as opening it anew would be.
        """
        since = time.monotonic()
        with self._free:
            if self._waiting >= WAITING:
                raise _busy()
            self._waiting += 1
            try:
                while (chosen := self._choose(kind, keys)) is None:
                    opening = kind == "warm" and any(set(keys) <= set(each.coming) for each in self._all)
                    left = since + (seconds if opening else PATIENCE) - time.monotonic()
                    if left <= 0 or self._closed:
                        raise _busy()
                    self._free.wait(left)
                chosen.busy, chosen.coming = kind, keys if kind == "warm" else ()
                return chosen
            finally:
                self._waiting -= 1

    def _choose(self, kind: Kind, keys: Sequence[str]) -> Answerer | None:
        """The free process to ask: one that has the subject open or will have, else one that lives, that has little open, that was idle longest.

        Of several that have it open, whoever has found out about it what a question needs; papers, which need none of that, leave that one to others.
        """
        papers = sum(each.busy == "paper" for each in self._all)
        if kind == "paper" and papers >= max(1, len(self._all) - 1):
            return None
        holders = [each for each in self._all if keys and set(keys) <= {*each.open, *each.coming}]
        ready = [each for each in holders if set(keys) <= {*each.ready, *each.coming}] if kind != "paper" else []
        asked = (ready or holders) if kind == "warm" else holders
        free = [each for each in asked if each.busy is None]
        if not free and not (asked and kind == "warm"):
            free = [each for each in self._all if each.busy is None]
        return min(free, key=lambda each: (each not in ready, *_order(each)), default=None)

    def close(self) -> None:
        """End every process."""
        with self._free:
            self._closed = True
            self._free.notify_all()
        for each in self._all:
            each.end()


def _order(answerer: Answerer) -> tuple[bool, int, float]:
    return answerer.process is None, len(answerer.open), answerer.used


def _question(name: str, subjects: Sequence[Subject], arguments: Mapping[str, Any]) -> bytes:
    return json.dumps({"name": name, "subjects": [list(subject) for subject in subjects], "arguments": dict(arguments)}, default=str).encode()


def _busy() -> ProblemError:
    return ProblemError("busy", "Everybody who could answer is busy; come again in a moment.", headers={"Retry-After": AGAIN})


def _main(pipe: Any, most_bytes: float) -> None:
    from api.answering.child import main

    main(pipe, most_bytes)
