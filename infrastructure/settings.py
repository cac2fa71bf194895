"""What an installation decides: read once, from the environment, and never changed afterwards."""

import os
from pathlib import Path
from typing import Final, Self

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from application.keys import DEFAULT_TENANT, TENANT_NAME
from infrastructure.logs import LogForm, LogLevel
from infrastructure.postgres.tenants import schema_of

MIN_CONNECTIONS: Final = 7
HOST_AND_PORT: Final = r"^(\[[0-9a-fA-F:.]+\]|[^\[\]:\s]+):\d{1,5}$"


def _default_directory() -> Path:
    # The XDG specification says that a relative XDG_DATA_HOME counts as not set.
    named = Path(os.environ.get("XDG_DATA_HOME", ""))
    shared = named if named.is_absolute() else Path.home() / ".local" / "share"
    return shared / "recours"


class NamedErp(BaseModel):
    """Where an ERP answers, and what its messages are signed with."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str
    secret: SecretStr


class Settings(BaseSettings):
    """The settings of one installation.

    Nothing here has a secret default; what is not set falls back to the embedded database.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        # A rejected connection string would otherwise be printed with its password.
        hide_input_in_errors=True,
    )

    database_url: SecretStr | None = None
    """The application's login on an external server; without it the embedded server is used."""

    database_owner_url: SecretStr | None = None
    """The owner's login on the same database, for migrations and rebuilds."""

    recours_data: Path = Field(default_factory=_default_directory)
    """The directory of the embedded database."""

    recours_schema: str = Field(default="recours", pattern="^[a-z_][a-z0-9_]{0,62}$")
    """The schema that holds every table of this installation."""

    recours_tenant: str = Field(default=DEFAULT_TENANT, pattern=f"^{TENANT_NAME}$")
    """Whose schema this process works in, as whose login; not said, `serve` and `worker` work for
    every tenant."""

    recours_tenants_secret: SecretStr | None = Field(default=None, min_length=24)
    """What the passwords of the tenants' logins are made of, with DATABASE_URL."""

    recours_open_tenants: int = Field(default=16, ge=1, le=1_000)
    """How many tenants beside the default one `serve` has open at once; the idle make room."""

    recours_tenant_connections: int = Field(default=4, ge=3, le=100)
    """Database connections for the requests of each of them."""

    recours_tenant_erps: dict[str, NamedErp] = Field(default_factory=dict[str, NamedErp])
    """The ERPs of other tenants, as JSON: `{"acme": {"url": …, "secret": …}}`."""

    recours_erp_url: str | None = None
    """Where the ERP answers; without it payment blocks stay requested."""

    recours_erp_secret: SecretStr | None = None
    """What both sides sign their messages with: `whsec_` and the base64 of 24 to 64 bytes."""

    recours_most_lag: int = Field(default=60, ge=1)
    """Seconds that a read model may be behind before `/readyz` says no."""

    recours_metrics: str | None = Field(default=None, pattern=HOST_AND_PORT)
    """Where `serve` and `worker` tell their metrics without a key, such as `127.0.0.1:9464`."""

    recours_webhooks_loopback: bool = False
    """Whether webhooks may lead to this machine, and there by `http://`: for trying out only."""

    recours_connections: int = Field(default=22, ge=MIN_CONNECTIONS, le=1_000)
    """Database connections of one process: requests served at once, and six for other work."""

    recours_rate: int = Field(default=6_000, ge=0)
    """Requests a minute that one principal may make of one process; 0 is no limit."""

    recours_stranger_rate: int = Field(default=300, ge=0)
    """Requests a minute that one address without a valid key may make; 0 is no limit."""

    recours_grace: int = Field(default=10, ge=0, le=3_600)
    """Seconds that requests under way may take to end once the process was told to stop."""

    recours_log: LogForm | None = None
    """How `serve` and `worker` write their log; by whether it goes to a terminal, if not said."""

    recours_log_level: LogLevel = LogLevel.INFO
    """From which weight on something is logged: `debug`, `info`, `warning`, `error`."""

    recours_body_limit: int = Field(default=256 * 1024, ge=1024, le=64 * 1024 * 1024)
    """The bytes that the body of a request may have, as it travels."""

    recours_oidc_issuer: str | None = None
    """Whose bearer tokens are taken beside API keys, as they name it in `iss`."""

    recours_oidc_audience: str | None = None
    """What names this product in the tokens' `aud`."""

    recours_oidc_pseudonym_key: SecretStr | None = Field(default=None, min_length=32)
    """What subjects are hashed with; with another one everybody would be somebody else."""

    recours_oidc_jwks_url: str | None = None
    """Where the issuer's keys are; where its discovery document says, if not said."""

    recours_oidc_subject_claim: str = Field(default="sub", min_length=1)
    """The claim that tells who somebody is, for ever."""

    recours_oidc_role_claim: str = Field(default="role", min_length=1)
    """The claim that names the role; a path such as `realm_access.roles` leads into objects."""

    recours_oidc_scope_claim: str = Field(default="scope", min_length=1)
    """The claim that names the scopes of a connector."""

    recours_oidc_companies_claim: str | None = None
    """The claim that names the legal entities somebody reaches; nobody is limited, if not said."""

    recours_oidc_teams_claim: str | None = None
    """The same for teams."""

    recours_oidc_tenant_claim: str | None = None
    """The claim that names the tenant; every token is of the default one, if not said."""

    @field_validator("database_url", "database_owner_url")
    @classmethod
    def _is_a_connection_string(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            try:
                conninfo_to_dict(url.get_secret_value())
            except ProgrammingError:
                # libpq's own message may quote the password, so it is not passed on.
                raise ValueError(
                    "is not a connection string: "
                    "write postgresql://LOGIN:PASSWORD@HOST:PORT/DATABASE"
                ) from None
        return url

    @field_validator("recours_data")
    @classmethod
    def _is_absolute(cls, directory: Path) -> Path:
        return directory.expanduser().absolute()

    @field_validator("recours_schema")
    @classmethod
    def _is_nobodys_schema(cls, schema: str) -> str:
        if "__" in schema:
            raise ValueError("holds `__`, which stands before a tenant's name: set RECOURS_TENANT")
        return schema

    @property
    def serves_all(self) -> bool:
        """Whether no tenant is named, so that `serve` and `worker` work for all of them."""
        return "recours_tenant" not in self.model_fields_set

    def of_tenant(self, name: str) -> Self:
        """What the settings say for one of the tenants: its schema, and its own ERP or none."""
        if name == DEFAULT_TENANT:
            return self
        erp = self.recours_tenant_erps.get(name)
        return self.model_copy(
            update={
                "recours_tenant": name,
                "recours_erp_url": None if erp is None else erp.url,
                "recours_erp_secret": None if erp is None else erp.secret,
            }
        )

    @property
    def tenant_schema(self) -> str:
        """The schema of this process's tenant."""
        return schema_of(self.recours_tenant, base=self.recours_schema)

    @model_validator(mode="after")
    def _owner_belongs_to_a_database(self) -> Self:
        if self.database_owner_url is not None and self.database_url is None:
            raise ValueError("DATABASE_OWNER_URL means nothing without DATABASE_URL: set both")
        return self

    @model_validator(mode="after")
    def _an_erp_is_named_with_its_secret(self) -> Self:
        if (self.recours_erp_url is None) != (self.recours_erp_secret is None):
            raise ValueError("RECOURS_ERP_URL and RECOURS_ERP_SECRET belong together: set both")
        return self

    @model_validator(mode="after")
    def _an_issuer_is_named_with_all_that_it_takes(self) -> Self:
        needed = (
            self.recours_oidc_issuer,
            self.recours_oidc_audience,
            self.recours_oidc_pseudonym_key,
        )
        if any(needed) and not all(needed):
            raise ValueError(
                "RECOURS_OIDC_ISSUER, RECOURS_OIDC_AUDIENCE and RECOURS_OIDC_PSEUDONYM_KEY "
                "belong together: set all three"
            )
        return self
