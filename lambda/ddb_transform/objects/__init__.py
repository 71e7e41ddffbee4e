"""What a slice keeps in the bucket: the ``undo_log``, the ``quarantine``, and ``object_names``."""
