"""Folders that the service makes: they hold data of people, so they are for its user alone, whatever its umask says."""

from __future__ import annotations

from pathlib import Path


def own_folder(path: Path) -> Path:
    """The folder; where it is not there it is made, for nobody else to enter. The rights of one that is there are its owner's affair."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def shared_folder(root: Path, path: Path) -> Path:
    """A folder under a root whose rights alone say who gets in: everything under it can be read by whoever does."""
    own_folder(root)
    for folder in reversed([path, *path.parents][: len(path.relative_to(root).parts)]):
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            folder.chmod(folder.stat().st_mode | 0o055)
    return path
