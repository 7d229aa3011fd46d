"""Everything that is set from outside, in one class. A secret has no default: without it the start stops."""

import os
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from admin_app.faults import WrongUse
from models.store import Clock

PREFIX = "DOSSIER_"


class Settings(BaseSettings):
    """The environment of one process: each is `DOSSIER_<NAME>`, or `DOSSIER_<NAME>_FILE` with a path to it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    mongo_url: str | None = Field(None, repr=False, description="MongoDB 8 replica set; unset: the embedded server")
    keys_url: str | None = Field(None, repr=False, description="Key store; unset: a database beside the data")
    redis_url: str | None = Field(None, repr=False, description="Redis or Valkey; unset: the embedded server")
    secret_key: str | None = Field(None, repr=False, min_length=32, description="Signs sessions and seals cursors")
    kek: str | None = Field(None, description="Key-encryption key, file:/path; unset: in the data folder")
    ledger: Path | None = Field(None, description="Revocation ledger; unset: in $XDG_STATE_HOME/dossier")
    data_dir: Path = Field(Path(".dossier"), description="Folder of the embedded servers, secrets and spool")
    tz: str = Field("Asia/Shanghai", description="Zone of days, IANA name")
    locale: Literal["zh_Hans_CN", "zh_Hant_TW", "en"] = Field("zh_Hans_CN", description="Language of who has none set")
    host: str = Field("127.0.0.1", description="Address the panel listens on")
    port: int = Field(5000, ge=0, le=65535, description="Port the panel listens on; 0: any free one")
    workers: int = Field(2, ge=1, le=64, description="Web processes")
    threads: int = Field(4, ge=1, le=64, description="Threads of each web process")
    public_url: str | None = Field(None, description="How people reach the panel; https:// makes cookies secure")
    proxies: int = Field(0, ge=0, le=9, description="Reverse proxies in front whose X-Forwarded-* headers are believed")
    metrics_token: str | None = Field(None, repr=False, description="Bearer token of /metrics from another machine")
    smtp_url: str | None = Field(None, repr=False, description="Mail, smtp://user:password@host:port")
    sms_url: str | None = Field(None, repr=False, description="Text messages; unset: files in the spool")
    clock_offset: int = Field(0, description="Seconds added to the clock of this process, for rehearsals")
    import_mb: int = Field(200, ge=1, le=2048, description="Largest file taken on the import page and by REST, MB")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is worth a log line")

    @classmethod
    def settings_customise_sources(cls, settings_cls: type[BaseSettings], *args: Any, **sources: Any):
        """What is given in code, then the environment, then the files it names, then `.env`."""
        given: PydanticBaseSettingsSource = sources["init_settings"]
        dotenv: PydanticBaseSettingsSource = sources["dotenv_settings"]
        return given, sources["env_settings"], SecretFiles(settings_cls), dotenv

    @field_validator("tz")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("is not a time zone; write it like Asia/Shanghai") from None
        return value

    @field_validator("kek")
    @classmethod
    def _kek_is_known(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("file:/"):
            raise ValueError("must look like file:/path/to/kek")
        return value

    @field_validator("mongo_url", "keys_url")
    @classmethod
    def _is_mongo(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("mongodb://", "mongodb+srv://")):
            raise ValueError("must begin with mongodb:// or mongodb+srv://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return value

    @model_validator(mode="after")
    def _rehearsals_stay_apart(self) -> "Settings":
        """A shifted clock must never touch a real archive."""
        if self.clock_offset and self.mongo_url and not self.data_name.startswith("rehearsal"):
            raise ValueError("clock_offset is for rehearsals: the database must be named rehearsal…")
        return self

    @property
    def data_name(self) -> str:
        """The data database: the path of `mongo_url`, else `dossier`."""
        return _database_of(self.mongo_url) or "dossier"

    @property
    def keys_name(self) -> str:
        """The key store's database."""
        return _database_of(self.keys_url) or f"{self.data_name}_keys"

    @property
    def clock(self) -> Clock:
        """Now and today for this process."""
        return Clock(ZoneInfo(self.tz), self.clock_offset)

    @property
    def secrets_dir(self) -> Path:
        """Where secrets made on the first start lie (0700)."""
        return self.data_dir / "secrets"

    @property
    def kek_path(self) -> Path:
        """The file of the key-encryption key."""
        return Path(self.kek.removeprefix("file:")) if self.kek else self.secrets_dir / "kek"

    def ledger_path(self, installation: str) -> Path:
        """The revocation ledger of an installation: outside the data folder, so that no restore of it takes it back."""
        state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
        return self.ledger or state / "dossier" / f"{installation}.ledger"

    @property
    def secure(self) -> bool:
        """Whether people reach the panel by TLS, so that cookies may demand it."""
        return bool(self.public_url and self.public_url.startswith("https://"))


class SecretFiles(EnvSettingsSource):
    """`DOSSIER_X_FILE=/run/secrets/x`: the value of X is what stands in that file."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = self.env_vars.get(f"{PREFIX}{field_name}_file".lower())
        if path is None:
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        except OSError as fault:
            words = "{variable} names {path}, which cannot be read: {reason}."
            variable = f"{PREFIX}{field_name.upper()}_FILE"
            raise WrongUse(words, variable=variable, path=path, reason=fault.strerror) from None


def load_settings(**given: Any) -> Settings:
    """Read the environment and `.env`; what is given wins.

    :raises WrongUse: a variable does not fit; the words name it
    """
    try:
        return Settings(_env_file=".env", **{name: value for name, value in given.items() if value is not None})
    except SettingsError as fault:
        raise fault.__cause__ if isinstance(fault.__cause__, WrongUse) else fault from None
    except ValidationError as fault:
        first = fault.errors(include_input=False, include_url=False)[0]
        reason = first["msg"].removeprefix("Value error, ")
        name = "".join(f"{PREFIX}{part}".upper() for part in first["loc"][:1]) or f"{PREFIX}CLOCK_OFFSET"
        raise WrongUse("{name} does not fit: {reason}", name=name, reason=reason) from None


def variables() -> list[str]:
    """Every variable the program reads, in the order of the class."""
    return [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]


def _database_of(url: str | None) -> str:
    return unquote(urlsplit(url).path.strip("/")) if url else ""
