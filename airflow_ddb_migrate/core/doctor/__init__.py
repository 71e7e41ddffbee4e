"""The rules of the doctor's checks. Pure.

``check_results`` are the levels and results of checks, which ``page`` shows in columns; ``judging``
has the rules for clocks, credentials and quotas; ``differences`` compares what is deployed with the
template.
"""
