"""What AWS answers when a KMS key refuses (access denied), and what to do about it."""

import re

_SIGNS = re.compile(r"\bkms:[A-Z]\w+|\bKMS\b|AWSKMS|customer master key")
_ACTION = re.compile(r"\bkms:[A-Z]\w+")
_KEY = re.compile(r"arn:[\w-]+:kms:[\w-]+:\d+:key/[\w-]+")


def key_advice(message: str) -> str:
    """Return what to do if a KMS key refused the request; empty if none did.

    DynamoDB's and S3's own words for it name the action and the key, or neither.
    """
    if not _SIGNS.search(message):
        return ""
    action, key = _ACTION.search(message), _KEY.search(message)
    name = key[0] if key else "KEY_ARN"
    what = action[0] if action else "the request"
    return (
        f"The KMS key{f' {name}' if key else ''} refused {what}. If a role of the stack made the "
        f"request, run: ddb-migrate deploy --table-kms-key {name} (--kms-key for the key of ledger "
        "and bucket). Any other role needs the permission in its own policy. The key's policy has "
        "to allow it, too."
    )
