"""What the doctor's checks come to: pure.

``check_results`` are their levels and results, which ``page`` shows in columns; ``judging`` has the
rules for clocks, credentials and quotas; ``differences`` compares what a template says with what
there is.
"""
