"""What deploy and destroy must not remove without being asked.

``table_set`` and ``transform_set`` decide what the stack will have; ``in_use`` refuses to drop what
a migration still needs, ``unfinished`` to delete the stack. ``kept_data`` is what outlives the
stack; ``bucket_policy`` protects undo logs, and ``bucket_removal`` deletes them.
"""
