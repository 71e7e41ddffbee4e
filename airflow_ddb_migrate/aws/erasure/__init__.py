"""What is deleted of a migration: ``forgetting`` does so on purpose, ``expiry`` long after its end.

``objects`` deletes from the bucket, with every version; ``records`` finds those of the ledger;
``idle`` refuses what is still needed.
"""
