"""Every limit the code relies on, once, with its source.

Sources: [SFN] Step Functions quotas, [DDB] DynamoDB quotas, [LAMBDA] Lambda quotas, [CFN]
CloudFormation quotas, [IAM] IAM quotas, [S3] rules of bucket names (AWS documentation); [API] the
botocore service model; [OURS] a choice of this project.
"""

from typing import Final

# Step Functions
MAP_INPUT_BYTES: Final = 262_144  # [API] StartExecution input, UTF-8 bytes
MAP_CHILDREN: Final = 10_000  # [SFN] parallel child executions of one map run
EXECUTION_NAME_CHARS: Final = 80  # [API] StartExecution name
OPEN_MAP_RUNS: Final = 1_000  # [SFN] of an account in a region, at a time
OPEN_EXECUTIONS: Final = 1_000_000  # [SFN] likewise, children included
HISTORY_EVENTS: Final = 25_000  # [SFN] of one STANDARD execution; the next one fails it
CHILD_LAPS: Final = 1_000  # [OURS] laps of one child: 9 events each, and 3 for each retry

# DynamoDB
TOTAL_SEGMENTS: Final = 1_000_000  # [API] Scan TotalSegments
TABLE_NAME_CHARS: Final = (3, 255)  # [API] TableName
DEFAULT_TABLE_UNITS: Final = 40_000  # [DDB] default quota, read and write units per table
TABLE_UNITS: Final = 100_000_000  # [OURS] of one table: far above any quota that AWS grants
SCAN_PAGE_ITEMS: Final = (
    1_000  # [OURS] Scan Limit: bounds what a kill repeats; [DDB] a page is <= 1 MB
)
SCAN_PAGE_BYTES: Final = 1_048_576  # [DDB] one Scan response; a replay's pages keep to it, too
ITEM_BYTES: Final = 409_600  # [DDB] 400 KB, names included
ATTRIBUTE_NAME_BYTES: Final = 65_535  # [DDB] an attribute's name; names of keys have 255
INDEX_KEY_BYTES: Final = (2_048, 1_024)  # [DDB] a value of a partition key, of a sort key
NESTED_LEVELS: Final = 31  # [DDB] lists and maps in each other around a value, as seen on AWS
NUMBER_DIGITS: Final = 38  # [DDB] significant digits of a number
NUMBER_EXPONENTS: Final = (-130, 125)  # [DDB] of a number written with one digit before the point
WRITE_UNIT_BYTES: Final = 1_024  # [DDB] one write unit, of the larger of before and after
READ_UNIT_BYTES: Final = 4_096  # [DDB] one strongly consistent read unit; eventually: half of one
EXPRESSION_BYTES: Final = 4_096  # [DDB] one expression string, placeholders included
EXPRESSION_OPERATORS: Final = 300  # [DDB] operators and functions of an update expression
EXPRESSION_VALUES_BYTES: Final = 2_097_152  # [DDB] all substitution variables of one expression
PARTITION_WRITE_UNITS: Final = 1_000  # [DDB] of one partition, per second
PARTITION_READ_UNITS: Final = 3_000  # [DDB] of one partition, per second
PARTITION_BYTES: Final = 10 * 1_024**3  # [DDB] about the most of one partition
ON_DEMAND_READ_UNITS: Final = 12_000  # [DDB] what a new on-demand table takes at once
ON_DEMAND_WRITE_UNITS: Final = 4_000  # [DDB] the same for writes
STATEMENT_CHARS: Final = 8_192  # [API] one PartiQL statement
BATCH_STATEMENTS: Final = 25  # [API] statements of one BatchExecuteStatement

# CloudFormation, IAM and S3
STACK_PARAMETER_BYTES: Final = 4_096  # [CFN] the value of one parameter
ROLE_POLICIES_CHARS: Final = 10_240  # [IAM] a role's inline policies together, no white space
BUCKET_NAME_CHARS: Final = 63  # [S3] the longest name of a bucket

# The migration
PARAMS_LEVELS: Final = 32  # [OURS] lists and objects in each other; JSON is written recursively
PARAMS_BYTES: Final = 65_536  # [OURS] a transform's, as JSON: they stand in several ledger records
HOLD_SECONDS: Final = 3_600  # [OURS] a longer hold ends the execution (waits are billed)
HOLD_WAIT_SECONDS: Final = (30, 120)  # [OURS] between two looks of a held child: first and longest
LEASE_SECONDS: Final = 1_800  # [OURS] a lease nobody renewed for this long has lost its holder
SAFETY_NET_SECONDS: Final = 900  # [OURS] between two looks of the stack; template is held to it
METRIC_SECONDS: Final = 60  # [OURS] between two lines of metrics of a worker; one ends its slice
METRIC_LINE_BYTES: Final = 1_100  # [OURS] of one such line in the log
INVOCATION_LOG_BYTES: Final = 1_000  # [LAMBDA] START, END, REPORT and the slice's result
NO_PROGRESS_SECONDS: Final = 900  # [OURS] without a settled page, of a migration that should work
FORGOTTEN_SECONDS: Final = 86_400  # [OURS] after a lease ran out; then no progress is no news
START_SEEN_SECONDS: Final = 120  # [OURS] DescribeExecution is eventually consistent (its API model)
CONFIRM_SECONDS: Final = 2  # [OURS] between looks for what should be there and was not found
CONFIRM_LOOKS: Final = 3  # [OURS] of them, until it is believed: nothing follows from a single one
OWNER_SECONDS: Final = 60  # [OURS] a lane owner that saved nothing for this long is gone
HEARTBEAT_SECONDS: Final = 15  # [OURS] a worker shows a sign of life at least this often
CONTROL_SECONDS: Final = 5  # [OURS] a worker looks at the control record this often
SAME_TABLE_SECONDS: Final = 60  # [OURS] a worker asks this often for the table's id
CONFLICT_TRIES: Final = 3  # [OURS] times one item is written before a lost race is given up
WRITER_THREADS: Final = 6  # [OURS] hides latency; more only contend for the interpreter's lock
BATCH_BYTES: Final = 2_097_152  # [OURS] of items in one batch: bounds request and answer
SAVE_SECONDS: Final = 3  # [OURS] between two saves of a lane row; bounds what a kill repeats
RETRY_SECONDS: Final = (0.05, 5.0)  # [OURS] full jitter: first and longest wait when throttled
WRITE_TRIES: Final = 12  # [OURS] of one write in a row; then its lane waits, and goes on
QUARANTINE_ITEMS: Final = 100  # [OURS] more quarantined items stop a migration
QUARANTINE_PERCENTAGE: Final = 5.0  # [OURS] of the items seen; so do more than this
QUARANTINE_JUDGED: Final = 20  # [OURS] while it runs, the percentage is judged from so many on
DEFAULT_CONCURRENCY: Final = 100  # [OURS] a tenth of Lambda's default 1,000 per account
DEFAULT_SEGMENTS: Final = 100  # [OURS] without a plan
DEFAULT_PREWARM_READ_UNITS: Final = 12_000  # [OURS] per second, unless asked otherwise
DEFAULT_PREWARM_WRITE_UNITS: Final = 4_000  # [OURS] likewise
LEDGER_SHARDS: Final = 16  # [OURS] partition keys of lane rows; [DDB] one takes 1,000 writes/s
LEDGER_WRITE_UNITS: Final = 2_000  # [OURS] of all saves: half of what a new table takes at once
INVOCATION_READS: Final = 4.5  # [DDB] units: migration, proof, attempts, control; lease, a half
INVOCATION_SAVES: Final = 2  # [OURS] of a lane's row beside those by the clock: taken, given back
INVOCATION_COUNTS: Final = 2  # [OURS] an invocation counts itself in and out: a unit each
LANE_ROW_UNITS: Final = 2  # [DDB] of one save: a row has up to 2 KB
LEASE_LOOK_SECONDS: Final = 15  # [OURS] a worker looks at the lease this often
RETURNS_PER_SECOND: Final = 150  # [OURS] held workers: each reads one key four times
LEAVES_PER_SECOND: Final = 600  # [OURS] stopped workers: each writes the control record
EXECUTION_DAYS: Final = 365  # [SFN] the longest a STANDARD execution may run
CLOSED_LOOK_SECONDS: Final = 300.0  # [OURS] between two looks outside its hours: keeps the lease
WAIT_SECONDS: Final = 86_400.0  # [OURS] a wait gives up no sooner
WAIT_FACTOR: Final = 3.0  # [OURS] of the plan's longest time; then a wait gives up

WINDOWS: Final = 20  # [OURS] of one migration
WINDOW_CHARS: Final = 120  # [OURS] of one window as a person writes it
HOURS_AHEAD_DAYS: Final = 366  # [OURS] so far ahead an open window is looked for

ENTERED_CHARS: Final = 300  # [OURS] of a reason or a name that a person enters
TABLES: Final = 100  # [OURS] of one DAG run: one approval over more is none

# Airflow
LONGEST_SECONDS: Final = 3_650 * 86_400  # [OURS] of any wait: Python adds no more than it has years
NOTICE_TITLE_CHARS: Final = 99  # [API] SNS Publish: a Subject has less than 100
APPROVAL_BODY_BYTES: Final = 65_535  # MySQL's TEXT, which hitl_detail.body is there

# The plan
WORKER_WRITE_UNITS: Final = 800  # [OURS] measured: what one worker writes per second at most
WORKER_READ_UNITS: Final = 1_500  # [OURS] measured: 85 ms of CPU for a page of 1 MB
SEGMENT_BYTES: Final = 128 * 1_024**2  # [OURS] of one segment: minutes of work, few executions
BUDGET_SHARE: Final = 0.8  # [OURS] of what live traffic leaves
LAMBDA_SHARE: Final = 0.5  # [OURS] of the account's unreserved concurrency
LAMBDA_CONCURRENCY: Final = 1_000  # [LAMBDA] default quota of an account
LAMBDA_MEMORY_MB: Final = 1_769  # [LAMBDA] one vCPU; template is held to it by a test
FIRST_LAP_TRANSITIONS: Final = 3  # [SFN] Work, More?, Done
MORE_LAP_TRANSITIONS: Final = 2  # [SFN] Work, More?
HELD_LAP_TRANSITIONS: Final = 3  # [SFN] Work, More?, Hold
HELD_LOOK_SECONDS: Final = 0.25  # [OURS] of Lambda that such a lap is billed: a few reads
CHILD_STARTS_PER_SECOND: Final = 100  # [SFN] STANDARD children of a map run
PREWARM_SECONDS: Final = 300  # [OURS] for raised capacity to be there; large tables take longer
START_SECONDS: Final = 30  # [OURS] execution, cold starts, the last checkpoint
UNDO_LOG_DAYS: Final = 90  # [OURS] the bucket's lifecycle rule, unless deploy is told otherwise
SAMPLE_ITEMS: Final = 1_000  # [OURS] that the plan lets the Lambda look at
SAMPLE_PAGE_ITEMS: Final = 100  # [OURS] of one segment: ten places at least
SAMPLE_PAGES: Final = 20  # [OURS] at most; segments may be empty
SAMPLE_SECONDS: Final = 20.0  # [OURS] less than boto3 waits for an answer

BACKUP_SECONDS: Final = 3_600  # [OURS] wait for a backup; AWS says seconds, whatever the size
BACKUP_POLL_SECONDS: Final = 5  # [OURS] between two looks at it

# The rate of one worker
SHARERS_SECONDS: Final = 30  # [OURS] a count of the live workers older than this is renewed
FIRST_COUNT_SECONDS: Final = 10  # [OURS] until the first count: fewer may be live than may be
SHARERS_SLACK: Final = 0.97  # [OURS] fewer live workers than this share of the count: count anew
BURST_SECONDS: Final = 0.25  # [OURS] idle time that may be caught up: a checkpoint, an upload
CUT_FACTOR: Final = 0.7  # [OURS] of the rate, when throttled
CUT_SECONDS: Final = 1.0  # [OURS] between two cuts
RAISE_FACTOR: Final = 1.05  # [OURS] of the rate, every
RAISE_SECONDS: Final = 5.0  # [OURS] without throttling
SUFFERING_SECONDS: Final = 60.0  # [OURS] throttling that lasts so long is the table's, not ours
SUFFERING_SHARE: Final = 0.2  # [OURS] throttled units of those tried in that time
SUFFERING_UNITS: Final = 100.0  # [OURS] and at least so many
THROTTLE_REASONS: Final = 12  # [OURS] told apart in a lane's row; [DDB] 16, 8 more per index
SUFFERING_HOLD_SECONDS: Final = 300  # [OURS] the migration then waits so long

# The health gate
ALARMS: Final = 10  # [OURS] of one migration: they stand in the control record, read all the time
ALARM_NAME_CHARS: Final = 255  # [API] AlarmName
UNKNOWN_SECONDS: Final = 180  # [OURS] alarms whose state is unknown for so long hold a migration
HEALTHY_SECONDS: Final = 300  # [OURS] all alarms are OK for so long before it goes on
EASED_SHARE: Final = 0.5  # [OURS] of the budget, after a hold for health
EASED_SECONDS: Final = 600  # [OURS] until it is all of the budget again

# The limit of the cost
SPENDING_SECONDS: Final = (5.0, 30.0)  # [OURS] between two sums: near the limit, and else
SPENDING_LAG_SECONDS: Final = 15.0  # [OURS] rows may be so old, and workers hear of it later
SPENDING_TOLERANCE: Final = (0.02, 0.10)  # [OURS] part of the limit, or dollars: more is too much

# Lambda
LAMBDA_SECONDS: Final = 900  # [LAMBDA] one invocation; template and ASL are held to it by tests
LAMBDA_UNZIPPED_BYTES: Final = 262_144_000  # [LAMBDA] 250 MB: a zip from S3, unzipped
TRANSFORM_FILES: Final = 10_000  # [OURS] looked at in a user's folder: more is a wrong folder
SLICE_MARGIN_SECONDS: Final = 60  # [OURS] a slice ends this long before the invocation's limit

# Signatures
SIGNATURE_SKEW_SECONDS: Final = 300.0  # [API] Signature Version 4: a request's time and AWS's
