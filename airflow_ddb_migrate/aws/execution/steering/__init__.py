"""Steer a migration that runs, or waits to go on.

Each writes the control record on the condition that the attempt it was meant for is still the
current one, notes an event, and returns in prose what was done. ``by`` is who asks, ``reason`` why;
both become one printable line. Workers obey within about five seconds (CONTROL_SECONDS).

``current`` is the attempt that is meant; ``pause`` pauses and resumes, ``retune`` changes budgets,
concurrency and the cost limit, ``stop`` stops.
"""
