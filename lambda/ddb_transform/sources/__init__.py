"""Where pages of items come from: a ``scan``, a ``quarantine`` or an ``undo`` log.

``paced_reads`` reads the table within the budget, with retries.
"""
