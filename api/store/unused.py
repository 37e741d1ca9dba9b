"""Contents that nothing refers to any more."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from api.store.blobs import deleting
from api.store.tables import blobs, datasets, run_files


def forget(connection: sa.Connection, digests: Collection[str]) -> tuple[int, int]:
    """Delete those of these contents that no run and no dataset refers to any more; how many, and their bytes."""
    deleting(connection)
    wanted = set(digests)
    used = set(connection.execute(sa.select(run_files.c.sha256).where(run_files.c.sha256.in_(wanted))).scalars())
    for files in connection.execute(sa.select(datasets.c.files)).scalars():
        used.update(wanted.intersection(files.values()))
    sizes = connection.execute(sa.select(blobs.c.sha256, blobs.c.size).where(blobs.c.sha256.in_(wanted - used))).all()
    connection.execute(blobs.delete().where(blobs.c.sha256.in_([row.sha256 for row in sizes])))
    return len(sizes), sum(row.size for row in sizes)
