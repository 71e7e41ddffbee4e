"""Whether fast writes are proven for the DynamoDB behind the deployed Lambda."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.services.function import invoke
from airflow_ddb_migrate.aws.services.stack import Stack
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import AwsRequestError
from airflow_ddb_migrate.core.ledger.notes import ENGINE_PROOF
from airflow_ddb_migrate.core.ledger.runtime import runtime_in_words

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class EngineProof:
    """The self-check's result. ``fast``: batches are used, except for the ``unproven`` features.

    ``runtime`` describes the Lambda's Python and botocore; empty if that was not asked.
    """

    fast: bool
    unproven: tuple[str, ...]
    differences: tuple[str, ...]
    runtime: str = ""

    def in_words(self) -> str:
        """Return which writer migrations of this stack use, and the runtime in a second line."""
        return "\n".join(filter(None, (self._writer(), self.runtime)))

    def _writer(self) -> str:
        if not self.fast:
            why = "; ".join(self.differences[:_SHOWN]) or "no self-check is on record"
            return f"Writer: single conditional requests (batches are not proven here: {why})."
        if self.unproven:
            return (
                f"Writer: conditional batches; single requests for {', '.join(self.unproven)}, "
                f"which differ here ({'; '.join(self.differences[:_SHOWN])})."
            )
        return "Writer: conditional batches; the self-check found no difference to single requests."


def check_engine(clients: Clients, stack: Stack) -> EngineProof:
    """Let the deployed Lambda run the self-check on scratch records of the ledger.

    The ledger keeps the result for the workers.

    :raises AwsRequestError: the Lambda could not run it.
    """
    said = invoke(clients.lambda_, stack.function_arn, {"action": "self-check"})
    if "error" in said:
        raise AwsRequestError(
            f"The Lambda {stack.function_arn} could not run the self-check: {said['error']}. "
            "Migrations use single conditional requests until ddb-migrate self-check succeeds."
        )
    return _proof(said)


def writer_words(site: Site) -> str:
    """Return which writer a migration of the site's table uses."""
    if site.table.is_multi_region_strong:
        return (
            "Writer: single conditional requests (the table has multi-region strong consistency, "
            "for which batches are not proven)."
        )
    return known_proof(site.ledger).in_words()


def known_proof(ledger: Ledger) -> EngineProof:
    """Return the last result in the ledger."""
    return _proof(json.loads(ledger.kept(ENGINE_PROOF) or "{}"))


def _proof(fields: Mapping[str, Any]) -> EngineProof:
    return EngineProof(
        fast=bool(fields.get("fast")),
        unproven=tuple(fields.get("unproven", ())),
        differences=tuple(fields.get("differences", ())),
        runtime=runtime_in_words(fields["runtime"]) if "runtime" in fields else "",
    )
