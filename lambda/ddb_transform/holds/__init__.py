"""What holds a migration for reasons that are not its own, read by one worker at a time.

``health`` reads alarms, ``money`` adds up what was spent. Each is imported by migrations that ask
for it alone: a cold start compiles every module that it imports.
"""
