"""The hash of code, by names and contents: that of the zip, and that of what a user put into it."""

import hashlib
from collections.abc import Mapping
from typing import Final

# The file beside the Lambda's engine that says the hash of a user's files and packages.
USER_HASH_FILE: Final = "user_hash.txt"


def content_hash(contents: Mapping[str, bytes]) -> str:
    """Return the SHA-256 of names and contents, whatever made them and in whichever order."""
    digest = hashlib.sha256()
    for name in sorted(contents):
        digest.update(f"{name}\0{len(contents[name])}\0".encode())
        digest.update(contents[name])
    return digest.hexdigest()
