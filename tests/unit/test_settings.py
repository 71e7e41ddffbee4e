"""The section of Airflow's configuration."""

import pytest
from airflow_ddb_migrate import settings
from airflow_ddb_migrate.core.errors import InvalidInputError


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STACK", "CONN_ID", "POKE_SECONDS"):
        monkeypatch.delenv(f"AIRFLOW_DDB_MIGRATE_{name}", raising=False)


def test_without_any_the_defaults_hold() -> None:
    assert ("ddb-migrate", "aws_default", 30.0) == (
        settings.stack_name(),
        settings.aws_conn_id(),
        settings.poke_seconds(),
    )


def test_the_section_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__DDB_MIGRATE__STACK_NAME", "shop")
    monkeypatch.setenv("AIRFLOW__DDB_MIGRATE__AWS_CONN_ID", "aws_shop")
    monkeypatch.setenv("AIRFLOW__DDB_MIGRATE__POKE_SECONDS", "45")

    assert ("shop", "aws_shop", 45.0) == (
        settings.stack_name(),
        settings.aws_conn_id(),
        settings.poke_seconds(),
    )


def test_the_environment_variables_of_earlier_versions_hold_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIRFLOW__DDB_MIGRATE__STACK_NAME", "shop")
    monkeypatch.setenv("AIRFLOW_DDB_MIGRATE_STACK", "earlier")

    assert settings.stack_name() == "earlier"


@pytest.mark.parametrize("text", ["often", "0", "-1", "nan", "inf"])
def test_a_poke_that_is_no_time_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("AIRFLOW__DDB_MIGRATE__POKE_SECONDS", text)

    with pytest.raises(InvalidInputError, match="poke_seconds"):
        settings.poke_seconds()
