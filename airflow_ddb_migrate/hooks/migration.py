"""The address of a migration, as plain data that a trigger can take to another machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from botocore.config import Config

from airflow_ddb_migrate._compat import AirflowNotFoundException
from airflow_ddb_migrate.aws.clients import Clients, made_client
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.site import Identity, Site, open_ledger, open_site
from airflow_ddb_migrate.core.errors import ConnectionSetupError

_HURRIED = Config(
    connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteAddress:
    """A table and a stack as parameters name them, the DAG run, and the connection.

    Without ``table_name``, the table is that of the migration ``table_of``. ``of_dags`` are other
    DAGs whose migrations are allowed; None allows any. It is a list, because Airflow stores
    triggers as JSON. ``is_hurried`` uses short timeouts, for a person who waits in a browser.
    """

    table_name: str | None
    stack_name: str
    dag_id: str
    run_id: str
    map_index: int = -1
    migration_id: str | None = None
    table_of: str | None = None
    aws_conn_id: str | None = "aws_default"
    region_name: str | None = None
    verify: bool | str | None = None
    botocore_config: Mapping[str, Any] | None = None
    is_hurried: bool = False
    of_dags: Sequence[str] | None = None

    @property
    def identity(self) -> Identity:
        return Identity(
            dag_id=self.dag_id,
            run_id=self.run_id,
            map_index=self.map_index,
            migration_id=self.migration_id or "",
            of_dags=self.of_dags,
        )

    def clients(self) -> Clients:
        """Return the AWS clients; raises ConnectionSetupError if the connection does not exist."""
        _require_connection(self.aws_conn_id)
        return Clients(self._client)

    def open(self) -> Site:
        """Look up the table and the stack. Changes nothing. Raises the errors of open_site."""
        return open_site(
            self.clients(),
            table_name=self.table_name,
            stack_name=self.stack_name,
            identity=self.identity,
            table_of=self.table_of or "",
        )

    def open_ledger(self) -> Ledger:
        """Return the stack's ledger; raises StackNotFoundError if it is not in this region."""
        return open_ledger(self.clients(), self.stack_name)

    def _client(self, service: str) -> Any:
        """Return a client of the amazon provider's hook, so the connection's role applies."""
        return made_client(
            lambda: self._hook(service).get_conn(),
            service,
            f"Airflow connection {self.aws_conn_id}",
        )

    def _hook(self, service: str) -> Any:
        hook = self._plain_hook(service, self.botocore_config)
        if not self.is_hurried:
            return hook
        given = hook.conn_config.botocore_config or Config()
        return self._plain_hook(service, {}, given.merge(_HURRIED))

    def _plain_hook(
        self, service: str, options: Mapping[str, Any] | None, config: Config | None = None
    ) -> Any:
        return AwsBaseHook(
            client_type=service,
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            config=config or (Config(**options) if options else None),
        )


def _require_connection(conn_id: str | None) -> None:
    """Raise ConnectionSetupError for a connection that does not exist.

    The amazon provider would use the environment's credentials instead, which may belong to another
    account. Only the default connection may be missing: Airflow does not create it, and with a role
    in the environment you do not need it.
    """
    if not conn_id or conn_id == AwsBaseHook.default_conn_name:
        return
    try:
        AwsBaseHook.get_connection(conn_id)
    except AirflowNotFoundException as exc:
        raise ConnectionSetupError(
            f"Airflow has no connection {conn_id!r}, so no request was sent to AWS. Check "
            "aws_conn_id, or add the connection. None uses the environment's credentials."
        ) from exc
