"""Try a transform on a few items of a table, without a stack, with DescribeTable and Scan."""

import argparse
import json
import shlex
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_ddb_migrate.cli.deploying import given_folder
from airflow_ddb_migrate.core.errors import InvalidInputError, MigrationError, TransformError
from airflow_ddb_migrate.core.names import validate_table_name
from airflow_ddb_migrate.core.text.times import iso
from airflow_ddb_migrate.core.validation import validate_params

if TYPE_CHECKING:
    from ddb_transform.contract.transform import Transform

    from airflow_ddb_migrate.aws.clients import Clients
    from airflow_ddb_migrate.aws.services.tables import Table
    from airflow_ddb_migrate.cli.trial_items import PickedItems
    from airflow_ddb_migrate.cli.trial_page import Trial
    from airflow_ddb_migrate.core.ledger.records import TypedItem

MOST_ITEMS = 1_000
_MIGRATION_ID = "try"  # what context.migration_id is


def add_try(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``try``."""
    parser.add_argument("--table", required=True, help="name of the table")
    parser.add_argument(
        "--transform",
        required=True,
        help="path of a transform's file, such as transforms/full_name.py, or the name of a "
        "transform that ships with the package",
    )
    parser.add_argument(
        "--transforms",
        type=given_folder,
        help="folder with your transforms, so that --transform can be the name of one",
    )
    parser.add_argument(
        "--params",
        type=_params,
        default={},
        metavar="JSON",
        help="JSON object that the transform reads as context.params",
    )
    parser.add_argument(
        "--items",
        type=_items,
        default=20,
        metavar="N",
        help="maximum number of items; default: %(default)s",
    )
    parser.add_argument(
        "--seed", help="any text, to choose other items; default: always the same items"
    )
    parser.add_argument(
        "--show-values", action="store_true", help="show values; default: only types and sizes"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def try_transform(options: argparse.Namespace, clients: "Clients") -> "Trial":
    """Run the transform on a few items of the table, as the Lambda does.

    :raises TransformError: the transform cannot be loaded, or DynamoDB refuses its FILTER.
    :raises TableNotFoundError: the table does not exist.
    """
    validate_table_name(options.table)
    transform = _located(options.transform, options.transforms)
    from airflow_ddb_migrate.aws.services.tables import table_description, table_from
    from airflow_ddb_migrate.transform_file import loaded_transform

    description = table_description(clients.dynamodb, options.table)
    table = table_from(description)
    context = {
        "migration_id": _MIGRATION_ID,
        "started_at": iso(time.time()),
        "params": options.params,
        "key_names": table.key_names,
    }
    # Otherwise the transform's own output would be mixed into the page.
    with redirect_stdout(sys.stderr), loaded_transform(transform, context, description) as loaded:
        picked = _picked(clients.dynamodb, table, loaded, options)
        rows = [_tried(loaded, item, options) for item in picked.items]
        return _trial(options, picked, rows, transform, is_filtered=loaded.filter is not None)


def _picked(
    dynamodb: Any, table: "Table", loaded: "Transform", options: argparse.Namespace
) -> "PickedItems":
    from airflow_ddb_migrate.aws.errors import aws_call
    from airflow_ddb_migrate.cli.trial_items import ItemPicker

    scan_filter = loaded.filter
    if scan_filter:
        with aws_call("dynamodb:Scan", f"table {table.name}"):
            scan_filter.try_on(dynamodb, table.name)
    return ItemPicker(
        dynamodb,
        table,
        wanted=options.items,
        seed=table.name if options.seed is None else options.seed,
        filter_arguments=scan_filter.arguments() if scan_filter else {},
    ).pick()


def _tried(loaded: "Transform", item: "TypedItem", options: argparse.Namespace) -> Any:
    from ddb_transform.contract.transformed_page import key_of

    from airflow_ddb_migrate.cli.trial_page import changed_row, refused_row
    from airflow_ddb_migrate.core.errors import ItemError

    key = key_of(loaded, item)
    try:
        change = loaded.try_out(item)
    except ItemError as error:
        return refused_row(key, error)
    return changed_row(key, item, change, show_values=options.show_values)


def _trial(
    options: argparse.Namespace,
    picked: "PickedItems",
    rows: list[Any],
    transform: str | Path,
    *,
    is_filtered: bool,
) -> "Trial":
    from airflow_ddb_migrate.cli.trial_page import Trial

    return Trial(
        table_name=options.table,
        transform=options.transform,
        wanted=options.items,
        picked=picked,
        items=rows,
        show_values=options.show_values,
        is_filtered=is_filtered,
        next_command=_next_command(transform, options.transforms),
    )


def _next_command(transform: str | Path, transforms: Path | None) -> str:
    folder = transforms or (transform.parent if isinstance(transform, Path) else None)
    return "ddb-migrate deploy" + (f" --transforms {shlex.quote(str(folder))}" if folder else "")


def _located(given: str, transforms: Path | None) -> str | Path:
    """Return the path of a file, or the name of a transform that ships with the package."""
    from airflow_ddb_migrate.transform_file import is_shipped, shipped_transforms

    if transforms is not None and not transforms.is_dir():
        raise InvalidInputError(f"--transforms {str(transforms)!r} is not a folder.")
    if not given.isidentifier():
        return _path(Path(given), transforms)
    own = transforms / f"{given}.py" if transforms else None
    if own and _is_deployable(own):
        return own
    if is_shipped(given):
        return given
    missing = f"{str(own)!r} is not a file, and the" if own else "The"
    raise TransformError(
        f"Transform {given!r} was not found. {missing} transforms that ship with "
        f"airflow_ddb_migrate are {', '.join(shipped_transforms())}. Give the path of its file, "
        f"such as --transform transforms/{given}.py."
    )


def _path(path: Path, transforms: Path | None) -> Path:
    if transforms is not None and path.resolve().parent != transforms.resolve():
        raise InvalidInputError(
            f"--transform {str(path)!r} is not directly in the folder --transforms "
            f"{str(transforms)!r}, where deploy looks for transforms. Leave --transforms out to "
            "use the file's own folder."
        )
    _is_deployable(path)
    return path


def _is_deployable(path: Path) -> bool:
    """Return whether the file exists.

    :raises InvalidInputError: deploy would refuse the file.
    """
    from airflow_ddb_migrate.deployment.packaging.user_files import require_size
    from airflow_ddb_migrate.deployment.reading.regular_files import opened_folder

    if not path.parent.is_dir():
        return False
    with opened_folder(path.parent) as opened:
        entry = opened.entry(path.name)
    if entry is None:
        return False
    if entry.kind and not entry.is_folder:
        raise InvalidInputError(
            f"--transform {str(path)!r} is {entry.kind}. Only regular files are deployed. Give the "
            "path of a regular file."
        )
    require_size({path.name: entry.status.st_size})
    return not entry.is_folder


def _items(text: str) -> int:
    is_number = text.isdecimal() and len(text) <= len(str(MOST_ITEMS))
    if not is_number or not 1 <= int(text) <= MOST_ITEMS:
        raise argparse.ArgumentTypeError(
            f"{text[:80]!r} is not a whole number from 1 to {MOST_ITEMS:,}"
        )
    return int(text)


def _params(text: str) -> Any:
    try:
        return dict(validate_params(json.loads(text)))
    except (ValueError, RecursionError) as exc:
        raise argparse.ArgumentTypeError(
            f'{text[:80]!r} is not JSON ({exc}); write an object such as \'{{"attribute": "at"}}\''
        ) from exc
    except MigrationError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc
