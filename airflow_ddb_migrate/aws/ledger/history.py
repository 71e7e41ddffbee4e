"""The history of a table in the ledger: one row for each migration, in order.

``pk = table#<arn>``, as the table's lease; ``sk = history#<start>#<migration id>``. So that a DAG's
migrations are found without a Scan, ``pk = dag#<DAG>`` has a row with the same ``sk`` that names
the table, and ``pk = dags`` has one for each DAG. A migration about another one, such as its undo,
has a row under that one, ``sk = about#<start>#<migration id>``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from airflow_ddb_migrate.aws.ledger.keys import (
    ABOUT,
    DAGS,
    HISTORY,
    TABLE,
    about_key,
    dag_key,
    dag_partition,
    history_key,
    listed_key,
    migration_partition,
    started_key,
    table_partition,
)
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.typed_values import decode, encode_all
from airflow_ddb_migrate.core.ledger.history import HistoryRow
from airflow_ddb_migrate.core.ledger.owners import run_of
from airflow_ddb_migrate.core.ledger.records import MigrationRecord, TypedItem
from airflow_ddb_migrate.core.report.list_row import ListedMigration, listed

_DAGS = 1_000  # that are read: about 80 KB
_RECENT = 200  # rows of a table


def begin(ledger: Ledger, record: MigrationRecord, transform_hash: str) -> None:
    """Note that a migration begins, or continues with the current transform."""
    row = HistoryRow(
        migration_id=record.migration_id,
        table_id=record.table_id,
        mode=record.mode,
        of=record.of,
        transform=record.transform,
        transform_hash=transform_hash,
        params=record.params,
        started_at=record.started_at,
        started_by=record.started_by,
    )
    if dag_id := run_of(record.started_by)[0]:
        ledger.put({**dag_key(dag_id), **encode_all({"dag_id": dag_id})})
        started = started_key(dag_id, record)
        ledger.put({**started, **encode_all({"table_arn": record.table_arn})})
    if record.of:
        ledger.put(about_key(record))
    key = history_key(record)
    if not ledger.put_new({**key, **encode_all(asdict(row))}):
        ledger.update(key, {"transform_hash": transform_hash, "result": "", "ended_at": 0})


def list_history(ledger: Ledger, table_arn: str) -> Iterator[HistoryRow]:
    """Yield a table's migrations, the newest first."""
    pk = table_partition(table_arn)
    for item in ledger.query_all(pk, prefix=HISTORY, newest_first=True):
        yield decode(HistoryRow, item)


def list_related(ledger: Ledger, table_arn: str, migration_id: str) -> list[HistoryRow]:
    """Return the migrations about this one, such as its undos, the oldest first.

    It reads only those rows, and the last 200 of the table, since version 0.2.0 did not note which
    are about which.
    """
    pk = table_partition(table_arn)
    behind = HISTORY[:-1] + chr(ord(HISTORY[-1]) + 1)
    recent = ledger.query_newest(pk, before=behind, limit=_RECENT)
    found = {item["sk"]["S"]: item for item in recent if item["sk"]["S"].startswith(HISTORY)}
    for noted in ledger.query_all(migration_partition(migration_id), prefix=ABOUT):
        sk = HISTORY + noted["sk"]["S"].removeprefix(ABOUT)
        if sk not in found and (item := ledger.get(listed_key(table_arn, sk))):
            found[sk] = item
    rows = [decode(HistoryRow, found[sk]) for sk in sorted(found)]
    return [row for row in rows if row.of == migration_id]


def dags_that_migrate(ledger: Ledger) -> set[str]:
    """Return the DAGs that have started a migration; some are missing if there are very many."""
    return {item["dag_id"]["S"] for item in ledger.query_newest(DAGS, limit=_DAGS)}


def newest_of_dags(
    ledger: Ledger, dag_ids: Iterable[str], *, before: str = "", limit: int
) -> tuple[list[ListedMigration], str]:
    """Return a page of the migrations that these DAGs have started, the newest first, and its end.

    Reads as many rows as the page shows, and for each DAG as many pointers to rows, of about 200
    bytes. Migrations that version 0.2.0 and older started have no pointers.

    :param before: the end of the previous page. Empty: from the newest.
    :param limit: the most rows of a page. The end of the last page is empty.
    """
    bound = f"{HISTORY}{before}" if before else ""
    pointers = [
        item
        for dag_id in dag_ids
        for item in ledger.query_newest(dag_partition(dag_id), before=bound, limit=limit + 1)
    ]
    pointers.sort(key=lambda item: item["sk"]["S"], reverse=True)
    page = pointers[:limit]
    rows = [row for item in page if (row := _listed(ledger, item))]
    has_more = len(pointers) > limit
    return rows, page[-1]["sk"]["S"].removeprefix(HISTORY) if has_more else ""


def _listed(ledger: Ledger, pointer: TypedItem) -> ListedMigration | None:
    key = listed_key(pointer["table_arn"]["S"], pointer["sk"]["S"])
    item = ledger.get(key, consistent=False)
    return listed(key["pk"]["S"].removeprefix(TABLE), decode(HistoryRow, item)) if item else None
