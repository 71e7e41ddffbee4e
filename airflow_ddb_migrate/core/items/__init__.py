"""Rules of DynamoDB's items: ``sizes`` in bytes and units, ``binary`` values in JSON."""
