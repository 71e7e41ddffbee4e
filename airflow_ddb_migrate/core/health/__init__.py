"""CloudWatch alarms that hold a migration while something else suffers: pure.

``alarms`` are their names and states, ``gate`` says what a reading of them comes to.
"""
