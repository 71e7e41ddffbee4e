"""boto3 clients by service, made when first used by whoever knows the credentials."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

AUTOSCALING: Final = "application-autoscaling"


class Clients:
    """``make`` returns the boto3 client of a service: from an Airflow hook, or from a Session."""

    def __init__(self, make: Callable[[str], Any]) -> None:
        self._make = make

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
