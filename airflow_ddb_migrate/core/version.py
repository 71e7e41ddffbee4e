"""The version of this package, of its Lambda and of the stack that it deploys."""

__version__ = "0.2.0"
