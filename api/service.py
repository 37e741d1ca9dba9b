"""What every request works with: settings, store, folders, queue."""

from __future__ import annotations

from functools import cached_property

from api.jobs.queue import Queue
from api.settings import Settings
from api.store.blobs import Folders
from api.store.engine import Store


class Service:
    """One process's hold on the service; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.url)
        self.folders = Folders(self.store, settings.data_dir / "cache")

    @cached_property
    def queue(self) -> Queue:
        """The queue, to put work into; reached when first needed."""
        return Queue(self.store)

    def close(self) -> None:
        """Give everything back."""
        if "queue" in self.__dict__:
            self.queue.close()
        self.store.close()
