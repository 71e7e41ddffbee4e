"""That the check of a release finds what it is there for."""

import io
import tarfile
from pathlib import Path

import pytest
from tests.campaigns.release.contents import differences, litter, names_in_sdist, strays


def test_a_file_that_git_does_not_have_is_found() -> None:
    """What the builder adds is no stray."""
    names = ["PKG-INFO", "docs/plan.md", "docs/notes.txt"]

    assert ["not in git: docs/notes.txt"] == strays(names, {"docs/plan.md", "README.md"})


@pytest.mark.parametrize(
    "name",
    [
        "tests/asl/node_modules/a/index.js",
        ".demo/report.json",
        "airflow_ddb_migrate/__pycache__/params.cpython-311.pyc",
        "tests/run.log",
    ],
)
def test_litter_is_found(name: str) -> None:
    assert [f"litter: {name}"] == litter(
        ["docs/demo.md", ".airflow-registry.yaml", ".ci/tools.lock", name]
    )


def test_two_wheels_differ_in_names_and_in_contents() -> None:
    ours, theirs = {"a": 1, "b": 2, "c": 3}, {"b": 2, "c": 4, "d": 5}

    assert [
        "only in the tree's wheel: a",
        "only in the archive's wheel: d",
        "another content: c",
    ] == differences(ours, theirs)
    assert [] == differences(ours, ours)


def test_names_in_a_source_archive_are_those_of_the_tree(tmp_path: Path) -> None:
    """Without the folder of name and version, and without folders."""
    with tarfile.open(tmp_path / "made.tar.gz", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("made-1.0/docs/plan.md"), io.BytesIO())

    assert {"docs/plan.md"} == names_in_sdist(tmp_path / "made.tar.gz")
