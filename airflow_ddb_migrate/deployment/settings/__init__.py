"""What an account that is locked down asks of a stack: roles, network, keys, tags, retention.

``options`` are those of the command line, each with its parameter of the template and one of the
``checks``; ``settings`` puts together what was given and what the stack
has; ``roles`` are not replaced while they are used, and ``keys`` of what is kept stay in use.
"""
