"""How many seats a group could possibly fill: the largest flow of its members into a set of openings."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from allocator.pairs import Pairs
from allocator.scenario import Integers, Mask


def eligible_supply(pairs: Pairs, counted: Mask, openings: Integers) -> int:
    """Most of the counted pairs that could be assigned at once, each seeker to one slot, each slot up to its openings.

    `counted` marks pairs; `openings` is per slot. Every other rule is left aside, so this bounds what any promise can reach.
    """
    chosen = np.flatnonzero(counted)
    if len(chosen) == 0:
        return 0
    people, seeker = np.unique(pairs.seeker[chosen], return_inverse=True)
    places, slot = np.unique(pairs.slot[chosen], return_inverse=True)
    source, sink = len(people) + len(places), len(people) + len(places) + 1
    room = np.minimum(openings[places], len(people))
    tail = np.concatenate([np.full(len(people), source), seeker, len(people) + np.arange(len(places))])
    head = np.concatenate([np.arange(len(people)), len(people) + slot, np.full(len(places), sink)])
    capacity = np.concatenate([np.ones(len(people) + len(chosen)), room]).astype(np.int32)
    network = csr_array((capacity, (tail, head)), shape=(sink + 1, sink + 1))
    return int(maximum_flow(network, source, sink).flow_value)
