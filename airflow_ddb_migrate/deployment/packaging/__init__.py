"""The Lambda's zip: our code, the user's transforms, and the packages that these need.

- ``bundle`` makes the zip of what ``shipped`` finds in this package and ``user_files`` in the
  user's folder.
- ``packages`` resolves its ``requirements`` for the ``runtime``; ``deployed_part`` reads the user's
  part of a deployed zip.
- ``transform_check`` imports the transforms by ``bare_import``.
"""
