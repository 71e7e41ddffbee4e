"""The code that runs in AWS: one invocation works on one lane for one slice of time.

``handler`` is the entry point, ``assembly`` collects what a slice needs, ``worker`` works page by
page. Chapters: ``user_code``, ``contract``, ``writers``, ``objects``, ``sources`` and ``modes``.

- ``pages``: the interface of sources
- ``guard``: a worker's fencing and budget
- ``holds``: holds for alarms and cost
- ``meter``: metrics for CloudWatch
- ``failures``, ``patience``: what to do about AWS's errors
- ``table_identity``: whether the table is still the same
- ``botocore_shortcuts``, ``botocore_probe``: faster JSON, and whether it can be used

Dataclasses that are not values have no comparison and no repr (``eq=False, repr=False``): a cold
start compiles every method of a dataclass.
"""
