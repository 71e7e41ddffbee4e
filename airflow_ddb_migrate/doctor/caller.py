"""Checks of region and credentials."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.core.doctor.check_results import (
    CheckResult,
    broken,
    ok,
    unknown,
    warning,
)
from airflow_ddb_migrate.core.doctor.judging import judge_expiry
from airflow_ddb_migrate.core.errors import (
    AccessDeniedError,
    ConnectionSetupError,
    CredentialsError,
    MigrationError,
)
from airflow_ddb_migrate.doctor.patient import Access, Patient, seconds_of

# Credentials that boto3 renews before they expire, by boto3's word for their source.
_RENEWED: Final = {
    "assume-role",
    "assume-role-with-web-identity",
    "container-role",
    "custom-process",
    "iam-role",
}
_EXPIRATION: Final = "AWS_CREDENTIAL_EXPIRATION"  # a tool may export this beside the keys
_SET_THEM: Final = (
    "Set them where boto3 finds them: AWS_PROFILE or --profile, AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, or a role of this machine."
)


def check_region(access: Access) -> Iterator[CheckResult]:
    """Check the region: whether it is set, where, and whether AWS has it."""
    if not access.region:
        yield broken(
            "region",
            "No region is set.",
            "Give --region, or set AWS_DEFAULT_REGION or a profile's.",
        )
        return
    found = f"{access.region}, from {access.region_from}"
    other = access.environment.get("AWS_REGION", "")
    if not access.is_known_region and access.is_aws:
        yield broken(
            "region",
            f"{found}: the botocore of this machine does not know this region.",
            "Check the name, as in eu-central-1. For a new region, update boto3.",
        )
    elif other and other != access.region:
        yield warning(
            "region",
            f"{found}. AWS_REGION is {other}, but boto3 does not read it.",
            "Set AWS_DEFAULT_REGION, or give --region.",
        )
    else:
        yield ok("region", f"{found}.")


@dataclass(slots=True)
class CredentialsCheck:
    """Checks the credentials; ``has_keys`` is whether there are any, accepted or not."""

    patient: Patient
    has_keys: bool = False

    def check(self) -> Iterator[CheckResult]:
        """Check the credentials: whether they are accepted, whose they are, and their expiry."""
        try:
            keys = self.patient.access.credentials()
        except BotoCoreError as exc:
            yield broken("credentials", f"{str(exc).rstrip(': ')}.", _SET_THEM)
            return
        if keys is None:
            yield broken("credentials", "There are no AWS credentials.", _SET_THEM)
            return
        self.has_keys = True
        yield self._judged(keys, str(getattr(keys, "method", "") or "boto3"))

    def _judged(self, keys: Any, source: str) -> CheckResult:
        patient = self.patient
        try:
            arn = caller_arn(patient)
        except ConnectionSetupError as exc:
            return broken("endpoint", f"{exc}")
        except (CredentialsError, AccessDeniedError) as exc:
            return broken("credentials", f"From {source}: {exc}")
        except MigrationError as exc:
            return unknown(
                "credentials", f"From {source}, but it is not known whose they are: {exc}"
            )
        found = f"{arn} in account {arn.split(':')[4]}, from {source}"
        ends = _expires_at(patient.access, keys)
        return judge_expiry(found, ends, patient.clock.now(), renews=source in _RENEWED)


def caller_arn(patient: Patient) -> str:
    """Return the caller's ARN, as STS names it."""
    with aws_call("sts:GetCallerIdentity", "the caller"):
        return str(patient.probing.sts.get_caller_identity()["Arn"])


def _expires_at(access: Access, keys: Any) -> float | None:
    """Return when the keys expire, if they or the tool that exported them say so."""
    known = seconds_of(getattr(keys, "_expiry_time", None))
    if known is not None:
        return known
    try:
        return seconds_of(datetime.fromisoformat(access.environment.get(_EXPIRATION, "")))
    except ValueError:
        return None
