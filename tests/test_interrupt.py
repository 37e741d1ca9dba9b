"""Ctrl-C: the first is told, the second leaves."""

from __future__ import annotations

import io
import os
import signal

import pytest
from rich.console import Console

from allocator.cli.interrupt import interruptible


def test_the_first_is_told_and_the_second_leaves() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible(Console(file=io.StringIO())) as told:
        assert not told()
        os.kill(os.getpid(), signal.SIGINT)
        assert told()
        assert told()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
