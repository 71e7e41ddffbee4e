"""How often DynamoDB throttled, by reason: counted within bounds, and said in words."""

from itertools import product

import pytest
from airflow_ddb_migrate.core.ledger.throttles import (
    OTHERS,
    READ,
    WRITE,
    Throttles,
    reason_of,
    throttles_words,
    trouble_words,
)
from airflow_ddb_migrate.core.limits import THROTTLE_REASONS

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
KEY_RANGE = "TableWriteKeyRangeThroughputExceeded"
INDEX = "IndexWriteProvisionedThroughputExceeded"
WHYS = {
    "ProvisionedThroughputExceeded": "provisioned capacity",
    "AccountLimitExceeded": "account limit",
    "KeyRangeThroughputExceeded": "key range",
    "MaxOnDemandThroughputExceeded": "on-demand maximum",
}


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (f"{KEY_RANGE} {TABLE}", KEY_RANGE),
        (f"{INDEX} {TABLE}/index/by_origin", f"{INDEX} by_origin"),
        (f"{INDEX} {TABLE}/index/by_origin, {KEY_RANGE} {TABLE}", f"{INDEX} by_origin"),
        (INDEX, INDEX),
        ("ThrottlingError", WRITE),
        ("IndexWriteSomethingNew arn", WRITE),
        ("", WRITE),
    ],
)
def test_a_reason_is_one_of_dynamodbs_with_the_index(told: str, reason: str) -> None:
    """The first of several; whatever else is told counts as a write without a reason."""
    assert reason == reason_of(told, WRITE)


@pytest.mark.parametrize(
    ("of", "verb", "why"), list(product(["Table", "Index"], [READ, WRITE], WHYS))
)
def test_every_reason_has_words(of: str, verb: str, why: str) -> None:
    """All sixteen that DynamoDB has."""
    index = " by_origin" if of == "Index" else ""
    words = throttles_words(Throttles({f"{of}{verb}{why}{index}": 3}))

    shown = f"index by_origin ({WHYS[why]})" if index else WHYS[why]
    assert f"throttled 3 {verb.lower()}s: {shown} 3" == words


def test_the_words_name_what_was_throttled_most_first() -> None:
    """Writes before reads; numbers add up."""
    throttles = Throttles({READ: 2, f"{INDEX} by_origin": 20, KEY_RANGE: 1_100, WRITE: 1})

    assert (
        "throttled 1,121 writes: key range 1,100, index by_origin (provisioned capacity) 20, "
        "no reason given 1 and 2 reads: no reason given 2"
    ) == throttles_words(throttles)


def test_nothing_is_said_where_nothing_was() -> None:
    """Neither throttles nor conflicts are shown as zeros."""
    assert "" == trouble_words(Throttles(), 0)
    assert "1 item transformed again after a live write" == trouble_words(Throttles(), 1)
    assert (
        "throttled 1 writes: no reason given 1; 2 items transformed again after a live write"
    ) == trouble_words(Throttles({WRITE: 1}), 2)


def test_sums() -> None:
    """By reason; adding nothing changes nothing."""
    one, two = Throttles({KEY_RANGE: 1, READ: 2}), Throttles({KEY_RANGE: 4, WRITE: 1})

    assert Throttles({KEY_RANGE: 5, READ: 2, WRITE: 1}) == one + two
    assert (one, one, 3) == (one + Throttles(), Throttles() + one, one.total)
    assert one == Throttles.from_dict(one.to_dict())


def test_a_row_keeps_few_reasons() -> None:
    """What is beyond them counts together, and no throttle is lost."""
    many = [Throttles({f"{INDEX} index-{i}": 1}) for i in range(THROTTLE_REASONS + 8)]
    found = sum(many, Throttles())

    assert THROTTLE_REASONS + 1 == len(found.by_reason)
    assert (8, THROTTLE_REASONS + 8) == (found.by_reason[OTHERS], found.total)
    assert "8 requests: others 8" in throttles_words(found)
