"""What may be read of a folder that a user names, and what of it may be shipped.

``regular_files`` reads only regular files, ``names`` has the rules for their names, and ``secrets``
recognizes what must not leave the machine.
"""
