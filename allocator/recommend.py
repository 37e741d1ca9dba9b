"""Who for this slot, which slot for this person, now? Answered from a solved program that is held, in a moment.

Three things are known of every candidate, each true by itself:

- what every plan with the pair gives up *at least*, by the prices of the relaxation, in the first goal that tells (`allocator/engines/regret.py`);
- what is so *now*: whether a seat is open, and which rules stand in the way of simply taking it;
- a *move* that brings the pair about and keeps every rule, where a short one is found: who gives up a seat, where they go, who takes the seat that
  comes free; and what that move costs, so that the pair costs no more than that.

Where least and most meet, the cost is proved. `exact` asks the held program with the pair forced, goal by goal, until a goal tells.

Source: reduced costs as bounds, Dantzig, Fulkerson and Johnson 1954; ejection chains, Glover 1996.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import NamedTuple

import numpy as np

from allocator.board import NOBODY, Board, Table
from allocator.candidate import FREE_OF_COST, Candidate, Cost, Exact, Move, Recommendation, Step, why
from allocator.engines.base import Clock
from allocator.engines.completed import completed
from allocator.engines.regret import FIRST_TRY, Difference, Regrets, difference, regrets, values
from allocator.engines.warm import Change, Warm
from allocator.errors import Fault, InputError
from allocator.opened import Opened
from allocator.program import Objective
from allocator.row_words import row_told
from allocator.scenario import Integers

LIKELY = 8
"""Candidates for whom moves are looked for before they are ranked."""
EXACT_SECONDS = 30.0
"""Time for the exact cost of one candidate."""
MOST_DISPLACED = 2
"""People who might give up a seat, staff time or money for a candidate, whose move is carried on: those by whom least is lost at once."""
STEPS = 2
"""Further moves after the first, to seat who lost a place and to fill the seat that came free."""


class _Found(NamedTuple):
    """A move that keeps every rule: by how much it betters each goal, the pairs that come in (the candidate's first) and those that go."""

    gains: tuple[int, ...]
    into: Integers
    out: Integers


class Recommender:
    """A result that is asked for recommendations: its program is held, and priced once, goal by goal.

    `clock` limits the pricing; goals that it does not come to tell nothing of any candidate. `warm` and `known` are the held program and its prices, where
    somebody has them already. Raises InputError where the result has no plan.
    """

    def __init__(self, opened: Opened, *, clock: Clock | None = None, warm: Warm | None = None, known: Regrets | None = None) -> None:
        if not opened.result.verified:
            message = "The result has no plan to recommend from."
            raise InputError([Fault("no_plan", message, "Allocate again; `ojt relax` says what to bend where nothing fits.", opened.result.scenario_name)])
        self.opened, self.facts, self.problem, self.program = opened, opened.scenario, opened.problem, opened.program
        self.pairs = self.program.pairs
        self._warm = (warm or opened.warm()) if len(self.pairs) else None
        self.goal, self.loss = (NOBODY, NOBODY) if self._warm is None else self._certified(known or regrets(self._warm, clock))
        self._board = Board(self.program, opened.columns) if len(self.pairs) else None
        self._settled = np.zeros(0, dtype=bool) if self._board is None else self._board.ruled_out()
        self._taken = np.bincount(self.pairs.slot[opened.columns[: len(self.pairs)] > 0], minlength=self.pairs.slots)
        self._by_slot = np.argsort(self.pairs.slot, kind="stable")
        self._seeker_starts = np.searchsorted(self.pairs.seeker, np.arange(self.facts.size("seekers") + 1, dtype=np.int32))
        self._slot_starts = np.searchsorted(self.pairs.slot[self._by_slot], np.arange(self.pairs.slots + 1))

    def _certified(self, known: Regrets) -> tuple[Integers, Integers]:
        """Of each pair the goal that tells and the least loss, as far as goals are proved: after one that is not, a plan might make up for a loss."""
        assert self._warm is not None
        proved = [reached.proved for reached in self._warm.outcome.goals]
        last = proved.index(False) if False in proved else len(proved)
        tells = (known.goal >= 0) & (known.goal <= last)
        return np.where(tells, known.goal, -1), np.where(tells, known.loss, 0)

    def recommend(
        self, *, seeker_id: str | None = None, slot_id: str | None = None, k: int = 5, exact: bool = False, seconds: float = EXACT_SECONDS
    ) -> Recommendation:
        """The best slots for a seeker, or the best seekers for a slot: give one of the two.

        Parameters
        ----------
        k
            Candidates at most.
        exact
            Also the exact cost of each candidate, `seconds` for each at most.

        Raises
        ------
        InputError
            The id is not in the scenario.
        ValueError
            Neither or both were given.
        """
        if (seeker_id is None) == (slot_id is None):
            message = "Give a seeker_id or a slot_id."
            raise ValueError(message)
        answer = self._for_seeker(self._position("seekers", seeker_id), k) if seeker_id is not None else self._for_slot(self._position("slots", slot_id), k)
        if exact:
            answer = replace(answer, candidates=[replace(one, exact=self.exactly(one.seeker_id, one.slot_id, seconds=seconds)) for one in answer.candidates])
        return answer

    def _for_seeker(self, seeker: int, k: int) -> Recommendation:
        mine = np.arange(*self._seeker_starts[[seeker, seeker + 1]])
        held = mine[self.opened.columns[mine] > 0]
        refused = {name: int(counts[seeker]) for name, counts in sorted(self.pairs.refused_by.items()) if counts[seeker]}
        cut = None if self.pairs.left_out is None else int(self.pairs.left_out[seeker])
        name, slots = str(self.facts.ids("seekers")[seeker]), self.facts.ids("slots")
        mine, settled = mine[~self._settled[mine]], int(self._settled[mine].sum())
        candidates, eligible = self._ranked(np.setdiff1d(mine, held), k), len(mine) + settled
        return Recommendation(name, None, tuple(str(slots[j]) for j in self.pairs.slot[held]), None, eligible, settled, refused, cut, candidates)

    def _for_slot(self, slot: int, k: int) -> Recommendation:
        mine = self._by_slot[self._slot_starts[slot] : self._slot_starts[slot + 1]]
        held = mine[self.opened.columns[mine] > 0]
        name, seekers = str(self.facts.ids("slots")[slot]), self.facts.ids("seekers")
        seats = int(self.problem.openings[slot]) - len(held)
        mine, settled = mine[~self._settled[mine]], int(self._settled[mine].sum())
        candidates, eligible = self._ranked(np.setdiff1d(mine, held), k), len(mine) + settled
        return Recommendation(None, name, tuple(str(seekers[i]) for i in self.pairs.seeker[held]), seats, eligible, settled, {}, None, candidates)

    def _position(self, table: str, name: str | None) -> int:
        at = self.facts.position(table, str(name))
        if at < 0:
            close = get_close_matches(str(name), [str(known) for known in self.facts.ids(table)], 1) if self.facts.size(table) <= 20_000 else []
            fix = f"Did you mean {close[0]}?" if close else f"Use an id of the {table} that the result was made from."
            raise InputError([Fault("unknown_id", f"{table} has no {name}.", fix, self.facts.name, column=f"{table.removesuffix('s')}_id", value=str(name))])
        return at

    # -- ranking ------------------------------------------------------------------------------------------------------

    def _ranked(self, among: Integers, k: int) -> list[Candidate]:
        """The best of some pairs, each with what it would mean."""
        if not len(among) or self._board is None:
            return []
        now = self._board.tries(among, self._board.held[self.pairs.seeker[among]])
        latest = np.where(self.goal[among] < 0, len(self.program.objectives), self.goal[among])
        order = np.lexsort((among, -self.pairs.score[among], now.broken >= 0, self.loss[among], -latest))
        likely = order[: max(k, LIKELY)]
        moves = [self._move(pair, broken) for pair, broken in zip(among[likely].tolist(), now.broken[likely].tolist(), strict=True)]
        keys = [(_badness(move), -latest[at], self.loss[among[at]], place) for place, (at, move) in enumerate(zip(likely.tolist(), moves, strict=True))]
        best = [key[-1] for key in sorted(keys)][:k]
        components = self._components(among[likely[best]])
        return [
            self._candidate(rank, int(among[likely[place]]), bool(now.broken[likely[place]] >= 0), moves[place], components)
            for rank, place in enumerate(best, start=1)
        ]

    def _candidate(self, rank: int, pair: int, blocked: bool, move: _Found | None, components: dict[str, list[float | None]]) -> Candidate:
        assert self._board is not None
        seekers, slots = self.facts.ids("seekers"), self.facts.ids("slots")
        seeker, slot = int(self.pairs.seeker[pair]), int(self.pairs.slot[pair])
        own = int(self._board.held[seeker])
        broken = [self.program.block_of(row) for row in self._board.broken_by(np.array([pair]), _some(own))] if blocked else []
        candidate = Candidate(
            rank=rank,
            seeker_id=str(seekers[seeker]),
            slot_id=str(slots[slot]),
            score=float(self.pairs.score[pair]) / 100,
            tier=self.problem.tier_names[int(self.problem.tiers[seeker])],
            components={name: points[rank - 1] for name, points in components.items()},
            holds=None if own < 0 else str(slots[self.pairs.slot[own]]),
            seat_open=bool(self._taken[slot] < self.problem.openings[slot]),
            in_the_way=tuple(block.row_name(number) for block, number in broken),
            least=self._cost(int(self.goal[pair]), int(self.loss[pair])) if self.goal[pair] >= 0 else None,
            move=None if move is None else Move(tuple(self._steps(move.into, move.out)), self._worse_by(move.gains)),
            why="",
        )
        rules = [row_told(self.problem, block, number)["words"] for block, number in broken if block.kind != "slot_openings"]
        return replace(candidate, why=why(candidate, rules))

    def _components(self, pairs: Integers) -> dict[str, list[float | None]]:
        if self.facts.has("pairs"):
            return {}
        found = self.problem.policy.match_quality.components(self.problem, self.pairs.seeker[pairs], self.pairs.slot[pairs])
        return {name: [None if fit < 0 else fit / 100 for fit in fits.tolist()] for name, fits in found.items()}

    # -- moves --------------------------------------------------------------------------------------------------------

    def _move(self, pair: int, broken: int) -> _Found | None:
        """The best short move that brings a pair about: on its own, or with one person giving way whom the first broken row holds."""
        board = self._board
        assert board is not None
        own = _some(int(board.held[self.pairs.seeker[pair]]))
        ways = [own]
        if broken >= 0:
            users = board.users(broken)
            users = users[self.pairs.seeker[users] != self.pairs.seeker[pair]]
            tried = board.tries(np.full(len(users), pair), users, base_out=own)
            lawful = np.flatnonzero(tried.broken < 0)
            ways = [np.append(own, users[k]) for k in lawful[_best_first(tried.gains[lawful], users[lawful])][:MOST_DISPLACED].tolist()]
        moves = [found for out in ways if (found := self._carried_on(np.array([pair]), out)) is not None]
        best = max(moves, key=lambda move: move.gains, default=None)
        if best is None or not board.tangled:
            return best
        surely = board.surely(best.into, best.out)
        return None if surely is None else best._replace(gains=tuple(surely.tolist()))

    def _carried_on(self, into: Integers, out: Integers) -> _Found | None:
        """A move with the best further steps that seat who lost a place and fill what came free; None where it breaks a rule as it is."""
        board = self._board
        assert board is not None
        first = board.tries(into, np.full(1, -1), base_out=out)
        if first.broken[0] >= 0:
            return None
        found = _Found(tuple(first.gains[0].tolist()), into, out)
        for _ in range(STEPS):
            options = self._further(found.into, out)
            tried = board.tries(options, np.full(len(options), -1), found.into, out)
            lawful = np.flatnonzero(tried.broken < 0)
            if not len(lawful):
                break
            top = int(lawful[_best_first(tried.gains[lawful], options[lawful])[0]])
            gains = tuple(tried.gains[top].tolist())
            if gains <= found.gains:
                break
            found = _Found(gains, np.append(found.into, options[top]), out)
        return found

    def _further(self, into: Integers, out: Integers) -> Integers:
        """Pairs that could follow: those of people who lost their place, and those of waiting people in slots where a seat came free."""
        board, pairs = self._board, self.pairs
        assert board is not None
        seated = set(pairs.seeker[into].tolist())
        lost = [seeker for seeker in pairs.seeker[out].tolist() if seeker not in seated]
        filled = pairs.slot[into].tolist()
        freed = [slot for slot in pairs.slot[out].tolist() if pairs.slot[out].tolist().count(slot) > filled.count(slot)]
        options = [np.arange(*self._seeker_starts[[seeker, seeker + 1]]) for seeker in lost]
        for slot in sorted(set(freed)):
            there = self._by_slot[self._slot_starts[slot] : self._slot_starts[slot + 1]]
            waiting = there[board.held[pairs.seeker[there]] < 0]
            options.append(waiting[~np.isin(pairs.seeker[waiting], list(seated))])
        found = np.unique(np.concatenate([NOBODY, *options]))
        return np.setdiff1d(found, out)

    def _steps(self, into: Integers, out: Integers) -> Iterator[Step]:
        seekers, slots = self.facts.ids("seekers"), self.facts.ids("slots")
        goes = {int(self.pairs.seeker[pair]): str(slots[self.pairs.slot[pair]]) for pair in into.tolist()}
        came = {int(self.pairs.seeker[pair]): str(slots[self.pairs.slot[pair]]) for pair in out.tolist()}
        for seeker in dict.fromkeys([int(self.pairs.seeker[into[0]]), *came, *goes]):
            yield Step(str(seekers[seeker]), came.get(seeker), goes.get(seeker))

    # -- costs --------------------------------------------------------------------------------------------------------

    def _worse_by(self, gains: Sequence[int]) -> Cost:
        for goal, gain in enumerate(gains):
            if gain:
                return self._cost(goal, -gain)
        return FREE_OF_COST

    def _cost(self, goal: int, loss: int) -> Cost:
        objective: Objective = self.program.objectives[goal]
        amount = loss if objective.scale == 1 else loss // objective.scale if loss % objective.scale == 0 else loss / objective.scale
        return Cost(objective.kind, objective.label or objective.kind, objective.unit, amount)

    def exactly(self, seeker_id: str, slot_id: str, *, seconds: float = EXACT_SECONDS) -> Exact:
        """What one pair costs: the held program, with the pair forced, goal by goal until a goal tells. An honest interval where time runs out.

        Raises InputError where an id is not in the scenario or the pair is not eligible.
        """
        seeker, slot = self._position("seekers", seeker_id), self._position("slots", slot_id)
        pair = int(self.pairs.find(np.array([seeker], dtype=np.int32), np.array([slot], dtype=np.int32))[0])
        if pair < 0 or self._warm is None or self._board is None:
            message = f"{seeker_id} at {slot_id} is not among the eligible pairs."
            raise InputError([Fault("not_eligible", message, "`ojt explain --why-not` says which rule refuses it.", self.facts.name)])
        clock, hint = Clock(seconds), (int(self.goal[pair]), int(self.loss[pair]))
        broken = self._board.tries(np.array([pair]), self._board.held[[seeker]]).broken[0]
        move = None if self.opened.columns[pair] else self._move(pair, int(broken))
        found = None if move is None else self._nearby(pair, move, hint, clock)
        if found is None:
            found = difference(self._warm, Change(forced=np.array([pair])), clock=clock, hint=hint)
        return self._told(found, move, time.monotonic() - clock.started)

    def _nearby(self, pair: int, move: _Found, hint: tuple[int, int], clock: Clock) -> Difference | None:
        """What the first goal in which a move costs something tells, from where the move stands; None where it does not, or might not be the first."""
        assert self._warm is not None
        proved = [reached.proved for reached in self._warm.outcome.goals]
        goal = next((number for number, gain in enumerate(move.gains) if gain), len(proved))
        columns = completed(self.program, self._after(move))
        if columns is None or not all(proved[:goal]) or (goal < len(proved) and move.gains[goal] > 0):
            return None
        if goal == len(proved):
            return Difference("equal", columns=columns)
        if hint == (goal, -move.gains[goal]):
            return Difference("worse", goal, hint[1], hint[1], columns=columns)
        step = self._warm.reach(goal, Change(forced=np.array([pair])), clock=clock.part(FIRST_TRY), near=columns)
        held = values(self.program, self.opened.columns)[goal]
        best = columns if step.columns is None else step.columns
        least = max(0 if step.bound is None else held - step.bound, hint[1] if hint[0] == goal else 0)
        most = held - values(self.program, best)[goal]
        return Difference("worse", goal, least, most, columns=best) if 0 < least <= most else None

    def _told(self, found: Difference, move: _Found | None, seconds: float) -> Exact:
        """The difference in the policy's units; where it is open, a move says how much it is at most."""
        moved = None if found.columns is None else self._moved(np.flatnonzero(found.columns[: len(self.pairs)]))
        if found.telling in ("impossible", "equal"):
            return Exact(found.telling, FREE_OF_COST, FREE_OF_COST if found.telling == "equal" else None, True, moved, seconds)
        least = self._cost(found.goal, found.least) if found.least and found.goal >= 0 else FREE_OF_COST
        if move is not None and not found.proved and found.telling != "better":
            return Exact(found.telling, least, self._worse_by(move.gains), False, self._moved(self._after(move)), seconds)
        known = found.most is not None and 0 <= found.goal < len(self.program.objectives)
        return Exact(found.telling, least, self._cost(found.goal, found.most or 0) if known else None, found.proved, moved, seconds)

    def _after(self, move: _Found) -> Integers:
        """The pairs of the plan after a move."""
        assert self._board is not None
        return np.union1d(np.setdiff1d(self._board.chosen, move.out), move.into)

    def _moved(self, chosen: Integers) -> int:
        """People whose slot is another, or who have one only here or there."""
        assert self._board is not None
        return len(np.unique(self.pairs.seeker[np.setxor1d(self._board.chosen, chosen)]))


def _some(pair: int) -> Integers:
    """One pair, or none for -1."""
    return np.array([pair], dtype=np.int64) if pair >= 0 else NOBODY


def _badness(move: _Found | None) -> tuple[bool, tuple[int, ...]]:
    """What candidates are ranked by: the ones with a move first, the least costly first."""
    return (True, ()) if move is None else (False, tuple(-gain for gain in move.gains))


def _best_first(gains: Table, pairs: Integers) -> Integers:
    """Moves by what they gain, goal by goal; ties by pair."""
    return np.lexsort((pairs, *(-gains[:, goal] for goal in reversed(range(gains.shape[1])))))
