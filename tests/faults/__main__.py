"""``python -m tests.faults``: the campaign, with the environment of the tests."""

import sys

from tests import conftest

assert conftest.ROOT  # it has set the environment

from tests.faults.campaign import main

sys.exit(main())
