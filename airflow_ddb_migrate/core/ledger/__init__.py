"""The values that the ledger holds, apart from the table that holds them (see ``aws/ledger``).

``records`` are the migration, its attempts, lanes and control; ``counts`` are the items and units
that lanes add up; ``results`` are the words for how a migration stands; ``notes`` names what is
kept beside a migration; ``lease`` says who may touch a table; ``events`` and ``history`` are what
happened; ``owners`` are the DAGs that they belong to; ``holds`` are why a migration waits;
``throttles`` counts what DynamoDB refused; ``runtime`` is what a worker runs on; ``usage`` says how
often workers read and write all this.
"""
