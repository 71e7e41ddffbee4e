"""Descriptions of tables and changes of their capacity, as strict as AWS is."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.support.engines.double.upstream import Upstream, validation
from tests.support.engines.strict_tables import StrictTables, resources, wanted_of

_DECREASES = 4  # at the start of a day; then one an hour
_WARM = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000}
_KINDS = frozenset({"ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput", "BillingMode"})


class TableState(StrictTables):
    """One table: what it shows while a change is under way, and what the emulator forgets."""

    def __init__(self, clock: Callable[[], float], table: str, updating_seconds: float) -> None:
        super().__init__(None, clock, table)
        self.updating_seconds = updating_seconds
        self.decreases = _DECREASES
        self.warm: dict[str, dict[str, int]] = {}
        self.was_switched = False

    def describe(self, upstream: Upstream) -> dict[str, Any]:
        """Return AWS's answer to DescribeTable."""
        self.client = upstream
        answer = self.describe_table(TableName=self.table)
        if self.clock() >= self.busy_until:
            self._complete(answer["Table"])
        return answer

    def change(self, upstream: Upstream, said: Mapping[str, Any]) -> dict[str, Any]:
        """Return AWS's answer to UpdateTable.

        :raises ClientError: AWS refuses the change.
        """
        self.client = upstream
        updates = said.get("GlobalSecondaryIndexUpdates") or ()
        is_capacity = _KINDS & said.keys() or (updates and all("Update" in one for one in updates))
        known = resources(self.describe(upstream)["Table"])
        unknown = [name for name, _ in wanted_of(said)] if is_capacity else []
        if self.clock() >= self.busy_until and (not is_capacity or {*unknown} - known.keys()):
            return dict(upstream.update_table(**said))
        self._check_mode(known, said)
        self.apply(**said)
        self.was_switched |= "BillingMode" in said
        for name, wanted in wanted_of(said):
            if "WarmThroughput" in wanted:
                self.warm[name] = {**self.warm.get(name, {}), **wanted["WarmThroughput"]}
        return {"TableDescription": self.describe(upstream)["Table"]}

    def describe_table(self, **arguments: Any) -> dict[str, Any]:
        answer = super().describe_table(**arguments)
        if self.clock() >= self.busy_until:
            self._complete(answer["Table"])
        return answer

    def _check_mode(self, known: Mapping[str, Any], said: Mapping[str, Any]) -> None:
        if said.get("BillingMode") == "PROVISIONED":
            units = {n for n, wanted in wanted_of(said) if "ProvisionedThroughput" in wanted}
            if units != known.keys():
                raise validation("ProvisionedThroughput must be given for table and every index")
        for name, wanted in wanted_of(said):
            has = known[name].get("WarmThroughput", {})
            new = wanted.get("WarmThroughput", {})
            if any(units < has.get(part, 0) for part, units in new.items()):
                raise validation("Warm throughput cannot be lowered")

    def _complete(self, table: dict[str, Any]) -> None:
        mode = (table.get("BillingModeSummary") or {}).get("BillingMode", "PROVISIONED")
        if mode == "PROVISIONED" and not self.was_switched:
            table.pop("BillingModeSummary", None)
        for name, resource in resources(table).items():
            units = resource.get("ProvisionedThroughput") or {}
            provisioned = {
                "ReadUnitsPerSecond": units.get("ReadCapacityUnits", 0),
                "WriteUnitsPerSecond": units.get("WriteCapacityUnits", 0),
            }
            least = _WARM if mode == "PAY_PER_REQUEST" else provisioned
            if resource.get("WarmThroughput", {}).get("Status") != "UPDATING":
                warm = {**least, **self.warm.get(name, {})}
                resource["WarmThroughput"] = {**warm, "Status": "ACTIVE"}
