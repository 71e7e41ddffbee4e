"""The embedded stack: an emulator behind the AWS endpoints, on loopback."""
