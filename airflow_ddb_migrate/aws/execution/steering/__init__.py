"""Steer a migration that runs, or waits to continue.

Each function writes the control record on the condition that its attempt is still the current one,
notes an event, and returns sentences on what was done. ``by`` is the name that a person gave,
``reason`` why; both become one printable line. Workers obey within about five seconds
(CONTROL_SECONDS).

``current`` finds the attempt; ``pause`` pauses and resumes; ``retune`` changes budgets, concurrency
and the cost limit; ``stop`` stops.
"""
