"""Begin an attempt.

``start`` begins one, or attaches to the one that runs. ``refusals`` are what it refuses before, and
``required_steps`` what must have been done. ``record`` writes the migration down, and ``number``
takes the attempt's number, with budgets, hours and alarms. ``next_window`` goes on in another
window, or when alarms are well.
"""
