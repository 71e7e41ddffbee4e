"""Settings of Airflow, environment variables, and those of the stack."""

import re
from collections.abc import Iterator
from typing import Final

from airflow_ddb_migrate import settings
from airflow_ddb_migrate.deployment.settings.options import OPTIONS, SERVICE_ROLE, TAGS
from airflow_ddb_migrate.provider_info import CONFIG_OPTIONS, CONFIG_SECTION
from website.links import ROOT
from website.reference.markdown import code, page, table

# What the embedded stack and the demo read. The build fails when the code has another one.
_VARIABLES: Final = {
    "DEMO_SEGMENTS": "segments of `make demo` and `make ui`; default: 100",
    "DEMO_TABLE_ITEMS": "items that `make demo` and `make ui` load; default: 30,000",
    "DDB_MIGRATE_LOCAL_CONCURRENCY": "child executions at a time in the embedded stack; default: 4",
    "DDB_MIGRATE_LOCAL_SHIM": "`0` runs the embedded stack as the emulator has it, without what "
    "makes it more like AWS",
}
_NAME: Final = re.compile(r'environ(?:\.get\(|\[)"(\w+)"|_number\("(\w+)"')


class UnknownVariableError(Exception):
    """The code reads an environment variable that has no words here, or no more reads one."""


def configuration_page() -> str:
    return page(
        "Configuration and environment",
        f"## Airflow's configuration: [{CONFIG_SECTION}]",
        "What the example DAGs and the tab work with. Operators in your own DAGs take "
        "`stack_name` and `aws_conn_id` as parameters.",
        table(("option", "default", "what it is", "environment variable"), _options()),
        "The second variable of a row wins where both are set.",
        "## The embedded stack",
        table(("environment variable", "what it is"), _variables()),
        "## The stack in AWS",
        "Options of `ddb-migrate deploy` and `ddb-migrate bundle`, each with the parameter of the "
        "template that has its value. An option that you leave out keeps what the stack has; "
        "`none` takes it away.",
        table(("option", "what it is", "default", "parameter"), _stack()),
    )


def _options() -> Iterator[tuple[str, ...]]:
    for name, option in CONFIG_OPTIONS.items():
        variable = f"AIRFLOW__{CONFIG_SECTION.upper()}__{name.upper()}"
        bare = settings._BARE.get(name, "")  # noqa: SLF001  # what the module reads
        yield code(name), code(option.default), option.description, f"{code(variable)} {code(bare)}"


def _variables() -> list[tuple[str, str]]:
    files = (ROOT / "airflow_ddb_migrate" / "local").rglob("*.py")
    found = {a or b for path in files for a, b in _NAME.findall(path.read_text())}
    if wrong := {name for name in found if name.startswith(("DEMO_", "DDB_"))} ^ _VARIABLES.keys():
        raise UnknownVariableError(f"Environment variables without words, or gone: {wrong}.")
    return [(code(name), words) for name, words in sorted(_VARIABLES.items())]


def _stack() -> Iterator[tuple[str, ...]]:
    for option in (*OPTIONS, TAGS, SERVICE_ROLE):
        yield code(f"{option.name} {option.metavar}"), option.help, option.default, option.parameter
