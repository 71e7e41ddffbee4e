"""The Lambda's zip: reproducible, complete, tried before it is deployed, and free of Airflow."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import psutil
import pytest
from airflow_ddb_migrate.core.code_hash import content_hash
from airflow_ddb_migrate.core.errors import InvalidInputError, TransformError
from airflow_ddb_migrate.deployment.packaging import bundle as bundles
from airflow_ddb_migrate.deployment.packaging import transform_check
from airflow_ddb_migrate.deployment.packaging.bundle import Bundle, build
from airflow_ddb_migrate.deployment.packaging.runtime import Runtime, lambda_runtime, this_runtime
from airflow_ddb_migrate.deployment.packaging.transform_check import check_transforms
from tests.support.factories import SHIPPED_TRANSFORMS
from tests.support.wheels import make_wheel

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
    """Theirs are one file each; ours stay."""
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
    """What defines none ships for the others to import; a user's __init__ does not."""
    sources = dict.fromkeys(("_shared", "shared"), "FACTOR = 2\n")
    make_transforms(transforms_dir, **sources, __init__="raise SystemError\n")

    bundle = build(transforms_dir)

    assert _shipped_and("mine") == bundle.transforms
    assert {"transforms/_shared.py", "transforms/shared.py"} <= names_in(bundle)
    assert "SKIP" in read(bundle, "transforms/__init__.py")


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (None, "which is not a folder"),
        ({}, "has no transforms"),
        ({"_helper": IDENTITY, "helper": ""}, "has no transforms"),
        ({"add-name": IDENTITY}, "'add-name.py', which is not a valid name of a Python module"),
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
        (
            f"import numpy.linalg\n{IDENTITY}",
            r"No module named 'numpy' \(mine\.py, line 1\)\. numpy is neither in the folder nor in "
            r"requirements\.txt\. Add its package to requirements.txt",
        ),
        (
            f"import _shared\n{IDENTITY}",
            r"It is in the folder, so write: from transforms import _shared",
        ),
        (f"from transforms import a\n{IDENTITY}", r"ImportError: cannot import name 'a'"),
        ("import sys\nsys.exit(0)\n", r"cannot be imported: SystemExit: 0 \(mine\.py, line 2\)"),
        ("import os\nos._exit(0)\n", r"ends the Python that imports it"),
        ("transform = 1\n", r"defines no function transform\(item, context\)"),
        ("def transform(item): ...\n", r"must define transform\(item, context\), not transform"),
        (f"{IDENTITY}def check(a, b): ...\n", r"must define check\(item\), not check\(a, b\)"),
        (f"{IDENTITY}FILTER = 5\n", r"FILTER is an int"),
    ],
    ids=[
        *("raises", "syntax", "undeclared", "beside", "missing", "exits", "dies"),
        *("no-function", "one-argument", "helper", "filter"),
    ],
)
def test_a_broken_transform_is_named_with_error_and_line(
    tmp_path: Path, source: str, message: str
) -> None:
    """It is tried in a bare interpreter before anything is deployed."""
    source = source if "transform" in source else source + IDENTITY
    bundle = build(make_transforms(tmp_path / "t", mine=source, _shared=""))

    with pytest.raises(TransformError, match=rf"{message}.*Nothing was deployed"):
        check_transforms(bundle)


@pytest.mark.parametrize("name", ["mine", "add_updated_at"])
def test_a_package_that_hides_a_transform_is_refused(transforms_dir: Path, name: str) -> None:
    """Python imports the package of two things of one name, also beside ours."""
    (transforms_dir / name).mkdir()
    (transforms_dir / name / "__init__.py").write_text("")

    with pytest.raises(InvalidInputError, match=f"has a package '{name}'.*Rename one of them"):
        build(transforms_dir)


def test_a_transform_that_differs_from_ours_by_case_alone_is_refused(tmp_path: Path) -> None:
    """It would not take the place of ours, as a person who names it so may think."""
    with pytest.raises(InvalidInputError, match=r"Add_Updated_At\.py' and .* are the same name on"):
        build(make_transforms(tmp_path / "t", Add_Updated_At=IDENTITY))


def test_data_and_packages_ship_and_are_used(transforms_dir: Path) -> None:
    """A transform that reads a table of its own when it is imported passes the check."""
    (transforms_dir / "money").mkdir()
    (transforms_dir / "money" / "rates.json").write_text('{"EUR": 1}')
    (transforms_dir / "money" / "__init__.py").write_text(_READS)
    make_transforms(transforms_dir, mine=f"from transforms.money import RATES\n{IDENTITY}")

    bundle = build(transforms_dir)

    assert not check_transforms(bundle).unchecked
    assert "Shipped: mine.py, money/__init__.py, money/rates.json" in bundle.notes[0]


_READS = """
import json
from pathlib import Path
RATES = json.loads(Path(__file__).with_name("rates.json").read_text())
"""


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, which pip looks at instead of an index."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    return tmp_path / "wheels"


@pytest.mark.parametrize("more", ["", "# words"])
def test_what_requirements_txt_reads_is_not_shipped(transforms_dir: Path, more: str) -> None:
    """It may hold the password of an index; also where no package is asked for."""
    folder = transforms_dir / "req"
    folder.mkdir()
    (transforms_dir / "requirements.txt").write_text("-r req/base.txt\n-c Limits.txt")
    (folder / "base.txt").write_text(f"--extra-index-url https://t:S3cr3t@host\n-r more.in\n{more}")
    for path in (folder / "more.in", transforms_dir / "Limits.txt", folder / "data.txt"):
        path.write_text("")

    bundle = build(transforms_dir)

    kept = {name for name in names_in(bundle) if name.startswith("transforms/req/")}
    assert {"transforms/req/data.txt"} == kept
    assert "transforms/Limits.txt" not in names_in(bundle)
    assert b"S3cr3t" not in bundle.content
    assert "packages (Limits.txt, req/base.txt, req/more.in, requirements.txt)" in bundle.notes[1]


def test_packages_ship_at_the_root_and_give_the_same_bytes(
    transforms_dir: Path, wheels: Path
) -> None:
    """The check imports them from there."""
    make_wheel(wheels, "words")
    (transforms_dir / "requirements.txt").write_text("words")
    make_transforms(transforms_dir, mine=f"from words import VERSION\n{IDENTITY}")

    bundle = build(transforms_dir)

    assert bundle == build(transforms_dir)
    assert "words.py" in names_in(bundle)
    assert f"Packages for {lambda_runtime()}: words==1.0" == bundle.notes[-1]
    assert not check_transforms(bundle).unchecked


@pytest.mark.story
def test_what_is_compiled_for_lambda_is_imported_here_by_the_same_version(
    transforms_dir: Path, wheels: Path
) -> None:
    """This machine's wheel of it, though a newer one is there; what ships stays Lambda's."""
    elsewhere, here = Runtime("3.99", "aarch64", 34), this_runtime()
    python = f"cp{here.python.replace('.', '')}"
    tags = (f"cp399-cp399-manylinux2014_{elsewhere.machine}", f"{python}-none-any")
    for tag, content in zip(tags, ("raise SystemError", "VERSION = 1"), strict=True):
        make_wheel(wheels, "fast", tag=tag, files={"fast.py": content, "lib.so": ""})
    make_wheel(wheels, "fast", "2.0", tag=tags[1], files={"fast.py": "raise SystemError"})
    (transforms_dir / "requirements.txt").write_text("fast")
    make_transforms(transforms_dir, mine=f"from fast import VERSION\n{IDENTITY}")

    bundle = build(transforms_dir, elsewhere)

    assert "raise SystemError" == read(bundle, "fast.py")
    assert not check_transforms(bundle).unchecked


def test_what_cannot_be_imported_here_is_said(transforms_dir: Path, wheels: Path) -> None:
    """There is no wheel of it for this machine: Lambda is asked after the deployment."""
    elsewhere = Runtime("3.99", "aarch64", 34)
    make_wheel(wheels, "fast", tag="cp399-cp399-manylinux2014_aarch64", files={"fast.so": ""})
    (transforms_dir / "requirements.txt").write_text("fast")

    unchecked = check_transforms(build(transforms_dir, elsewhere)).unchecked

    assert (
        "The transforms were not imported here: a package is compiled for Python 3.99 on aarch64, "
        f"and that version is not available for {this_runtime()}. Lambda imports them "
        "after the deployment."
    ) == unchecked


def test_too_much_for_lambda_is_refused(
    transforms_dir: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it counts: files, packages and the engine."""
    make_wheel(wheels, "words", files={"words.txt": 300 * "x"})
    (transforms_dir / "requirements.txt").write_text("words")
    (transforms_dir / "lookup.json").write_text(300 * "x")
    limit = "airflow_ddb_migrate.deployment.packaging.user_files.LAMBDA_UNZIPPED_BYTES"
    monkeypatch.setattr(limit, len(build().content) // 2)

    with pytest.raises(InvalidInputError, match=r"The largest parts: the engine [\d,]+, "):
        build(transforms_dir)


def _user_hash(bundle: Bundle) -> str:
    return read(bundle, "ddb_transform/user_hash.txt")


@pytest.mark.parametrize("name", ["mine.py", "_shared.py", "money/rates.json"])
def test_the_hash_of_a_transform_covers_all_that_it_may_be_made_of(
    transforms_dir: Path, name: str
) -> None:
    """A fixed helper or table is another transform, so `once` does not refuse it."""
    path = transforms_dir / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(IDENTITY)
    first = _user_hash(build(transforms_dir))
    path.write_text(f"{IDENTITY}# fixed")

    assert first != _user_hash(build(transforms_dir))


@pytest.mark.story
def test_the_hash_covers_packages_and_not_the_engine(
    transforms_dir: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade of this package alone makes no transform new."""
    make_wheel(wheels, "words")
    (transforms_dir / "requirements.txt").write_text("words")
    first = build(transforms_dir)
    monkeypatch.setattr(bundles, "package_files", lambda _: {"airflow_ddb_migrate/x.py": b""})
    upgraded = build(transforms_dir)
    make_wheel(wheels, "words", "2.0")

    assert _user_hash(first) == _user_hash(upgraded)
    assert first.code_hash != upgraded.code_hash
    assert _user_hash(first) != _user_hash(build(transforms_dir))


def test_lambda_answers_with_that_hash(transforms_dir: Path, tmp_path: Path) -> None:
    """Made of the zip's and the transform's name."""
    bundle = build(transforms_dir)
    zipfile.ZipFile(io.BytesIO(bundle.content)).extractall(tmp_path / "code")
    code = "import sys; sys.path[:0] = sys.argv[1:]; from ddb_transform.contract.load import *\n"

    answer = subprocess.run(
        [
            *(sys.executable, "-I", "-S", "-c", f"{code}print(source_hash('mine'))"),
            *(str(tmp_path / "code"), _site_packages()),
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    assert content_hash({"mine": _user_hash(bundle).encode()}) == answer.stdout.strip()


def test_a_transform_that_prints_disturbs_nobody(tmp_path: Path) -> None:
    """What a module prints is not taken for the answer."""
    source = 'print(\'{"name": "mine", "error": "fooled"}\')\n'

    check_transforms(build(make_transforms(tmp_path / "t", mine=source + IDENTITY)))


NOSY = """
import json, os, pathlib, pwd
home = pathlib.Path("~").expanduser()
raise ValueError(json.dumps({
    "environment": sorted(os.environ),
    "credentials": (home / ".aws" / "credentials").exists(),
    "home": str(home),
    "here": os.getcwd(),
}))
"""


def test_a_transform_is_imported_without_the_credentials_of_who_deploys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in the environment nor in the home; the folder it runs in is a copy."""
    (tmp_path / "home" / ".aws").mkdir(parents=True)
    (tmp_path / "home" / ".aws" / "credentials").write_text("[default]")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")

    with pytest.raises(TransformError) as refused:
        check_transforms(build(make_transforms(tmp_path / "t", mine=NOSY + IDENTITY)))

    found = json.loads(re.search(r"{.*}", str(refused.value))[0])  # type: ignore[index]
    assert {"HOME", "TMPDIR"} == {*found["environment"]} - {"LC_CTYPE", "LD_LIBRARY_PATH"}
    assert (False, False) == (found["credentials"], str(tmp_path) in found["here"])
    assert not Path(found["home"]).exists()


def test_a_client_at_import_is_told_to_be_made_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    source = "import boto3\nTABLE = boto3.client('dynamodb')\n"

    with pytest.raises(TransformError, match=r"NoRegionError.*create clients inside functions"):
        check_transforms(build(make_transforms(tmp_path / "t", mine=source + IDENTITY)))


def test_what_an_import_starts_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it writes to what the answers go to."""
    pid = tmp_path / "pid"
    source = (
        "import os, time\nos.write(1, b'\\xff[')\nchild = os.fork()\n"
        f"if not child:\n    time.sleep(600)\nopen({str(pid)!r}, 'w').write(str(child))\n"
    )
    monkeypatch.setattr(transform_check, "_IMPORT_SECONDS", 3.0)

    with pytest.raises(TransformError, match="took over 3 s"):
        check_transforms(build(make_transforms(tmp_path / "t", mine=source + IDENTITY)))

    assert not psutil.pid_exists(int(pid.read_text())) or psutil.STATUS_ZOMBIE == (
        psutil.Process(int(pid.read_text())).status()
    )


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

RARE = {"modes.inspection", "modes.sample", "modes.undo", "holds.health", "holds.money"}
RARE |= {"sources.quarantine", "sources.undo", "writers.self_check", "meter"}
RARE = {f"ddb_transform.{name}" for name in RARE}
RARE |= {f"airflow_ddb_migrate.core.{name}" for name in ("erasure", "metrics.catalog")}
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

early = sorted(RARE & sys.modules.keys())
for module in pkgutil.walk_packages(ddb_transform.__path__, "ddb_transform."):
    importlib.import_module(module.name)
import ddb_restore.handler
assert RARE <= sys.modules.keys(), "one of RARE is no module"

answer = handle({"action": "describe", "transform": "add_updated_at"}, None)
found = [name for name in sys.modules if name.partition(".")[0] == "airflow"]
print(answer["ok"], f"{found or 'no airflow'}, {early or 'nothing'} too early")
"""


def _site_packages() -> str:
    import boto3

    return str(Path(boto3.__file__).parents[1])
