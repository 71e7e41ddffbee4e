"""Puts content into the stack's bucket under a key with its hash, and verifies what is there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.deployment.packaging.bundle import sha256_of

# Without s3:ListBucket, S3 answers 403 for a missing key; a PutObject shows which it is.
_MISSING = {"404", "NoSuchKey", "NotFound", "403", "AccessDenied"}


@dataclass(frozen=True, slots=True)
class Uploader:
    """Uploads what is missing, by S3's own checksum, since a name proves nothing."""

    s3: Any
    bucket: str
    say: Callable[[str], None]

    def __call__(self, key: str, content: bytes) -> str:
        checksum = sha256_of(content)
        found = self._checksum(key)
        if found != checksum:
            if found is not None:
                self.say(f"{key} in the bucket differs from what was built here and is replaced.")
            self._put(key, content, checksum)
        return key

    def _put(self, key: str, content: bytes, checksum: str) -> None:
        """Upload the content; S3 refuses it if it arrives with another checksum."""
        with aws_call("s3:PutObject", f"s3://{self.bucket}/{key}"):
            self.s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=content,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
            )
        self.say(f"Uploaded {key} ({len(content):,} bytes)")

    def _checksum(self, key: str) -> str | None:
        """Return the object's checksum, empty if it has none; None if the object is not visible."""
        with aws_call("s3:GetObject", f"s3://{self.bucket}/{key}"):
            try:
                head = self.s3.head_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED")
            except ClientError as exc:
                if error_code(exc) in _MISSING:
                    return None
                raise
        return str(head.get("ChecksumSHA256", ""))
