"""Raise a table's capacity, and restore it.

- ``prewarm`` notes what it raises, and raises it; ``prewarm_task`` does so for a task and logs the
  cost; ``wait`` waits for the raised capacity.
- ``restore`` restores the capacity by ``restore_steps``; ``between`` does so between two windows.
- ``safety_net`` restores it for migrations that Airflow no longer looks after; ``net_metrics``
  reports what is left to CloudWatch.
- ``cost`` has the table's prices.
"""
