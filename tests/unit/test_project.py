"""What the package says of itself where nobody runs it: metadata, changelog, registry."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import airflow_ddb_migrate
import pytest
import yaml
from airflow_ddb_migrate.core.version import __version__
from airflow_ddb_migrate.provider_info import get_provider_info
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REGISTRY = yaml.safe_load((ROOT / ".airflow-registry.yaml").read_text())
HOME = PROJECT["urls"]["Homepage"]


def minors(classifiers: Iterable[str]) -> list[int]:
    found = (re.fullmatch(r"Programming Language :: Python :: 3\.(\d+)", c) for c in classifiers)
    return [int(match[1]) for match in found if match]


def test_somebody_answers_for_the_project() -> None:
    """The index shows who made it, and where it is."""
    assert [] != PROJECT["authors"]
    assert {"Homepage", "Documentation", "Source", "Issues", "Changelog"} == PROJECT["urls"].keys()
    assert [] == [url for url in PROJECT["urls"].values() if not url.startswith(HOME)]


def test_the_classifiers_are_an_airflow_providers() -> None:
    """The licence is `license`'s to tell: with both, PEP 639 refuses the upload."""
    classifiers = PROJECT["classifiers"]

    assert {"Framework :: Apache Airflow", "Framework :: Apache Airflow :: Provider"} <= {
        *classifiers
    }
    assert "Apache-2.0" == PROJECT["license"]
    assert [] == [c for c in classifiers if c.startswith("License ::")]


def test_a_classifier_stands_for_each_python() -> None:
    """From the oldest that is allowed, without a gap."""
    listed, allowed = minors(PROJECT["classifiers"]), SpecifierSet(PROJECT["requires-python"])

    oldest = next(minor for minor in range(100) if f"3.{minor}" in allowed)
    assert listed == list(range(oldest, oldest + len(listed)))
    assert [] == [minor for minor in listed if f"3.{minor}" not in allowed]


@pytest.mark.parametrize("page", ["README.md", "docs/releases.md"])
def test_a_page_names_the_pythons_of_the_classifiers(page: str) -> None:
    pythons = ", ".join(f"3.{minor}" for minor in minors(PROJECT["classifiers"]))

    assert re.search(rf"Python \|? ?{re.escape(pythons)}", (ROOT / page).read_text())


def test_the_newest_release_of_the_changelog_is_this_version() -> None:
    """Below what is not released."""
    titles = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert ["Unreleased", __version__] == titles[:2]


def test_security_fixes_go_to_this_version() -> None:
    assert f"| {__version__.rpartition('.')[0]}.x | yes |" in (ROOT / "SECURITY.md").read_text()


def test_the_registry_shows_the_package() -> None:
    """By the project's own names and addresses."""
    raw = HOME.replace("github.com", "raw.githubusercontent.com") + "/main/"

    assert PROJECT["name"] == REGISTRY["package-name"]
    assert get_provider_info()["name"] == REGISTRY["display-name"]
    assert PROJECT["urls"]["Source"] == REGISTRY["source-url"]
    assert PROJECT["urls"]["Documentation"] == REGISTRY["docs-url"]
    assert REGISTRY["logo"].startswith(raw)
    assert (ROOT / REGISTRY["logo"].removeprefix(raw)).is_file()


def test_the_registry_lists_every_operator_and_sensor() -> None:
    """Those that the package exports."""
    public = airflow_ddb_migrate.__all__
    for kind, suffix in (("operators", "Operator"), ("sensors", "Sensor")):
        listed = {row["module"] for row in REGISTRY[kind]}
        exported = [getattr(airflow_ddb_migrate, n) for n in public if n.endswith(suffix)]
        assert listed == {f"{cls.__module__}.{cls.__name__}" for cls in exported}
