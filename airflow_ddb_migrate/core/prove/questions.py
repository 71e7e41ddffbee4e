"""The twelve questions that no document and no emulator can settle."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Question:
    """``changes`` is what the project does otherwise, depending on the answer."""

    name: str
    text: str
    changes: str


QUESTIONS: Final = (
    Question(
        "batch-lost",
        "If the condition of a statement in a batch fails, does the statement return the item? "
        "Which capacity does a batch report if some or all of its statements fail?",
        "With the item, the fast writer saves one read for each lost race. With the capacity, it "
        "need not estimate its rate.",
    ),
    Question(
        "batch-duplicates",
        "What does a batch do if two of its statements name the same key?",
        "If only the second statement fails, the writer need not check for repeated keys.",
    ),
    Question(
        "statement-throttling",
        "What does a throttled statement of a batch return, and does it give a reason?",
        "With a reason, a hot key range slows one worker instead of all of them.",
    ),
    Question(
        "item-limits",
        "How many bytes does a number take, how deeply can an item nest, and which zeros are "
        "refused?",
        "The estimates of write units and the codec's refusals depend on it.",
    ),
    Question(
        "statement-capacity",
        "Does a PartiQL update cost the same as UpdateItem, in the table and in an index?",
        "If it costs more, the plan and the choice of the writer have to take that into account.",
    ),
    Question(
        "scan",
        "How large is a page, when does the last page have a key, and how are items spread over "
        "segments?",
        "Pages and segments are planned by these sizes. If segments nest, a running lane could be "
        "split.",
    ),
    Question(
        "table-decreases",
        "How often can a table's capacity be lowered in a row, and how is one more decrease "
        "refused?",
        "By that refusal, restore decides to wait for the next decrease.",
    ),
    Question(
        "execution-visibility",
        "For how long can a started execution be unknown to DescribeExecution and ListExecutions?",
        "The migration waits for two minutes. If it takes longer, it has to wait longer; if much "
        "less, a lost execution can be noticed sooner.",
    ),
    Question(
        "published-versions",
        "What does PublishVersion return for unchanged code, and for code of an earlier version "
        "than the last one?",
        "The same code can repair a failed deployment only if it publishes a version.",
    ),
    Question(
        "lambda-runtime",
        "Which botocore does the Lambda runtime have, and which protocol does it use with "
        "DynamoDB? Do the hooks of the shortcuts fire? Does its model have throttling reasons?",
        "Without the hooks, every page takes several times the CPU, and botocore would have to be "
        "shipped.",
    ),
    Question(
        "missing-object",
        "Does S3 answer 403 or 404 for a missing object, with and without s3:ListBucket?",
        'Upload and quarantine take that answer to mean "not there".',
    ),
    Question(
        "role-delay",
        "How soon can Lambda assume a new role, and how soon does a new policy take effect?",
        "The self-check after a deployment waits that long for its permissions.",
    ),
)
