"""What may be read of a folder that somebody names, and what of it may be shipped.

``regular_files`` reads regular files alone, ``names`` has the rules for their names, and
``secrets`` recognizes what must not leave the machine.
"""
