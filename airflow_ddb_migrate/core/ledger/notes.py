"""Names of the JSON documents that the ledger keeps: beside a migration, and of the stack."""

from typing import Final

PLAN: Final = "plan"
BACKUP: Final = "backup"  # what the backup gate found
CAPACITY_BEFORE: Final = "capacity-before"
CAPACITY_DURING: Final = "capacity-during"  # as it was raised
APPROVAL: Final = "approval"  # of the plan: what a person was asked and answered
CANARY_APPROVAL: Final = "approval-canary"  # of the rest, after the canary
PREWARM: Final = "prewarm"  # what prewarm was asked for
REQUEST: Final = "request"  # what the latest attempt was started with
RESTORE: Final = "restore"  # what was brought back
SAFETY_NET: Final = "safety-net"  # the same, by the safety net
REPORT: Final = "report"
REFUSAL: Final = "refusal"  # why a worker of which attempt did not begin
RUNTIMES: Final = "runtimes"  # what its workers run on
ENGINE_PROOF: Final = "engine-proof"  # of the stack: the self-check's result
EXPIRY: Final = "expiry"  # of the stack: when it last looked for what expires
