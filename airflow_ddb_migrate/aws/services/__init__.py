"""One module for each thing in AWS that a migration calls.

``tables``, ``replicas``, ``table_updates``, ``table_backups`` and ``autoscaling`` are the migrated
table and its capacity;
``executions`` are those of the state machine; ``function`` is the deployed Lambda;
``alarms`` are CloudWatch's; ``bucket`` holds logs and reports;
``stack`` and ``stack_identity`` find what was deployed.
"""
