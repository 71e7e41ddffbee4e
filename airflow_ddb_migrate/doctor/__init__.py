"""``ddb-migrate doctor``: check whether a migration could run from here. Changes nothing.

``checkup`` has the order of things; ``patient`` is what the checks work on, and ``running`` makes
them beside each other, each for itself. ``caller`` has region and credentials, ``endpoints`` what
can be reached and the clock, ``permissions`` what the caller may do, ``quotas`` what the account
allows, ``stack`` what is deployed, ``drift`` whether it still is what the template says, ``ledger``
what is in the ledger, ``table`` the table to migrate.
"""
