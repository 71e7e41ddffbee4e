"""What a slice keeps in the bucket: ``undo_log`` and ``quarantine``, with ``object_names``."""
