"""moto's DynamoDB, as strict about UpdateTable as AWS is, and auto scaling that acts.

AWS takes one kind of change at a time and none while the table is UPDATING, shows the old figures
until it is ACTIVE, refuses what is so already, and counts decreases. Warm throughput is raised
while the table is ACTIVE: its own status is UPDATING, and the old figures are shown until then.
moto does none of that, and has no on-demand maxima; auto scaling there never scales.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.factories import TABLE, client_error
from tests.support.worlds.migration_world import Proxy

UPDATING_SECONDS = 10.0
_KINDS = ("ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput")
_PARTS = {
    "ProvisionedThroughput": ("ReadCapacityUnits", "WriteCapacityUnits"),
    "OnDemandThroughput": ("MaxReadRequestUnits", "MaxWriteRequestUnits"),
    "WarmThroughput": ("ReadUnitsPerSecond", "WriteUnitsPerSecond"),
}


class StrictTables(Proxy):
    """One table of the given clock. ``decreases`` are those that AWS still allows."""

    updating_seconds = UPDATING_SECONDS

    def __init__(self, client: Any, clock: Callable[[], float], table: str = TABLE) -> None:
        super().__init__(client)
        self.clock = clock
        self.table = table
        self.busy_until = 0.0
        self.warming_until = 0.0
        self.decreases = 1_000
        self.maxima: dict[str, dict[str, int]] = {}
        self._shown: dict[str, Any] = {}
        self._warm_before: dict[str, dict[str, int]] = {}

    def describe_table(self, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = super().__getattr__("describe_table")(**arguments)
        if arguments["TableName"] != self.table:
            return answer
        if self.clock() < self.busy_until:
            return copy.deepcopy(self._shown)
        for name, resource in resources(answer["Table"]).items():
            if name in self.maxima:
                resource["OnDemandThroughput"] = dict(self.maxima[name])
            if self.clock() < self.warming_until and name in self._warm_before:
                resource["WarmThroughput"] = {**self._warm_before[name], "Status": "UPDATING"}
        return answer

    def update_table(self, **arguments: Any) -> None:
        self.calls.append(("update_table", arguments))
        self.before("update_table", arguments)
        self.apply(**arguments)
        self.after("update_table", arguments)

    def apply(self, **arguments: Any) -> None:
        """Do what AWS would; also for somebody else."""
        if self.clock() < self.busy_until:
            raise client_error("ResourceInUseException", "UpdateTable")
        now = self.describe_table(TableName=self.table)
        self._check(resources(now["Table"]), arguments)
        if "WarmThroughput" in str(arguments):
            self._warm_up(resources(now["Table"]), arguments)
            return
        for name, wanted in wanted_of(arguments):
            if "OnDemandThroughput" in wanted:
                has = self.maxima.get(name) or dict.fromkeys(_PARTS["OnDemandThroughput"], -1)
                self.maxima[name] = {**has, **wanted["OnDemandThroughput"]}
        if "OnDemandThroughput" not in str(arguments):
            self.client.update_table(**arguments)
        self._shown = _updating(now)
        self.busy_until = self.clock() + self.updating_seconds

    def _warm_up(self, now: dict[str, Any], arguments: dict[str, Any]) -> None:
        """Take the figures that are given; moto would forget the others."""
        self.warming_until = self.clock() + self.updating_seconds
        merged = copy.deepcopy(arguments)
        for name, wanted in wanted_of(merged):
            has = {part: now[name]["WarmThroughput"][part] for part in _PARTS["WarmThroughput"]}
            self._warm_before[name] = has
            wanted["WarmThroughput"] = {**has, **wanted["WarmThroughput"]}
        self.client.update_table(**merged)

    def keep_busy(self, seconds: float, index: str = "") -> None:
        """Let somebody's change be under way that moves no figure; an index is being made."""
        shown = self.describe_table(TableName=self.table)
        if index:
            resources(shown["Table"])[index]["IndexStatus"] = "CREATING"
        self._shown = shown if index else _updating(shown)
        self.busy_until = self.clock() + seconds

    def _check(self, now: dict[str, Any], arguments: dict[str, Any]) -> None:
        wanted = dict(wanted_of(arguments))
        kinds = {kind for setting in wanted.values() for kind in _KINDS if kind in setting}
        if len(kinds) > 1 or (not kinds and "BillingMode" not in arguments):
            raise client_error("ValidationException", "UpdateTable", message="one at a time")
        if arguments.get("BillingMode") == "PROVISIONED":
            assert set(now) == set(wanted), "AWS wants units for table and every index"
            return
        lowered = False
        for name, setting in wanted.items():
            for kind in kinds & set(setting):
                has = now[name].get(kind, {})
                asked = setting[kind]
                pairs = [(has.get(part), asked[part]) for part in _PARTS[kind] if part in asked]
                if kind == "WarmThroughput":
                    assert all(old <= new for old, new in pairs), "AWS never lowers it"
                elif all(old == new for old, new in pairs):
                    raise client_error("ValidationException", "UpdateTable", message="no change")
                lowered |= kind == "ProvisionedThroughput" and any(o > n for o, n in pairs)
        self._count(lowered=lowered)

    def _count(self, *, lowered: bool) -> None:
        if not lowered:
            return
        if self.decreases < 1:
            raise client_error(
                "LimitExceededException", "UpdateTable", message="Number of decreases today: 4."
            )
        self.decreases -= 1

    def figures(self) -> dict[tuple[str, str, str], int]:
        """Every figure as it really is, also while the table is UPDATING; -1 for no maximum."""
        table = self.client.describe_table(TableName=self.table)["Table"]
        mode = (table.get("BillingModeSummary") or {}).get("BillingMode", "PROVISIONED")
        found = {("", "mode", mode): 1}
        for name, resource in resources(table).items():
            resource["OnDemandThroughput"] = self.maxima.get(name, {})
            for kind, parts in _PARTS.items():
                if kind == "ProvisionedThroughput" and mode != "PROVISIONED":
                    continue
                found |= {(name, kind, part): resource[kind].get(part, -1) for part in parts}
        return found


class ActiveScaling:
    """An ``after`` hook of an auto scaling client: brings a table between its limits at once.

    While the table is UPDATING it can do nothing; ``acted`` counts when it could.
    """

    def __init__(self, tables: StrictTables) -> None:
        self.tables = tables
        self.acted = 0

    def __call__(self, name: str, arguments: dict[str, Any]) -> None:
        if name != "register_scalable_target":
            return
        part = arguments["ScalableDimension"].rpartition(":")[2]
        resource = arguments["ResourceId"].partition("/index/")[2]
        table = self.tables.client.describe_table(TableName=self.tables.table)["Table"]
        has = resources(table)[resource]["ProvisionedThroughput"]
        units = {name: has[name] for name in _PARTS["ProvisionedThroughput"]}
        wanted = min(max(units[part], arguments["MinCapacity"]), arguments["MaxCapacity"])
        if wanted != units[part] and self.tables.clock() >= self.tables.busy_until:
            self.acted += 1
            setting = {"ProvisionedThroughput": {**units, part: wanted}}
            update = {"IndexName": resource, **setting}
            self.tables.apply(
                TableName=self.tables.table,
                **({"GlobalSecondaryIndexUpdates": [{"Update": update}]} if resource else setting),
            )


def resources(table: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {"": table, **{i["IndexName"]: i for i in table.get("GlobalSecondaryIndexes") or ()}}


def wanted_of(arguments: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if any(kind in arguments for kind in _KINDS):
        yield "", arguments
    for update in arguments.get("GlobalSecondaryIndexUpdates", ()):
        yield update["Update"]["IndexName"], update["Update"]


def _updating(answer: dict[str, Any]) -> dict[str, Any]:
    shown = copy.deepcopy(answer)
    shown["Table"]["TableStatus"] = "UPDATING"
    return shown
