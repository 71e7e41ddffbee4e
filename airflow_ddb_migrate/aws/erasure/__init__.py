"""What is deleted of a migration: ``forgetting`` does so on purpose, ``expiry`` long after its end.

``objects`` deletes from the bucket, with every version; ``idle`` refuses what is still needed.
"""
