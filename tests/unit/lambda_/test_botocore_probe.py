"""Whatever Lambda's botocore is, a migration comes to the same; shortcuts only save time."""

from collections.abc import Callable
from functools import partial
from typing import Any

import botocore
import pytest
from botocore.exceptions import ClientError
from ddb_transform.botocore_probe import take_shortcuts
from ddb_transform.failures import throttling_reason
from ddb_transform.writers.proof import UNPROVEN, Proof
from hypothesis import HealthCheck, Phase, given, settings
from tests.support import properties
from tests.support.edits import Row, tables
from tests.support.engines import botocores
from tests.support.factories import client_error
from tests.support.properties import MakeWorld
from tests.support.worlds.migration_world import PROVEN, MigrationWorld

READS, ANSWERS, WRITES, REASONS = (
    "reading pages",
    "reading answers of batches",
    "writing batches",
    "reasons of throttling",
)
UNREAD = "botocore does not emit before-parse"
OTHER_ANSWER = "its answer differs from botocore's"
UNREAD_HERE = {} if botocores.EMITS_BEFORE_PARSE else {READS: UNREAD, ANSWERS: UNREAD}
needs_before_parse = pytest.mark.skipif(
    not botocores.EMITS_BEFORE_PARSE, reason="this botocore emits no before-parse"
)
needs_cbor = pytest.mark.skipif(not botocores.HAS_CBOR, reason="this botocore speaks no CBOR")

# What each botocore lets a client take, as (clients, why each shortcut is off).
KINDS = {
    "as it is": pytest.param(botocores.client, UNREAD_HERE),
    "cbor": pytest.param(
        partial(botocores.client, protocol=botocores.CBOR),
        dict.fromkeys((READS, ANSWERS, WRITES, REASONS), "requests are application/cbor"),
        marks=needs_cbor,
    ),
    "no before-parse": pytest.param(
        botocores.without_before_parse, {READS: UNREAD, ANSWERS: UNREAD}
    ),
    "another before-parse": pytest.param(
        botocores.with_other_before_parse,
        {READS: OTHER_ANSWER, ANSWERS: OTHER_ANSWER},
        marks=needs_before_parse,
    ),
    "a body of its own": pytest.param(
        botocores.with_late_body, {**UNREAD_HERE, WRITES: "its request differs from botocore's"}
    ),
    "other arguments": pytest.param(
        botocores.with_refused_handlers,
        dict.fromkeys((READS, ANSWERS), "TypeError: "),
        marks=needs_before_parse,
    ),
}
every_botocore = pytest.mark.parametrize(("make", "off"), KINDS.values(), ids=KINDS)
both_writers = pytest.mark.parametrize("proof", [UNPROVEN, PROVEN], ids=["reference", "fast"])


@pytest.fixture(scope="module")
def unreachable() -> Any:
    """A service that must not be asked."""

    class Service:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    return Service()


@every_botocore
def test_a_short_cut_is_taken_where_it_changes_nothing(
    unreachable: Any, make: Callable[[Any], Any], off: dict[str, str]
) -> None:
    """Else the reason is told. Nothing is sent to find it out."""
    runtime = take_shortcuts(make(unreachable))

    found = {name: reason for name, reason in runtime["shortcuts"].items() if reason}
    assert [READS, ANSWERS, WRITES, REASONS] == list(runtime["shortcuts"])
    assert off.keys() == found.keys()
    assert {name: reason[: len(off[name])] for name, reason in found.items()} == off
    assert botocore.__version__ == runtime["botocore"]


@needs_cbor
def test_the_protocol_is_told(unreachable: Any) -> None:
    """The one that requests are made in."""
    protocols = (botocores.JSON, botocores.CBOR)
    made = [botocores.client(unreachable, protocol=protocol) for protocol in protocols]

    assert list(protocols) == [take_shortcuts(client)["protocol"] for client in made]


def some(examples: int) -> Callable[..., Any]:
    return settings(
        max_examples=examples,
        suppress_health_check=[*HealthCheck],
        phases=[Phase.explicit, Phase.generate],
    )


def worlds(dynamodb: Any, make: Callable[[Any], Any], proof: Proof) -> MakeWorld:
    client = make(dynamodb)
    take_shortcuts(client)
    return lambda **options: MigrationWorld(client, proof=proof, has_partiql=True, **options)


@every_botocore
@both_writers
@some(2)
@given(rows=tables())
def test_exactly_what_is_edited_changes(
    dynamodb: Any, make: Callable[[Any], Any], off: Any, proof: Proof, rows: list[Row]
) -> None:
    """One write an item, all other attributes byte for byte; a second run writes nothing."""
    properties.check_edits(worlds(dynamodb, make, proof), rows)


@every_botocore
@pytest.mark.parametrize("spelt", ["ThrottlingReasons", "throttlingReasons"])
def test_a_hot_key_range_is_told_from_the_table(
    make: Callable[[Any], Any], off: Any, spelt: str
) -> None:
    """Also by a botocore whose model is older than reasons, which drops them."""
    reason = {"reason": "TableWriteKeyRangeThroughputExceeded", "resource": "arn:t"}
    lower = spelt.startswith("t")
    code = "ThrottlingException" if lower else "ProvisionedThroughputExceededException"

    class Throttled:
        def update_item(self, **_: Any) -> None:
            raise client_error(code, "UpdateItem", **{spelt: [reason]})

    client = make(Throttled())
    if REASONS in off and not botocores.knows_reasons(client):
        pytest.skip("no DynamoDB speaks CBOR to a botocore that is older than its reasons")
    take_shortcuts(client)

    with pytest.raises(ClientError) as caught:
        client.update_item(TableName="orders", Key={"id": {"S": "1"}})

    assert "TableWriteKeyRangeThroughputExceeded arn:t" == throttling_reason(caught.value)
