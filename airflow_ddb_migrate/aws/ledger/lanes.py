"""Lane rows of the ledger, which one owner at a time takes, saves and gives back."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from airflow_ddb_migrate.aws.ledger.keys import lane_key, lane_partition
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.typed_values import decode, encode_all
from airflow_ddb_migrate.core.ledger.records import LaneRow, LaneState
from airflow_ddb_migrate.core.limits import LEDGER_SHARDS, OWNER_SECONDS

_TAKEN = "#attempt = :attempt, #owner = :owner, #owner_until = :owner_until, #state = :running"
_NAMES = {
    f"#{name}": name
    for name in (
        "attempt",
        "owner",
        "owner_until",
        "state",
        "laps",
        "total_laps",
        "lane",
        "segment",
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim to a lane: by an invocation (``owner``) of a migration's attempt."""

    migration_id: str
    attempt: int
    lane: int
    owner: str


class Lanes:
    """Reads and writes lane rows."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def all(self, migration_id: str, lanes: int = LEDGER_SHARDS) -> Iterator[LaneRow]:
        """Yield every existing lane row. A lane without a row was never begun.

        :param lanes: the migration's number of lanes, if it is known: few need fewer queries.
        """
        for shard in range(min(lanes, LEDGER_SHARDS)):
            for item in self._ledger.query_all(lane_partition(migration_id, shard)):
                yield decode(LaneRow, item)

    def get(self, migration_id: str, lane: int) -> LaneRow | None:
        item = self._ledger.get(lane_key(migration_id, lane))
        return decode(LaneRow, item) if item else None

    def take(self, claim: Claim, now: float) -> LaneRow | None:
        """Take the lane and count a lap; None if it is done, or a newer attempt has it.

        Within an attempt the newest invocation wins, since Step Functions waits for that one. An
        owner can take a lane that it has already: the response to its first request may have been
        lost, so that boto3 repeats it.
        """
        same = "#attempt = :attempt AND #state <> :done"
        older = (
            "attribute_not_exists(pk) OR (#attempt < :attempt AND #state <> :done) "
            "OR (#owner = :owner AND #attempt = :attempt AND #state <> :done)"
        )
        return self._take(claim, now, laps="#laps + :one", condition=same) or self._take(
            claim, now, laps=":one", condition=older
        )

    def save(self, claim: Claim, row: LaneRow, now: float) -> bool:
        """Save how far the lane is; False, with nothing written, if it is no longer ours."""
        values = encode_all(
            {
                "state": row.state,
                "segment": row.segment,
                "counts": row.counts.to_dict(),
                "units": row.units.to_dict(),
                "throttles": row.throttles.to_dict(),
                "conflicts": row.conflicts,
                "worked_seconds": row.worked_seconds,
                "error": row.error,
                "cause": row.cause,
                "owner": row.owner,
                "owner_until": now + OWNER_SECONDS if row.owner else 0,
                "updated_at": now,
                "progressed_at": row.progressed_at,
                "logged": row.logged,
                "page_items": row.page_items,
                "findings": row.findings,
            }
        )
        values["cursor"] = {"M": row.cursor}
        answer = self._ledger.update_typed(
            lane_key(claim.migration_id, claim.lane),
            assignments=", ".join(f"#{name} = :{name}" for name in values),
            names={**{f"#{name}": name for name in values}, "#attempt": "attempt"},
            values={
                **{f":{name}": value for name, value in values.items()},
                ":me": {"S": claim.owner},
                ":attempt": {"N": str(claim.attempt)},
            },
            condition="#owner = :me AND #attempt = :attempt",
        )
        return answer is not None

    def give_back(self, claim: Claim, row: LaneRow, now: float) -> bool:
        """Save the lane and release it."""
        return self.save(claim, replace(row, owner=""), now)

    def _take(self, claim: Claim, now: float, *, laps: str, condition: str) -> LaneRow | None:
        item = self._ledger.update_typed(
            lane_key(claim.migration_id, claim.lane),
            assignments=f"{_TAKEN}, #laps = {laps}, #lane = :lane, "
            "#segment = if_not_exists(#segment, :lane), "
            "#total_laps = if_not_exists(#total_laps, :none) + :one",
            names=_NAMES,
            values={
                **encode_all(
                    {
                        ":attempt": claim.attempt,
                        ":owner": claim.owner,
                        ":owner_until": now + OWNER_SECONDS,
                        ":running": LaneState.RUNNING,
                        ":done": LaneState.DONE,
                        ":none": 0,
                        ":one": 1,
                        ":lane": claim.lane,
                    }
                )
            },
            condition=condition,
        )
        return decode(LaneRow, item) if item else None
