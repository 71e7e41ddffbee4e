"""Python as people write it: what a transform may do, and what happens when it goes wrong."""

import copy
import decimal
import marshal
import multiprocessing
import pickle
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import transforms
from airflow_ddb_migrate.core.errors import ItemError, TransformError
from ddb_transform.contract.index_keys import index_keys
from ddb_transform.contract.intent import Change
from ddb_transform.contract.load import load_transform
from ddb_transform.contract.transform import Context, Transform
from ddb_transform.contract.transformed_page import prepare, try_out
from ddb_transform.user_code.thread import USER_THREAD
from tests.support.factories import STARTED_AT
from tests.support.waiting import await_that
from transforms import DELETE, SKIP

TYPED: dict[str, Any] = {
    "id": {"S": "1"},
    "first": {"S": "a"},
    "last": {"S": "b"},
    "tags": {"SS": ["x", "y"]},
    "n": {"N": "1"},
}
KEYS = ("id",)
LONG = "1" * 38


def apply(function: Callable[..., object], typed: Any = TYPED, **options: Any) -> Change:
    context = Context("m", STARTED_AT, options.pop("params", {}), KEYS)
    return Transform(function, context, **options).apply(typed)


def refused(function: Callable[..., object], typed: Any = TYPED, **options: Any) -> ItemError:
    with pytest.raises(ItemError) as error:
        apply(function, typed, **options)
    return error.value


def test_what_is_read_of_a_copy_is_part_of_the_condition() -> None:
    """However the copy was made: nobody sees what is read of it."""

    def by(made: Callable[[Any], Any]) -> Callable[..., object]:
        def transform(item: Any, context: Context) -> object:
            old = made(item)
            item["full"] = f"{old['first']} {old['last']}"
            return item

        return transform

    for made in (
        copy.deepcopy,
        copy.copy,
        dict,
        lambda i: {**i},
        lambda i: i | {},
        lambda i: i.copy(),
    ):
        assert {"first", "last", "tags", "n", "full"} == apply(by(made)).expected.keys()
    assert {"first", "last", "full"} == apply(by(lambda item: item)).expected.keys()


@pytest.mark.parametrize("name", [None, Decimal(1), (1, 2), 5, b"x", "", "na\ud83d", "x" * 70_000])
def test_a_name_that_no_attribute_has_is_not_there(name: object) -> None:
    """As a dict answers; and it is no part of the condition, which DynamoDB would refuse."""

    def transform(item: Any, context: Context) -> object:
        assert (item.get(name), item.pop(name, 7), name in item) == (None, 7, False)
        item["done"] = True
        return item

    assert {"done"} == apply(transform).expected.keys()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (None, "is a NoneType; use str"),
        (5, "is an int; use str"),
        ("", "is empty"),
        ("na\ud83d", r"'na\ud83d' has half a surrogate pair"),
        ("x" * 70_000, "is 70,000 bytes; DynamoDB allows 65,535"),
    ],
)
def test_a_name_that_no_attribute_can_have_is_refused(name: Any, words: str) -> None:
    """That item alone, in words that any log takes."""

    def transform(item: Any, context: Context) -> object:
        item[name] = 1
        return item

    error = refused(transform)

    assert "BadName" == error.error_class
    assert words in str(error)
    assert str(error).encode()


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _clean(one) for name, one in value.items()}
    return value.upper() if isinstance(value, str) and value != "1" else value


def test_a_cleaner_that_asks_for_dicts_cleans() -> None:
    """An item is one."""
    change = apply(lambda item, _: _clean(item))

    assert {"first": {"S": "A"}, "last": {"S": "B"}} == change.assigned


def test_an_item_that_was_changed_differs_from_its_copy() -> None:
    """So that nobody skips what he has changed."""

    def transform(item: Any, context: Context) -> object:
        before = copy.copy(item)
        item["first"] = "A"
        return SKIP if item == before else item

    assert {"first": {"S": "A"}} == apply(transform, check_fixed_point=False).assigned


def test_numbers_have_all_their_digits() -> None:
    """DynamoDB's 38 are the precision of every call, and a number is shown as it is stored."""

    def transform(item: Any, context: Context) -> object:
        if "sum" not in item:
            item["sum"], item["same"] = item["n"] + 1, abs(item["n"])
            item["text"] = f"{item['round']}"
        return item

    stored = "1234567895171680000000000000000000000000"
    change = apply(transform, {**TYPED, "n": {"N": LONG}, "round": {"N": stored}})

    assert {"N": str(int(LONG) + 1)} == change.assigned["sum"]
    assert {"N": LONG} == change.assigned["same"]
    assert {"S": stored} == change.assigned["text"]


# Sets


@pytest.mark.parametrize(
    "made",
    [
        list,
        ",".join,
        lambda tags: [*tags],
        lambda tags: [tag.upper() for tag in tags],
        lambda tags: next(iter(tags)),
        lambda tags: copy.copy(tags).pop(),
        lambda tags: {"of": list(tags)},
    ],
)
def test_a_result_that_depends_on_the_order_of_a_set_is_found(made: Callable[..., Any]) -> None:
    """Another process has another order, so that no verification could ever be clean."""

    def transform(item: Any, context: Context) -> object:
        item["made"] = made(item["tags"])
        return item

    error = refused(transform)

    assert "OrderOfSet" == error.error_class
    assert "sorted()" in str(error)


@pytest.mark.parametrize(
    "made", [sorted, len, lambda tags: tags | {"z"}, lambda tags: {t.upper() for t in tags}, max]
)
def test_what_does_not_depend_on_the_order_is_fine(made: Callable[..., Any]) -> None:
    def transform(item: Any, context: Context) -> object:
        item["made"] = made(item["tags"])
        return item

    assert "changed" == apply(transform).outcome


@pytest.mark.parametrize("made", [str, list, "{}".format, lambda s: type(s) is set, ",".join])
def test_a_set_of_one_member_has_one_order(made: Callable[..., Any]) -> None:
    """And is a plain set in every pass."""

    def transform(item: Any, context: Context) -> object:
        item["made"] = made(item["tags"])
        return item

    assert "changed" == apply(transform, {**TYPED, "tags": {"SS": ["x"]}}).outcome


def test_the_order_of_arrival_does_not_matter() -> None:
    """Of attributes, of keys in maps, of members of sets."""

    def transform(item: Any, context: Context) -> object:
        item["seen"] = repr([list(item), list(item["m"]), list(item["numbers"])])
        return item

    one = {**TYPED, "m": {"M": {"a": {"S": "1"}, "b": {"S": "2"}}}, "numbers": {"NS": ["1", "33"]}}
    other = {name: one[name] for name in reversed(one)}
    other["m"] = {"M": {"b": {"S": "2"}, "a": {"S": "1"}}}
    other["numbers"] = {"NS": ["33", "1"]}

    assert (
        apply(transform, one, check_fixed_point=False).assigned
        == apply(transform, other, check_fixed_point=False).assigned
    )


# What reads an item around its methods


class Thing:
    """Something with attributes."""


def _as_attributes(item: Any) -> Any:
    thing = Thing()
    thing.__dict__ = item
    return thing


AROUND: dict[str, Callable[[Any], Any]] = {
    "dict.get": lambda item: dict.get(item, "first") + "!",
    "values": lambda item: [f"{value}" for value in dict.values(item)],
    "isinstance": lambda item: [v for v in dict.values(item) if isinstance(v, str)],
    "is-equal": lambda item: [v for v in dict.values(item) if v == "a"],
    "is-true": lambda item: [v for v in dict.values(item) if v],
    "is-in": lambda item: "a" in dict.values(item),
    "attribute": lambda item: _as_attributes(item).first.upper(),
    "method": lambda item: dict.get(item, "first").upper(),
    "pickle": lambda item: pickle.dumps(list(dict.values(item))),
    "deepcopy": lambda item: copy.deepcopy(list(dict.values(item))),
    "copy": lambda item: copy.copy(dict.get(item, "first")),
    "hash": lambda item: set(dict.values(item)),
    "sum": lambda item: 1 + dict.get(item, "n"),
    "call": lambda item: int(dict.get(item, "n")),
    "iterate": lambda item: list(dict.get(item, "tags")),
    "match": lambda item: _matched(dict.get(item, "first")),
}


def _matched(value: Any) -> Any:
    match value:
        case str():
            return "text"
    return "other"


@pytest.mark.parametrize("read", AROUND.values(), ids=AROUND)
@pytest.mark.parametrize("caught", [False, True], ids=["raised", "caught"])
def test_whoever_reads_around_the_methods_finds_no_value(
    read: Callable[[Any], Any], caught: bool
) -> None:
    """The item is refused with what to do, also where the transform catches every exception."""

    def transform(item: Any, context: Context) -> object:
        try:
            item["made"] = read(item)
        except Exception:
            if not caught:
                raise
            item["made"] = "default"
        return item

    error = refused(transform)

    assert "UnreadAttribute" == error.error_class
    assert "dict(item)" in str(error)


def test_a_value_that_was_taken_around_the_methods_is_not_written() -> None:
    def transform(item: Any, context: Context) -> object:
        item["other"] = {"deep": [dict.get(item, "first")]}
        return item

    assert "UnreadAttribute" == refused(transform).error_class


def test_what_refuses_items_takes_their_copies() -> None:
    """As docs/transforms.md says."""

    def transform(item: Any, context: Context) -> object:
        item["size"] = len(marshal.dumps({"n": dict(item)["first"]}))
        return item

    assert "changed" == apply(transform).outcome


READERS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "jsonschema": ("jsonschema", lambda m, item: m.validate(item, {"required": ["first"]})),
    "msgpack": ("msgpack", lambda m, item: m.packb(item)),
    "simplejson": ("simplejson", lambda m, item: m.dumps(item)),
    "pydantic": (
        "pydantic",
        lambda m, item: m.create_model("M", first=(str, ...)).model_validate(item),
    ),
}
STRANGERS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "orjson": ("orjson", lambda m, item: m.dumps(item)),
    "msgspec": ("msgspec", lambda m, item: m.json.encode(item)),
    "pydantic-json": ("pydantic", lambda m, item: m.TypeAdapter(dict).dump_json(item)),
    "yaml": ("yaml", lambda m, item: m.safe_dump(item)),
}


@pytest.mark.parametrize("name", [*READERS, *STRANGERS])
def test_what_the_docs_say_of_libraries(name: str) -> None:
    """Those that are installed here: they read by the methods, or are told to be given a copy."""
    package, read = (READERS | STRANGERS)[name]
    library = pytest.importorskip(package)
    text = {"id": {"S": "1"}, "first": {"S": "a"}}

    def transform(item: Any, context: Context) -> object:
        read(library, item)
        item["done"] = True
        return item

    if name in STRANGERS:
        assert "dict(item)" in str(refused(transform, text))
    else:
        assert {"first", "done"} <= apply(transform, text).expected.keys()


def test_what_asks_for_the_very_type_is_told_to_be_given_a_copy() -> None:
    """It works with a dict: the error says so. What fails with one, too, is not told that."""

    def exact(item: Any, context: Context) -> object:
        if type(item) is not dict:
            raise TypeError(type(item))
        return item

    def broken(item: Any, context: Context) -> object:
        return 1 / 0

    assert "pass dict(item) to the code that failed" in str(refused(exact))
    assert "TypeError" == refused(exact).error_class
    text = {"id": {"S": "1"}, "first": {"S": "a"}}
    assert "dict(item)" in str(refused(lambda item, _: marshal.dumps(item) and item, text))
    assert "dict(item)" not in str(refused(broken))


def _clean_exactly(value: Any) -> Any:
    if type(value) is dict:
        return {name: _clean_exactly(one) for name, one in value.items()}
    return value.upper() if isinstance(value, str) and value != "1" else value


def test_what_passes_over_an_item_that_is_no_plain_dict_is_found_before_a_migration() -> None:
    """It would change nothing, and the run would succeed."""
    used = Transform(lambda item, _: _clean_exactly(item), Context("m", STARTED_AT, {}, KEYS))

    with pytest.raises(ItemError, match=r"isinstance\(x, dict\)") as error:
        used.try_out(TYPED)
    assert "NeedsPlainDict" == error.value.error_class
    (bad,) = try_out(used, [TYPED]).refused
    assert "NeedsPlainDict" == bad.error.error_class


@pytest.mark.parametrize(
    "function",
    [
        lambda item, _: item,
        lambda item, _: _clean(item),
        lambda item, _: SKIP,
        lambda item, _: DELETE,
        lambda item, _: item | {"new": item.get("new", str(object()))},
    ],
)
def test_what_does_the_same_with_both_is_tried_out_as_it_is_applied(
    function: Callable[..., object],
) -> None:
    """Values may differ, as a random one does; whether there is one may not."""
    used = Transform(function, Context("m", STARTED_AT, {}, KEYS))

    assert used.apply(TYPED).outcome == used.try_out(TYPED).outcome


# One bad item


class Nasty(Exception):  # noqa: N818
    """Its text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError


class Nastier(ItemError):  # noqa: N818
    """Its class cannot be told."""

    def __init__(self) -> None:
        Exception.__init__(self)

    @property
    def error_class(self) -> str:  # type: ignore[override]
        raise KeyboardInterrupt


class Endless(dict):  # type: ignore[type-arg]
    def items(self) -> Any:
        sys.exit("items")


class Text(str):
    __slots__ = ()

    def isascii(self) -> bool:
        raise KeyboardInterrupt


def _cycle() -> Any:
    made: list[Any] = []
    made.append(made)
    return made


def _deep() -> Any:
    made: Any = 1
    for _ in range(100_000):
        made = [made]
    return made


def _raise(exc: BaseException) -> object:
    raise exc


def _recurse() -> object:
    return _recurse()


RAISED: dict[str, Callable[[], object]] = {
    "recursion": _recurse,
    "error": lambda: 1 / 0,
    "exit": lambda: sys.exit(1),
    "interrupt": lambda: _raise(KeyboardInterrupt()),
    "generator-exit": lambda: _raise(GeneratorExit()),
    "base": lambda: _raise(BaseException("x")),
    "nasty": lambda: _raise(Nasty()),
    "nastier": lambda: _raise(Nastier()),
    "group": lambda: _raise(ExceptionGroup("x", [ValueError("y")])),
    "stop": lambda: next(iter([])),
    "made-class": lambda: _raise(type("C" * 5_000, (Exception,), {})("x")),
    "surrogate-class": lambda: _raise(type("C\udcff", (Exception,), {})("x")),
    "item-error": lambda: _raise(ItemError("na\ud83d" * 9_000, "x\ud83d y" * 900)),
    "item-error-none": lambda: _raise(ItemError(None, None)),  # type: ignore[arg-type]
}
MADE: dict[str, Callable[[], object]] = {
    "cycle": _cycle,
    "deep": _deep,
    "endless": lambda: Endless(a=1),
    "text": lambda: Text("\N{SNOWMAN}"),
    "generator": lambda: (i for i in range(3)),
    "function": lambda: _cycle,
    "self": threading.current_thread,
    "nan": lambda: Decimal("NaN"),
    "huge": lambda: 10**50_000,
    "surrogate": lambda: ["\ud83d"],
    "surrogate-key": lambda: {"\ud83d": 1},
    "empty-key": lambda: {"": 1},
    "number-key": lambda: {1: 1},
}


@pytest.mark.parametrize("what", [*RAISED, *MADE])
def test_one_bad_item_is_one_bad_item(what: str) -> None:
    """Whatever its transform raises or makes: the others of its page are migrated."""

    def transform(item: Any, context: Context) -> object:
        if item["n"] == 2:
            item["made"] = (RAISED | MADE)[what]()
        item["done"] = True
        return item

    page = [{**TYPED, "id": {"S": str(n)}, "n": {"N": str(n)}} for n in (1, 2, 3)]
    prepared = prepare(Transform(transform, Context("m", STARTED_AT, {}, KEYS)), page, lambda: None)

    assert [{"id": {"S": "1"}}, {"id": {"S": "3"}}] == [one.key for one in prepared.intents]
    (bad,) = prepared.refused
    assert {"id": {"S": "2"}} == bad.key
    assert 0 < len(str(bad.error).encode()) < 1_000
    assert 0 < len(bad.error.error_class.encode()) <= 60
    assert bad.error.error_class.isprintable()


@pytest.mark.parametrize("what", RAISED)
def test_a_check_that_raises_is_an_error_of_its_item(what: str) -> None:
    """Whatever it raises."""
    used = Transform(
        lambda item, _: item, Context("m", STARTED_AT, {}, KEYS), check=lambda _: RAISED[what]()
    )

    with pytest.raises(ItemError):
        used.passes(TYPED)


def test_a_value_that_was_only_read_is_never_refused() -> None:
    """DynamoDB has it, whatever it is."""
    odd = {**TYPED, "m": {"M": {"": {"S": "x"}}}}

    def transform(item: Any, context: Context) -> object:
        assert item["m"]
        item["done"] = True
        return item

    assert {"done": {"BOOL": True}} == apply(transform, odd).assigned


# Its own words


def test_the_text_of_an_author_is_shown_and_no_value(module: Any) -> None:
    """What stands in the file, with the expressions of an f-string in place of their values."""
    source = """
from airflow_ddb_migrate.core.errors import ItemError
MESSAGE = "not a currency"
class Mine(ValueError):
    def __init__(self, *args):
        super().__init__("my own words", *args)
def fail(text):
    raise ValueError(text)
def transform(item, context):
    value = item["secret"]
    match context.params["how"]:
        case "literal": raise ValueError("no currency")
        case "item-error": raise ItemError("No currency.", "NoCurrency")
        case "f-string": raise ValueError(f"currency {value} of {item['id']!r}")
        case "percent": raise ValueError("currency %s" % value)
        case "format": raise ValueError("currency {}".format(value))
        case "plus": raise ValueError("currency " + value)
        case "constant": raise ValueError(MESSAGE)
        case "passed": fail("passed on")
        case "passed-value": fail(value)
        case "value": raise ValueError(value)
        case "class": raise Mine()
        case "class-value": raise Mine(value)
        case "item-error-value": raise ItemError(f"bad {value}", "Bad")
        case "key": return item["absent"]
        case "key-value": return {}[value]
        case "python": return int(value)
        case "chained":
            try:
                return int(value)
            except ValueError as exc:
                raise TypeError("no number") from exc
"""
    name = module("words", source)
    typed = {**TYPED, "secret": {"S": "hunter2"}}
    expected = {
        "literal": "It says: no currency.",
        "item-error": "No currency.",
        "f-string": "It says: currency {value} of {item['id']}.",
        "percent": "It says: currency %s.",
        "format": "It says: currency {}.",
        "plus": "It says: currency {value}.",
        "constant": "It says: not a currency.",
        "passed": "It says: passed on.",
        "passed-value": "raised ValueError at words.py:8. Fix",
        "value": "raised ValueError at words.py:",
        "class": "It says: my own words.",
        "class-value": "raised Mine at words.py:",
        "item-error-value": "bad {value}",
        "key": "It says: absent. Use item.get(name)",
        "key-value": "raised KeyError at words.py:",
        "python": "raised ValueError at words.py:",
        "chained": "raised TypeError at words.py:",
    }
    for how, words in expected.items():
        context = Context("m", STARTED_AT, {"how": how}, KEYS)
        with pytest.raises(ItemError) as error:
            load_transform(name, context).apply(typed)
        assert words in str(error.value), how
        assert "hunter2" not in str(error.value), how


# Where it runs


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """A factory of transforms in a folder of the user's; returns the name."""
    monkeypatch.setattr(transforms, "__path__", [str(tmp_path), *transforms.__path__])

    def write(name: str, source: str) -> str:
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.delitem(sys.modules, f"transforms.{name}", raising=False)
        return name

    return write


STATE = """
import contextvars, decimal, sqlite3, threading
decimal.getcontext().prec = 50
decimal.getcontext().traps[decimal.Inexact] = True
LOCAL, VARIABLE = threading.local(), contextvars.ContextVar("v")
LOCAL.x = 1
VARIABLE.set(2)
TABLE = sqlite3.connect(":memory:")
TABLE.execute("create table t (n)")
THREAD = threading.get_ident()
CALLS = []
def transform(item, context):
    TABLE.execute("insert into t values (1)")
    assert (LOCAL.x, VARIABLE.get(), THREAD) == (1, 2, threading.get_ident())
    assert decimal.getcontext().prec == 50
    CALLS.append(TABLE.execute("select count(*) from t").fetchone()[0])
    if "calls" not in item:
        item["calls"] = len(CALLS)
    return item
"""


def test_a_module_finds_what_it_made_when_it_was_imported(module: Any) -> None:
    """In a page, for an item alone, and from whichever thread of ours it is asked."""
    transform = load_transform(module("state", STATE), Context("m", STARTED_AT, {}, KEYS))
    results: list[Any] = []

    def ask() -> None:
        results.append(transform.apply(TYPED))
        results.append(prepare(transform, [TYPED, TYPED], lambda: None))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    ask()
    for thread in threads:
        thread.join()

    pages = [one for one in results if not isinstance(one, Change)]
    assert (4, 4) == (len(pages), len(results) - len(pages))
    assert [] == [refused for page in pages for refused in page.refused]


def test_another_transform_finds_nothing_of_the_first(module: Any) -> None:
    """Neither its decimal context nor the state of a helper that both import."""
    helper = "import decimal\ndecimal.getcontext().prec = 7\nCALLS = []\n"
    module("_helper", helper)
    first = module("first", f"from transforms import _helper\n{IDENTITY}")
    second = module(
        "second",
        "import decimal\nPREC = decimal.getcontext().prec\nfrom transforms import _helper\n"
        "def transform(item, context):\n    item['p'] = [PREC, decimal.getcontext().prec]\n"
        "    return item\n",
    )
    context = Context("m", STARTED_AT, {}, KEYS)
    load_transform(first, context)

    change = load_transform(second, context).apply(TYPED)

    assert {"L": [{"N": "38"}, {"N": "7"}]} == change.assigned["p"]


IDENTITY = "def transform(item, context):\n    return item\n"
VARIABLE: ContextVar[int] = ContextVar("VARIABLE", default=0)


def test_the_threads_of_ours_are_left_as_they_are() -> None:
    """What a transform sets is its own."""

    def transform(item: Any, context: Context) -> object:
        decimal.getcontext().prec = 3
        VARIABLE.set(1)
        return item

    apply(transform)

    assert (28, 0) == (decimal.getcontext().prec, VARIABLE.get())


def test_an_item_that_lost_a_race_is_served_between_two_of_a_page() -> None:
    """It does not wait for the page."""
    inside, go_on, order = threading.Event(), threading.Event(), list[str]()

    def transform(item: Any, context: Context) -> object:
        order.append(item["id"])
        if item["id"] == "1":
            inside.set()
            go_on.wait(60)
        return SKIP

    used = Transform(transform, Context("m", STARTED_AT, {}, KEYS))
    page = [{"id": {"S": str(n)}} for n in (1, 2, 3)]
    thread = threading.Thread(target=prepare, args=(used, page, lambda: None))
    thread.start()
    assert inside.wait(60)
    urgent = threading.Thread(target=used.apply, args=({"id": {"S": "lost"}},))
    urgent.start()
    await_that(lambda: USER_THREAD.has_urgent, lambda: order, poll_seconds=0.001)
    go_on.set()
    thread.join(60)
    urgent.join(60)

    assert ["1", "lost", "2", "3"] == order


def test_a_forked_process_has_a_thread_of_its_own() -> None:
    """As a pytest that forks, or a task of Airflow's, has: the parent's is not there."""
    apply(lambda item, _: item)
    child = multiprocessing.get_context("fork").Process(target=apply, args=(lambda item, _: item,))
    child.start()
    child.join(60)
    alive = child.is_alive()
    child.kill()

    assert (False, 0) == (alive, child.exitcode)


@pytest.mark.parametrize("params", [{}, {"x": {"y": [1]}}])
def test_parameters_are_each_calls_own(params: dict[str, Any]) -> None:
    """What one call does to them no other one sees."""

    def transform(item: Any, context: Context) -> object:
        assert params == context.params
        context.params["new"] = 1
        context.params.pop("x", {"y": []})["y"].append(2)
        return SKIP

    used = Transform(transform, Context("m", STARTED_AT, copy.deepcopy(params), KEYS))

    assert ["skipped", "skipped"] == [used.apply(TYPED).outcome for _ in range(2)]


# What is refused before anything is started


@pytest.mark.parametrize("check", ["bool", "__import__('operator').truth"])
def test_a_check_in_c_says_nothing_of_its_parameters(module: Any, check: str) -> None:
    """It is called, and its answer judged, whatever C calls its parameter."""
    name = module("in_c", f"{IDENTITY}check = {check}\n")

    assert load_transform(name, Context("m", STARTED_AT, {}, KEYS)).passes(TYPED)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def transform(item): return item", "must define transform(item, context), not"),
        ("def transform(item, context, more): return item", "not transform(item, context, more)"),
        ("async def transform(item, context): return item", "is async"),
        ("def transform(item, context): yield item", "is a generator"),
        (f"{IDENTITY}def check(a, b): pass", "must define check(item), not check(a, b)"),
        (f"{IDENTITY}def check(value): return value > 1", "name its parameter item"),
        (f"{IDENTITY}async def check(item): return True", "is async"),
        (f"{IDENTITY}check = True", "check is a bool"),
        (f"import sys\nsys.exit(3)\n{IDENTITY}", "cannot be imported: SystemExit"),
        (f"raise KeyboardInterrupt\n{IDENTITY}", "cannot be imported: KeyboardInterrupt"),
    ],
)
def test_a_module_that_is_no_transform_is_refused(module: Any, source: str, words: str) -> None:
    with pytest.raises(TransformError) as error:
        load_transform(module("wrong", source), Context("m", STARTED_AT))
    assert words in str(error.value)


# What DynamoDB asks


DESCRIBED = {
    "AttributeDefinitions": [
        {"AttributeName": "email", "AttributeType": "S"},
        {"AttributeName": "at", "AttributeType": "N"},
        {"AttributeName": "raw", "AttributeType": "B"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_email",
            "KeySchema": [
                {"AttributeName": "email", "KeyType": "HASH"},
                {"AttributeName": "at", "KeyType": "RANGE"},
            ],
        }
    ],
    "LocalSecondaryIndexes": [
        {"IndexName": "local", "KeySchema": [{"AttributeName": "raw", "KeyType": "RANGE"}]}
    ],
}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("email", None, "must be text (S); the transform made it NULL"),
        ("email", 5, "the transform made it N"),
        ("email", ["x"], "the transform made it L"),
        ("email", {"x"}, "the transform made it SS"),
        ("email", True, "the transform made it BOOL"),
        ("email", {}, "the transform made it M"),
        ("email", b"x", "the transform made it B"),
        ("email", "", "must not be empty"),
        ("email", "x" * 2_049, "has 2,049 bytes; DynamoDB allows 2,048"),
        ("at", "5", "must be a number (N); the transform made it S"),
        ("raw", b"", "must not be empty"),
        ("raw", b"x" * 1_025, "has 1,025 bytes; DynamoDB allows 1,024"),
    ],
)
def test_a_value_that_an_index_cannot_have_names_both(name: str, value: Any, words: str) -> None:
    def transform(item: Any, context: Context) -> object:
        item[name] = value
        return item

    error = refused(transform, index_keys=index_keys(DESCRIBED))

    assert "BadIndexKey" == error.error_class
    assert words in str(error)
    assert f"Attribute {name!r} is the " in str(error)
    assert ("index 'local'" if name == "raw" else "index 'by_email'") in str(error)


def test_an_item_may_leave_an_index() -> None:
    def transform(item: Any, context: Context) -> object:
        item.pop("email", None)
        return item

    typed = {**TYPED, "email": {"S": "a@b"}}
    assert {"email": None} == apply(transform, typed, index_keys=index_keys(DESCRIBED)).assigned


@pytest.mark.parametrize("delete", [False, True])
def test_more_attributes_than_a_condition_holds_are_refused_by_name(delete: bool) -> None:
    """Before anything is written, in a dry run and in the plan's sample, too."""

    def transform(item: Any, context: Context) -> object:
        names = dict(item)
        item["names"] = len(names)
        return DELETE if delete else item

    wide = {**TYPED, **{f"a{n}": {"S": "x"} for n in range(150)}}
    error = refused(transform, wide)

    assert "ConditionTooLarge" == error.error_class
    assert "154 attributes" in str(error) or "155 attributes" in str(error)
    assert "operators (limit 300)" in str(error)
    assert "copying the item" in str(error)
