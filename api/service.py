"""What every request works with: settings, store, folders, queue, those who answer questions about finished runs, and what they have written."""

from __future__ import annotations

from functools import cached_property

from api.answering.papers import Papers
from api.answering.pool import Answerers
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
        self.answerers = Answerers(settings)
        self.papers = Papers(settings.data_dir / "papers", int(settings.papers_mb * 1e6))

    @cached_property
    def queue(self) -> Queue:
        """The queue, to put work into; reached when first needed."""
        return Queue(self.store)

    def close(self) -> None:
        """Give everything back."""
        self.answerers.close()
        if "queue" in self.__dict__:
            self.queue.close()
        self.store.close()
