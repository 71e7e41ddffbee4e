"""What a deployment, or its end, must not take away without being asked.

``table_set`` and ``transform_set`` say what the stack will have; ``in_use`` refuses to drop what a
migration still needs, ``unfinished`` to delete the stack. ``kept_data`` is what outlives the stack,
``bucket_policy`` keeps undo logs from everybody, and ``bucket_removal`` deletes them.
"""
