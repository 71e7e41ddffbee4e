"""What passes without writes left in the ledger.

``totals`` adds it up; ``reports`` and ``verify_report`` compose what a dry run and a check found.
"""
