"""Checks whether each service can be reached from here, and how far the clock is off."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from airflow_ddb_migrate.aws.clients import AUTOSCALING
from airflow_ddb_migrate.core.doctor.check_results import CheckResult, broken, ok, unknown, warning
from airflow_ddb_migrate.doctor.patient import Patient

_THIS: Final = "checks of this command only"

# A request that changes nothing, and what the service is for. Any response will do, also an error.
_ASK: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "dynamodb": ("tables and the ledger", lambda client: client.list_tables(Limit=1)),
    "cloudformation": (
        "finding the stack",
        lambda client: client.describe_stacks(StackName="ddb-migrate-doctor"),
    ),
    "stepfunctions": ("migrations", lambda client: client.list_state_machines(maxResults=1)),
    "lambda": ("the transform's check and the plan", lambda client: client.get_account_settings()),
    "s3": ("deploy, reports and quarantined keys", lambda client: client.list_buckets()),
    "sts": ("deploy", lambda client: client.get_caller_identity()),
    "cloudwatch": ("live traffic in the plan", lambda client: client.describe_alarms(MaxRecords=1)),
    AUTOSCALING: (
        "prewarm of provisioned tables",
        lambda client: client.describe_scalable_targets(ServiceNamespace="dynamodb", MaxResults=1),
    ),
    "iam": (_THIS, lambda client: client.get_account_summary()),
    "events": (_THIS, lambda client: client.list_rules(Limit=1)),
    "service-quotas": (_THIS, lambda client: client.list_services(MaxResults=1)),
}
_NEEDED: Final = {"dynamodb", "cloudformation", "stepfunctions", "lambda"}


@dataclass(slots=True)
class Reach:
    """What the endpoints answered: the ``silent`` ones, and the clock's lead over the others."""

    silent: set[str] = field(default_factory=set)
    ahead_seconds: dict[str, float] = field(default_factory=dict)

    def checks(self, patient: Patient) -> dict[str, Callable[[], Iterator[CheckResult]]]:
        """Return a check for each service; the checks fill this object."""

        def check_of(service: str) -> Callable[[], Iterator[CheckResult]]:
            return lambda: self._check(patient, service)

        return {f"endpoint-{service}": check_of(service) for service in _ASK}

    def _check(self, patient: Patient, service: str) -> Iterator[CheckResult]:
        use, ask = _ASK[service]
        self.silent.add(service)  # until it has answered
        client = patient.probing.of(service)
        client.meta.events.register("after-call", self._reader(patient, service))
        why = _unanswered(lambda: ask(client), client)
        if why:
            yield _unreachable(patient, service, f"{why.rstrip('.')}. It is needed for {use}.")
            return
        self.silent.discard(service)
        yield ok(f"endpoint-{service}", f"{client.meta.endpoint_url} answers.")

    def _reader(self, patient: Patient, service: str) -> Callable[..., None]:
        def read(http_response: Any, **_others: object) -> None:
            date = http_response.headers.get("Date", "")
            try:
                there = parsedate_to_datetime(date).timestamp()
            except ValueError:
                return
            self.ahead_seconds[service] = patient.clock.now() - there

        return read


def _unanswered(ask: Callable[[], Any], client: Any) -> str:
    """Return why AWS did not answer; empty if it did. A refusal is an answer, too."""
    try:
        ask()
    except ClientError as exc:
        if not exc.response.get("ResponseMetadata", {}).get("RequestId"):
            return (
                f"The service at {client.meta.endpoint_url} is not AWS: its response has no "
                "request id"
            )
    except BotoCoreError as exc:
        return str(exc)
    except ResponseParserError:
        return f"The service at {client.meta.endpoint_url} is not AWS: its response cannot be read"
    return ""


def _unreachable(patient: Patient, service: str, found: str) -> CheckResult:
    check = f"endpoint-{service}"
    if service in _NEEDED:
        return broken(check, found, _advice(patient))
    if _ASK[service][0] == _THIS:
        return unknown(check, found)
    return warning(check, found, _advice(patient))


def _advice(patient: Patient) -> str:
    if not patient.access.is_aws:
        return "Check the endpoint's URL, and whether the service there is running."
    return (
        "In a VPC without internet access, create a VPC endpoint for it, and check its security "
        "group and policy."
    )
