"""The Lambda's zip: reproducible, complete, tried before it is deployed, and free of Airflow."""

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from airflow_ddb_migrate.core.errors import InvalidInputError, TransformError
from airflow_ddb_migrate.deployment import bundle as bundles
from airflow_ddb_migrate.deployment.bundle import Bundle, build
from airflow_ddb_migrate.deployment.transform_check import check_transforms
from tests.support.factories import SHIPPED_TRANSFORMS

PACKAGE = "airflow_ddb_migrate"
IDENTITY = "def transform(item, context):\n    return item\n"


@pytest.fixture
def transforms_dir(tmp_path: Path) -> Path:
    return make_transforms(tmp_path / "transforms", mine=IDENTITY)


def make_transforms(folder: Path, **sources: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
    return folder


def names_in(bundle: Bundle) -> set[str]:
    return set(zipfile.ZipFile(io.BytesIO(bundle.content)).namelist())


def read(bundle: Bundle, name: str) -> str:
    return zipfile.ZipFile(io.BytesIO(bundle.content)).read(name).decode()


def test_the_same_files_give_the_same_bytes(transforms_dir: Path) -> None:
    """Neither the time nor the file's own time is in the zip."""
    first = build(transforms_dir)
    os.utime(transforms_dir / "mine.py", (0, 0))

    assert first == build(transforms_dir)


def test_the_order_of_a_folder_s_files_is_no_matter(tmp_path: Path) -> None:
    """File systems list files in their own order."""
    names = ["a", "b", "c"]
    one = make_transforms(tmp_path / "one", **dict.fromkeys(names, IDENTITY))
    other = make_transforms(tmp_path / "other", **dict.fromkeys(reversed(names), IDENTITY))

    assert build(one) == build(other)


def test_another_content_gives_another_hash(transforms_dir: Path) -> None:
    """The hash names the object in the bucket and the Lambda's version."""
    first = build(transforms_dir)
    make_transforms(transforms_dir, mine=IDENTITY + "\n")

    assert first.code_hash != build(transforms_dir).code_hash


def test_another_template_gives_another_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """More memory for the same code has to be published as a version, too."""
    first = build()
    monkeypatch.setattr(bundles, "_template", lambda: b"MemorySize: 3538")

    second = build()
    assert first.content == second.content
    assert first.code_hash != second.code_hash


def test_the_zip_holds_the_lambda_core_and_aws_under_their_import_paths() -> None:
    """Nothing is copied or written twice, and nothing of Airflow's side is in it."""
    names = names_in(build())

    roots = {"/".join(name.split("/")[: 1 + name.startswith("airflow")]) for name in names}
    expected = {
        "ddb_restore",
        "ddb_transform",
        "transforms",
        "airflow_ddb_migrate/__init__.py",
        "airflow_ddb_migrate/core",
        "airflow_ddb_migrate/aws",
    }
    assert expected == roots
    assert {"airflow_ddb_migrate/__init__.py"} == {
        name for name in names if name.rpartition("/")[0] == "airflow_ddb_migrate"
    }


def test_the_zip_holds_what_the_lambdas_import_and_little_beside(tmp_path: Path) -> None:
    """Every module that is imported at its cold start, and at most 10 % of the bytes beside."""
    bundle = build()
    zipfile.ZipFile(io.BytesIO(bundle.content)).extractall(tmp_path)

    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _IMPORT_ALL, str(tmp_path), _site_packages()],
        capture_output=True,
        text=True,
        check=True,
        env={"AWS_DEFAULT_REGION": "us-east-1"},
    )

    used = {str(Path(path).relative_to(tmp_path)) for path in answer.stdout.split()}
    sizes = {
        info.filename: info.file_size
        for info in zipfile.ZipFile(io.BytesIO(bundle.content)).infolist()
    }
    assert set() == used - sizes.keys()
    beside = {name for name in sizes.keys() - used if not name.endswith(".json")}
    assert sum(sizes[name] for name in beside) <= 0.1 * sum(sizes.values()), sorted(beside)


_IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path[:0] = sys.argv[1:]
for name in ("ddb_transform", "ddb_restore", "transforms"):
    for module in pkgutil.walk_packages(importlib.import_module(name).__path__, name + "."):
        importlib.import_module(module.name)
files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
print(*(file for file in files if file and file.startswith(sys.argv[1])))
"""


def test_a_transform_may_import_what_no_lambda_of_ours_does(tmp_path: Path) -> None:
    """What it needs of core and aws ships with it; of the rest nothing does."""
    own, wrong = (
        build(make_transforms(tmp_path / name[:4], mine=f"from {PACKAGE}.{name}\n{IDENTITY}"))
        for name in ("core.report import notice", "operators import start")
    )

    name = f"{PACKAGE}/core/report/notice.py"
    assert (False, True) == (name in names_in(build()), name in names_in(own))
    check_transforms(own)
    with pytest.raises(TransformError, match=r"No module named 'airflow_ddb_migrate\.operators'"):
        check_transforms(wrong)


def test_own_transforms_are_added(transforms_dir: Path) -> None:
    """A user's folder is one file per transform; ours stay."""
    bundle = build(transforms_dir)

    assert (_shipped_and("mine"), ()) == (bundle.transforms, bundle.replaced)


def _shipped_and(*names: str) -> tuple[str, ...]:
    return tuple(sorted((*SHIPPED_TRANSFORMS, *names)))


def test_an_own_transform_replaces_ours_of_the_same_name(tmp_path: Path) -> None:
    """The user's file wins, and the bundle says so."""
    bundle = build(make_transforms(tmp_path / "transforms", add_updated_at=IDENTITY))

    assert ("add_updated_at",) == bundle.replaced
    assert IDENTITY == read(bundle, "transforms/add_updated_at.py")


def test_helpers_and_init_are_no_transforms(transforms_dir: Path) -> None:
    """A file that begins with '_' ships for the others to import; a user's __init__ does not."""
    make_transforms(transforms_dir, _shared="FACTOR = 2\n", __init__="raise SystemError\n")

    bundle = build(transforms_dir)

    assert _shipped_and("mine") == bundle.transforms
    assert "transforms/_shared.py" in names_in(bundle)
    assert "SKIP" in read(bundle, "transforms/__init__.py")


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (None, "which is no folder"),
        ({}, "holds no transforms"),
        ({"_helper": ""}, "holds no transforms"),
        ({"add-name": IDENTITY}, "'add-name.py', which is no name of a Python module"),
    ],
    ids=["missing", "empty", "only-helpers", "bad-name"],
)
def test_a_folder_without_usable_transforms_is_refused(
    tmp_path: Path, sources: dict[str, str] | None, message: str
) -> None:
    """Nothing is deployed of a folder that is probably not the one that was meant."""
    folder = tmp_path / "transforms"
    if sources is not None:
        make_transforms(folder, **sources)

    with pytest.raises(InvalidInputError, match=message):
        build(folder)


def test_transforms_may_use_boto3_and_their_helpers(tmp_path: Path) -> None:
    """What Lambda's runtime has is there when a transform is tried."""
    source = (
        "import boto3, decimal\nfrom transforms import SKIP\nfrom transforms._shared import A\n"
    )

    check_transforms(build(make_transforms(tmp_path / "t", mine=source + IDENTITY, _shared="A=1")))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a = 1\nb = c\n", r"mine\.py\) cannot be imported: NameError: .*\(mine\.py, line 2\)"),
        ("def transform(:", r"cannot be imported: SyntaxError: .*\(mine\.py, line 1\)"),
        ("import airflow\n", r"No module named 'airflow'.*Lambda has the standard library, boto3"),
        ("import sys\nsys.exit(0)\n", r"cannot be imported: SystemExit: 0 \(mine\.py, line 2\)"),
        ("import os\nos._exit(0)\n", r"ends the interpreter that imports it"),
        ("transform = 1\n", r"defines no function transform\(item, context\)"),
        ("def transform(item): ...\n", r"must define transform\(item, context\), not transform"),
    ],
    ids=["raises", "syntax", "airflow", "exits", "dies", "no-function", "one-argument"],
)
def test_a_broken_transform_is_named_with_error_and_line(
    tmp_path: Path, source: str, message: str
) -> None:
    """It is tried in a bare interpreter before anything is deployed."""
    bundle = build(make_transforms(tmp_path / "t", mine=source))

    with pytest.raises(TransformError, match=rf"{message}.*Nothing was deployed"):
        check_transforms(bundle)


def test_a_transform_that_prints_disturbs_nobody(tmp_path: Path) -> None:
    """What a module prints is not taken for the answer."""
    source = 'print(\'{"name": "mine", "error": "fooled"}\')\n'

    check_transforms(build(make_transforms(tmp_path / "t", mine=source + IDENTITY)))


def test_the_zip_works_in_a_bare_interpreter_without_airflow(tmp_path: Path) -> None:
    """The standard library and boto3 are all that they need; what is rare is imported later."""
    zipfile.ZipFile(io.BytesIO(build().content)).extractall(tmp_path)  # as Lambda does

    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _IN_LAMBDA, str(tmp_path), _site_packages()],
        capture_output=True,
        text=True,
        check=False,
        env={"AWS_DEFAULT_REGION": "us-east-1"},
    )

    assert ("True no airflow, nothing too early\n", "") == (answer.stdout, answer.stderr)


_IN_LAMBDA = """
import importlib
import pkgutil
import sys
from importlib.machinery import PathFinder

RARE = {"modes.inspection", "modes.sample", "modes.undo"}
RARE |= {"sources.quarantine", "sources.undo", "writers.self_check"}
ALLOWED = {"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"}

class OnlyBoto3:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ALLOWED:
            return PathFinder.find_spec(name, path or [sys.argv[2]], target)
        if name.partition(".")[0] == "airflow":
            raise AssertionError("the zip imports airflow")
        return None

sys.path.insert(0, sys.argv[1])
sys.meta_path.append(OnlyBoto3())
import ddb_transform
from ddb_transform.handler import handle

early = [name for name in RARE if f"ddb_transform.{name}" in sys.modules]
for module in pkgutil.walk_packages(ddb_transform.__path__, "ddb_transform."):
    importlib.import_module(module.name)
assert all(f"ddb_transform.{name}" in sys.modules for name in RARE), "one of RARE is no module"
import ddb_restore.handler

answer = handle({"action": "describe", "transform": "add_updated_at"}, None)
found = [name for name in sys.modules if name.partition(".")[0] == "airflow"]
print(answer["ok"], f"{found or 'no airflow'}, {early or 'nothing'} too early")
"""


def _site_packages() -> str:
    import boto3

    return str(Path(boto3.__file__).parents[1])
