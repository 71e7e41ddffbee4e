"""Events of migrated tables, as Airflow's database has them after real runs in this process."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag, DagBag, sync_bag_to_db
from airflow.models.asset import AssetEvent, AssetModel
from airflow.sdk import DAG
from airflow.utils.session import create_session
from airflow_ddb_migrate import migrated_table
from moto import mock_aws
from sqlalchemy import select
from tests.conftest import ROOT
from tests.support.factories import REGION, TABLE
from tests.support.worlds.migrating_world import MigratingWorld

SEGMENTS = 3
MAPPED = """
from airflow.sdk import DAG
from airflow_ddb_migrate import MigrationReportOperator, StartDistributedMapMigrationOperator

with DAG("mapped", schedule=None):
    start = StartDistributedMapMigrationOperator.partial(task_id="start", total_segments=3)
    report = MigrationReportOperator.partial(task_id="report")
    start.expand(table_name=["orders"]) >> report.expand(table_name=["orders"])
"""
_DATES = (datetime(2034, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in itertools.count())


@pytest.fixture(scope="module")
def _database():
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def world(_database, monkeypatch):
    with mock_aws():
        world = MigratingWorld()
        world.install(monkeypatch)
        world.create_table()
        yield world


def parsed(name: str, dag_id: str) -> DAG:
    bag = DagBag(ROOT / "dags" / name)
    assert {} == bag.import_errors
    return bag.dags[dag_id]


def run(dag: DAG, **conf) -> tuple[str, list[tuple[str, dict]]]:
    """Run a DAG; return the run's state, and URI and facts of each event that it left."""
    for task in dag.tasks:
        task.retries = 0
        if hasattr(task, "poke_interval"):
            task.poke_interval = 0.01
    known = {name: value for name, value in dag.params.dump().items() if value is not None}
    result = dag.test(logical_date=next(_DATES), run_conf={**known, **conf})
    with create_session() as session:
        rows = session.execute(
            select(AssetModel.uri, AssetEvent.extra)
            .join(AssetEvent, AssetEvent.asset_id == AssetModel.id)
            .where(
                AssetEvent.source_run_id == result.run_id, AssetEvent.source_dag_id == dag.dag_id
            )
        )
        return str(result.state), [(uri, extra) for uri, extra in rows]


def migrate(**conf):
    dag = parsed("ddb_migration.py", "ddb_migration")
    return run(dag, table=TABLE, segments=SEGMENTS, verify=False, **conf)


@pytest.mark.story
def test_a_migration_leaves_one_event_of_its_table(world):
    state, ((uri, extra),) = migrate()

    assert "success" == state
    asset = migrated_table(region=REGION, account="123456789012", table=TABLE)
    assert asset.uri == uri
    assert ("MIGRATE", TABLE, 30) == (extra["mode"], extra["table"], extra["counts"]["changed"])


def test_a_dry_run_leaves_none(world):
    assert ("success", []) == migrate(dry_run=True)


@pytest.mark.story
def test_a_failure_leaves_none(world):
    world.status = "FAILED"

    assert ("failed", []) == migrate()


@pytest.mark.story
def test_an_undo_changes_the_table_too(world):
    _, ((_, extra),) = migrate()
    dag = parsed("ddb_migration_after.py", "ddb_migration_undo")

    state, ((_, undone),) = run(dag, migration_id=extra["migration_id"])

    assert ("success", "UNDO") == (state, undone["mode"])
    assert extra["migration_id"] == undone["of"]


@pytest.mark.story
@pytest.mark.parametrize("conf", [{}, {"dry_run": True}])
def test_what_an_earlier_run_has_done_is_told_once(world, conf):
    """A run that only finds it done, or only looks, has migrated nothing."""
    first = migrate(migration_id="orders-one")
    again = migrate(migration_id="orders-one", **conf)

    assert ("success", 1) == (first[0], len(first[1]))
    assert ("success", []) == again


def test_a_mapped_report_leaves_one_of_each_table(world, tmp_path):
    """Airflow gives a mapped operator no outlets of its class's own."""
    (tmp_path / "mapped.py").write_text(MAPPED)
    manager = DagBundlesManager()
    manager.sync_bundles_to_db()
    bundle = next(iter(manager.get_all_dag_bundles()))
    bag = BundleDagBag(tmp_path, bundle_path=tmp_path, bundle_name=bundle.name)
    assert {} == bag.import_errors
    sync_bag_to_db(bag, bundle.name, None)

    state, events = run(bag.dags["mapped"])

    assert ("success", 1) == (state, len(events))
