"""Outside reasons to hold a migration. Pure.

``alarms`` are CloudWatch's alarms by name and state, ``gate`` decides what their states mean for
the migration, and ``spending`` adds up what a migration has cost.
"""
