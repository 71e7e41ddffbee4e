"""What holds a migration for reasons that are not its own: pure.

``alarms`` are CloudWatch's by name and state, ``gate`` says what a reading of them comes to;
``spending`` adds up what a migration has cost.
"""
