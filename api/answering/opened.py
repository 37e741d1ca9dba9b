"""Runs that an answering process keeps open: facts, result, and what explanations and recommendations have found out about them."""

from __future__ import annotations

import gc
from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil

from allocator.evaluate import Evaluator
from allocator.explain import Explainer
from allocator.inputs import Inputs
from allocator.opened import Opened
from allocator.recommend import Recommender
from api.answering.subject import Subject, opened_from
from api.solving.child import inputs_of

PRICING = 20.0
"""Seconds to find out, once for a run, what each pair costs at least; goals that this does not come to tell nothing."""


class Held:
    """One subject, read when it is first needed."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.judge: Evaluator | None = None
        """Who evaluated plans under the facts of a scenario last."""
        self.beside: OrderedDict[tuple[str, ...], dict[str, Any]] = OrderedDict()
        """What other runs are like beside this one, in the order in which it was asked for last; lists of people are read a piece at a time."""

    @cached_property
    def inputs(self) -> Inputs:
        """Facts and wishes."""
        return inputs_of(self.subject.job)

    @cached_property
    def opened(self) -> Opened:
        """The result with its facts."""
        return opened_from(self.subject.job, self.folder)

    @cached_property
    def explainer(self) -> Explainer:
        """The result, ready to be asked why."""
        return Explainer(self.opened, pricing=PRICING)

    @cached_property
    def evaluator(self) -> Evaluator:
        """Who evaluates plans under the facts and the policy of the run."""
        return Evaluator(self.opened.problem)

    @cached_property
    def recommender(self) -> Recommender:
        """The result, ready to be asked who else; it stands on the same held program and prices as the explanations."""
        ground = self.explainer.ground
        return Recommender(self.opened, warm=ground.warm, known=ground.regrets) if len(ground.pairs) else Recommender(self.opened)

    def open(self) -> None:
        """Find out what the first question would find out for all others."""
        if len(self.explainer.ground.pairs):
            _ = self.explainer.ground.regrets
        _ = self.recommender

    @property
    def ready(self) -> bool:
        """Whether a question finds all of it."""
        return "recommender" in self.__dict__

    @property
    def folder(self) -> Path:
        """Where the result's files are."""
        assert self.subject.result is not None
        return Path(self.subject.result)


class Shelf:
    """The subjects that are open, as long as the process holds no more memory than it may; the least recently asked about goes first."""

    def __init__(self, most_bytes: float) -> None:
        self._most = most_bytes
        self._held: OrderedDict[str, Held] = OrderedDict()

    def get(self, subject: Subject) -> Held:
        """A subject, opened if it is not yet."""
        found = self._held.get(subject.key)
        if found is None:
            found = self._held[subject.key] = Held(subject)
        self._held.move_to_end(subject.key)
        return found

    def forget(self, key: str) -> None:
        """Close a subject that cannot be used."""
        self._held.pop(key, None)

    def tidy(self) -> bool:
        """Close what there is no room for; whether there is room now."""
        while own_bytes() > self._most and self._held:
            self._held.popitem(last=False)
            gc.collect()
        return own_bytes() <= self._most

    @property
    def keys(self) -> list[str]:
        """What is open."""
        return list(self._held)

    @property
    def ready(self) -> list[str]:
        """What is open with all that a first question finds out."""
        return [key for key, held in self._held.items() if held.ready]


def own_bytes() -> int:
    """Bytes of memory that this process holds by itself: not those that it shares with the server it was forked from."""
    told = psutil.Process().memory_full_info()
    return int(getattr(told, "uss", told.rss))
