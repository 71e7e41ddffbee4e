"""Push the stack from a checkout: the same as ``ddb-migrate deploy``, with the same options."""

import sys

from airflow_ddb_migrate.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["deploy", *sys.argv[1:]]))
