"""The canned server counts what it is asked, and answers as DynamoDB would."""

import json

import boto3
import pytest
from tests.campaigns.benchmarks.canned import Canned
from tests.campaigns.benchmarks.canned_process import canned_server
from tests.campaigns.benchmarks.items import STAMP, typed_item


@pytest.fixture(scope="module")
def server():
    with canned_server() as running:
        yield running


@pytest.fixture
def client(server):
    return boto3.client("dynamodb", endpoint_url=server.endpoint_url)


def test_statements_of_a_batch_are_writes(server, client):
    """A PartiQL batch counts by its statements and is answered with as many responses."""
    statement = 'UPDATE "old-60" SET "updatedAt" = ? WHERE "id" = ? AND "sort" = ?'
    rows = [typed_item(number) for number in range(3)]
    server.asked()
    answer = client.batch_execute_statement(
        Statements=[
            {"Statement": statement, "Parameters": [{"S": STAMP}, row["id"], row["sort"]]}
            for row in rows
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    asked = server.asked()
    assert 3 == len(answer["Responses"])
    assert ({"BatchExecuteStatement": 1}, 3) == (asked.requests, asked.writes)
    assert asked.units == answer["ConsumedCapacity"][0]["CapacityUnits"]


def test_a_repeated_write_shows(server, client):
    """A write that comes twice is paid twice, and is one item."""
    server.asked()
    for _ in range(2):
        client.put_item(TableName="old-60", Item=typed_item(2))
    asked = server.asked()
    assert (2, 1, 4) == (asked.writes, asked.distinct, asked.units)


def test_pages_follow_each_other():
    """A table's pages hold every item once, in order, and the last one says that it is the last."""
    request = {"TableName": "old-2500"}
    canned, found = Canned(), []
    while True:
        page = json.loads(canned.respond("Scan", json.dumps(request).encode()))
        found += [item["id"]["S"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    assert [typed_item(number)["id"]["S"] for number in range(2_500)] == found


def test_what_the_server_does_not_know_is_said(client):
    """An operation without a canned answer fails at once, by its name."""
    with pytest.raises(client.exceptions.ClientError, match="DescribeTable"):
        client.describe_table(TableName="old-60")
