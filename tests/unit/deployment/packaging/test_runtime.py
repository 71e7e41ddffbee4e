"""The Lambda's Python: read from the template, and what can be loaded there."""

import sys

import pytest
from airflow_ddb_migrate import resources
from airflow_ddb_migrate.deployment.packaging import runtime
from airflow_ddb_migrate.deployment.packaging.runtime import Runtime, lambda_runtime, this_runtime


def test_it_is_that_of_each_function_of_the_template() -> None:
    """On Amazon Linux 2023, whose C library is 2.34: Lambda's Pythons before 3.12 had an older."""
    text = (resources.folder("deploy") / "template.yaml").read_text()
    found = lambda_runtime()

    assert text.count("AWS::Lambda::Function\n") == text.count(f"Runtime: python{found.python}\n")
    assert text.count("AWS::Lambda::Function\n") == text.count("Architectures: [!Ref Architecture]")
    assert ("aarch64", "x86_64") == (found.machine, lambda_runtime("x86_64").machine)
    assert tuple(map(int, found.python.split("."))) >= (3, 12)


def test_wheels_of_every_older_system_can_be_loaded() -> None:
    tags = Runtime("3.12", "x86_64", 34).platforms

    assert "manylinux_2_34_x86_64" == tags[0]
    assert {"manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"} <= {*tags}
    assert () == this_runtime().platforms


def test_markers_are_those_of_there() -> None:
    there = Runtime("3.13", "aarch64", 34).markers()

    assert ("3.13", "linux", "aarch64") == (
        there["python_version"],
        there["sys_platform"],
        there["platform_machine"],
    )


@pytest.mark.parametrize(
    ("libc", "glibc", "runs"),
    [(("glibc", "2.36"), 34, True), (("glibc", "2.31"), 34, False), (("", ""), 34, False)],
    ids=["newer", "older", "musl"],
)
def test_it_runs_here_with_the_same_python_machine_and_a_c_library_as_new(
    monkeypatch: pytest.MonkeyPatch, libc: tuple[str, str], glibc: int, runs: bool
) -> None:
    here = this_runtime()
    monkeypatch.setattr(runtime.platform, "libc_ver", lambda: libc)

    assert here.runs_here
    assert (runs and sys.platform == "linux") == Runtime(here.python, here.machine, glibc).runs_here
    assert not Runtime("3.8", here.machine, glibc).runs_here
