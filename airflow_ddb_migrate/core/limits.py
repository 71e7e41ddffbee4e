"""Every limit the code relies on, once, with its source.

Sources: [SFN] Step Functions quotas, [DDB] DynamoDB quotas, [LAMBDA] Lambda quotas, [CFN]
CloudFormation quotas, [IAM] IAM quotas, [S3] naming rules of buckets (AWS documentation); [API] the
botocore service model; [OURS] a choice of this project.
"""

from typing import Final

# Step Functions
MAP_INPUT_BYTES: Final = 262_144  # [API] StartExecution input, UTF-8 bytes
MAP_CHILDREN: Final = 10_000  # [SFN] parallel child executions of one map run
EXECUTION_NAME_CHARS: Final = 80  # [API] StartExecution name
OPEN_MAP_RUNS: Final = 1_000  # [SFN] at a time, per account and region
OPEN_EXECUTIONS: Final = 1_000_000  # [SFN] the same, child executions included
HISTORY_EVENTS: Final = 25_000  # [SFN] of one STANDARD execution; one more fails it
CHILD_LAPS: Final = 1_000  # [OURS] of one child: a lap takes 9 events, and 3 for each retry

# DynamoDB
TOTAL_SEGMENTS: Final = 1_000_000  # [API] Scan TotalSegments
TABLE_NAME_CHARS: Final = (3, 255)  # [API] TableName
DEFAULT_TABLE_UNITS: Final = 40_000  # [DDB] default quota, read and write units per table
TABLE_UNITS: Final = 100_000_000  # [OURS] per table: far above any quota that AWS grants
SCAN_PAGE_ITEMS: Final = (
    1_000  # [OURS] Scan Limit: bounds the work that a kill repeats; [DDB] a page has <= 1 MB
)
SCAN_PAGE_BYTES: Final = 1_048_576  # [DDB] one Scan response; also for a replay's pages
ITEM_BYTES: Final = 409_600  # [DDB] 400 KB, names included
ATTRIBUTE_NAME_BYTES: Final = 65_535  # [DDB] name of an attribute; 255 for a key's
INDEX_KEY_BYTES: Final = (2_048, 1_024)  # [DDB] a value of a partition key, of a sort key
NESTED_LEVELS: Final = 31  # [DDB] nested lists and maps around a value, as seen on AWS
NUMBER_DIGITS: Final = 38  # [DDB] significant digits of a number
NUMBER_EXPONENTS: Final = (-130, 125)  # [DDB] of a number with one digit before the point
WRITE_UNIT_BYTES: Final = 1_024  # [DDB] one write unit; the larger of old and new item
READ_UNIT_BYTES: Final = 4_096  # [DDB] one unit, or half one if eventually consistent
EXPRESSION_BYTES: Final = 4_096  # [DDB] one expression string, placeholders included
EXPRESSION_OPERATORS: Final = 300  # [DDB] operators and functions of an update expression
EXPRESSION_VALUES_BYTES: Final = 2_097_152  # [DDB] all values of one expression
PARTITION_WRITE_UNITS: Final = 1_000  # [DDB] per partition and second
PARTITION_READ_UNITS: Final = 3_000  # [DDB] per partition and second
PARTITION_BYTES: Final = 10 * 1_024**3  # [DDB] one partition holds about this at most
ON_DEMAND_READ_UNITS: Final = 12_000  # [DDB] per second, of a new on-demand table
ON_DEMAND_WRITE_UNITS: Final = 4_000  # [DDB] the same, for writes
STATEMENT_CHARS: Final = 8_192  # [API] one PartiQL statement
BATCH_STATEMENTS: Final = 25  # [API] statements of one BatchExecuteStatement

# CloudFormation, IAM and S3
STACK_PARAMETER_BYTES: Final = 4_096  # [CFN] the value of one parameter
ROLE_POLICIES_CHARS: Final = 10_240  # [IAM] all inline policies of a role, without white space
BUCKET_NAME_CHARS: Final = 63  # [S3] the longest name of a bucket

# The migration
PARAMS_LEVELS: Final = 32  # [OURS] nested lists and objects; JSON is written recursively
PARAMS_BYTES: Final = 65_536  # [OURS] a transform's, as JSON: several ledger records hold them
HOLD_SECONDS: Final = 3_600  # [OURS] a longer hold ends the execution (waits are billed)
HOLD_WAIT_SECONDS: Final = (30, 120)  # [OURS] between two polls of a held child: first and longest
LEASE_SECONDS: Final = 1_800  # [OURS] a lease that is not renewed for this long expires
SAFETY_NET_SECONDS: Final = 900  # [OURS] between two runs; a test compares the template
METRIC_SECONDS: Final = 60  # [OURS] between a worker's metric lines; one more ends its slice
METRIC_LINE_BYTES: Final = 1_100  # [OURS] one such line in the log
INVOCATION_LOG_BYTES: Final = 1_000  # [LAMBDA] START, END and REPORT lines, and the result
NO_PROGRESS_SECONDS: Final = 900  # [OURS] without a settled page: reported, unless on hold
FORGOTTEN_SECONDS: Final = 86_400  # [OURS] after a lease expired: no progress is not reported
START_SEEN_SECONDS: Final = 120  # [OURS] [API] DescribeExecution is eventually consistent
CONFIRM_SECONDS: Final = 2  # [OURS] between checks for something that should exist but is not found
CONFIRM_LOOKS: Final = 3  # [OURS] checks before it is taken to be missing: one proves nothing
OWNER_SECONDS: Final = 60  # [OURS] an owner that saved nothing for this long loses its lane
HEARTBEAT_SECONDS: Final = 15  # [OURS] a worker shows a sign of life at least this often
CONTROL_SECONDS: Final = 5  # [OURS] a worker reads the control record this often
SAME_TABLE_SECONDS: Final = 60  # [OURS] a worker checks the table's id this often
CONFLICT_TRIES: Final = 3  # [OURS] attempts at one item that live writes keep changing
WRITER_THREADS: Final = 6  # [OURS] enough to hide latency; more contend for Python's GIL
BATCH_BYTES: Final = 2_097_152  # [OURS] items of one batch: bounds request and response
SAVE_SECONDS: Final = 3  # [OURS] between saves of a lane row: bounds the work that a kill repeats
RETRY_SECONDS: Final = (0.05, 5.0)  # [OURS] first and longest wait if throttled; full jitter
WRITE_TRIES: Final = 12  # [OURS] of one write in a row; then its lane waits and resumes
QUARANTINE_ITEMS: Final = 100  # [OURS] more quarantined items stop a migration
QUARANTINE_PERCENTAGE: Final = 5.0  # [OURS] of the items seen; a larger share stops a migration
QUARANTINE_JUDGED: Final = 20  # [OURS] quarantined items from which the percentage counts
DEFAULT_CONCURRENCY: Final = 100  # [OURS] a tenth of Lambda's default 1,000 per account
DEFAULT_SEGMENTS: Final = 100  # [OURS] without a plan
DEFAULT_PREWARM_READ_UNITS: Final = 12_000  # [OURS] per second; the default
DEFAULT_PREWARM_WRITE_UNITS: Final = 4_000  # [OURS] the same
LEDGER_SHARDS: Final = 16  # [OURS] partition keys of lane rows; [DDB] one takes 1,000 writes/s
LEDGER_WRITE_UNITS: Final = 2_000  # [OURS] per second for all saves: half of a new table's
INVOCATION_READS: Final = 4.5  # [DDB] units: migration, proof, attempts, control; half one: lease
INVOCATION_SAVES: Final = 2  # [OURS] extra saves of a lane row: when taken and given back
INVOCATION_COUNTS: Final = 2  # [OURS] an invocation joins and leaves: one unit each
LANE_ROW_UNITS: Final = 2  # [DDB] for one save: a row has up to 2 KB
LEASE_LOOK_SECONDS: Final = 15  # [OURS] a worker reads the lease this often
RETURNS_PER_SECOND: Final = 150  # [OURS] held workers that resume: each reads one key four times
LEAVES_PER_SECOND: Final = 600  # [OURS] stopped workers: each writes the control record
EXECUTION_DAYS: Final = 365  # [SFN] the longest a STANDARD execution may run
CLOSED_LOOK_SECONDS: Final = 300.0  # [OURS] between polls outside its hours: keeps the lease
WAIT_SECONDS: Final = 86_400.0  # [OURS] the shortest default time limit of a wait
WAIT_FACTOR: Final = 3.0  # [OURS] times the plan's longest time: the same

WINDOWS: Final = 20  # [OURS] of one migration
WINDOW_CHARS: Final = 120  # [OURS] of one window as a person writes it
HOURS_AHEAD_DAYS: Final = 366  # [OURS] how far ahead we search for an open window

ENTERED_CHARS: Final = 300  # [OURS] of a reason or a name that a person enters
TABLES: Final = 100  # [OURS] of one DAG run: a person can still check so many

# Airflow
LONGEST_SECONDS: Final = 3_650 * 86_400  # [OURS] of any wait: Python's dates end in the year 9999
NOTICE_TITLE_CHARS: Final = 99  # [API] SNS Publish: a Subject has fewer than 100
APPROVAL_BODY_BYTES: Final = 65_535  # MySQL's TEXT, the type of hitl_detail.body

# The plan
WORKER_WRITE_UNITS: Final = 800  # [OURS] measured: the most that one worker writes per second
WORKER_READ_UNITS: Final = 1_500  # [OURS] measured: 85 ms of CPU for a page of 1 MB
SEGMENT_BYTES: Final = 128 * 1_024**2  # [OURS] of one segment: minutes of work, so few executions
BUDGET_SHARE: Final = 0.8  # [OURS] of the units that live traffic leaves
LAMBDA_SHARE: Final = 0.5  # [OURS] of the account's unreserved concurrency
LAMBDA_CONCURRENCY: Final = 1_000  # [LAMBDA] default quota of an account
LAMBDA_MEMORY_MB: Final = 1_769  # [LAMBDA] one vCPU; a test compares the template
FIRST_LAP_TRANSITIONS: Final = 3  # [SFN] Work, More?, Done
MORE_LAP_TRANSITIONS: Final = 2  # [SFN] Work, More?
HELD_LAP_TRANSITIONS: Final = 3  # [SFN] Work, More?, Hold
HELD_LOOK_SECONDS: Final = 0.25  # [OURS] billed Lambda time of such a lap: a few reads
CHILD_STARTS_PER_SECOND: Final = 100  # [SFN] STANDARD children of a map run
PREWARM_SECONDS: Final = 300  # [OURS] until capacity is raised; large tables take longer
START_SECONDS: Final = 30  # [OURS] start of execution, cold starts, last checkpoint
UNDO_LOG_DAYS: Final = 90  # [OURS] the default of the bucket's lifecycle rule
SAMPLE_ITEMS: Final = 1_000  # [OURS] that the Lambda reads for the plan
SAMPLE_PAGE_ITEMS: Final = 100  # [OURS] of one segment, so at least ten are read
SAMPLE_PAGES: Final = 20  # [OURS] at most; segments may be empty
SAMPLE_SECONDS: Final = 20.0  # [OURS] less than boto3 waits for a response

BACKUP_SECONDS: Final = 3_600  # [OURS] to wait for a backup; AWS: seconds, whatever the size
BACKUP_POLL_SECONDS: Final = 5  # [OURS] between two polls

# The rate of one worker
SHARERS_SECONDS: Final = 30  # [OURS] a count of the live workers older than this is renewed
FIRST_COUNT_SECONDS: Final = 10  # [OURS] until the first count: not all may be live yet
SHARERS_SLACK: Final = 0.97  # [OURS] count again if fewer than this share are live
BURST_SECONDS: Final = 0.25  # [OURS] idle time to catch up on: a checkpoint, an upload
CUT_FACTOR: Final = 0.7  # [OURS] of the rate, when throttled
CUT_SECONDS: Final = 1.0  # [OURS] between two cuts
RAISE_FACTOR: Final = 1.05  # [OURS] of the rate, after each
RAISE_SECONDS: Final = 5.0  # [OURS] without throttling
SUFFERING_SECONDS: Final = 60.0  # [OURS] longer throttling has another cause than our own rate
SUFFERING_SHARE: Final = 0.2  # [OURS] throttled units among those tried in that time
SUFFERING_UNITS: Final = 100.0  # [OURS] and at least this many
THROTTLE_REASONS: Final = 12  # [OURS] kept in a lane row; [DDB] there are 16, and 8 more per index
SUFFERING_HOLD_SECONDS: Final = 300  # [OURS] the migration then waits for this long

# The health gate
ALARMS: Final = 10  # [OURS] of one migration: they are in the control record, which is read often
ALARM_NAME_CHARS: Final = 255  # [API] AlarmName
UNKNOWN_SECONDS: Final = 180  # [OURS] an alarm whose state is unknown for this long holds
HEALTHY_SECONDS: Final = 300  # [OURS] all alarms have to be OK for this long
EASED_SHARE: Final = 0.5  # [OURS] of the budget, after a hold for health
EASED_SECONDS: Final = 600  # [OURS] until the whole budget is used again

# The limit of the cost
SPENDING_SECONDS: Final = (5.0, 30.0)  # [OURS] between sums: near the limit, else
SPENDING_LAG_SECONDS: Final = 15.0  # [OURS] age of rows, and delay until workers know
SPENDING_TOLERANCE: Final = (0.02, 0.10)  # [OURS] allowed above it: share or dollars, the larger

# Lambda
LAMBDA_SECONDS: Final = 900  # [LAMBDA] one invocation; tests compare template and ASL
LAMBDA_UNZIPPED_BYTES: Final = 262_144_000  # [LAMBDA] 250 MB: a zip from S3, unzipped
TRANSFORM_FILES: Final = 10_000  # [OURS] in the user's folder: with more it is the wrong folder
SLICE_MARGIN_SECONDS: Final = 60  # [OURS] a slice ends this long before the invocation's limit

# Signatures
SIGNATURE_SKEW_SECONDS: Final = 300.0  # [API] Signature Version 4: how far a clock may be off
