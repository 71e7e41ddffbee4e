"""Deletes what is kept of a migration.

``forgetting`` does so on request, ``expiry`` long after the migration's end. ``objects`` deletes
from the bucket, with every version; ``records`` finds the ledger's records; ``idle`` refuses to
delete what is still needed.
"""
