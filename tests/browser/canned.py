"""A server of the page's own files and of a canned migration, for a real browser."""

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.events import BudgetStep
from airflow_ddb_migrate.core.ledger.records import LaneState
from airflow_ddb_migrate.core.ledger.throttles import Throttles
from airflow_ddb_migrate.core.report.view import PulseView, lane_view
from airflow_ddb_migrate.plugin.app import HEADERS, MEDIA, STATIC
from tests.support.factories import lane_row

PREFIX = "/ddb-migrate"
DAG, RUN = "ddb_migration", "manual__2026-01-01T00:00:00+00:00"
MIGRATION = "orders-0123456789ab"
HOSTILE = "<script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">"

# Told to the server when the page has been drawn: what the page itself has measured.
MEASURE = """
const done = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntriesByName("ddb-rendered")) {
    done.push({ start: entry.startTime, end: entry.startTime + entry.duration });
    fetch("/measured", { method: "POST", body: JSON.stringify({
      done, title: document.title, cells: document.getElementById("heat").width,
      text: document.getElementById("quarantine-rows").textContent,
      answer: document.getElementById("answer").textContent,
    }) });
  }
}).observe({ type: "measure", buffered: true });
"""


@dataclass(slots=True)
class Canned:
    """A migration that goes on with every look. ``script`` is added to the page."""

    lanes: int = 10_000
    fields: dict[str, Any] = field(default_factory=dict)
    script: str = ""
    found: bool = True
    quarantine: dict[str, Any] = field(default_factory=dict)
    fails_older: bool = False
    looks: int = 0
    began: float = field(default_factory=time.time)
    measured: list[dict[str, Any]] = field(default_factory=list)
    posted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)

    def await_measured(self, looks: int, seconds: float) -> dict[str, Any]:
        """Return what the page says once it was drawn so often."""
        with self.news:
            self.news.wait_for(
                lambda: bool(self.measured) and len(self.measured[-1]["done"]) >= looks, seconds
            )
            assert self.measured, "the page was never drawn"
            return self.measured[-1]

    def await_seen(self, seconds: float) -> Any:
        """Return what the page's script tells as ``seen``, however often it is drawn meanwhile."""
        with self.news:
            self.news.wait_for(lambda: any("seen" in one for one in self.measured), seconds)
            return next(one["seen"] for one in self.measured if "seen" in one)

    def letters(self) -> str:
        """Some of each, the same each time, and more done at every look."""
        dice = random.Random(1)
        share = min(1.0, 0.35 + self.looks * 0.05)
        return "".join(self._letter(dice.random(), share) for _ in range(self.lanes))

    def view(self) -> dict[str, Any]:
        self.looks += 1
        lanes = self.letters()
        seen = 41_000_000 + 36_000 * self.looks + random.Random(self.looks).randrange(9_000)
        done = lanes.count("d")
        return {
            **_VIEW,
            "reason": f"{done:,} of {self.lanes:,} segments done, {lanes.count('r'):,} running, "
            f"{lanes.count('p'):,} pending, {lanes.count('f'):,} failed; {seen:,} items seen; "
            f"{_VIEW['trouble']}.",
            "lanes": lanes,
            "in_scope": self.lanes,
            "counts": Counts(seen, seen - 1_300, 900, 0, 300, 0, 58, 42).to_dict(),
            "units": {"read": seen * 0.05, "written": seen * 1.02},
            "pulse": self.pulse(),
            "budget": self.budget(),
            "observed_at": time.time(),
            **self.fields,
        }

    def pulse(self) -> PulseView:
        """Rates that move a little, somewhat below the budget."""
        written = 11_000.0 + random.Random(self.looks).randrange(900)
        return {
            "items_now": written / 1.02,
            "items_on_average": 9_400.0,
            "written_now": written,
            "read_now": written * 0.05,
            "write_share": written / 12_000,
            "read_share": None,
            "write_units_per_second": 12_000.0,
            "read_units_per_second": 0.0,
            "workers": 610,
            "dollars": 28.2,
            "planned_dollars": 67.3,
            "seconds_left": (5_000.0, 6_300.0),
        }

    def budget(self) -> list[BudgetStep]:
        """Retuned, paused and resumed in the minutes before the page was opened."""
        known = ((1_500, 8_000.0), (900, 12_000.0), (600, 0.0), (480, 12_000.0))
        return [
            {"at": self.began - ago, "read": None if write else 0.0, "write": write}
            for ago, write in known
        ]

    def _letter(self, chance: float, share: float) -> str:
        bounds = (("d", share), ("r", share + 0.06), ("f", share + 0.066))
        return next((letter for letter, bound in bounds if chance < bound), "p")


_VIEW: dict[str, Any] = {
    "migration_id": MIGRATION,
    "table": "orders",
    "mode": "MIGRATE",
    "of": "",
    "transform": "rename_and_split",
    "params": '{"from": "name"}',
    "started_at": 1_767_225_600.0,
    "started_by": f"DAG {DAG}, run {RUN}",
    "attempt": 2,
    "attempt_started_at": 1_767_225_700.0,
    "ended_at": 0.0,
    "outcome": "RUNNING",
    "is_live": True,
    "total_segments": 10_000,
    "control": {
        "command": "RUN",
        "reason": "",
        "since": 1_767_225_700.0,
        "until": 0.0,
        "read_units_per_second": 0.0,
        "write_units_per_second": 12_000.0,
        "live": 610,
        "sharers": 640,
        "max_cost_usd": 0.0,
    },
    "hold": "",
    "holds": [],
    "capacity": "Raised by this migration; it is not restored yet.",
    "plan": {
        "items": 100_000_000,
        "bytes": 52_000_000_000,
        "total_segments": 10_000,
        "max_concurrency": 640,
        "read_units_per_second": 0.0,
        "write_units_per_second": 12_000.0,
        "read_units": 6_400_000,
        "write_units": 100_000_000,
        "seconds": {"low": 8_400, "expected": 10_000, "high": 15_000},
        "bound_by": "write budget",
        "cost_usd": {
            "reads": 0.8,
            "prewarm": 0.0,
            "step_functions": 0.9,
            "lambda": 3.1,
            "writes": 62.5,
        },
        "cost_parts": "writes $62.50, Lambda $3.10, Step Functions $0.90, reads $0.80",
        "total_cost_usd": 67.3,
        "prices": "list prices",
        "raises": ["Provisioned write capacity of the table 4,000 -> 12,000: $6.20 an hour."],
        "warnings": ["2 global secondary indexes are written with every change."],
        "unknown": ["unknown: live traffic: AccessDenied for cloudwatch:GetMetricData."],
        "planned_by": "ann",
        "planned_at_iso": "2026-01-01T00:00:00.000Z",
    },
    "throttles": {
        "TableWriteKeyRangeThroughputExceeded": 100,
        "IndexWriteProvisionedThroughputExceeded by_origin": 20,
    },
    "conflicts": 3,
    "trouble": "throttled 120 writes: key range 100, index by_origin (provisioned capacity) 20; "
    "3 items transformed again after a live write",
    "parts": [
        {
            "migration_id": f"{MIGRATION}-dry",
            "mode": "DRY_RUN",
            "status": "SUCCEEDED",
            "reason": "",
            "counts": {"seen": 5_000, "changed": 4_990},
            "started_by": "ann",
            "started_at": "2026-01-01T00:00:10.000Z",
        }
    ],
    "events": [
        {"at": 1_767_225_600.0, "what": "STARTED", "by": f"DAG {DAG}", "words": "Attempt 1 began."},
        {
            "at": 1_767_225_660.0,
            "what": "STOPPED",
            "by": "ann",
            "words": "Stopped: lunch.",
        },
        {"at": 1_767_225_700.0, "what": "STARTED", "by": f"DAG {DAG}", "words": "Attempt 2 began."},
        {
            "at": 1_767_226_000.0,
            "what": "RETUNED",
            "by": "vic",
            "words": f"Retuned attempt 2 of {MIGRATION}: write_units_per_second 8,000 -> 12,000.",
        },
    ],
}

_LISTED = {
    "migration_id": MIGRATION,
    "table_arn": "arn:aws:dynamodb:us-east-1:123456789012:table/orders",
    "mode": "MIGRATE",
    "of": "",
    "transform": "rename_and_split",
    "result": "",
    "started_at": 1_767_225_600.0,
    "ended_at": 0.0,
    "started_by": f"DAG {DAG}, run {RUN}",
    "dag_id": DAG,
    "run_id": RUN,
    "counts": Counts(5_000, 4_990).to_dict(),
    "dollars": 0.004,
}
_OTHER = {
    "migration_id": "flights-ba9876543210",
    "table_arn": "arn:aws:dynamodb:us-east-1:123456789012:table/flights",
    "mode": "UNDO",
    "of": "flights-0123456789ab",
    "result": "SUCCEEDED",
    "started_by": HOSTILE,
    "dollars": 12.5,
}

_QUARANTINE = {
    "rows": [
        {
            "key": {"id": {"S": HOSTILE}},
            "error_class": "TransformError",
            "message": "KeyError: 'name'",
            "segment": 17,
        },
        {
            "key": {"id": {"S": "order-81723"}, "at": {"N": "17"}},
            "error_class": "ItemTooLarge",
            "message": "The item would be 410,210 bytes; DynamoDB allows 409,600.",
            "segment": 4_211,
        },
    ],
    "where": f"s3://bucket/migrations/{MIGRATION}/quarantine/",
    "unknown": "",
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept, as Airflow's server does

    def __init__(self, canned: Canned, *args: Any) -> None:
        self.canned = canned
        super().__init__(*args)

    def do_GET(self) -> None:
        path = self.path[self.path.index(PREFIX) + len(PREFIX) :]
        if path == "/measure.js":
            self._send("text/javascript", (MEASURE + self.canned.script).encode())
        elif path.startswith("/static/"):
            file = STATIC / path.rpartition("/")[2]
            self._send(MEDIA[file.suffix], file.read_bytes())
        elif path.startswith("/ui"):
            name = "list.html" if path == "/ui" else "page.html"
            extra = f'<script type="module" src="{PREFIX}/measure.js"></script></head>'
            page = (STATIC / name).read_text().replace("</head>", extra)
            self._send("text/html", page.encode())
        elif self.canned.fails_older and path.startswith("/api/list") and path[-1] != "=":
            self.send_error(502)
        else:
            self._json(self._api(path))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/measured":
            with self.canned.news:
                self.canned.measured.append(body)
                self.canned.news.notify_all()
        else:
            self.canned.posted.append((self.path.rpartition("/")[2], body))
        self._json({"words": "It was done, says the server."})

    def _api(self, path: str) -> dict[str, Any]:
        if path.endswith("/migrations"):
            found = [{"migration_id": MIGRATION}] if self.canned.found else []
            return {"migrations": found, "may_steer": True}
        if path.startswith("/api/list"):
            is_first = path.endswith("?before=")
            rows = [_LISTED, {**_LISTED, **_OTHER}] if is_first else [_LISTED]
            older = "2026-01-01T00:00:00.000Z#m-1" if is_first else ""
            return {"migrations": rows, "older": older, "dags_left_out": 3}
        if path.endswith("/quarantine"):
            return _QUARANTINE | self.canned.quarantine
        if "/lanes/" in path:
            lane = int(path.rpartition("/")[2])
            counts = Counts(4_800, 4_790, quarantined=10)
            row = lane_row(
                lane,
                LaneState.FAILED,
                counts=counts,
                throttles=Throttles({"TableWriteKeyRangeThroughputExceeded": 7}),
                error="Boom",
                cause="No reason.",
            )
            return dict(lane_view(lane, row))
        return self.canned.view()

    def _json(self, answer: dict[str, Any]) -> None:
        self._send("application/json", json.dumps(answer).encode())

    def _send(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serve(canned: Canned, base: str = "") -> Iterator[str]:
    """Serve on a free port of this machine; yield the page's address.

    :param base: the path that Airflow itself lies below.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, canned))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{base}{PREFIX}/ui/{DAG}/{RUN}"
    server.shutdown()
    server.server_close()
