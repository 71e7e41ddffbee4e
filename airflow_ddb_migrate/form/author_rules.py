"""Apply the rules of a DAG's author to its form, and let tasks read the rules from it.

The schema of each field holds all rules. A run's configuration cannot change the schema, and a DAG
that uses only some of the fields still has the rules.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from airflow.sdk import Param

from airflow_ddb_migrate.core.approval.author_rules import NO_RULES, AuthorRules, RequiredStep
from airflow_ddb_migrate.core.errors import InvalidInputError

_KEY = "x-ddb-migrate-rules"  # in a schema; JSON Schema ignores unknown keywords
_BUDGETS = {"read_units_per_second", "write_units_per_second"}
_PREWARM = ("prewarm_rcu", "prewarm_wcu")
_FIELDS = {  # the field that switches each step on
    RequiredStep.APPROVE: "approve",
    RequiredStep.BACKUP: "backup",
    RequiredStep.CANARY: "canary_lanes",
    RequiredStep.CANARY_APPROVE: "canary_approve",
    RequiredStep.DRY_RUN: "dry_run",
}


def rule_form(fields: Mapping[str, Param], rules: AuthorRules) -> None:
    """Restrict the fields to what the rules allow, and store the rules in them.

    :raises InvalidInputError: the form has no field that switches a required step on.
    """
    if rules == NO_RULES:
        return
    for step in rules.require:
        _require(fields, RequiredStep(step))
    _allow(fields, rules)
    if rules.max_prewarm is not None:
        _limit_prewarm(fields, rules.max_prewarm)
    if rules.max_cost_usd is not None and "max_cost_usd" in fields:
        _limit_cost(fields["max_cost_usd"], rules.max_cost_usd)
    if rules.max_units_per_second is not None:
        for name in _BUDGETS & fields.keys():
            _limit_budget(fields[name], rules.max_units_per_second)
    for param in fields.values():
        param.schema[_KEY] = rules.to_dict()


def rules_carried(params: Any) -> AuthorRules:
    """Return the rules stored in the Params of a DAG. If it uses several forms, all rules apply."""
    found = NO_RULES
    for schema in _schemas(params):
        found = found.joined(AuthorRules.of(schema.get(_KEY)))
    return found


def _schemas(params: Any) -> Iterable[Mapping[str, Any]]:
    """Return the schemas of a ParamsDict. As a mapping, it has only the values."""
    if not hasattr(params, "get_param"):
        return []
    return [params.get_param(name).schema for name in params]


def _require(fields: Mapping[str, Param], step: RequiredStep) -> None:
    param = fields.get(_FIELDS[step])
    if param is None:
        raise InvalidInputError(
            f"require has {step}, but this form has no field {_FIELDS[step]}, because such a DAG "
            f"does not have that step. Remove {step} from require."
        )
    if step is RequiredStep.BACKUP:
        param.schema["enum"] = [policy for policy in param.schema["enum"] if policy != "skip"]
    elif step is RequiredStep.CANARY:
        param.schema["minimum"] = 1
        _set_default(param, 1)
    else:
        param.schema["const"] = True
        _set_default(param, True)


def _allow(fields: Mapping[str, Param], rules: AuthorRules) -> None:
    entry = fields["tables"].schema["items"] if "tables" in fields else {"properties": {}}
    own = entry["properties"]
    if rules.tables is not None:
        tables = list(rules.tables)
        if "table" in fields:
            fields["table"].schema["enum"] = tables
        if "table" in own:
            own["table"] = {**own["table"], "enum": tables}
            entry["if"], entry["then"] = {"type": "string"}, {"enum": tables}
    if rules.transforms is not None:
        transforms = list(rules.transforms)
        if "transform" in own:
            own["transform"] = {**own["transform"], "enum": transforms}
        if param := fields.get("transform"):
            param.schema["enum"] = transforms
            if param.value not in transforms and transforms:
                _set_default(param, transforms[0])


def _limit_prewarm(fields: Mapping[str, Param], most: int) -> None:
    if most == 0 and "prewarm" in fields:
        fields["prewarm"].schema["const"] = False
        return
    for name in _PREWARM:
        if param := fields.get(name):
            param.schema["maximum"] = most
            _set_default(param, min(int(param.value), most))


def _limit_cost(param: Param, most: float) -> None:
    param.schema.update(type="number", maximum=most)
    _set_default(param, most)


def _limit_budget(param: Param, most: float) -> None:
    """Limit a budget. 0 is no longer allowed, because it means no limit."""
    param.schema.pop("minimum", None)
    param.schema.update(type="number", exclusiveMinimum=0, maximum=most)
    _set_default(param, most)


def _set_default(param: Param, value: Any) -> None:
    """Give a field another default, and update the end of its description."""
    param.value = value
    said = "on" if value is True else f"{value:,}" if isinstance(value, int | float) else value
    param.description = f"{(param.description or '').rpartition('(')[0]}(default: {said})."
