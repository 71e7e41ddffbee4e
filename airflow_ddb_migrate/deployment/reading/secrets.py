"""Recognizes secrets: files by their names, and keys that are written in a text."""

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Final

# In lower case; a folder's ends with "/".
_NAMES: Final = (
    *(".env", ".env.*", "*.env", ".envrc", "*.pem", "*.key", "*.p8", "*.pk8", "*.p12", "*.pfx"),
    *("*.ppk", "*.jks", "*.keystore", "*.keytab", "*.kdb", "*.kdbx", "*.gpg", "*.ovpn"),
    *("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "*_rsa", "*_ed25519"),
    *("credentials", "credentials.json", "credentials.csv", "credentials.ini", "credentials.toml"),
    *(
        "credentials.y*ml",
        "credentials.txt",
        "*.credentials",
        "aws_credentials*",
        "aws-credentials*",
    ),
    *("*accesskeys*.csv", "rootkey.csv", "application_default_credentials.json"),
    *("gha-creds-*.json", "service-account*.json", "service_account*.json", "client_secret*.json"),
    *("secret", "secrets", "secret.json", "secret.y*ml", "secret.toml", "secret.txt"),
    *("secrets.json", "secrets.y*ml", "secrets.toml", "secrets.txt", "secrets.ini"),
    *("*.tfstate", "*.tfstate.*", "*.tfvars", "*.tfvars.json", "kubeconfig", "*.kubeconfig"),
    *(".netrc", "_netrc", ".pypirc", ".pgpass", ".my.cnf", ".npmrc", ".boto", ".s3cfg"),
    *("netrc", "pypirc", "npmrc", "pip.conf", "pip.ini"),
    *(".git-credentials", ".htpasswd", ".dockercfg", ".vault-token", ".terraformrc"),
    *(
        "secrets/",
        ".secrets/",
        ".aws/",
        ".aws",
        ".ssh/",
        ".gnupg/",
        ".kube/",
        ".docker/",
        ".azure/",
        ".gcloud/",
    ),
)
# The form of AWS's identifiers: AKIA for a user's key, ASIA for a session's.
_TEXTS: Final = {
    "an AWS access key": re.compile(rb"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    "an AWS secret key": re.compile(
        rb"(?i)secret_?(?:access_?)?key[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
    ),
    "a private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    # not {this}, ${this}, $THIS, <this>, %s or ***, which are placeholders
    "a password in a URL": re.compile(
        rb"(?i)\b[a-z][a-z0-9+.-]{0,20}://[^\s/@:\"'<>\[\]]{0,200}:"
        rb"(?!\$?[{(<]|\$\w+@|%[s(]|\*+@)[^\s/@\"'<>]{1,200}@[\w\[]"
    ),
}


def is_secret(name: str) -> bool:
    """Return whether the name of a file, or with '/' at its end of a folder, means a secret."""
    return any(fnmatch(name.lower(), pattern) for pattern in _NAMES)


def written_keys(content: bytes) -> Iterator[str]:
    """Yield a text, without the key itself, for everything in a file that looks like a key."""
    for what, pattern in _TEXTS.items():
        if found := pattern.search(content):
            line = content.count(b"\n", 0, found.start()) + 1
            yield f"line {line} looks like {what}"
