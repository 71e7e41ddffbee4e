"""Checks that put a migration on hold, made by one worker at a time.

``health`` reads alarms, ``money`` adds up the cost. Each is imported only for migrations that use
it: a cold start compiles every module that it imports.
"""
