"""Addresses that try keys that do not exist: a few a minute, then no more.

Keys cannot be guessed; this keeps those who try from costing anything. An address that has tried too often may go on with keys that were good before,
so that one broken program does not shut out everybody behind the same address. Memory is bounded: who was seen least recently is forgotten first.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict

WITHIN = 60.0
"""Seconds after which failures count no more."""
ADDRESSES = 10_000
GOOD = 10_000


class Throttle:
    """Failures by address, and the hashes of keys that were good."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._good: OrderedDict[str, None] = OrderedDict()

    def wait(self, address: str, digest: str = "") -> float:
        """Seconds that the address must wait before it may try this key; 0 where it may at once."""
        with self._lock:
            count, until = self._failures.get(place(address), (0, 0.0))
            left = until - time.monotonic()
            return left if count >= self._most and left > 0 and digest not in self._good else 0.0

    def failed(self, address: str, digest: str = "") -> None:
        """The address has tried a key that is not good."""
        with self._lock:
            self._good.pop(digest, None)
            where, moment = place(address), time.monotonic()
            count, until = self._failures.pop(where, (0, 0.0))
            self._failures[where] = (count + 1, until) if until > moment else (1, moment + WITHIN)
            while len(self._failures) > ADDRESSES:
                self._failures.popitem(last=False)

    def passed(self, digest: str) -> None:
        """The key of this hash is good."""
        with self._lock:
            self._good[digest] = None
            self._good.move_to_end(digest)
            while len(self._good) > GOOD:
                self._good.popitem(last=False)


def place(address: str) -> str:
    """Where an address belongs: itself, or for version 6 its network, because whoever has one address there has them all."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(known, ipaddress.IPv6Address):
        return str(known.ipv4_mapped or ipaddress.ip_network((known, 64), strict=False))
    return str(known)
