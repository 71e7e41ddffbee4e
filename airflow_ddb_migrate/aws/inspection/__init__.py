"""What passes without writes left in the ledger.

``totals`` adds it up; ``reports`` composes what a dry run and a check found.
"""
