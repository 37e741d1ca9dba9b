"""Identifiers: a word for the kind, then the time and chance, so that they sort by age and cannot be guessed."""

from __future__ import annotations

import secrets
import time

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter looks like a digit."""


def new_id(kind: str) -> str:
    """`run_…`: 48 bits of milliseconds, then 80 bits of chance, as 26 characters."""
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    return f"{kind}_" + "".join(ALPHABET[number >> shift & 31] for shift in range(125, -5, -5))
