"""Run a transform on one item as the Lambda does, in your own tests.

Needs boto3, but neither Airflow nor AWS. See docs/transforms.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.items.sizes import write_units
from airflow_ddb_migrate.core.ledger.records import TypedItem
from airflow_ddb_migrate.transform_file import loaded_transform

if TYPE_CHECKING:
    from ddb_transform.contract.transform import Transform

_STARTED_AT = "2026-01-01T00:00:00.000Z"


@dataclass(frozen=True, slots=True)
class TransformResult:
    """The result of a transform on one item.

    ``outcome`` is changed, deleted, unchanged or skipped. ``item`` is the item afterwards, as boto3
    returns it (numbers are Decimal), or None if it is deleted. ``changed`` are the names of the
    attributes that were set or removed, sorted. ``condition`` are the names of the attributes in
    the write's condition, without the key, sorted. ``passes`` is the result of the module's
    ``check`` for the item afterwards, True without a ``check``. ``diff`` maps each changed
    attribute to its value before and after, None where it is absent. ``write_units`` is the number
    of write units of the table that the write costs, without its indexes.
    """

    outcome: str
    item: dict[str, Any] | None
    changed: tuple[str, ...]
    condition: tuple[str, ...]
    passes: bool
    diff: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    write_units: int = 0


def run_transform(  # noqa: PLR0913  # all but two by keyword
    transform: str | Path,
    item: Mapping[str, Any],
    *,
    key_names: tuple[str, ...] = ("id",),
    params: Mapping[str, Any] | None = None,
    started_at: str = _STARTED_AT,
    table: Mapping[str, Any] | None = None,
) -> TransformResult:
    """Run a transform on a plain Python item under the rules of a migration.

    The folder with the Lambda's code is added to ``sys.path``.

    :param transform: path of a transform's file, or the name of a transform that ships with this
        package.
    :param item: the item before, with Python values as boto3 takes them.
    :param key_names: names of the table's key attributes, the partition key first.
    :param params: the transform's ``context.params``. They pass through JSON, as in a DAG run.
    :param started_at: the transform's ``context.started_at``, an ISO 8601 time.
    :param table: the ``Table`` of a DescribeTable response. The result is checked against its
        indexes, as DynamoDB would.
    :raises ItemError: the transform breaks a rule, or the item is not valid for DynamoDB.
    :raises TransformError: the file does not exist or does not hold a transform.
    :raises InvalidInputError: the item lacks a key attribute.
    """
    _refuse_keyless(item, key_names)
    context = {
        "migration_id": "test",
        "started_at": started_at,
        "params": params or {},
        "key_names": key_names,
    }
    with loaded_transform(transform, context, table or {}) as loaded:
        return _result(loaded, _typed(item))


def assert_fixed_point(transform: str | Path, item: Mapping[str, Any], **options: Any) -> None:
    """Assert that a transform does not change its own result.

    :param transform: see :func:`run_transform`.
    :param item: the item before the transform runs for the first time.
    :param options: keyword arguments of :func:`run_transform`.
    :raises AssertionError: the second run changes or deletes the result of the first.
    """
    after = run_transform(transform, item, **options).item
    if after is None:
        return
    again = run_transform(transform, after, **options)
    if again.outcome in {"changed", "deleted"}:
        changes = ", ".join(again.changed) or "the whole item"
        raise AssertionError(f"The transform changes its own result again: {changes}.")


def assert_migrates(
    transform: str | Path,
    before: Mapping[str, Any],
    after: Mapping[str, Any] | None,
    **options: Any,
) -> None:
    """Assert that a transform turns one item into another.

    Values are compared as DynamoDB stores them: the order of a set and the notation of a number do
    not matter, and True differs from 1.

    :param transform: see :func:`run_transform`.
    :param before: the item before.
    :param after: the expected item afterwards; None if the transform should delete it.
    :param options: keyword arguments of :func:`run_transform`.
    :raises AssertionError: the result differs. The message names every attribute that differs.
    """
    result = run_transform(transform, before, **options)
    problem = _difference(result.item, after)
    if problem:
        raise AssertionError(f"The result is not as expected ({result.outcome}): {problem}.")


def _difference(actual: Mapping[str, Any] | None, expected: Mapping[str, Any] | None) -> str:
    from ddb_transform.contract.codec import same

    if actual is None or expected is None:
        return "" if actual is expected else f"it is {_word(actual)}, not {_word(expected)}"
    left, right = _typed(actual), _typed(expected)
    wrong = [n for n in sorted({*left, *right}) if not same(left.get(n), right.get(n))]
    return "; ".join(f"{n} is {_value(actual, n)}, not {_value(expected, n)}" for n in wrong)


def _word(item: Mapping[str, Any] | None) -> str:
    return "deleted" if item is None else "kept"


def _value(item: Mapping[str, Any], name: str) -> str:
    return repr(item[name]) if name in item else "absent"


def _typed(item: Mapping[str, Any]) -> TypedItem:
    from ddb_transform.contract.codec import encode

    return {name: encode(name, value) for name, value in item.items()}


def _result(transform: "Transform", typed: TypedItem) -> TransformResult:
    from ddb_transform.contract.intent import applied
    from ddb_transform.contract.item import item_of

    change = transform.try_out(typed)
    before = item_of(typed).copy()
    is_gone = change.outcome == "deleted"
    after = None if is_gone else applied(typed, change)
    item = None if after is None else item_of(after).copy()
    is_written = is_gone or change.outcome == "changed"
    return TransformResult(
        outcome=change.outcome,
        item=item,
        changed=tuple(sorted(change.assigned)),
        condition=tuple(sorted(change.expected)),
        passes=after is None or transform.passes(after),
        diff={name: (before.get(name), (item or {}).get(name)) for name in sorted(change.assigned)},
        write_units=write_units(change.before_bytes, change.after_bytes) if is_written else 0,
    )


def _refuse_keyless(item: Mapping[str, Any], key_names: tuple[str, ...]) -> None:
    missing = [name for name in key_names if name not in item]
    if missing:
        raise InvalidInputError(
            f"The item has no key attribute {missing[0]!r}. Add it, or name the table's key "
            'attributes: run_transform(..., key_names=("pk", "sk")).'
        )
