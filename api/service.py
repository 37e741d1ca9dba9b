"""What every request works with: settings, store, folders, queue, those who answer questions about finished runs, and what they have written."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from api.access.seen import Seen
from api.access.throttle import Throttle
from api.answering.papers import Papers
from api.answering.pool import Answerers
from api.folders import own_folder
from api.gate import Gate
from api.jobs.queue import Queue
from api.settings import Settings
from api.store.blobs import Folders
from api.store.engine import Store
from api.store.own_secrets import own_secret

if TYPE_CHECKING:
    from api.access.oidc import Issuer


class Service:
    """One process's hold on the service; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        own_folder(settings.data_dir)
        self.store = Store(settings.url)
        self.folders = Folders(self.store, settings.data_dir / "cache")
        self.throttle = Throttle(settings.auth_failures)
        self.seen = Seen(self.store)
        self.answerers = Answerers(settings)
        self.papers = Papers(settings.data_dir / "papers", int(settings.papers_mb * 1e6))
        self.uploads = Gate(settings.uploads, "uploads are being read")

    @cached_property
    def queue(self) -> Queue:
        """The queue, to put work into; reached when first needed."""
        return Queue(self.store)

    @cached_property
    def session_secret(self) -> str:
        """What signs the cookies of the pages."""
        told = self.settings.session_secret
        return told.get_secret_value() if told else own_secret(self.store, "session")

    @cached_property
    def issuer(self) -> Issuer | None:
        """The issuer that logins may come through; None where the settings name none. Its packages are an extra."""
        if not (self.settings.oidc_issuer and self.settings.oidc_client_id):
            return None
        from api.access.oidc import Issuer

        return Issuer(self.settings)

    def close(self) -> None:
        """Give everything back."""
        self.seen.close()
        self.answerers.close()
        if "queue" in self.__dict__:
            self.queue.close()
        self.store.close()
