"""Names that every caller must make in the same way: of migrations, executions, ledgers."""

import hashlib
import re

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.limits import EXECUTION_NAME_CHARS, TABLE_NAME_CHARS

DEFAULT_STACK_NAME = "ddb-migrate"
DEFAULT_TRANSFORM = "add_updated_at"
DRY_RUN = "dry"  # parts of a migration, see part_name
CHECK = "verify"
CANARY_CHECK = "canary"

_ATTEMPT_SUFFIX_CHARS = 5  # "-a" and up to three digits
_PART_SUFFIX_CHARS = 10  # room for "-", a part's name and its number, as in -verify2
_HASH_CHARS = 12
# The longest id whose dry runs and checks can still be named after it.
BASE_ID_CHARS = EXECUTION_NAME_CHARS - _ATTEMPT_SUFFIX_CHARS - _PART_SUFFIX_CHARS
_MIGRATION_ID = re.compile(r"[0-9A-Za-z_-]+")
_LEDGER_SUFFIX = "-ledger"
_RENDERED_NOTHING = ("None", "none", "null", "undefined")
_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,49}")
_TABLE_NAME = re.compile(r"[0-9A-Za-z_.-]+")


def validate_table_name(value: object) -> str:
    """Return the table name; raises InvalidInputError if it is not a valid name in DynamoDB."""
    if not isinstance(value, str) or not value:
        raise InvalidInputError(
            f"table is {value!r:.300}; it must be the name of a DynamoDB table, "
            'as in {"table": "orders", "segments": 100}.'
        )
    if not is_table_name(value):
        shortest, longest = TABLE_NAME_CHARS
        raise InvalidInputError(
            f"table is {value!r:.300}; a DynamoDB table name has {shortest} to {longest} "
            "characters of a-z, A-Z, 0-9, '_', '-' and '.'. Give the name, not an ARN."
        )
    return value


def is_table_name(text: str) -> bool:
    """Return whether a table can have this name; False for an ARN."""
    shortest, longest = TABLE_NAME_CHARS
    return shortest <= len(text) <= longest and bool(_TABLE_NAME.fullmatch(text))


def validate_stack_name(name: str) -> str:
    """Return the stack name; raises InvalidInputError if it, or names made of it, are not valid."""
    if not _STACK_NAME.fullmatch(name):
        raise InvalidInputError(
            f"--stack-name is {name!r}; it must be 1 to 50 characters of a-z, A-Z, 0-9 and '-', "
            "beginning with a letter."
        )
    return name


def ledger_name(stack_name: str) -> str:
    """Return the name of a stack's ledger, as the template names it."""
    return f"{stack_name}{_LEDGER_SUFFIX}"


def stack_of_ledger_name(ledger_table: str) -> str:
    """Return the name of a ledger's stack, for code that knows only the ledger."""
    return ledger_table.removesuffix(_LEDGER_SUFFIX)


def slug(text: str, max_chars: int) -> str:
    """Return ``text``, shortened, with '-' for what is not valid in the name of an execution."""
    return re.sub(r"[^0-9A-Za-z_-]+", "-", text)[:max_chars].strip("-") or "table"


def migration_id(*, table_arn: str, dag_id: str, run_id: str, map_index: int) -> str:
    """Return the id of the migration that a DAG run does on a table.

    The same arguments always give the same id. So every task of a DAG run, also when retried or
    cleared, works on the same migration, and a new DAG run starts a new one.
    """
    facts = "\0".join((dag_id, run_id, str(map_index), table_arn))
    digest = hashlib.sha256(facts.encode()).hexdigest()[:_HASH_CHARS]
    room = BASE_ID_CHARS - len(digest) - 1
    return f"{slug(table_arn.rpartition('/')[2], room)}-{digest}"


def validate_migration_id(value: object) -> str:
    """Return the migration id; raises InvalidInputError if no execution can be named after it."""
    if value in _RENDERED_NOTHING:
        raise InvalidInputError(
            f"migration_id is the text {value!r}: a Jinja template rendered an empty field as "
            'text. Give ConfField("migration_id"), or set render_template_as_native_obj=True on '
            "the DAG."
        )
    longest = EXECUTION_NAME_CHARS - _ATTEMPT_SUFFIX_CHARS
    if not isinstance(value, str) or not _MIGRATION_ID.fullmatch(value) or len(value) > longest:
        raise InvalidInputError(
            f"migration_id is {value!r:.300}; it must be 1 to {longest} characters of 0-9, a-z, "
            "A-Z, '-' and '_'. Leave it out for a new migration, or give the id that an earlier "
            "run logged."
        )
    return value


def part_name(migration_id: str, part: str) -> str:
    """Return the id of a migration's dry run or check, which has a ledger record of its own.

    :raises InvalidInputError: a person gave the migration an id that is too long for it.
    """
    return validate_migration_id(f"{migration_id}-{part}")


def execution_name(migration_id: str, attempt: int) -> str:
    """Return the name of an attempt's execution: ``<migration_id>-a01``."""
    return f"{migration_id}-a{attempt:02d}"


def execution_arn(state_machine_arn: str, name: str) -> str:
    """Return the ARN that StartExecution gives an execution of this name."""
    return f"{state_machine_arn.replace(':stateMachine:', ':execution:', 1)}:{name}"
