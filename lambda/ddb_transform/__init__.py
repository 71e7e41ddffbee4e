"""What runs in AWS: one invocation works on one lane for one slice of time.

``handler`` is the entry, ``assembly`` puts together what a slice works with, ``worker`` works page
by page. Chapters: ``user_code``, ``contract``, ``writers``, ``objects``, ``sources`` and ``modes``.
Beside them are ``pages``, which sources give; ``guard``, the worker's fence and budget;
``holds``, what alarms and the bill say; ``meter``, which tells CloudWatch what was done;
``failures`` and ``patience``, what to do about AWS's errors; ``table_identity``; and
``botocore_shortcuts``, which of those may be taken in ``botocore_probe``.

Classes that do something, and are no values, are neither compared nor shown (``eq=False,
repr=False``): a cold start compiles each of a dataclass's methods.
"""
