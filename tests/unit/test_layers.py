"""How the house is built: which chapter may import which, and how large a folder may be."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE, LAMBDA = ROOT / "airflow_ddb_migrate", ROOT / "lambda"

# A chapter imports those of the rows before its own. A module that is in no row belongs to the
# longest name that it begins with.
ORDER = (
    "core.code_hash core.errors core.limits core.version",
    "core.clock core.mode core.names core.text",
    "core.validation",
    "core.bindings",
    "core.ledger core.hours",
    "core.health",
    "core.approval core.erasure",
    "core.items core.capacity core.execution core.doctor",
    "core.inspection core.report core.metrics",
    "core.plan",
    "core.prove",
    "aws.errors",
    "aws.clients",
    "aws.services aws.ledger",
    "aws.owner",
    "aws.site",
    "aws.preflight aws.inspection",
    "aws.plan aws.capacity",
    "aws.execution",
    "aws.report aws.erasure",
    # What runs in AWS.
    "ddb_transform.failures ddb_transform.patience ddb_transform.botocore_shortcuts transforms",
    "ddb_transform.holds",
    "ddb_transform.botocore_probe",
    "ddb_transform.user_code",
    "ddb_transform.contract ddb_transform.guard",
    "ddb_transform.pages ddb_transform.writers ddb_transform.table_identity ddb_transform.meter",
    "ddb_transform.objects",
    "ddb_transform.sources ddb_transform.modes",
    "ddb_transform.worker",
    "ddb_transform.assembly",
    "ddb_transform.handler ddb_restore",
    # What runs beside Airflow, or in it.
    "resources provider_info conf_field form permissions _compat deployment.reading",
    "transform_file deployment.packaging",
    "deployment.keeping",
    "deployment hooks assets links notices params settings stats testing local.processes",
    "triggers plugin local.emulated_aws doctor prove",
    "local",
    "operators.base",
    "operators sensors cli",
    "",
)
RANKS = {name: rank for rank, row in enumerate(ORDER) for name in (row.split() or [""])}
WITHOUT_AIRFLOW = (
    "core",
    "aws",
    "permissions",
    "deployment",
    "doctor",
    "prove",
    "local",
    "cli",
    "ddb_transform",
    "ddb_restore",
)
MODULES = 12  # in a folder
OPERATORS = 15  # one for each task of a DAG


def _modules() -> dict[str, Path]:
    """Return every module of the product by its name within the package, or within ``lambda``."""
    found = {}
    for root in (PACKAGE, LAMBDA):
        for path in root.rglob("*.py"):
            name = ".".join(path.relative_to(root).with_suffix("").parts)
            found[name.removesuffix("__init__").rstrip(".")] = path
    return found


FILES = _modules()
PACKAGES = {name: path for name, path in FILES.items() if path.name == "__init__.py"}


def imported(path: Path) -> Iterator[str]:
    """Yield what a file imports: modules, or modules and a name in them."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(name: str) -> str | None:
    """Return the module of ours that an import is about; None for another's."""
    is_package = name.partition(".")[0] == "airflow_ddb_migrate"
    name = name.partition(".")[2] if is_package else name
    while name and name not in FILES:
        name = name.rpartition(".")[0]
    return name if name or is_package else None


def chapter(module: str) -> str:
    while module not in RANKS:
        module = module.rpartition(".")[0]
    return module


def test_every_chapter_of_the_order_is_there() -> None:
    """A name that is misspelt would allow everything."""
    assert [] == [name for name in RANKS if name not in FILES]


def test_every_module_has_a_chapter() -> None:
    """What holds chapters is in none: it has a docstring alone."""
    without = {module for module in FILES if not chapter(module)}

    assert {"", "core", "aws", "ddb_transform"} == without
    assert [] == [m for m in without - {""} if list(imported(FILES[m]))]


def test_imports_between_chapters_go_one_way() -> None:
    """From a later row to an earlier one."""
    upwards = [
        (module, target)
        for module, path in FILES.items()
        for target in map(ours, imported(path))
        if target is not None
        and chapter(target) != chapter(module)
        and RANKS[chapter(target)] >= RANKS[chapter(module)]
    ]

    assert [] == upwards


@pytest.mark.parametrize("layer", WITHOUT_AIRFLOW)
def test_no_airflow_below_the_hooks(layer: str) -> None:
    """They run in AWS, on a command line, or are called by what Airflow calls."""
    modules = {m: path for m, path in FILES.items() if f"{m}.".startswith(f"{layer}.")}
    assert modules

    above = {"airflow", *(f"airflow_ddb_migrate.{name}" for name in ("operators", "sensors"))}
    assert [] == [
        (module, name)
        for module, path in modules.items()
        for name in imported(path)
        if any(f"{name}.".startswith(f"{bad}.") for bad in above)
    ]


def test_core_is_pure() -> None:
    """Core imports the standard library and itself, nothing else."""
    core = {m: path for m, path in FILES.items() if f"{m}.".startswith("core.")}
    allowed = {*sys.stdlib_module_names, "airflow_ddb_migrate"}

    foreign = [
        (m, n) for m, p in core.items() for n in imported(p) if n.partition(".")[0] not in allowed
    ]
    assert [] == foreign


@pytest.mark.parametrize("layer", ["aws", "deployment", "doctor"])
def test_clients_are_injected(layer: str) -> None:
    """The adapters make no clients and no sessions of their own."""
    modules = {m: path for m, path in FILES.items() if f"{m}.".startswith(f"{layer}.")}
    assert modules

    makers = [m for m, path in modules.items() for name in imported(path) if "boto3" in name]
    assert [] == makers


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_a_folder_is_small_enough_to_read(package: str) -> None:
    """No more modules than a person takes in at once."""
    modules = [p for p in PACKAGES[package].parent.glob("*.py") if p.name != "__init__.py"]

    assert len(modules) <= (OPERATORS if package == "operators" else MODULES)


@pytest.mark.parametrize("package", sorted({*PACKAGES} - {"", "transforms"}))
def test_a_package_names_its_modules(package: str) -> None:
    """Its docstring says what it is for, and each module's part in that."""
    folder = PACKAGES[package].parent
    names = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    names |= {path.parent.name for path in folder.glob("*/__init__.py")}

    doc = ast.get_docstring(ast.parse(PACKAGES[package].read_text())) or ""
    assert set() == names - set(re.findall(r"``(\w+)``", doc))


def test_no_module_only_hands_on_what_others_define() -> None:
    """A second place to import a thing from is a second place to look for it."""
    empty = [module for module, path in FILES.items() if module not in PACKAGES and _is_empty(path)]

    assert [] == empty


def _is_empty(path: Path) -> bool:
    body = ast.parse(path.read_text()).body
    return not any(
        isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign)
        for node in body
    )


# What a service, a shell or a user's file calls by this very name.
CALLED_SO = {"handle", "main", "transform"}


def test_no_name_is_for_two_things() -> None:
    """Neither of a class nor of a public function: whoever greps it finds one definition."""
    homes: dict[str, list[str]] = {}
    for module, path in FILES.items():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
                homes.setdefault(node.name, []).append(module)

    assert {} == {name: at for name, at in homes.items() if len(at) > 1 and name not in CALLED_SO}
