"""The version of this package, its Lambda and the stack that it deploys."""

__version__ = "0.2.0"
