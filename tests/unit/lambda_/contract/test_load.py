"""Loading a transform by name, with what its module declares."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import transforms
from airflow_ddb_migrate.core.errors import TransformError
from ddb_transform.contract.load import load_transform, source_hash
from ddb_transform.contract.scan_filter import ScanFilter
from ddb_transform.contract.transform import Context
from tests.support.factories import SHIPPED_TRANSFORMS, STARTED_AT

CONTEXT = Context("m", STARTED_AT)
IDENTITY = "def transform(item, context): return item\n"


@pytest.mark.parametrize("name", SHIPPED_TRANSFORMS)
def test_a_shipped_transform_is_loaded_by_its_name(name: str) -> None:
    """It sees every item, its results are checked, and it brings no check of its own."""
    loaded = load_transform(name, CONTEXT)

    assert ("transform", CONTEXT) == (loaded.function.__name__, loaded.context)
    assert (True, None, None) == (loaded.check_fixed_point, loaded.filter, loaded.check)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """A factory of transforms in a folder of the user's; returns the name."""
    monkeypatch.setattr(transforms, "__path__", [*transforms.__path__, str(tmp_path)])

    def write(name: str, source: str) -> str:
        (tmp_path / f"{name}.py").write_text(source)
        importlib.invalidate_caches()
        monkeypatch.delitem(sys.modules, f"transforms.{name}", raising=False)
        return name

    return write


def test_a_module_says_whether_its_results_are_checked(module: Callable[[str, str], str]) -> None:
    """CHECK_FIXED_POINT = False beside the function."""
    name = module("counting", IDENTITY + "CHECK_FIXED_POINT = False")

    assert not load_transform(name, CONTEXT).check_fixed_point


def test_a_module_says_which_items_it_wants(module: Callable[[str, str], str]) -> None:
    """FILTER, with plain Python values."""
    declared = 'FILTER = {"expression": "#k = :k", "names": {"#k": "k"}, "values": {":k": 1}}'

    loaded = load_transform(module("filtering", IDENTITY + declared), CONTEXT)

    assert ScanFilter("#k = :k", {"#k": "k"}, {":k": {"N": "1"}}) == loaded.filter


def test_a_module_says_what_a_verification_asks(module: Callable[[str, str], str]) -> None:
    """check, a function of one item."""
    name = module("checking", IDENTITY + "def check(item): return 'done' in item")

    loaded = load_transform(name, CONTEXT)

    assert (True, False) == (loaded.passes({"done": {"BOOL": True}}), loaded.passes({}))


@pytest.mark.parametrize(
    ("source", "deletes", "refused"),
    [
        (IDENTITY, False, False),
        (f"DELETES = True\n{IDENTITY}", True, False),
        (f"from transforms import DELETE\n{IDENTITY}", True, False),
        (f"from transforms import DELETE as GONE\n{IDENTITY}", True, False),
        (f"from transforms import DELETE\nDELETES = False\n{IDENTITY}", False, True),
        (f"DELETES = False\n{IDENTITY}", False, True),
    ],
)
def test_a_module_says_whether_it_may_delete(
    module: Callable[[str, str], str], source: str, *, deletes: bool, refused: bool
) -> None:
    """DELETES, or else since it knows DELETE; what says that it never does is held to that."""
    loaded = load_transform(module("deleting", source), CONTEXT)

    assert (deletes, refused) == (loaded.deletes, "DELETES = False" in loaded.no_delete)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("DELETES = 1", "DELETES is an int; it must be True or False."),
        ("FILTER = 'a = 1'", "FILTER is a str. Write it like {"),
        ("CHECK_FIXED_POINT = 'no'", "CHECK_FIXED_POINT is a str; it must be True or False."),
        ("check = True", "check is a bool; it must be a function check(item) that returns True"),
    ],
)
def test_what_cannot_be_used_is_refused(
    module: Callable[[str, str], str], declared: str, message: str
) -> None:
    """Before anything is started: a deployed transform is loaded once to describe it."""
    with pytest.raises(TransformError) as refused:
        load_transform(module("wrong", IDENTITY + declared), CONTEXT)

    assert str(refused.value).startswith(f"Transform 'wrong': {message}")
    assert str(refused.value).endswith("Fix it and deploy.")


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("no_function", "x = 1", "Transform 'no_function' defines no function transform(item, con"),
        ("no_callable", "transform = 1", "Transform 'no_callable' defines no function transform"),
        ("raises", "1 / 0", "Transform 'raises' cannot be imported: ZeroDivisionError: division"),
        ("typo", "def (", "Transform 'typo' cannot be imported: SyntaxError: "),
        (
            "needs",
            "import surely_not_installed",
            "Transform 'needs' cannot be imported: ModuleNotFoundError: No module named 'surely",
        ),
    ],
)
def test_what_is_no_transform_is_refused_with_the_reason(
    module: Callable[[str, str], str], name: str, source: str, message: str
) -> None:
    """The message a person sees names the module, the error and what to do."""
    with pytest.raises(TransformError) as refused:
        load_transform(module(name, source), CONTEXT)

    assert str(refused.value).startswith(message)
    assert "eploy" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unknown", "Transform 'unknown' is not deployed."),
        ("a.b", "Transform 'a.b' is not the name of a Python module."),
        ("", "Transform '' is not the name of a Python module."),
    ],
)
def test_an_unknown_transform_is_refused(name: str, message: str) -> None:
    """Missing, and such that cannot be a module's name."""
    with pytest.raises(TransformError) as refused:
        load_transform(name, CONTEXT)

    assert str(refused.value).startswith(message)


def test_a_mended_transform_has_another_hash(module: Callable[[str, str], str]) -> None:
    """Its own file, another one beside it, and another name."""
    first = source_hash(module("mine", IDENTITY))

    assert first == source_hash(module("mine", IDENTITY))
    assert first != source_hash(module("mine", IDENTITY + "# fixed"))
    module("_helper", "FACTOR = 2")
    helped = source_hash(module("mine", IDENTITY))
    assert helped not in {first, source_hash("add_updated_at")}
    module("_helper", "FACTOR = 3")
    assert helped != source_hash("mine")
