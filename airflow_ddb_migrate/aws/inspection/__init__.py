"""Reports of the passes without writes, from what they left in the ledger.

``totals`` adds it up; ``reports`` composes the reports of a dry run and a check.
"""
