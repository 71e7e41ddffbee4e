"""One module for each thing in AWS that a migration calls.

- ``tables``, ``replicas``, ``table_updates``, ``table_backups`` and ``autoscaling``: the migrated
  table and its capacity.
- ``executions``: executions of the state machine.
- ``function``: the deployed Lambda.
- ``alarms``: CloudWatch's alarms.
- ``bucket``: the bucket with logs and reports.
- ``stack`` and ``stack_identity``: the deployed stack.
"""
