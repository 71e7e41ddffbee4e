"""The transform contract: what a user's function may do to an item, and what it comes to."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.items.sizes import item_bytes
from airflow_ddb_migrate.core.limits import ITEM_BYTES
from airflow_ddb_migrate.core.text.figures import type_words
from ddb_transform.contract.codec import same
from ddb_transform.contract.intent import SKIPPED, UNCHANGED, Change, applied
from ddb_transform.contract.item import Item, item_of
from ddb_transform.contract.transform import Context, Transform
from hypothesis import given
from hypothesis import strategies as st
from tests.support.factories import STARTED_AT, typed_item
from tests.support.typed_values import ATTRIBUTES
from transforms import DELETE, SKIP

CONTEXT = Context("m", STARTED_AT, {"suffix": "!"}, ("id",))
SECRET = "hunter2"


def transformed(
    function: Callable[[Any, Context], object],
    typed: dict[str, Any] | None = None,
    *,
    check_fixed_point: bool = True,
) -> Change:
    return Transform(function, CONTEXT, check_fixed_point).apply(
        typed_item() if typed is None else typed
    )


def refusal(
    function: Callable[[Any, Context], object], typed: dict[str, Any] | None = None
) -> ItemError:
    with pytest.raises(ItemError) as refused:
        transformed(function, typed)
    return refused.value


def setting(**values: object) -> Callable[[Item, Context], Item]:
    def transform(item: Item, context: Context) -> Item:
        item.update(values)
        return item

    return transform


# What a transform may do


def test_only_changed_attributes_are_assigned() -> None:
    """Set what is new, remove what was deleted, leave what was written back as it was."""

    def transform(item: Item, context: Context) -> Item:
        item["name"] = f"{item['first']} {item['last']}{context.params['suffix']}"
        item["last"] = str(item["last"])
        item.pop("old", None)
        return item

    change = transformed(
        transform, typed_item(first={"S": "A"}, last={"S": "B"}, old={"N": "1"}, other={"S": "x"})
    )

    assert "changed" == change.outcome
    assert {"name": {"S": "A B!"}, "old": None} == change.assigned


def test_the_condition_is_what_was_looked_at_or_changed() -> None:
    """As it was read, None for what was not there; the key is no part of it."""

    def transform(item: Item, context: Context) -> Item:
        if item["id"] and "flag" not in item:
            item["copy"] = item["n"]
        return item

    change = transformed(transform, typed_item(n={"N": "1.50"}, other={"S": "x"}))

    assert {"flag": None, "n": {"N": "1.50"}, "copy": None} == change.expected


@given(ATTRIBUTES)
def test_what_is_touched_and_not_changed_is_never_rewritten(attributes: dict[str, Any]) -> None:
    """Whatever the types: looking at every value, or writing each back, changes nothing."""

    def transform(item: Item, context: Context) -> Item:
        for name in item:
            item[name] = item[name]  # decoded, and set again
        return item

    assert UNCHANGED == transformed(transform, {**attributes, **typed_item()})


@given(ATTRIBUTES)
def test_a_dict_made_from_the_item_is_as_good(attributes: dict[str, Any]) -> None:
    """A new dict with one more attribute assigns that one only."""
    typed = {**attributes, **typed_item()}

    change = transformed(lambda item, _: {**item, "brand new": Decimal(1)}, typed)

    assert {"brand new": {"N": "1"}} == change.assigned


@given(ATTRIBUTES, st.data())
def test_a_removed_attribute_and_no_other_is_removed(
    attributes: dict[str, Any], data: st.DataObject
) -> None:
    """By del, or by a new dict that lacks it after a look at it."""
    typed = {**attributes, **typed_item()}
    name = data.draw(st.sampled_from(sorted(attributes) or ["missing"]))

    def by_del(item: Item, context: Context) -> Item:
        item.pop(name, None)
        return item

    def by_new_dict(item: Item, context: Context) -> dict[str, Any]:
        return {key: value for key, value in item.items() if key != name}

    wanted = {name: None} if attributes else {}
    assert wanted == transformed(by_del, typed).assigned
    assert wanted == transformed(by_new_dict, typed).assigned


@given(ATTRIBUTES, ATTRIBUTES)
def test_applying_the_change_gives_what_the_transform_wanted(
    before: dict[str, Any], wanted: dict[str, Any]
) -> None:
    """Untouched attributes stay byte for byte, assigned ones are the wanted values."""
    values = {name: item_of({name: value})[name] for name, value in wanted.items()}
    typed = {**before, **typed_item()}

    change = transformed(lambda item, _: _updated(item, values), typed)

    after = {**typed, **change.assigned}
    assert after.keys() == {*before, *wanted, "id"}
    assert all(same(after[name], value) for name, value in wanted.items())
    assert all(after[name] is value for name, value in before.items() if name not in wanted)


def _updated(item: Item, values: dict[str, Any]) -> Item:
    item.update(values)
    return item


def test_skip_leaves_an_item_alone() -> None:
    """Whatever was done to it before."""

    def transform(item: Item, context: Context) -> object:
        item["done"] = True
        return SKIP

    assert SKIPPED == transformed(transform)


def test_delete_is_conditional_on_what_was_looked_at() -> None:
    """An item that live traffic revived is not deleted."""

    def transform(item: Item, context: Context) -> object:
        return DELETE if item.get("expired") else SKIP

    change = transformed(transform, typed_item(expired={"BOOL": True}, other={"S": "x"}))

    assert ("deleted", {}) == (change.outcome, change.assigned)
    assert {"expired": {"BOOL": True}} == change.expected


def test_the_typed_item_is_never_changed() -> None:
    """A lost race transforms the next version; the one that was read stays what it was."""
    typed = typed_item(tags={"L": [{"S": "a"}]})

    def transform(item: Item, context: Context) -> Item:
        if "b" not in item["tags"]:
            item["tags"].append("b")
        return item

    transformed(transform, typed)
    assert typed_item(tags={"L": [{"S": "a"}]}) == typed


# What it may not


def test_returning_none_names_the_mistake() -> None:
    """A forgotten return never deletes anything."""
    error = refusal(lambda item, _: None)

    assert "ReturnedNone" == error.error_class
    assert "did you forget 'return item'?" in str(error)


@pytest.mark.parametrize("result", [True, "item", 1, [("id", "a")], object()])
def test_returning_something_else_is_refused(result: object) -> None:
    """The message names the type, not the value."""
    error = refusal(lambda item, _: result)

    assert "ReturnedOther" == error.error_class
    assert str(error).startswith(f"The transform returned {type_words(result)}.")


def _rename(item: Item, context: Context) -> Item:
    item["id"] = "b"
    return item


def _new_dict_with_another_key(item: Item, context: Context) -> dict[str, Any]:
    return {**item, "id": "b"}


def _key_of_another_type(item: Item, context: Context) -> Item:
    item["id"] = 1
    return item


@pytest.mark.parametrize("transform", [_rename, _new_dict_with_another_key, _key_of_another_type])
def test_a_key_cannot_be_changed(transform: Callable[[Item, Context], object]) -> None:
    """Neither its value nor its type, in whatever way."""
    error = refusal(transform)

    assert "KeyChanged" == error.error_class
    assert "changed the key attribute 'id'" in str(error)


def _drop(item: Item, context: Context) -> Item:
    del item["id"]
    return item


def _new_dict_without_key(item: Item, context: Context) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != "id"}


@pytest.mark.parametrize("transform", [_drop, _new_dict_without_key, lambda _item, _context: {}])
def test_a_key_cannot_be_removed(transform: Callable[[Item, Context], object]) -> None:
    """Whether it was looked at or not; DELETE is the way to delete an item."""
    error = refusal(transform, typed_item(n={"N": "1"}))

    assert "KeyRemoved" == error.error_class
    assert "removed the key attribute 'id'" in str(error)
    assert "or DELETE" in str(error)


def test_a_key_may_be_removed_and_set_again() -> None:
    """What counts is what is left."""

    def transform(item: Item, context: Context) -> Item:
        item["id"] = item.pop("id")
        return item

    assert UNCHANGED == transformed(transform)


def test_a_new_dict_that_lost_attributes_is_refused() -> None:
    """What it never read was not removed on purpose; the error names it."""
    error = refusal(
        lambda item, _: {"id": item["id"], "n": item["n"]},
        typed_item(n={"N": "1"}, lost={"S": SECRET}, too={"S": SECRET}),
    )

    assert "AttributesLost" == error.error_class
    assert "without 2 attributes that it never read (lost, too)" in str(error)
    assert SECRET not in str(error)


@pytest.mark.parametrize(
    ("value", "error_class"),
    [(1.5, "FloatValue"), (set(), "EmptySet"), (object(), "UnsupportedType")],
)
def test_what_dynamodb_cannot_hold_is_refused(value: object, error_class: str) -> None:
    """Set on the item or in a new dict; a float is never rounded behind anybody's back."""
    assert error_class == refusal(setting(price=value)).error_class
    assert error_class == refusal(lambda item, _: {**item, "price": value}).error_class


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (5, "An attribute name is an int; use str."),
        ("", "An attribute name is empty; use at least one character."),
    ],
)
def test_attribute_names_are_text(name: object, message: str) -> None:
    """A number as a name is refused, by its type."""
    error = refusal(lambda item, _: {**item, name: "x"})

    assert ("BadName", message) == (error.error_class, str(error))


# How large an item is


@given(ATTRIBUTES, ATTRIBUTES)
def test_the_sizes_are_those_of_the_item_before_and_after(
    before: dict[str, Any], wanted: dict[str, Any]
) -> None:
    """However few attributes are measured; a change without a write has none."""
    values = {name: item_of({name: value})[name] for name, value in wanted.items()}
    typed = {**before, **typed_item()}

    change = transformed(lambda item, _: _updated(item, values), typed)

    sizes = item_bytes(typed), item_bytes(applied(typed, change))
    expected = sizes if change.outcome == "changed" else (0, 0)
    assert expected == (change.before_bytes, change.after_bytes)


def test_a_deleted_item_has_no_size_afterwards() -> None:
    """Its write is charged by what it was."""
    typed = typed_item(text={"S": "x" * 5_000})

    change = transformed(lambda _item, _context: DELETE, typed)

    assert (item_bytes(typed), 0) == (change.before_bytes, change.after_bytes)


def _with_text(chars: int) -> dict[str, Any]:
    return typed_item(text={"S": "x" * chars})


FULL = ITEM_BYTES - item_bytes(_with_text(0))


def test_an_item_may_be_as_large_as_dynamodb_allows() -> None:
    """To the byte."""
    assert ITEM_BYTES == transformed(setting(text="y" * FULL)).after_bytes


def test_an_item_over_400_kb_is_refused() -> None:
    """The message says what it was and what it would be."""
    error = refusal(setting(text="y" * (FULL + 1)), _with_text(1))

    assert "ItemTooLarge" == error.error_class
    assert (
        "The item is 409,601 bytes after the change and was 8 before it; DynamoDB allows 409,600, "
        "names included. Attribute 'text' grew most, by 409,593 bytes. Add less, or remove "
        "something." == str(error)
    )


def test_an_item_that_shrinks_is_never_refused() -> None:
    """DynamoDB holds it already: our measure of numbers is a little too large."""
    change = transformed(setting(text="y" * (FULL + 1)), _with_text(FULL + 2))

    assert "changed" == change.outcome


# What a verification asks


def verdict(check: Callable[[Any], object], typed: dict[str, Any]) -> bool:
    return Transform(setting(), CONTEXT, check=check).passes(typed)


@pytest.mark.parametrize(("value", "passes"), [("1", True), ("0", False)])
def test_an_item_passes_if_its_check_says_so(value: str, passes: bool) -> None:
    """The check gets an item as a transform does."""
    assert passes == verdict(lambda item: item["n"] == 1, typed_item(n={"N": value}))


def test_without_a_check_every_item_passes() -> None:
    """Then the fixed point is all that a verification asks."""
    assert Transform(setting(), CONTEXT).passes(typed_item())


@pytest.mark.parametrize("answer", [None, 1, "yes", object()])
def test_a_check_answers_true_or_false(answer: object) -> None:
    """A forgotten return is no verdict."""
    with pytest.raises(ItemError) as refused:
        verdict(lambda _item: answer, typed_item())

    assert "CheckReturnedOther" == refused.value.error_class
    assert f"returned {type_words(answer)}. Return True or False" in str(refused.value)


def test_a_check_that_raises_is_shown_by_its_own_line() -> None:
    """As a transform that raises; without the value."""
    line = _check_that_fails.__code__.co_firstlineno + 1

    with pytest.raises(ItemError) as refused:
        verdict(_check_that_fails, typed_item(secret={"S": SECRET}))

    assert "ValueError" == refused.value.error_class
    expected = f"The transform's check raised ValueError at {Path(__file__).name}:{line}. "
    assert str(refused.value).startswith(expected)
    assert SECRET not in str(refused.value)


def _check_that_fails(item: Item) -> bool:
    raise ValueError(item["secret"])  # the line that is looked for


# What is shown of an error


def _fails(item: Item, context: Context) -> Item:
    raise ValueError(item["secret"])  # the line that is looked for


def _fails_in_the_library(item: Item, context: Context) -> Item:
    return Decimal(item["secret"])  # type: ignore[return-value]  # the line that is looked for


def _fails_in_the_item(item: Item, context: Context) -> Item:
    return item["missing"]  # type: ignore[no-any-return]  # the line that is looked for


def _fails_in_a_helper(item: Item, context: Context) -> Item:
    return _helper(item)


def _helper(item: Item) -> Item:
    return item["missing"]["secret"]  # type: ignore[no-any-return]  # the line that is looked for


@pytest.mark.parametrize(
    ("transform", "error_class"),
    [
        (_fails, "ValueError"),
        (_fails_in_the_library, "InvalidOperation"),
        (_fails_in_the_item, "KeyError"),
        (_fails_in_a_helper, "KeyError"),
    ],
)
def test_a_transform_that_raises_is_shown_by_its_own_line(
    transform: Callable[[Item, Context], object], error_class: str
) -> None:
    """Class, file and line of the user's code, also when a library raised; never a value."""
    code = (_helper if transform is _fails_in_a_helper else transform).__code__
    file, line = Path(code.co_filename).name, code.co_firstlineno + 1

    error = refusal(transform, typed_item(secret={"S": SECRET}))

    assert error_class == error.error_class
    assert str(error).startswith(f"The transform raised {error_class} at {file}:{line}. ")
    assert SECRET not in str(error)


def test_an_error_made_for_an_item_is_passed_on() -> None:
    """A transform may say itself what is wrong, and under which name to count it."""

    def transform(item: Item, context: Context) -> Item:
        raise ItemError("No currency.", "NoCurrency")

    error = refusal(transform)
    assert ("NoCurrency", "No currency.") == (error.error_class, str(error))


# A result must be a fixed point


def _append(item: Item, context: Context) -> Item:
    item["name"] = item.get("name", "") + "!"
    return item


def _rename_attribute(item: Item, context: Context) -> Item:
    item["new"] = item.pop("old", None)
    return item


def _delete_what_it_marked(item: Item, context: Context) -> object:
    if "marked" in item:
        return DELETE
    item["marked"] = True
    return item


@pytest.mark.parametrize(
    ("transform", "typed", "names"),
    [
        (_append, typed_item(), "name"),
        (_rename_attribute, typed_item(old={"S": "x"}), "new"),
        (_delete_what_it_marked, typed_item(), "the whole item"),
    ],
)
def test_a_moving_target_is_refused(
    transform: Callable[[Item, Context], object], typed: dict[str, Any], names: str
) -> None:
    """A page that is done twice would apply it twice: the message names what moves."""
    error = refusal(transform, typed)

    assert "NotAFixedPoint" == error.error_class
    assert f"changes its own result again ({names})" in str(error)
    assert "CHECK_FIXED_POINT = False" in str(error)


def _pop(item: Item, context: Context) -> Item:
    item["new"] = item.pop("old")
    return item


def test_a_transform_that_cannot_take_its_own_result_is_refused() -> None:
    """It would raise on every item of a page that is done twice."""
    error = refusal(_pop, typed_item(old={"S": SECRET}))

    line = _pop.__code__.co_firstlineno + 1
    assert "NotAFixedPoint" == error.error_class
    where = f"{Path(__file__).name}:{line}"
    assert f"passes to it: The transform raised KeyError at {where}." in str(error)
    assert SECRET not in str(error)


def test_a_module_can_switch_the_check_off() -> None:
    """Twice is then harmless, says whoever wrote it."""
    change = transformed(_append, check_fixed_point=False)

    assert {"name": {"S": "!"}} == change.assigned


def test_a_transform_that_knows_what_it_did_is_a_fixed_point() -> None:
    """Also when it removes what it read, or skips what is done."""

    def transform(item: Item, context: Context) -> object:
        if "old" not in item:
            return SKIP
        item["new"] = item.pop("old")
        return item

    change = transformed(transform, typed_item(old={"N": "1.0"}))
    assert {"new": {"N": "1.0"}, "old": None} == change.assigned
