"""``ddb-migrate doctor``: its options, and its access to AWS."""

import argparse
import os
import shutil
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_ddb_migrate.core.doctor.check_results import is_healthy
from airflow_ddb_migrate.core.doctor.page import results_json, results_page
from airflow_ddb_migrate.core.names import validate_stack_name, validate_table_name
from airflow_ddb_migrate.core.version import __version__

if TYPE_CHECKING:
    from airflow_ddb_migrate.doctor.patient import Access, Patient


def add_doctor(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``doctor``."""
    parser.add_argument("--table", help="also check this table")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def examined(options: argparse.Namespace) -> tuple[str, bool]:
    """Return a page with the result of every check, and whether no check failed.

    :raises InvalidInputError: the name of the stack or table is not valid.
    :raises ConnectionSetupError: the AWS profile does not exist.
    """
    from airflow_ddb_migrate.doctor.checkup import examine

    validate_stack_name(options.stack_name)
    if options.table is not None:
        validate_table_name(options.table)
    patient = _patient(options)
    results = examine(patient)
    if not options.json:
        return results_page(results, _columns()), is_healthy(results)
    about = {
        "version": __version__,
        "region": patient.access.region,
        "stack_name": patient.stack_name,
        "table": patient.table_name,
    }
    return results_json(results, about), is_healthy(results)


def _columns() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _patient(options: argparse.Namespace) -> "Patient":
    import boto3
    from botocore.config import Config

    from airflow_ddb_migrate.aws.clients import Clients, made_client
    from airflow_ddb_migrate.aws.errors import aws_call
    from airflow_ddb_migrate.doctor.patient import CONNECT_SECONDS, READ_SECONDS, Patient

    with aws_call("Signing in", "ddb-migrate doctor"):
        session = boto3.Session(profile_name=options.profile, region_name=options.region)

    def clients(attempts: int) -> Clients:
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": attempts},
        )

        def client(service: str) -> object:
            return session.client(service, endpoint_url=options.endpoint_url, config=config)

        return Clients(lambda service: made_client(lambda: client(service), service, "the doctor"))

    return Patient(
        access=_access(session, options, os.environ),
        probing=clients(1),
        clients=clients(3),
        stack_name=options.stack_name,
        table_name=options.table or "",
    )


def _access(session: Any, options: argparse.Namespace, environment: Mapping[str, str]) -> "Access":
    from airflow_ddb_migrate.aws.clients import is_aws_endpoint
    from airflow_ddb_migrate.doctor.patient import Access

    region = session.region_name or ""
    url = options.endpoint_url or environment.get("AWS_ENDPOINT_URL", "")
    known = (
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("dynamodb", partition)
    )
    return Access(
        region=region,
        region_from=_region_from(options, environment),
        is_known_region=region in known,
        is_aws=not url or is_aws_endpoint(url),
        credentials=session.get_credentials,
        environment=environment,
    )


def _region_from(options: argparse.Namespace, environment: Mapping[str, str]) -> str:
    if options.region:
        return "--region"
    if environment.get("AWS_DEFAULT_REGION"):  # takes precedence over a profile's region
        return "AWS_DEFAULT_REGION"
    return f"the profile {options.profile or environment.get('AWS_PROFILE') or 'default'}"
