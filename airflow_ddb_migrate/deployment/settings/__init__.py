"""The options of a stack for a locked-down account: roles, network, keys, tags, retention.

``options`` are those of the command line, each with its parameter of the template and one of the
``checks``; ``settings`` combines what was given and what the stack has; ``roles`` are not replaced
while they are used, and kept data keeps its ``keys``.
"""
