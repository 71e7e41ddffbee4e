"""Rules of DynamoDB's items: ``sizes`` in bytes and units, and ``binary`` values in JSON."""
