"""Apply the rules of the DAG's author, and of the migration that is continued."""

from dataclasses import replace

from airflow_ddb_migrate.aws.ledger.notes import plan_fields
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.approval.author_rules import NO_RULES, AuthorRules
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.ledger.owners import run_of
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.text.figures import dollars_words


def limits_of(site: Site, *, dag_id: str, of: str = "") -> AuthorRules:
    """Return the rules of other DAGs that started the migration.

    An undo or a replay also has to keep the rules of its migration (``of``), and of the migration
    that this one is about in turn: a replay can be of a replay.
    """
    limits, names, seen = NO_RULES, [site.migration_id, of], {""}
    while names:
        name = names.pop()
        record = None if name in seen else site.ledger.migration(name)
        seen.add(name)
        if record is None:
            continue
        names.append(record.of)
        if run_of(record.started_by)[0] != dag_id:
            limits = limits.joined(AuthorRules.from_json(record.limits))
    return limits


def under_all_limits(site: Site, request: StartRequest, *, of: str = "") -> StartRequest:
    """Return the request with its own rules and those of the migration it continues or is about.

    :param of: the migration it is about, if the request does not have it.
    :raises ApprovalError: it writes, and there is a rule that only a later version knows.
    """
    dag_id, _ = run_of(request.started_by)
    others = limits_of(site, dag_id=dag_id, of=of or request.of)
    limits = request.limits.joined(others)
    if request.mode.writes:
        limits.check_known()
    return replace(request, limits=limits)


def require_allowed(site: Site, request: StartRequest) -> AuthorRules:
    """Return the rules in force; raises InvalidInputError for another table or transform.

    The parameters were checked before; these are the table and transform after filling in.
    """
    limits = under_all_limits(site, request).limits
    limits.check_table(site.table.name)
    if request.mode not in {Mode.UNDO, Mode.VERIFY} and request.transform:
        record = site.ledger.migration(site.migration_id)
        limits.check_transform(record.transform if record else request.transform)
    return limits


def require_within_limits(site: Site, request: StartRequest) -> AuthorRules:
    """Do the same, and raise InvalidInputError for a plan that costs more than allowed."""
    limits = require_allowed(site, request)
    if request.mode is Mode.MIGRATE and request.transform:
        _require_affordable(site, limits)
    return limits


def _require_affordable(site: Site, limits: AuthorRules) -> None:
    most = limits.max_cost_usd
    if most is None:
        return
    cost = plan_fields(site.ledger, site.migration_id).get("total_cost_usd")
    if cost is None:
        raise InvalidInputError(
            f"The DAG's author set a max_cost_usd of {dollars_words(most)}, but migration "
            f"{site.migration_id} has no plan, so its cost is unknown. Run a "
            "PlanMigrationOperator before this task. Nothing was started."
        )
    limits.check_cost(cost)
