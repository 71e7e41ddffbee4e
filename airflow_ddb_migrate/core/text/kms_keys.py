"""What AWS says when a KMS key refuses, and what to do about it: it comes as access denied."""

import re

_SIGNS = re.compile(r"\bkms:[A-Z]\w+|\bKMS\b|AWSKMS|customer master key")
_ACTION = re.compile(r"\bkms:[A-Z]\w+")
_KEY = re.compile(r"arn:[\w-]+:kms:[\w-]+:\d+:key/[\w-]+")


def key_advice(message: str) -> str:
    """Return what to do about a refusal that is a key's; empty if it is none.

    DynamoDB's and S3's own words for it name the action and the key, or neither.
    """
    if not _SIGNS.search(message):
        return ""
    action, key = _ACTION.search(message), _KEY.search(message)
    name = key[0] if key else "KEY_ARN"
    return (
        f"It is the KMS key{f' {name}' if key else ''} that refuses"
        f"{f' {action[0]}' if action else ''}. If a role of the stack asked: ddb-migrate deploy "
        f"--table-kms-key {name} (--kms-key for the key of ledger and bucket). Other credentials "
        "need it in their own policy. The key's policy has to allow it, too."
    )
