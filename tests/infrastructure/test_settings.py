"""What an installation may say in its environment."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from infrastructure.settings import Settings

URL = "postgresql://agent:hunter2@db.example/recours"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_without_a_database_url_the_embedded_server_is_meant() -> None:
    settings = Settings()
    assert settings.database_url is None
    assert settings.recours_schema == "recours"


@pytest.mark.parametrize(
    ("xdg", "expected"),
    [
        ("/srv/share", Path("/srv/share/recours")),
        ("", Path("/srv/anna/.local/share/recours")),
        ("relative", Path("/srv/anna/.local/share/recours")),
    ],
)
def test_the_embedded_database_lives_where_the_desktop_standard_says(
    monkeypatch: pytest.MonkeyPatch, xdg: str, expected: Path
) -> None:
    monkeypatch.setenv("HOME", "/srv/anna")
    monkeypatch.setenv("XDG_DATA_HOME", xdg)
    assert Settings().recours_data == expected


def test_every_setting_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/srv/anna")
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("DATABASE_OWNER_URL", URL)
    monkeypatch.setenv("RECOURS_DATA", "~/cases")
    monkeypatch.setenv("RECOURS_SCHEMA", "tenant_7")
    monkeypatch.setenv("RECOURS_TENANT", "acme")
    monkeypatch.setenv("RECOURS_TENANTS_SECRET", "hunter2, and 24 characters of it")
    monkeypatch.setenv("RECOURS_ERP_URL", "https://erp.example")
    monkeypatch.setenv("RECOURS_ERP_SECRET", "whsec_hunter2")
    settings = Settings()
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == URL
    assert settings.database_owner_url == settings.database_url
    assert settings.recours_data == Path("/srv/anna/cases")
    assert settings.recours_schema == "tenant_7"
    assert settings.tenant_schema == "tenant_7__acme"
    assert settings.recours_tenants_secret is not None
    assert settings.recours_erp_url == "https://erp.example"
    assert settings.recours_erp_secret is not None
    assert "hunter2" not in str(settings)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert Settings().database_url is None


def test_no_password_is_ever_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", URL)
    settings = Settings()
    assert "hunter2" not in f"{settings} {settings!r} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://agent:hunter2@db.example:not a port/x y=z"),
        ("DATABASE_URL", "hunter2"),
        ("DATABASE_OWNER_URL", URL),
        ("RECOURS_ERP_SECRET", "whsec_hunter2"),
        ("RECOURS_OIDC_PSEUDONYM_KEY", "hunter2"),
        ("RECOURS_OIDC_PSEUDONYM_KEY", "hunter2" * 8),
        ("RECOURS_SCHEMA", "hunter2; DROP SCHEMA public"),
        ("RECOURS_SCHEMA", "Recours"),
        ("RECOURS_SCHEMA", "recours__acme"),
        ("RECOURS_TENANT", "acme__reader"),
        ("RECOURS_TENANTS_SECRET", "hunter2"),
        ("RECOURS_SCHEMA", "r" * 64),
    ],
)
def test_a_wrong_setting_is_refused_without_quoting_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert "hunter2" not in str(refused.value)


def test_settings_do_not_change_while_the_product_runs() -> None:
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        setattr(settings, "recours_schema", "another")  # noqa: B010 - the type checkers refuse it too
