"""The kinds of faults, as data: where each strikes, how a seed injects it, and how it may end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.faults import control, holds, nights, storms, worker
from tests.faults.run import Run
from tests.faults.world import AS_SHIPPED, IMPATIENT


class Where(StrEnum):
    """WIRE: between clients and services. WORKER: in the Lambda. CONTROL: who steers it."""

    WIRE = "wire"
    WORKER = "worker"
    CONTROL = "control"


class Ends(StrEnum):
    """How the run may end at first; after RED a person fixes it, and it must end green."""

    GREEN = "green"
    RED = "red"
    EITHER = "either"


def _nothing(run: Run) -> None:
    """Let it run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """``inject`` is called before the migration starts, ``during`` while it runs.

    ``drive`` replaces the usual course: prewarm, start, wait, and what a person does after red.
    ``options`` are fields of the start request, ``seconds`` is how long an item's transform takes.
    """

    name: str
    where: Where
    what: str
    ends: Ends = Ends.GREEN
    inject: Callable[[Run], None] = _nothing
    during: Callable[[Run], None] = _nothing
    drive: Callable[[Run, Callable[[Run], None]], None] | None = None
    seconds: float = 0.02
    stack: str = AS_SHIPPED
    options: Mapping[str, Any] = field(default_factory=dict)


_WIRE = (
    FaultKind(
        name="throttled-reads",
        where=Where.WIRE,
        what="20-70 % of the first scans are throttled, with reasons",
        inject=storms.throttled_reads,
    ),
    FaultKind(
        name="throttled-writes",
        where=Where.WIRE,
        what="20-70 % of the first batches are throttled as a whole",
        inject=storms.throttled_writes,
    ),
    FaultKind(
        name="partial-batches",
        where=Where.WIRE,
        what="40 % of a batch's statements fail inside a 200 response; some were carried out",
        inject=storms.partial,
    ),
    FaultKind(
        name="lost-answers",
        where=Where.WIRE,
        what="any request of a worker is carried out, and its response is lost",
        inject=storms.lost_answers,
    ),
    FaultKind(
        name="lost-writes",
        where=Where.WIRE,
        what="30-90 % of the first batches are carried out, and their responses are lost",
        inject=storms.lost_writes,
    ),
    FaultKind(
        name="resets",
        where=Where.WIRE,
        what="any request of a worker is cut off before it arrives",
        inject=storms.resets,
    ),
    FaultKind(
        name="airflow-unheard",
        where=Where.WIRE,
        what="10-40 % of the requests of Airflow's own steps, or of their responses, are lost",
        inject=storms.airflow_lost,
    ),
    FaultKind(
        name="slow-answers",
        where=Where.WIRE,
        what="20-40 % of the first requests take 0.1-1.5 s longer",
        inject=storms.slow,
    ),
    FaultKind(
        name="server-errors",
        where=Where.WIRE,
        what="10-50 % of the first requests get a 500 or 503",
        inject=storms.unwell,
    ),
    FaultKind(
        name="ledger-down",
        where=Where.WIRE,
        what="every request to the ledger fails for 30 s, Airflow's as well",
        ends=Ends.EITHER,
        inject=storms.ledger_down,
    ),
    FaultKind(
        name="bucket-down",
        where=Where.WIRE,
        what="every request to the bucket fails for 30 s",
        ends=Ends.EITHER,
        inject=storms.bucket_down,
    ),
    FaultKind(
        name="ledger-throttled",
        where=Where.WIRE,
        what="30-90 % of the requests to the ledger are throttled for 60 s, Airflow's as well",
        inject=storms.ledger_throttled,
    ),
    FaultKind(
        name="iam-delay",
        where=Where.WIRE,
        what="30-100 % of the workers' requests are denied for 3-20 s, as after a change in IAM",
        inject=storms.late_rights,
    ),
)

_WORKER = (
    FaultKind(
        name="killed",
        where=Where.WORKER,
        what="Lambda processes are killed (signal 9) at requests that the seed chooses",
        ends=Ends.EITHER,
        inject=worker.killed,
    ),
    FaultKind(
        name="timed-out",
        where=Where.WORKER,
        what="a transform hangs once or twice until Lambda's timeout",
        inject=worker.hangs_once,
        stack=IMPATIENT,
    ),
    FaultKind(
        name="out-of-memory",
        where=Where.WORKER,
        what="the process dies inside the transform once or twice, as when memory runs out",
        inject=worker.dies_once,
    ),
    FaultKind(
        name="always-out-of-memory",
        where=Where.WORKER,
        what="the process dies at the same items every time, until the transform is fixed",
        ends=Ends.EITHER,
        inject=worker.dies,
    ),
    FaultKind(
        name="invoked-twice",
        where=Where.WORKER,
        what="the same payloads are invoked a second time at once, outside Step Functions",
        during=worker.invoked_twice,
        seconds=0.04,
    ),
    FaultKind(
        name="invoke-throttled",
        where=Where.WORKER,
        what="for some seconds Lambda has concurrency for only one worker",
        ends=Ends.EITHER,
        during=worker.invoke_throttled,
        seconds=0.04,
        options={"slice_seconds": 2.0},
    ),
    FaultKind(
        name="transform-raises",
        where=Where.WORKER,
        what="the transform raises for a few items, with a value in its message",
        inject=worker.raises,
    ),
    FaultKind(
        name="transform-raises-too-often",
        where=Where.WORKER,
        what="the same for more items than the quarantine allows",
        ends=Ends.EITHER,
        inject=worker.raises_too_often,
        options={"max_quarantined": 1},
    ),
    FaultKind(
        name="transform-hangs",
        where=Where.WORKER,
        what="the transform never returns for a few items, until it is fixed",
        ends=Ends.EITHER,
        inject=worker.hangs,
        stack=IMPATIENT,
    ),
    FaultKind(
        name="transform-nonsense",
        where=Where.WORKER,
        what="the transform returns None, a string, half an item or another key for a few items",
        inject=worker.nonsense,
    ),
    FaultKind(
        name="item-over-400-kb",
        where=Where.WORKER,
        what="the transform makes a few items larger than DynamoDB accepts",
        inject=worker.grows,
    ),
    FaultKind(
        name="clock-skew",
        where=Where.WORKER,
        what="each worker's clock is wrong, by up to ten minutes",
        inject=worker.skewed,
    ),
)

_GATED = {"slice_seconds": 4.0, "write_units_per_second": 40.0}

_HOLDS = (
    FaultKind(
        name="alarm-flaps",
        where=Where.CONTROL,
        what="an alarm goes off and flaps; the hold lasts until it has been OK for long enough",
        inject=holds.make_alarm,
        during=holds.flaps,
        seconds=0.1,
        options=_GATED,
    ),
    FaultKind(
        name="alarm-unreadable",
        where=Where.CONTROL,
        what="for over three minutes CloudWatch answers no worker, then it does again",
        inject=holds.make_alarm,
        during=holds.unreadable,
        seconds=0.3,
        options=_GATED,
    ),
    FaultKind(
        name="money-runs-out",
        where=Where.CONTROL,
        what="the cost limit is reached in the middle, and a person raises it",
        during=holds.money_runs_out,
        seconds=0.6,
        options=_GATED,
    ),
    FaultKind(
        name="person-and-health",
        where=Where.CONTROL,
        what="an alarm and a person hold it at the same time; either hold ends first",
        inject=holds.make_alarm,
        during=holds.person_and_health,
        seconds=0.1,
        options=_GATED,
    ),
)

_CONTROL = (
    FaultKind(
        name="pause-resume",
        where=Where.CONTROL,
        what="a person pauses it in the middle, and resumes it",
        during=control.pause_and_resume,
        seconds=0.05,
        options={"slice_seconds": 2.0},
    ),
    FaultKind(
        name="retuned",
        where=Where.CONTROL,
        what="budgets and concurrency are changed in the middle",
        during=control.retune,
        seconds=0.04,
        options={"slice_seconds": 2.0},
    ),
    FaultKind(
        name="stopped",
        where=Where.CONTROL,
        what="a person stops it in the middle, and starts it again",
        ends=Ends.EITHER,
        during=control.stop,
        seconds=0.05,
        options={"slice_seconds": 2.0},
    ),
    FaultKind(
        name="stop-execution",
        where=Where.CONTROL,
        what="the execution is stopped outside this package, and the migration started again",
        ends=Ends.EITHER,
        during=control.stop_execution,
        seconds=0.05,
        options={"slice_seconds": 2.0},
    ),
    FaultKind(
        name="window-ends",
        where=Where.CONTROL,
        what="a window ends in the middle of a page, twice",
        drive=nights.window_ends,
        seconds=0.15,
        options={"slice_seconds": 2.0},
    ),
    FaultKind(
        name="dst-night",
        where=Where.CONTROL,
        what="the same in a night in which local time jumps",
        drive=nights.dst_night,
        seconds=0.15,
        options={"slice_seconds": 2.0},
    ),
    FaultKind(
        name="undone",
        where=Where.CONTROL,
        what="migrated while Lambdas are killed, then undone while responses are lost",
        ends=Ends.EITHER,
        inject=worker.killed,
        drive=control.undone,
    ),
    FaultKind(
        name="double-trigger",
        where=Where.CONTROL,
        what="one migration is started twice at once, and another one of the same table",
        drive=control.double_trigger,
        seconds=0.04,
    ),
    FaultKind(
        name="stale-control-plane",
        where=Where.CONTROL,
        what="executions are not found for 1-8 s, and show as running for 1-5 s after their end",
        inject=storms.stale_control_plane,
        drive=control.started_unseen,
        seconds=0.04,
    ),
    FaultKind(
        name="former-definition",
        where=Where.CONTROL,
        what="a deployment just before the start; the execution gets the definition before it",
        ends=Ends.RED,
        inject=storms.former_definition,
        drive=control.former_definition,
    ),
    FaultKind(
        name="table-recreated",
        where=Where.CONTROL,
        what="the table is deleted and recreated under its name during the migration",
        ends=Ends.RED,
        drive=control.table_recreated,
        seconds=0.05,
        options={"slice_seconds": 2.0},
    ),
)

KINDS = {kind.name: kind for kind in (*_WIRE, *_WORKER, *_CONTROL, *_HOLDS)}

QUICK = ("partial-batches", "lost-answers", "killed", "transform-raises", "double-trigger")
