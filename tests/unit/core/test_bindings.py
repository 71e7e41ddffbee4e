"""Which transforms may work on which tables."""

from itertools import permutations

import pytest
from airflow_ddb_migrate.core.bindings import Bindings, bindings_of, in_words
from airflow_ddb_migrate.core.errors import DeployError, InvalidInputError, NotBoundError

DELETES = "delete_by_predicate"
RUN = "ddb-migrate deploy --stack-name mine --table"


@pytest.mark.parametrize(
    ("given", "table", "transform", "allowed"),
    [
        ("orders", "orders", "full_name", True),
        ("orders", "orders", DELETES, False),
        ("orders", "payroll", "full_name", False),
        ("orders:full_name", "orders", "full_name", True),
        ("orders:full_name", "orders", "other", False),
        ("orders:full_name,other", "orders", "other", True),
        (f"orders:{DELETES}", "orders", DELETES, True),
        (f"orders:{DELETES}", "orders", "full_name", False),
        (f"orders:*,{DELETES}", "orders", DELETES, True),
        (f"orders:*,{DELETES}", "orders", "full_name", True),
        ("*", "payroll", "full_name", True),
        ("*", "payroll", DELETES, False),
        ("*:full_name", "payroll", "full_name", True),
        ("*:full_name", "payroll", "other", False),
        (f"* orders:{DELETES}", "orders", DELETES, True),
        (f"* orders:{DELETES}", "payroll", DELETES, False),
        (f"*:full_name orders:{DELETES}", "orders", "full_name", True),
        ("*", "*", "full_name", False),
        ("*", "", "full_name", False),
        ("*", "arn:aws:dynamodb:eu-west-1:111122223333:table/payroll", "full_name", False),
        ("orders", "arn:aws:dynamodb:eu-west-1:111122223333:table/orders", "full_name", False),
        ("orders", "orders", "", True),
        (f"orders:{DELETES}", "orders", "", True),
        ("orders", "payroll", "", False),
        ("", "orders", "full_name", False),
        ("", "orders", "", False),
        ("*", "orders", "*", True),  # no module can be called so
    ],
)
def test_a_transform_may_work_on_a_table_that_it_is_bound_to(
    given: str, table: str, transform: str, *, allowed: bool
) -> None:
    """A table alone means each that does not delete; one that does has to be named."""
    bindings = bindings_of(given.split())

    try:
        bindings.require(table, transform, "mine", deletes=transform == DELETES)
    except NotBoundError:
        assert not allowed
    else:
        assert allowed


@pytest.mark.parametrize(
    ("given", "transform", "words"),
    [
        ("payroll", "full_name", f"Table orders is not bound to any transform.*{RUN} orders$"),
        ("payroll", DELETES, f"Table orders is not bound.*{RUN} orders:{DELETES}$"),
        (
            "orders:one,two payroll:secret",
            "full_name",
            "Transform 'full_name' is not bound to table orders in stack 'mine'. "
            "Bound to this table: one, two. To bind it, deploy the stack with: "
            f"{RUN} orders:full_name$",
        ),
        (
            "orders",
            DELETES,
            f"Transform '{DELETES}' deletes items, so it has to be bound to a table by its name. "
            "It is not bound to table orders in stack 'mine'. Bound to this table: every transform "
            f"that does not delete\\. .*{RUN} orders:{DELETES}$",
        ),
    ],
)
def test_a_refusal_says_what_to_run_and_nothing_of_other_tables(
    given: str, transform: str, words: str
) -> None:
    bindings = bindings_of(given.split())

    with pytest.raises(NotBoundError, match=f"^{words}") as refused:
        bindings.require("orders", transform, "mine", deletes=transform == DELETES)

    assert "payroll" not in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "table is ''"),
        (":full_name", "table is ''"),
        ("o", "table is 'o'"),
        ("orders:", "--table is 'orders:'; '' is not the name of a transform"),
        ("orders:a,,b", "'' is not the name of a transform"),
        ("orders:full-name", "'full-name' is not the name of a transform"),
        ("orders:a:b", "'a:b' is not the name of a transform"),
        ("arn:aws:dynamodb:eu-west-1:111122223333:table/orders", "table is 'arn'|not the name"),
    ],
)
def test_what_names_no_table_or_transform_is_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        bindings_of([text])


def test_the_file_has_the_same_bytes_in_any_order() -> None:
    """So a deployment that binds nothing else publishes nothing."""
    texts = ["orders:b,a", "orders", "customers", "*:x"]

    files = {bindings_of(order).to_json() for order in permutations(texts)}

    assert 1 == len(files)
    assert bindings_of(texts) == Bindings(
        {"orders": ("b", "a", "*"), "customers": ("*",), "*": ("x",)}
    )
    read = Bindings.from_json(files.pop())
    assert ("*", "a", "b", "x") == tuple(sorted(read.of("orders")))


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"orders": "*"}', b"\xff", b"{"])
def test_a_file_that_is_none_is_refused(content: bytes) -> None:
    """Nothing of it is taken for an answer."""
    with pytest.raises(DeployError, match=r"bindings\.json of the deployed zip cannot be read"):
        Bindings.from_json(content)


def test_a_name_that_is_deployed_nowhere_is_refused() -> None:
    """With the one that was meant."""
    bindings = bindings_of(["orders:full_nam"])

    with pytest.raises(InvalidInputError, match=r"orders:full_nam: there is no.*mean full_name\?"):
        bindings.require_known(["add_updated_at", "full_name"])
    bindings_of(["orders:full_name,*"]).require_known(["full_name"])


def test_what_is_bound_is_told_in_words() -> None:
    assert "every transform that does not delete, a, b" == in_words(("b", "*", "a"))
    assert "nothing" == in_words(())
