"""Bringing intents to the writers: routes, batches, and trying again."""

import itertools
from collections.abc import Callable

import pytest
from airflow_ddb_migrate.core.limits import BATCH_BYTES, RETRY_SECONDS, WRITE_TRIES
from ddb_transform.contract.intent import Change, Intent
from ddb_transform.failures import PassingError
from ddb_transform.writers.interface import ALONE, APPLIED, WriteVerdict, Written
from ddb_transform.writers.proof import UNPROVEN, Proof
from ddb_transform.writers.reference import ReferenceWriter
from tests.support.factories import TABLE, typed_item
from tests.unit.lambda_.writers.writing import (
    CHANGED,
    DELETED,
    Bench,
    ScriptedWriter,
    StubDynamoDB,
    intent,
    intents,
    scripted,
)

THROTTLED = Written(WriteVerdict.AGAIN, reason="TableWriteX arn:t", throttled=True)
UNEXPLAINED = Written(WriteVerdict.AGAIN, reason="ThrottlingError", throttled=True)
AMBIGUOUS = Written(WriteVerdict.AGAIN, reason="ReadTimeoutError", ambiguous=True)
LATER = Written(WriteVerdict.AGAIN, reason="TransactionConflict")
GONE = Written(WriteVerdict.LOST, None)


def sizes(writer: ScriptedWriter) -> list[int]:
    return [len(batch) for batch in writer.asked]


def test_one_write_that_was_throttled_without_a_reason_is_tried_alone(
    bench: Callable[..., Bench],
) -> None:
    """Only a single request is told whether a key range or the table is throttled."""
    b = bench(fast=scripted(APPLIED, *[UNEXPLAINED] * 3))

    outcome = b.write(intents(4))

    assert ([4, 2], [1]) == (sizes(b.fast), sizes(b.reference))
    assert "i001" == b.reference.asked[0][0].key["id"]["S"]
    assert [APPLIED] * 4 == outcome.written


def test_a_write_with_a_reason_stays_in_its_batch(bench: Callable[..., Bench]) -> None:
    """And so does one that a single request could not hold."""
    told = bench(fast=scripted(THROTTLED, THROTTLED))
    told.write(intents(2))
    large = bench(fast=scripted(UNEXPLAINED, UNEXPLAINED), reference=scripted(fitting=False))
    large.write(intents(2))

    assert ([2, 2], []) == (sizes(told.fast), told.reference.asked)
    assert ([2, 2], []) == (sizes(large.fast), large.reference.asked)


# Routes


def test_what_is_proven_goes_in_batches(bench: Callable[..., Bench]) -> None:
    """Of 25 at most, the results in the order of the intents."""
    b = bench()

    outcome = b.write(intents(60))

    assert ([25, 25, 10], []) == (sizes(b.fast), b.reference.asked)
    assert [APPLIED] * 60 == outcome.written


def test_nothing_is_proven_without_a_self_check(bench: Callable[..., Bench]) -> None:
    """The reference writer, one by one."""
    b = bench(proof=UNPROVEN)

    b.write(intents(3))

    assert ([], [1, 1, 1]) == (b.fast.asked, sizes(b.reference))


def test_only_the_unproven_shape_goes_to_the_reference_writer(bench: Callable[..., Bench]) -> None:
    """An engine whose deletes are not to be trusted still gets batches of updates."""
    b = bench(proof=Proof(fast=True, unproven=("delete",)))

    b.write([intent(CHANGED, "a"), intent(DELETED, "b"), intent(CHANGED, "c")])

    assert [["a", "c"]] == [[one.key["id"]["S"] for one in batch] for batch in b.fast.asked]
    assert [["b"]] == [[one.key["id"]["S"] for one in batch] for batch in b.reference.asked]


def test_what_is_no_statement_goes_to_the_reference_writer(bench: Callable[..., Bench]) -> None:
    """Too long, or an item to put back."""
    b = bench(fast=scripted(fitting=False))

    b.write(intents(2))

    assert ([], [1, 1]) == (b.fast.asked, sizes(b.reference))


def test_what_fits_neither_is_refused(bench: Callable[..., Bench]) -> None:
    """With the reason, and nothing is written; its condition is never made smaller."""
    stub = StubDynamoDB()
    wide = Change("changed", {"x": None}, {f"a{i}": None for i in range(200)})
    b = bench(fast=scripted(fitting=False), reference=ReferenceWriter(stub, TABLE))
    condition = dict(wide.expected)

    (one,) = b.write([intent(wide)]).written

    assert (WriteVerdict.REFUSED, []) == (one.verdict, stub.asked)
    assert one.error is not None
    assert "ConditionTooLarge" == one.error.error_class
    assert condition == wide.expected


def test_a_batch_is_bounded_in_bytes(bench: Callable[..., Bench]) -> None:
    """Of the items before and after; an item alone is a batch however large."""
    third = BATCH_BYTES // 3
    heavy = [
        Intent({"id": {"S": str(i)}}, Change("changed", {"x": None}, {}, size, 0), {})
        for i, size in enumerate([third, third, third, 1, 2 * BATCH_BYTES, 1])
    ]
    b = bench()

    b.write(heavy)

    batches = [[int(one.key["id"]["S"]) for one in batch] for batch in b.fast.asked]
    assert [[0, 1, 2, 3], [4], [5]] == batches


def test_no_batch_has_one_key_twice(bench: Callable[..., Bench]) -> None:
    """Also what is tried again is in one batch only."""
    answers = itertools.cycle([APPLIED, THROTTLED, LATER])
    b = bench(fast=ScriptedWriter(itertools.islice(answers, 70)))

    b.write(intents(60))

    for batch in b.fast.asked:
        keys = [one.key["id"]["S"] for one in batch]
        assert len(keys) == len(set(keys))


# Trying again


def test_a_statement_that_waits_goes_into_a_later_batch(bench: Callable[..., Bench]) -> None:
    """Alone of its batch, after a wait, until it is written."""
    b = bench(fast=scripted(APPLIED, LATER, APPLIED, LATER))

    outcome = b.write(intents(3))

    assert [["i000", "i001", "i002"], ["i001"], ["i001"]] == [
        [one.key["id"]["S"] for one in batch] for batch in b.fast.asked
    ]
    assert [APPLIED] * 3 == outcome.written
    assert pytest.approx(RETRY_SECONDS[0] * (1 + 2)) == sum(b.slept)


def test_throttling_cuts_the_pacer(bench: Callable[..., Bench]) -> None:
    """This worker goes slower from then on."""
    b = bench(fast=scripted(THROTTLED), share=1_000.0)

    b.write([intent()])

    assert b.pacer.rate is not None
    assert b.pacer.rate < 1_000.0


@pytest.mark.parametrize("answer", [LATER, AMBIGUOUS])
def test_what_is_not_throttled_cuts_nothing(bench: Callable[..., Bench], answer: Written) -> None:
    """A live transaction or the network says nothing about the rate."""
    b = bench(fast=scripted(answer), share=1_000.0)

    b.write([intent()])

    assert 1_000.0 == b.pacer.rate


def test_alone_goes_to_the_reference_writer_at_once(bench: Callable[..., Bench]) -> None:
    """Without a wait, and never into a batch again, not even when it is throttled there."""
    b = bench(fast=scripted(APPLIED, ALONE), reference=scripted(THROTTLED, batch=1))

    outcome = b.write(intents(2))

    assert ([2], [1, 1]) == (sizes(b.fast), sizes(b.reference))
    assert [APPLIED, APPLIED] == outcome.written


def test_a_write_that_is_refused_too_often_ends_the_slice(bench: Callable[..., Bench]) -> None:
    """It passes: the lane waits and goes on; the reason says what was throttled."""
    b = bench(fast=ScriptedWriter(itertools.repeat(THROTTLED)))

    with pytest.raises(PassingError, match="TableWriteX arn:t") as passing:
        b.write([intent()])

    assert "TableWriteX" == passing.value.error
    assert WRITE_TRIES + 1 == len(b.fast.asked)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (APPLIED, Written(WriteVerdict.APPLIED, ambiguous=True)),
        (GONE, Written(WriteVerdict.LOST, None, ambiguous=True)),
        (
            Written(WriteVerdict.LOST, typed_item()),
            Written(WriteVerdict.LOST, typed_item(), ambiguous=True),
        ),
    ],
)
def test_a_lost_answer_is_remembered(
    bench: Callable[..., Bench], last: Written, expected: Written
) -> None:
    """However often it is tried after that, and by whom: the first try may have landed."""
    b = bench(fast=scripted(AMBIGUOUS, THROTTLED, ALONE), reference=scripted(last, batch=1))

    assert [expected] == b.write([intent()]).written


@pytest.mark.parametrize("answer", [THROTTLED, LATER, ALONE])
def test_what_was_rejected_is_not_ambiguous(bench: Callable[..., Bench], answer: Written) -> None:
    """A delete that then finds nothing was live traffic's."""
    b = bench(fast=scripted(answer, GONE), reference=scripted(GONE, batch=1))

    assert [GONE] == b.write([intent(DELETED)]).written


def test_one_lost_answer_is_not_its_neighbours(bench: Callable[..., Bench]) -> None:
    """Each write has its own history."""
    b = bench(fast=scripted(AMBIGUOUS, THROTTLED, GONE, GONE))

    written = b.write(intents(2, DELETED)).written

    assert [True, False] == [one.ambiguous for one in written]
