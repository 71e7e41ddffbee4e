"""IAM policies as ``ddb-migrate policy`` prints them."""

from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

from airflow_ddb_migrate.cli.main import main
from airflow_ddb_migrate.deployment.settings.options import ROLE_PARAMETERS
from airflow_ddb_migrate.permissions.airflow import AIRFLOW
from airflow_ddb_migrate.permissions.policy import Audience
from airflow_ddb_migrate.permissions.rows import Feature
from website.reference.markdown import block, code, page, table


def policies_page() -> str:
    audiences = [*(each.value for each in Audience), *ROLE_PARAMETERS]
    return page(
        "IAM policies",
        "What each person or program around a stack needs, as `ddb-migrate policy` prints it with "
        "placeholders. Give it `--table`, `--account`, `--region` and `--bucket` for yours, and "
        "`--feature` for what you use.",
        "## By feature",
        "What Airflow's connection needs more for each `--feature`.",
        table(("feature", "actions"), _features()),
        *(_section(audience) for audience in audiences),
    )


def _features() -> Iterator[tuple[str, str]]:
    for feature in Feature:
        actions = {a for row in AIRFLOW for a, by in row.actions.items() if feature in by}
        words = ", ".join(code(action) for action in sorted(actions))
        yield code(feature.value), words or "nothing more"


def _section(audience: str) -> str:
    command = ["policy", "--for", audience]
    output, warning = StringIO(), StringIO()
    with redirect_stdout(output), redirect_stderr(warning):
        main(command)
    words = warning.getvalue().removeprefix("ddb-migrate: ")
    return "\n\n".join(
        (
            f"## {audience}",
            block(f"ddb-migrate {' '.join(command)}", "sh"),
            words,
            block(output.getvalue(), "json"),
        )
    )
