"""The same code, deployed again after an update that failed: a model of Lambda and CloudFormation.

Lambda publishes nothing when code and settings are those of the version published last, and
CloudFormation then fails with 409. A rollback keeps what has the deletion policy Retain.
"""

import re
from dataclasses import dataclass, field

import pytest
import yaml
from airflow_ddb_migrate import resources
from airflow_ddb_migrate.deployment.template import stack_template

CONFLICT = "A version for this Lambda function exists ( {} ). Modify the function to create"


@dataclass
class ModelStack:
    """A function and its versions, by the settings each was published with."""

    function: str = ""
    versions: list[str] = field(default_factory=list)
    logical_id: str = ""
    code_hash: str = ""

    def update(self, code_hash: str, nonce: str = "", *, fails: bool = False) -> None:
        """Deploy; ``fails``: a resource after the version does. A ValueError says so."""
        before = self.function
        logical_id, description, policy = _rendered(code_hash, nonce)
        self.function = f"{code_hash} {description}"
        if logical_id != self.logical_id:
            if self.versions and self.versions[-1] == self.function:
                self.function = before
                raise ValueError(CONFLICT.format(len(self.versions)))
            self.versions.append(self.function)
        if fails:
            self.function = before
            if policy != "Retain":
                self.versions.pop()
            raise ValueError("Resource handler returned message: whatever")
        self.logical_id, self.code_hash = logical_id, code_hash


def _rendered(code_hash: str, nonce: str) -> tuple[str, str, str]:
    """Return the version's logical id, the function's description and the version's policy."""
    text = stack_template(code_hash + nonce.strip("-"))
    logical_id = next(iter(re.findall(r"^  (FunctionVersion\w+):", text, re.MULTILINE)))
    policy = re.search(r"AWS::Lambda::Version\n.*\n    DeletionPolicy: (\w+)", text)
    words = next(line for line in text.splitlines() if "Works on one lane" in line)
    assert policy
    description = words.replace("${CodeHash}", code_hash).replace("${Republished}", nonce)
    return logical_id, description, policy[1]


def test_the_same_code_again_after_a_failed_update() -> None:
    """What failed is fixed elsewhere: code and version are the same."""
    stack = ModelStack()
    stack.update("aaaa")
    with pytest.raises(ValueError, match="whatever"):
        stack.update("bbbb", fails=True)

    stack.update("bbbb")

    assert ("bbbb", 2) == (stack.code_hash, len(stack.versions))


def test_a_version_that_was_left_behind_needs_a_nonce() -> None:
    """As an older template's update left it: the code cannot be published, its twin can."""
    stack = ModelStack()
    stack.update("aaaa")
    stack.versions.append(f"bbbb {_rendered('bbbb', '')[1]}")
    with pytest.raises(ValueError, match="Modify the function"):
        stack.update("bbbb")

    stack.update("bbbb", "-20261129174012")

    assert "bbbb" == stack.code_hash


def test_going_back_and_forth_publishes_each_time() -> None:
    """Lambda compares with the version published last alone."""
    stack = ModelStack()
    for code_hash in ("aaaa", "bbbb", "aaaa", "bbbb"):
        stack.update(code_hash)

    assert 4 == len(stack.versions)


def test_a_nonce_is_a_parameter_of_the_template() -> None:
    """Kept by the stack, so that the next deployment of the same code changes nothing."""
    text = (resources.folder("deploy") / "template.yaml").read_text()

    parameters = yaml.safe_load(re.split(r"^Conditions:", text, flags=re.MULTILINE)[0])
    assert "" == parameters["Parameters"]["Republished"]["Default"]
