"""What a person approved. The ledger keeps it, since a task's state can be set by hand."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from airflow_ddb_migrate.core.approval.author_rules import RequiredStep

APPROVED = "approved"
OWN = "approved by the requester"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A question to a person, and the answer once there is one (``answer`` is empty until then).

    - ``run``: the run of the task that asked, as "DAG d, run r".
    - ``requested_by``: who triggered that run; empty if unknown.
    - ``by``, ``by_id`` and ``at``: who answered, and when (ISO 8601).
    - ``plan_hash`` and ``transform_hash``: what the question was about. Empty if there was no plan,
      or no usable transform; if two people must agree, an approval without a transform's hash
      approves none.
    - ``two_people``: another person than the requester had to answer.
    """

    step: RequiredStep
    run: str
    asked_at: str
    requested_by: str = ""
    two_people: bool = False
    plan_hash: str = ""
    transform_hash: str = ""
    answer: str = ""
    by: str = ""
    by_id: str = ""
    at: str = ""

    @classmethod
    def from_json(cls, text: str) -> Self:
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in json.loads(text).items() if name in known}
        return cls(**{**values, "step": RequiredStep(values["step"])})

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    def is_requesters(self, *, name: str, user_id: str) -> bool:
        """Return whether this user requested it. Of a requester Airflow knows only the name."""
        mine = self.requested_by.casefold()
        return bool(mine) and mine in {name.casefold(), user_id.casefold()}

    def refusal(self, *, run: str, plan_hash: str, transform_hash: str, two_people: bool) -> str:
        """Return why this approval does not allow a start, and what to do; empty if it does.

        :param transform_hash: the hash of the deployed transform; empty if it does not matter.
        """
        again = f"Clear the task of the step {self.step}, so that a person is asked again."
        if not self.answer:
            return (
                f"the question of {self.asked_at} has not been answered. Only an answer counts, "
                f"whatever state the task was set to. {again}"
            )
        if self.answer == OWN:
            return (
                f"{self.by} approved it but also requested it; the DAG's author requires another "
                f"person's approval. {again}"
            )
        if self.answer != APPROVED:
            return f"it was {self.answer} by {self.by or 'nobody'} at {self.at}. {again}"
        if self.run != run:
            return f"the approval is for {self.run}, not for {run}. {again}"
        if two_people and not self.two_people:
            return (
                f"{self.by} approved it before the DAG required the approval of a second person. "
                f"{again}"
            )
        is_unknown = not self.transform_hash and not two_people
        deployed = "" if is_unknown else transform_hash
        return self._other_transform(deployed) or self._other_plan(plan_hash)

    def _other_transform(self, deployed: str) -> str:
        if deployed in {"", self.transform_hash}:
            return ""
        again = (
            f"Clear the task of the {'plan' if self.plan_hash else f'step {self.step}'} with its "
            "downstream tasks, so that a person approves the deployed transform."
        )
        if self.transform_hash:
            return (
                f"{self.by} approved transform {self.transform_hash[:12]} at {self.at}, but "
                f"{deployed[:12]} is deployed now: its files or packages have changed. {again}"
            )
        return (
            f"{self.by} approved it at {self.at}, when no usable transform was known; "
            f"{deployed[:12]} is deployed now. {again}"
        )

    def _other_plan(self, plan_hash: str) -> str:
        if self.plan_hash != plan_hash:
            return (
                f"{self.by} approved plan {self.plan_hash[:12] or 'none'} at {self.at}, but the "
                f"plan is {plan_hash[:12] or 'none'} now. Clear the task of the step {self.step} "
                "with its downstream tasks, so that a person approves the current plan."
            )
        return ""


def text_hash(text: str) -> str:
    """Return the SHA-256 of a document of the ledger; empty for an empty one."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def params_hash(params: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a transform's parameters."""
    return text_hash(json.dumps(params, sort_keys=True))
