"""A folder with a transform, its data and a requirements.txt, deployed and migrated with."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.services.stack import ALL_TABLES, Stack
from airflow_ddb_migrate.aws.site import Identity, Site, open_site
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.deployment.deploy import Deployment
from airflow_ddb_migrate.deployment.packaging.runtime import this_runtime
from tests.support.worlds.chain_world import begin, finish, request

PYDANTIC = "2.11.7"  # not the one that this environment has

PRICED = """
import json
from decimal import Decimal
from pathlib import Path

import pydantic
from transforms.money.rounding import rounded

RATES = json.loads(Path(__file__).with_name("lookup.json").read_text(), parse_float=Decimal)


class Order(pydantic.BaseModel):
    id: str
    price: Decimal = pydantic.Field(ge=0)
    currency: str = "EUR"


def transform(item, context):
    if "euros" not in item:
        order = Order.model_validate(dict(item))
        item["euros"] = rounded(order.price * RATES[order.currency])
        item["by"] = pydantic.VERSION
    return item
"""

ROUNDING = """
from decimal import Decimal

def rounded(amount):
    return amount.quantize(Decimal("0.01"))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "priced.py": PRICED,
        "lookup.json": '{"EUR": 1.0, "USD": 0.8}',
        "money/__init__.py": "",
        "money/rounding.py": ROUNDING,
        "tests/test_priced.py": "raise SystemError",
        "requirements.txt": f"pydantic=={PYDANTIC}\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def _site(clients: Clients, stack: Stack, table: str, run: str) -> Site:
    identity = Identity(dag_id="dag", run_id=run)
    return open_site(clients, table_name=table, stack_name=stack.name, identity=identity)


@pytest.mark.story
def test_a_transform_migrates_with_its_packages_and_its_data(
    clients: Clients, folder: Path, make_table: Callable[..., str]
) -> None:
    """By the version that was deployed; a second look finds nothing that it would change."""
    stack = Deployment(
        clients=clients,
        stack_name="packages",
        tables=[ALL_TABLES],
        transforms_dir=folder,
        say=lambda _: None,
        poll_seconds=0.1,
        runtime=this_runtime(),
    ).deploy()
    table = make_table()
    for i in range(30):
        item = {"id": {"S": f"{i}"}, "price": {"N": f"{i}.129"}, "currency": {"S": "USD"}}
        clients.dynamodb.put_item(TableName=table, Item=item)
    site = _site(clients, stack, table, "migrate")

    begin(site, request(transform="priced", segments=2))
    seen = finish(site)

    assert (ExecutionStatus.SUCCEEDED, 30) == (seen.execution.status, seen.progress.counts.changed)
    key = {"id": {"S": "2"}}
    item = clients.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
    assert (Decimal("1.70"), PYDANTIC) == (Decimal(item["euros"]["N"]), item["by"]["S"])
    look = _site(clients, stack, table, "verify")
    begin(look, request(transform="priced", segments=2, mode=Mode.VERIFY, of=site.migration_id))
    counts = finish(look).progress.counts
    assert (30, 0) == (counts.unchanged, counts.changed)
