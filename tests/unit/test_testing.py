"""run_transform, which people call from their own tests."""

import ast
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import transforms
from airflow_ddb_migrate import transform_file
from airflow_ddb_migrate.core.errors import InvalidInputError, ItemError, TransformError
from airflow_ddb_migrate.testing import (
    TransformResult,
    assert_fixed_point,
    assert_migrates,
    run_transform,
)

ROOT = Path(__file__).parents[2]
DOC = ROOT / "docs" / "transforms.md"
ITEM = {"id": "1", "first": "Ada", "last": "Lovelace"}


def written(folder: Path, source: str, name: str = "mine") -> Path:
    path = folder / f"{name}.py"
    path.write_text(source)
    return path


def python_blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", DOC.read_text(), re.DOTALL | re.MULTILINE)


def test_the_documented_test_passes_as_it_stands(tmp_path: Path) -> None:
    """By pytest, in a folder that holds the documented transform and nothing else."""
    (transform,) = [block for block in python_blocks() if block.startswith("# transforms/")]
    (test,) = [block for block in python_blocks() if "run_transform" in block]
    (tmp_path / "transforms").mkdir()
    written(tmp_path / "transforms", transform, "full_name")
    written(tmp_path, test, "test_mine")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, True) == (done.returncode, "1 passed" in done.stdout), done.stdout + done.stderr


def error_classes() -> set[str]:
    """The names under which the Lambda's transform code refuses an item."""
    files = [*(ROOT / "lambda" / "transforms").glob("*.py")]
    engine = ROOT / "lambda" / "ddb_transform"
    files += [
        path for chapter in ("contract", "user_code") for path in (engine / chapter).glob("*.py")
    ]
    calls = [
        node
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"ItemError", "_Unfit"}
    ]
    texts = [arg.value for call in calls for arg in call.args if isinstance(arg, ast.Constant)]
    return {text for text in texts if text.isalpha()}


def test_every_error_class_of_the_contract_is_documented() -> None:
    """The table in the docs is complete."""
    documented = set(re.findall(r"`([A-Z][A-Za-z]+)`", DOC.read_text()))

    assert {"ReturnedNone", "EmptySet", "BadParams"} <= error_classes()
    assert set() == error_classes() - documented


def test_it_needs_no_airflow(tmp_path: Path) -> None:
    """The standard library and boto3 are enough, wherever it is called."""
    code = (
        "import sys; from airflow_ddb_migrate.testing import run_transform; "
        "print(run_transform('add_updated_at', {'id': '1'}).outcome, 'airflow' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ("changed False\n", "") == (done.stdout, done.stderr)


def test_a_changed_item_is_shown_as_python_values(tmp_path: Path) -> None:
    """With what was set or removed, and what the write's condition looks at."""
    path = written(
        tmp_path,
        "def transform(item, context):\n"
        "    if 'done' not in item: item['n'] += 1; item['done'] = context.params['done']\n"
        "    item.pop('old', None)\n"
        "    return item\n",
    )

    result = run_transform(
        path, {"pk": "a", "n": 1, "old": {"x"}}, key_names=("pk",), params={"done": (1, None)}
    )

    assert result == TransformResult(
        outcome="changed",
        item={"pk": "a", "n": Decimal(2), "done": [1, None]},
        changed=("done", "n", "old"),
        condition=("done", "n", "old"),
        passes=True,
        diff={"done": (None, [1, None]), "n": (1, 2), "old": ({"x"}, None)},
        write_units=1,
    )


@pytest.mark.parametrize(
    ("answer", "outcome", "item"),
    [("item", "unchanged", ITEM), ("SKIP", "skipped", ITEM), ("DELETE", "deleted", None)],
)
def test_what_is_not_changed_has_no_changes(
    tmp_path: Path, answer: str, outcome: str, item: dict[str, str] | None
) -> None:
    """A deleted item is None."""
    path = written(
        tmp_path,
        f"from transforms import DELETE, SKIP\ndef transform(item, context): return {answer}\n",
    )

    units = 1 if item is None else 0
    assert TransformResult(outcome, item, (), (), True, {}, units) == run_transform(path, ITEM)


def test_a_shipped_transform_goes_by_its_name() -> None:
    """With the start that is given."""
    result = run_transform("add_updated_at", {"id": "1"}, started_at="2030-01-01T00:00:00.000Z")

    assert {"id": "1", "updatedAt": "2030-01-01T00:00:00.000Z"} == result.item


def test_the_rules_of_a_migration_hold(tmp_path: Path) -> None:
    """The fixed point, too; the error is the one that a migration reports."""
    path = written(tmp_path, "def transform(item, context):\n    item['n'] += 1\n    return item\n")

    with pytest.raises(ItemError) as refused:
        run_transform(path, {"id": "1", "n": 1})

    assert "NotAFixedPoint" == refused.value.error_class


def test_the_modules_own_check_is_asked(tmp_path: Path) -> None:
    """About the item as it is afterwards."""
    path = written(
        tmp_path,
        "def transform(item, context): return item\ndef check(item): return item['n'] == 1\n",
    )

    assert [True, False] == [run_transform(path, {"id": "1", "n": n}).passes for n in (1, 2)]


def test_helpers_beside_the_file_are_found(tmp_path: Path) -> None:
    """Each folder's own, as in its bundle, and nothing of them stays behind."""
    before = {name for name in sys.modules if name.startswith("transforms.")}
    source = "from transforms._a import A\ndef transform(item, _): item['a'] = A; return item\n"
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        written(folder, f"A = {folder.name!r}\n", "_a")

    results = [run_transform(written(folder, source), {"id": "1"}) for folder in folders]

    assert ["one", "two"] == [result.item["a"] for result in results if result.item]
    assert before == {name for name in sys.modules if name.startswith("transforms.")}


def test_a_file_of_ones_own_replaces_ours(tmp_path: Path) -> None:
    """As in the bundle; ours is back afterwards."""
    path = written(tmp_path, "def transform(item, _): return item\n", "add_updated_at")

    assert "unchanged" == run_transform(path, {"id": "1"}).outcome
    assert "changed" == run_transform("add_updated_at", {"id": "1"}).outcome


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """And a name that does not ship."""
    with pytest.raises(TransformError, match=r"File '.*missing\.py' does not exist"):
        run_transform(tmp_path / "missing.py", ITEM)
    with pytest.raises(TransformError, match="Transform 'missing' is not deployed"):
        run_transform("missing", ITEM)


def test_an_item_needs_its_key() -> None:
    """The message says how to name another one."""
    with pytest.raises(InvalidInputError, match=r"no key attribute 'sk'.*key_names=\(\"pk\", \"sk"):
        run_transform("add_updated_at", {"pk": "1"}, key_names=("pk", "sk"))


def test_another_package_of_that_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of transforms with an __init__.py of its own would hide ours."""
    monkeypatch.delattr(transforms, "SKIP")

    with pytest.raises(TransformError, match=r"Another package 'transforms'.*Remove its __init__"):
        run_transform("add_updated_at", ITEM)


def test_the_lambda_is_found_without_help(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder is put on the path once."""
    code = str(transform_file.folder("lambda"))
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path != code])

    run_transform("add_updated_at", {"id": "1"})
    run_transform("add_updated_at", {"id": "1"})

    assert 1 == sys.path.count(code)


CASES = [
    ({"id": "1", "mail": "a@b"}, {"id": "1", "email": "a@b"}),
    ({"id": "1", "email": "c@d", "mail": "a@b"}, {"id": "1", "email": "c@d", "mail": "a@b"}),
]


@pytest.mark.parametrize(("before", "after"), CASES)
def test_a_table_of_cases_is_a_test(before: dict[str, str], after: dict[str, str]) -> None:
    """As the docs show it."""
    params = {"rename": {"mail": "email"}}
    assert_migrates("rename_and_split", before, after, params=params)
    assert_fixed_point("rename_and_split", before, params=params)


@pytest.mark.parametrize(
    ("source", "after", "words"),
    [
        ("item['n'] = True; return item", {"id": "a", "n": 1}, "n is True, not 1"),
        ("item['n'] = 1; return item", {"id": "a"}, "n is Decimal('1'), not absent"),
        ("return item", {"id": "a", "n": 1}, "n is absent, not 1"),
        ("return 'DELETE' and DELETE", {"id": "a"}, "it is deleted, not kept"),
        ("return item", None, "it is kept, not deleted"),
    ],
)
def test_another_result_is_told_by_attribute(
    tmp_path: Path, source: str, after: dict[str, object] | None, words: str
) -> None:
    path = written(
        tmp_path, f"from transforms import DELETE\ndef transform(item, context): {source}\n"
    )

    with pytest.raises(AssertionError, match=re.escape(words)):
        assert_migrates(path, {"id": "a"}, after)


def test_a_set_in_another_order_and_a_number_in_another_notation_are_the_same(
    tmp_path: Path,
) -> None:
    path = written(
        tmp_path,
        "def transform(item, context): item['s'] = {'b', 'a'}; item['n'] = 10; return item\n",
    )

    assert_migrates(path, {"id": "a"}, {"id": "a", "s": {"a", "b"}, "n": Decimal("1E1")})


def test_what_moves_on_is_no_fixed_point(tmp_path: Path) -> None:
    """Also where the module switches the check off."""
    path = written(
        tmp_path,
        "CHECK_FIXED_POINT = False\n"
        "def transform(item, context): item['n'] = item.get('n', 0) + 1; return item\n",
    )

    with pytest.raises(AssertionError, match="changes its own result again: n"):
        assert_fixed_point(path, {"id": "a"})


def test_an_index_refuses_what_it_would_refuse(tmp_path: Path) -> None:
    """With the table's description."""
    path = written(tmp_path, "def transform(item, context): item['e'] = 1; return item\n")
    table = {
        "AttributeDefinitions": [{"AttributeName": "e", "AttributeType": "S"}],
        "GlobalSecondaryIndexes": [
            {"IndexName": "by_e", "KeySchema": [{"AttributeName": "e", "KeyType": "HASH"}]}
        ],
    }

    with pytest.raises(ItemError, match="'e' is the partition key of index 'by_e' and must be"):
        run_transform(path, {"id": "a"}, table=table)
