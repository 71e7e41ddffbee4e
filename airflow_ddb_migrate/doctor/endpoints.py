"""Whether each service can be reached from here, and how far the local clock is off."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from airflow_ddb_migrate.aws.clients import AUTOSCALING
from airflow_ddb_migrate.core.doctor.check_results import CheckResult, broken, ok, warning
from airflow_ddb_migrate.doctor.patient import SERVICES, Patient

# A question that changes nothing, and what the service is for. Any answer will do, a refusal too.
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
}
_NEEDED: Final = {"dynamodb", "cloudformation", "stepfunctions", "lambda"}


@dataclass(slots=True)
class Reach:
    """What the endpoints answered: which are ``silent``, and the clock's lead over the others."""

    silent: set[str] = field(default_factory=set)
    ahead_seconds: dict[str, float] = field(default_factory=dict)

    @property
    def unreachable(self) -> set[str]:
        """The services that need not be asked again: all, where none of these answered."""
        return {*SERVICES} if self.silent == {*_ASK} else self.silent

    def checks(self, patient: Patient) -> dict[str, Callable[[], Iterator[CheckResult]]]:
        """Return a check for each service; they fill this object."""

        def check_of(service: str) -> Callable[[], Iterator[CheckResult]]:
            return lambda: self._check(patient, service)

        return {f"endpoint-{service}": check_of(service) for service in _ASK}

    def _check(self, patient: Patient, service: str) -> Iterator[CheckResult]:
        use, ask = _ASK[service]
        self.silent.add(service)  # until it has answered
        make = broken if service in _NEEDED else warning
        client = patient.probing.of(service)
        client.meta.events.register("after-call", self._reader(patient, service))
        try:
            ask(client)
        except ClientError:
            pass  # an answer, too: what it refuses is said where it matters
        except BotoCoreError as exc:
            found = f"{str(exc).rstrip('.')}. It is needed for {use}."
            yield make(f"endpoint-{service}", found, _advice(patient))
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


def _advice(patient: Patient) -> str:
    if not patient.access.is_aws:
        return "Check the endpoint's URL, and whether what should answer there runs."
    return (
        "From a VPC without internet access: make an endpoint for it, and let its security group "
        "and policy in."
    )
