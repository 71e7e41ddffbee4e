"""What the checks work on: clients with short timeouts, and what is known so far."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from airflow_ddb_migrate.aws.clients import AUTOSCALING, Clients
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.errors import AwsRequestError

CONNECT_SECONDS: Final = 3.0  # in a VPC, a service without an endpoint does not answer at all
READ_SECONDS: Final = 5.0
SERVICES: Final = (
    *("dynamodb", "cloudformation", "stepfunctions", "lambda", "s3", "sts", "cloudwatch"),
    *(AUTOSCALING, "iam", "events", "service-quotas"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How this process reaches AWS. ``region`` is empty if none is set.

    ``region_from`` and ``credentials_from`` are texts for a person. ``is_aws`` is False for a
    custom endpoint. ``credentials`` returns boto3's credentials, or None.
    """

    region: str
    region_from: str
    is_known_region: bool
    is_aws: bool
    credentials: Callable[[], Any]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Everything that a check can ask. ``table_name`` is empty if no table was named.

    ``probing`` are clients that try a request once, ``clients`` a few times.
    """

    access: Access
    probing: Clients
    clients: Clients
    stack_name: str
    table_name: str = ""
    clock: Clock = Clock()

    def without(self, silent: Collection[str]) -> "Patient":
        """Return the same without services that did not answer: no check waits for them again."""

        def make(service: str) -> Any:
            if service in silent:
                raise AwsRequestError(f"{service} could not be reached: see its line above.")
            return self.clients.of(service)

        return replace(self, clients=Clients(make))


def seconds_of(moment: Any) -> float | None:
    """Return a datetime as seconds since the epoch; None for anything else."""
    return moment.timestamp() if isinstance(moment, datetime) else None
