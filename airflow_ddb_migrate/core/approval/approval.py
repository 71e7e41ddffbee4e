"""What a person approved: kept in the ledger, since the state of a task can be set by hand."""

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
    """A question to a person, and its answer once there is one (``answer`` is empty until then).

    ``run`` is that of the task that asked, as "DAG d, run r"; ``requested_by`` who triggered it
    (empty: unknown). ``by`` and ``by_id`` answered, at ``at`` (ISO 8601). ``plan_hash`` and
    ``transform_hash`` are what the question was about (empty: there was no plan, or no transform
    that could be used: where two people must agree, none is approved by that).
    ``two_people``: the answer had to be another person's than the request.
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
        """Return whether this user asked for it; Airflow knows of a requester the name alone."""
        mine = self.requested_by.casefold()
        return bool(mine) and mine in {name.casefold(), user_id.casefold()}

    def refusal(self, *, run: str, plan_hash: str, transform_hash: str, two_people: bool) -> str:
        """Return why nothing may start by this approval, and what to do; empty: it may.

        :param transform_hash: of what is deployed; empty where that does not matter.
        """
        again = f"Clear the task of the step {self.step}, so that a person is asked again."
        if not self.answer:
            return (
                f"nobody has answered what was asked at {self.asked_at}. Whatever state the task "
                f"was set to, only an answer counts. {again}"
            )
        if self.answer == OWN:
            return (
                f"{self.by} approved it, and the author of the DAG requires another person than "
                f"the one who asks. {again}"
            )
        if self.answer != APPROVED:
            return f"it was {self.answer} by {self.by or 'nobody'} at {self.at}. {again}"
        if self.run != run:
            return f"what was approved was asked for by {self.run}, not by {run}. {again}"
        if two_people and not self.two_people:
            return f"{self.by} approved it before two people had to agree. {again}"
        is_unknown = not self.transform_hash and not two_people
        deployed = "" if is_unknown else transform_hash
        return self._other_transform(deployed) or self._other_plan(plan_hash)

    def _other_transform(self, deployed: str) -> str:
        if deployed in {"", self.transform_hash}:
            return ""
        again = (
            f"Clear the task of the {'plan' if self.plan_hash else f'step {self.step}'} with its "
            "downstream tasks, so that what is deployed is approved."
        )
        if self.transform_hash:
            return (
                f"{self.by} approved transform {self.transform_hash[:12]} at {self.at}, and "
                f"{deployed[:12]} is deployed: its files or packages changed since. {again}"
            )
        return (
            f"{self.by} approved it at {self.at}, when no transform was known that could be used, "
            f"and {deployed[:12]} is deployed. {again}"
        )

    def _other_plan(self, plan_hash: str) -> str:
        if self.plan_hash != plan_hash:
            return (
                f"{self.by} approved plan {self.plan_hash[:12] or 'none'} at {self.at}, and the "
                f"plan is {plan_hash[:12] or 'none'} now. Clear the task of the step {self.step} "
                "with its downstream tasks, so that a person sees the plan as it is."
            )
        return ""


def text_hash(text: str) -> str:
    """Return the SHA-256 of a document as the ledger keeps it; empty: there is none."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def params_hash(params: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a transform's parameters."""
    return text_hash(json.dumps(params, sort_keys=True))
