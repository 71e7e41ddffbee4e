"""A migration that stops by itself on a real Airflow: for an alarm, and for its hours."""

from datetime import UTC, datetime, timedelta

from airflow_ddb_migrate.aws.ledger.events import events
from airflow_ddb_migrate.core.ledger.events import What
from airflow_ddb_migrate.local import sample
from tests.browser.browser import require_browser
from tests.browser.cdp import browser
from tests.browser.page import person
from tests.e2e import ui
from tests.e2e.steered import migrated
from tests.e2e.test_tab import tab
from tests.support.factories import put_alarm
from tests.support.worlds.airflow_site import ADMIN, AirflowSite

ALARM = "checkout-latency"
ITEMS = 600
# A segment in about a minute: what is seen of it is told once its page is done.
SLOW = {"segments": 40, "max_concurrency": 4, "write_units_per_second": 1, "prewarm": False}
FAST = {"write_units_per_second": 1_000}


def test_browser_shows_a_hold_for_health_that_ends_by_itself(airflow: AirflowSite) -> None:
    """The tab names the alarm that holds it; once the alarm is OK for long, it goes on."""
    require_browser()
    cloudwatch = airflow.chain.clients.cloudwatch
    load(airflow, "held")
    put_alarm(cloudwatch, ALARM)
    run = airflow.trigger({"table": "held", **SLOW, "hold_while": [ALARM], "healthy_for": 60})
    site = run.migration("held")
    run.until("wait", "deferred")
    with browser() as connection, person(connection) as page:
        ui.sign_in(page, airflow, ADMIN, f"/dags/{run.dag_id}/runs/{run.run_id}")
        view = ui.open_tab(page)
        view.until(f"{ui.FIGURE % 'Items seen'} !== '0'")
        put_alarm(cloudwatch, ALARM, "ALARM")
        view.until("doc.querySelector('#outcome').innerText === 'ON HOLD'")
        reason = view.text("#reason")
        ui.shot(view, "held", at="#table")
        put_alarm(cloudwatch, ALARM)
        retuned = ui.press(view, "retune", **FAST)
        state = run.finish()
        complaints = page.complaints()

    assert f"Alarm {ALARM} is in ALARM" in reason
    assert "write_units_per_second 1 -> 1,000" in retuned
    assert "success" == state
    assert ITEMS == migrated(airflow, "held")
    happened = [event.what for event in events(site.ledger, site.migration_id)]
    assert [What.STARTED, What.HELD, What.RETUNED, What.RELEASED, What.ENDED] == happened
    assert [] == complaints


def test_a_migration_waits_for_its_window_without_a_worker_slot(airflow: AirflowSite) -> None:
    """Nothing is written before it opens; a budget that is changed meanwhile is kept."""
    load(airflow, "nightly")
    opens = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=2)
    window = f"{opens:%H:%M}-{opens + timedelta(hours=1):%H:%M} UTC"
    run = airflow.trigger({"table": "nightly", **SLOW, "windows": [window]})
    run.until("wait", "deferred")
    site = run.migration("nightly")
    status, answer = tab(run, f"/{site.migration_id}/retune", FAST)
    state = run.finish()

    (attempt,) = site.ledger.attempts(site.migration_id)
    control = site.ledger.control(site.migration_id)
    assert 200 == status, answer
    assert ("success", ITEMS) == (state, migrated(airflow, "nightly"))
    assert opens.timestamp() <= attempt.started_at
    assert control
    assert FAST["write_units_per_second"] == control.write_units_per_second


def load(site: AirflowSite, table: str) -> None:
    dynamodb = site.chain.clients.dynamodb
    sample.create_table(dynamodb, table)
    sample.load_sample(dynamodb, ITEMS, table)
