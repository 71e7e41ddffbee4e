"""The Lambda's self-check on the double: what it would find on AWS."""

import pytest
from ddb_transform import handler
from ddb_transform.botocore_probe import take_shortcuts
from ddb_transform.writers.proof import Proof
from ddb_transform.writers.self_check import self_check
from tests.live import endpoints
from tests.support.factories import ledger_table

_REFUSED = "ALONE, ALONE"  # each statement goes to the reference writer


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    with endpoints.double(tmp_path_factory.mktemp("double")) as endpoint:
        dynamodb = endpoint.client(handler._PLAIN)
        take_shortcuts(dynamodb)
        ledger_table(dynamodb, "self-check")
        return self_check(dynamodb, "self-check", now=0.0)


def test_the_fast_writer_is_proven_on_the_double(proof: Proof) -> None:
    """In every shape, though a failed statement tells no item there."""
    assert (True, (), ()) == (proof.fast, proof.unproven, proof.differences)


def test_a_key_twice_is_refused_on_the_double(proof: Proof) -> None:
    """As a whole batch; the emulator would write it twice."""
    assert _REFUSED == proof.repeated_key
