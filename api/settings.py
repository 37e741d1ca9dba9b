"""Settings of the service: typed, from the environment, each documented where it is declared (docs/settings.md is made from here)."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _split(told: Any) -> Any:
    return [word.strip() for word in told.split(",") if word.strip()] if isinstance(told, str) else told


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""Words with commas between them."""


class Settings(BaseSettings):
    """Every setting is read from the environment variable `OJT_` and its name in capitals; none has to be set."""

    model_config = SettingsConfigDict(env_prefix="OJT_", extra="ignore", frozen=True)

    data_dir: Path = Field(Path("out/service"), description="Folder for the embedded store, caches, and sheets of a night.")
    database_url: SecretStr | None = Field(
        None, description="`postgresql://user:password@host/database` for several machines; where absent, one SQLite file in the data folder."
    )
    host: str = Field("127.0.0.1", description="Address that the web server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that the web server listens on; 0 takes a free one.")
    solvers: int = Field(2, ge=1, le=256, description="Runs that one worker solves at the same time, each in a process of its own.")
    memory_gb: float = Field(8.0, gt=0, description="Memory that one solver process may hold; it is ended above it.")
    answerers: int = Field(
        2, ge=1, le=64, description="Processes that answer questions about finished runs (explanations, recommendations, reports) at the same time."
    )
    answers_gb: float = Field(1.5, gt=0, description="Memory in which one of them keeps runs open; above it, it closes those asked about longest ago.")
    papers_mb: float = Field(1000.0, ge=0, description="Room on disk for workbooks, pages and tables that were made once and are kept for the next reader.")
    wall_limit: timedelta = Field(timedelta(hours=1), description="Longest time a run may take whatever its own limit says.")
    queue_limit: int = Field(200, ge=1, description="Runs of one board that may wait or run at once; more are answered with 429.")
    upload_mb: float = Field(25.0, gt=0, description="Largest body of a request; larger ones are answered with 413.")
    unpacked_mb: float = Field(250.0, gt=0, description="Largest upload after unpacking.")
    unpacked_ratio: float = Field(200.0, gt=1, description="Most times that a file of an archive may grow when it is unpacked, from 1 MB on.")
    upload_files: int = Field(100, ge=1, description="Most files in one upload.")
    records: int = Field(2_000_000, ge=1, description="Most records in one table of an upload.")
    uploads: int = Field(2, ge=1, description="Uploads that are read at the same time by one web server; more wait a moment, then are answered with 429.")
    upload_memory_gb: float = Field(2.0, gt=0, description="Memory that reading one upload may take.")
    upload_time: timedelta = Field(
        timedelta(seconds=60), gt=timedelta(0), le=timedelta(seconds=90), description="Longest time that reading one upload may take."
    )
    heartbeat: timedelta = Field(timedelta(seconds=2), description="How often a worker says that it lives.")
    lost_after: timedelta = Field(timedelta(seconds=15), description="Silence after which a worker counts as lost and its runs are taken over.")
    attempts: int = Field(3, ge=1, description="How often a run's solver may die before the run ends as failed; its worker may die five times as often.")
    keep_runs: timedelta = Field(timedelta(days=400), description="How long a finished run is kept that nothing published or saved refers to.")
    keep_keys: timedelta = Field(timedelta(days=7), description="How long the answer to an Idempotency-Key is kept.")
    sheets_dir: Path | None = Field(None, description="Folder that published sheets are written to; `sheets` in the data folder where absent.")
    sources_dir: Path | None = Field(
        None,
        description="Folder under which schedules may read, other boards than `main` under `@BOARD` in it; `sources` in the data folder where absent.",
    )
    webhook_hosts: Words = Field(
        (),
        description="Where webhooks may be sent to, separated by commas; nowhere where empty. `name` or `name:port` for https to a public address; "
        "`http://name:port` or `https://name:port` for exactly that place, which may be in this network.",
    )
    sql_sources: Words = Field(
        (), description="`name=SQLAlchemy URL` or `name@board=SQLAlchemy URL`, separated by commas: what schedules of the board (`main`) may query by name."
    )
    banner: str = Field("", max_length=80, description="Text at the top of every page, such as `Test` where nothing is decided in earnest; none where empty.")
    log_format: Literal["json", "text"] = Field("text", description="How log lines are written.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    telemetry: bool = Field(False, description="Send OpenTelemetry traces; the exporter is set by the standard OTEL_ variables.")
    canary: timedelta | None = Field(None, description="How often a small allocation is run from end to end to see that everything works; never where absent.")
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[A-Za-z0-9.\[\]:-]+/?$",
        description="`https://host`, as browsers address the service, where a proxy stands before it; cookies, links and the way back from the issuer follow.",
    )
    hosts: Words = Field((), description="More names under which requests may address the service; any where this and OJT_PUBLIC_URL are empty.")
    auth_failures: int = Field(20, ge=1, description="Unknown keys that one address may try in a minute; more are answered with 429.")
    session_life: timedelta = Field(timedelta(hours=12), description="How long a login to the pages lasts.")
    oidc_issuer: str | None = Field(
        None,
        pattern=r"^(https://|http://(localhost|127\.0\.0\.1)(:|/|$))",
        description="Issuer of OpenID Connect for logging in to the pages, as it names itself.",
    )
    oidc_client_id: str | None = Field(None, description="Client id that the issuer gave.")
    oidc_client_secret: SecretStr | None = Field(None, description="Client secret that the issuer gave.")
    oidc_roles: Words = Field(
        (), description="`group=role` or `group=role@board`, separated by commas, from the issuer's claim `groups` to a role here; the first that fits counts."
    )
    oidc_scopes: Words = Field(("openid", "profile"), description="Scopes asked of the issuer, separated by commas; some need one more to tell `groups`.")
    session_secret: SecretStr | None = Field(None, description="Secret that signs the cookies of the pages; one is made and kept in the store where absent.")

    @property
    def url(self) -> str:
        """The database's address for SQLAlchemy."""
        if self.database_url is not None:
            url = self.database_url.get_secret_value()
            return url.replace("postgresql://", "postgresql+psycopg://", 1).replace("postgres://", "postgresql+psycopg://", 1)
        return f"sqlite:///{(self.data_dir / 'ojt.sqlite3').absolute()}"

    @property
    def work(self) -> Path:
        """Where workers of this machine have their folders."""
        return self.data_dir / "work"

    @property
    def sheets(self) -> Path:
        """Where published sheets go."""
        return self.sheets_dir or self.data_dir / "sheets"

    @property
    def sources(self) -> Path:
        """Where schedules may read."""
        return self.sources_dir or self.data_dir / "sources"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
