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
        "Does a statement of a batch whose condition fails return the item, and what capacity does "
        "a batch report in which all, or some, fail?",
        "With the item, the fast writer saves a read for each lost race; with the capacity, the "
        "rate need not be estimated.",
    ),
    Question(
        "batch-duplicates",
        "What does a batch do that names one key twice?",
        "If only the second statement fails, the writer need not look for repeated keys.",
    ),
    Question(
        "statement-throttling",
        "How does a throttled statement of a batch look, and has it a reason?",
        "With a reason, a hot key range slows one worker instead of all of them.",
    ),
    Question(
        "item-limits",
        "How many bytes is a number, how deep may an item nest, which zeros are refused?",
        "Estimates of write units and the refusals of the codec follow these figures.",
    ),
    Question(
        "statement-capacity",
        "Does a PartiQL update cost what UpdateItem costs, of the table and of an index?",
        "If it costs more, the plan and the choice of the writer have to know.",
    ),
    Question(
        "scan",
        "How large is a page, when does the last one have a key, how do segments share the items?",
        "Pages and segments are planned by these sizes; nested segments would allow a lane to be "
        "split while it runs.",
    ),
    Question(
        "table-decreases",
        "How often may a table's capacity be lowered in a row, and how is the next one refused?",
        "Restore waits for the next decrease by that refusal.",
    ),
    Question(
        "execution-visibility",
        "For how long may DescribeExecution and ListExecutions not know an execution that has "
        "started?",
        "Two minutes are allowed; more would need more, much less would let a lost execution be "
        "noticed sooner.",
    ),
    Question(
        "published-versions",
        "What does PublishVersion return for code that is unchanged, and for code that was "
        "published before the last version?",
        "A deployment that failed is repaired by the same code only if that publishes a version.",
    ),
    Question(
        "lambda-runtime",
        "Which botocore has the Lambda runtime, which protocol does it speak with DynamoDB, do the "
        "hooks of the shortcuts fire, has its model reasons for throttling?",
        "Without them every page costs several times the CPU, and botocore would be shipped.",
    ),
    Question(
        "missing-object",
        "Is a missing object 403 or 404, without and with s3:ListBucket?",
        'Upload and quarantine read that answer as "not there".',
    ),
    Question(
        "role-delay",
        "How long after a role was made can Lambda assume it, and how long after a policy was put "
        "does it count?",
        "The self-check after a deployment waits so long for its permissions.",
    ),
)
