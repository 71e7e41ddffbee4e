"""Begin an attempt.

- ``start`` begins one, or attaches to the running one.
- ``refusals`` and ``required_steps`` are checked before.
- ``record`` writes the migration's record; ``number`` takes the attempt's number, with budgets,
  hours and alarms.
- ``next_window`` continues in another window, or when alarms are OK again.
"""
