"""Names of the JSON documents that the ledger keeps beside a migration, or for the stack."""

from typing import Final

PLAN: Final = "plan"
BACKUP: Final = "backup"  # what the backup gate found
CAPACITY_BEFORE: Final = "capacity-before"
CAPACITY_DURING: Final = "capacity-during"  # the capacity after it was raised
APPROVAL: Final = "approval"  # of the plan: the question and a person's answer
CANARY_APPROVAL: Final = "approval-canary"  # of the segments after the canary: the same
PREWARM: Final = "prewarm"  # the capacity that prewarm was asked for
REQUEST: Final = "request"  # the parameters of the latest attempt
RESTORE: Final = "restore"  # the capacity that was restored
SAFETY_NET: Final = "safety-net"  # the same, if the safety net restored it
REPORT: Final = "report"
REFUSAL: Final = "refusal"  # which attempt's worker could not start, and why
RUNTIMES: Final = "runtimes"  # Python and botocore of its workers
ENGINE_PROOF: Final = "engine-proof"  # for the stack: the result of the self-check
EXPIRY: Final = "expiry"  # for the stack: when it last searched for records that expire
