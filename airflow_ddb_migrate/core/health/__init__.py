"""Outside reasons to hold a migration. Pure.

``alarms`` are CloudWatch's alarms by name and state, ``gate`` decides what their states mean for
the migration, ``spending`` adds up what a migration has cost, and ``higher_limit`` says who can let
it cost more.
"""
