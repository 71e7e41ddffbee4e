"""The values that the ledger holds. The table that holds them is in ``aws/ledger``.

- ``records`` are the migration, its attempts, lanes, lease and control record.
- ``counts`` are the items and units that lanes add up.
- ``results`` are the words for a migration's state.
- ``notes`` names the documents that are kept beside a migration.
- ``lease`` decides which migration may touch a table.
- ``events`` and ``history`` are what happened.
- ``owners`` are the DAGs that migrations belong to.
- ``holds`` are the reasons for which a migration waits.
- ``throttles`` counts the requests that DynamoDB throttled.
- ``runtime`` describes Lambda's Python and botocore.
- ``usage`` says how often workers read and write all this.
"""
