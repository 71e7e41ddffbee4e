"""The embedded stack: emulators behind the AWS endpoints, on loopback, for a laptop and for tests."""
