"""The answering process: waits for questions, answers them one at a time, and ends with its parent."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

# What follows is heavy, and loaded once by the server that answering processes are forked from.
from allocator.errors import InputError
from api.answering.opened import Held, Shelf
from api.answering.questions import QUESTIONS
from api.answering.subject import Subject
from api.tracebacks import frames

POLITE = 2
"""How much answers give way to the web server (nice); solvers give way to both."""
IDLE = 900.0
"""Seconds without a question after which the process ends, and gives back what it holds."""
ORPHANED = 70


def main(pipe: Connection, most_bytes: float) -> None:
    """Answer until the parent has no more questions."""
    os.setsid()
    with contextlib.suppress(OSError):
        os.nice(POLITE)
    asked: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_hear, args=(pipe, asked), daemon=True).start()
    shelf, room = Shelf(most_bytes), True
    while room:
        try:
            question = asked.get(timeout=IDLE)
        except queue.Empty:
            break
        head, content = _answered(shelf, question)
        room = shelf.tidy()
        try:
            pipe.send_bytes(json.dumps({**head, "open": shelf.keys, "ready": shelf.ready, "leaves": not room}).encode())
            pipe.send_bytes(content)
        except OSError:
            os._exit(ORPHANED)
    os._exit(0)  # what is left cannot be given back in any other way


def _hear(pipe: Connection, asked: queue.SimpleQueue[Mapping[str, Any]]) -> None:
    while True:
        try:
            asked.put(json.loads(pipe.recv_bytes()))
        except (EOFError, OSError):
            os._exit(ORPHANED)


def _answered(shelf: Shelf, question: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """How it went, and the answer."""
    subjects = [Subject(*each) for each in question["subjects"]]
    try:
        held: list[Held] = [shelf.get(subject) for subject in subjects]
        return {"how": "done"}, QUESTIONS[question["name"]](*held, **question["arguments"])
    except InputError as error:
        return {"how": "faulty", "faults": [fault.as_dict() for fault in error.faults]}, b""
    except Exception as error:  # the parent answers for it; what was open may be broken, and is closed
        for subject in subjects:
            shelf.forget(subject.key)
        return {"how": "broken", "error": type(error).__name__, "trace": frames(error)}, b""
