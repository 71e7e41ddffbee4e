"""What an engine has proven, and which writes that covers."""

import json
from typing import Any

import pytest
from ddb_transform.contract.intent import Change, Intent
from ddb_transform.writers.proof import UNPROVEN, VERSION, Proof, features
from ddb_transform.writers.self_check_cases import cases
from hypothesis import given
from tests.support.typed_values import ATTRIBUTES
from tests.unit.lambda_.writers.writing import CHANGED, DELETED, KEY, intent


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (CHANGED, {"update", "if S", "if N", "set N"}),
        (DELETED, {"delete", "if S", "if N"}),
        (
            Change("changed", {"a": None, "b": {"L": []}}, {"c": None}),
            {"update", "if S", "remove", "set L", "set and remove", "if missing"},
        ),
        (Change("changed", {"a.b": {"S": ""}}), {"update", "if S", "set S", "name with a dot"}),
        (
            Change("deleted", {}, {'a"b': None}),
            {"delete", "if S", "if missing", "name with a quote"},
        ),
        (Change("changed", {"a b": None}), {"update", "if S", "remove", "odd name"}),
        (Change("changed", {"ä": None}), {"update", "if S", "remove", "odd name"}),
        (
            Change("changed", {'a"b.c d': None}),
            {"update", "if S", "remove", "name with a quote", "name with a dot", "odd name"},
        ),
    ],
)
def test_features_are_what_a_statement_is_made_of(change: Change, expected: set[str]) -> None:
    """Its words, the types of its values, and every oddity of its names."""
    assert expected == features(KEY, change)


def test_a_key_is_part_of_the_statement() -> None:
    """Its name and its type."""
    assert {"update", "if B", "if N", "set N", "odd name"} == features({"a-b": {"B": b""}}, CHANGED)


@pytest.mark.parametrize(
    ("proof", "covered"),
    [
        (UNPROVEN, False),
        (Proof(fast=False, unproven=()), False),
        (Proof(fast=True), True),
        (Proof(fast=True, unproven=("delete", "set L")), True),
        (Proof(fast=True, unproven=("if N",)), False),
        (Proof(fast=True, unproven=("if S",)), False),
    ],
)
def test_a_write_is_covered_if_none_of_its_features_is_unproven(
    proof: Proof, covered: bool
) -> None:
    """One is enough to send it to the reference writer."""
    assert covered is proof.covers(intent(CHANGED))


def test_a_proof_is_kept_as_json() -> None:
    """All of it."""
    proof = Proof(
        fast=True, unproven=("a",), differences=("b", "c"), repeated_key="ALONE", checked_at=1.5
    )

    assert proof == Proof.from_json(proof.to_json())


@pytest.mark.parametrize("version", [VERSION - 1, VERSION + 1, None])
def test_a_proof_of_another_version_proves_nothing(version: Any) -> None:
    """Its statements were not ours."""
    kept = {**json.loads(Proof(fast=True).to_json()), "version": version, "more": 1}

    assert UNPROVEN == Proof.from_json(json.dumps(kept))


def test_nothing_kept_proves_nothing() -> None:
    """Before the first self-check."""
    assert UNPROVEN == Proof.from_json("")


ABOUT = {feature for case in cases() for feature in case.about}


@given(ATTRIBUTES, ATTRIBUTES)
def test_every_feature_is_what_a_case_is_about(
    assigned: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Whatever a statement is made of can be found out to be unproven."""
    change = Change("changed", {**assigned, "gone": None}, {**expected, "absent": None})

    assert features(KEY, change) <= ABOUT
    assert features(KEY, Change("deleted", {}, expected)) <= ABOUT


def test_a_shape_that_failed_is_never_covered() -> None:
    """Whichever case it was: its own statement goes to the reference writer."""
    for case in cases():
        proof = Proof(fast="update" not in case.about, unproven=case.about)
        assert not proof.covers(Intent(KEY, case.change, {})), case.name
