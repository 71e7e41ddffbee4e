"""``ddb-migrate doctor``: checks whether a migration could run from here. Changes nothing.

- ``checkup`` has the order of the checks.
- ``patient`` is what the checks work on; ``running`` makes them concurrently.
- ``caller`` checks region and credentials.
- ``endpoints`` checks which services can be reached, and the clock.
- ``permissions`` checks what the caller may do; ``quotas`` what the account allows.
- ``stack`` checks what is deployed; ``drift`` compares it with the template.
- ``ledger`` checks the ledger's records; ``table`` the table to migrate.
"""
