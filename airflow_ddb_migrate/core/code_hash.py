"""The hash of code, by file names and contents: of the whole zip, and of the user's part of it."""

import hashlib
from collections.abc import Mapping
from typing import Final

# The file beside the Lambda's engine that has the hash of the user's files and packages.
USER_HASH_FILE: Final = "user_hash.txt"


def content_hash(contents: Mapping[str, bytes]) -> str:
    """Return the SHA-256 of names and contents; the order in which they come does not matter."""
    digest = hashlib.sha256()
    for name in sorted(contents):
        digest.update(f"{name}\0{len(contents[name])}\0".encode())
        digest.update(contents[name])
    return digest.hexdigest()
