"""Databases of PostgreSQL for tests: each made for one test and dropped after it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest


def server() -> str:
    """The server's address, without a database; skips the test where there is none, or fails it where there must be one."""
    address = os.environ.get("OJT_TEST_POSTGRES")
    if not address and os.environ.get("OJT_REQUIRE_POSTGRES"):
        pytest.fail("OJT_REQUIRE_POSTGRES is set, but OJT_TEST_POSTGRES names no server.")
    if not address:
        pytest.skip("OJT_TEST_POSTGRES names no PostgreSQL server")
    return address.rstrip("/")


@contextmanager
def database(address: str, name: str, template: str = "template0") -> Iterator[str]:
    """A database of that name; its address."""
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield f"{address}/{name}"
    finally:
        with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
