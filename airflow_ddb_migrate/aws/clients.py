"""boto3 clients by service, made when they are first used."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.core.errors import ConnectionSetupError

AUTOSCALING: Final = "application-autoscaling"
_REFUSED_FROM = 300  # HTTP statuses for which botocore itself raises


_AWS_DOMAINS: Final = (
    *("amazonaws.com", "amazonaws.com.cn", "api.aws"),
    *("c2s.ic.gov", "sc2s.sgov.gov", "cloud.adc-e.uk", "csp.hci.ic.gov", "amazonaws.eu"),
)


def is_aws_endpoint(url: str) -> bool:
    """Return whether a URL is AWS's own, by its host."""
    host = urlsplit(url).hostname or ""
    return any(host == name or host.endswith(f".{name}") for name in _AWS_DOMAINS)


class NotAwsError(BotoCoreError):  # type: ignore[misc]
    """A response did not come from AWS."""

    fmt = (
        "The response to {operation_name} at {endpoint} is not from AWS: it has no request id. "
        "Check endpoint_url, and any proxy in between."
    )


def made_client(make: Callable[[], Any], service: str, where: str) -> Any:
    """Return the client that ``make`` makes, which refuses responses that are not from AWS.

    :param where: who needs the client, for messages.
    :raises ConnectionSetupError: the endpoint, the region or an option is not valid.
    :raises CredentialsError: no credentials can be used now.
    """
    with aws_call(f"Signing in for {service}", where):
        client = _made(make, service, where)
    client.meta.events.register_last("after-call", _require_aws)
    return client


def _made(make: Callable[[], Any], service: str, where: str) -> Any:
    try:
        return make()
    except (NotImplementedError, TypeError, ValueError) as exc:
        raise ConnectionSetupError(_unusable(service, where, exc)) from exc


def _unusable(service: str, where: str, exc: Exception) -> str:
    return (
        f"{where}: no client for {service} can be made: {str(exc).rstrip('.')}. An endpoint must "
        "be a URL, as in http://localhost:4566, and a region must be a name, as in eu-central-1."
    )


def _require_aws(
    http_response: Any, parsed: Mapping[str, Any], model: Any, **_others: object
) -> None:
    """Raise NotAwsError for a success without AWS's request id, as from a web server or a proxy."""
    answer = parsed.get("ResponseMetadata", {})
    if http_response.status_code < _REFUSED_FROM and not answer.get("RequestId"):
        raise NotAwsError(operation_name=model.name, endpoint=http_response.url)


class Clients:
    """``make`` returns the boto3 client of a service: from an Airflow hook, or from a Session."""

    def __init__(self, make: Callable[[str], Any]) -> None:
        self._make = make

    def of(self, service: str) -> Any:
        """Return the client of a service, by boto3's name."""
        names = {"lambda": "lambda_", AUTOSCALING: "autoscaling"}
        return getattr(self, names.get(service, service.replace("-", "_")))

    @cached_property
    def dynamodb(self) -> Any:
        return self._make("dynamodb")

    @cached_property
    def stepfunctions(self) -> Any:
        return self._make("stepfunctions")

    @cached_property
    def lambda_(self) -> Any:
        return self._make("lambda")

    @cached_property
    def cloudformation(self) -> Any:
        return self._make("cloudformation")

    @cached_property
    def s3(self) -> Any:
        return self._make("s3")

    @cached_property
    def cloudwatch(self) -> Any:
        return self._make("cloudwatch")

    @cached_property
    def sts(self) -> Any:
        return self._make("sts")

    @cached_property
    def autoscaling(self) -> Any:
        return self._make(AUTOSCALING)

    @cached_property
    def iam(self) -> Any:
        return self._make("iam")

    @cached_property
    def events(self) -> Any:
        return self._make("events")

    @cached_property
    def service_quotas(self) -> Any:
        return self._make("service-quotas")
