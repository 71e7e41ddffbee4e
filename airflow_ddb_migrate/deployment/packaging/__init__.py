"""The Lambda's zip: ours, the user's transforms, and the packages that these need.

``bundle`` makes the zip, of what ``shipped`` finds of this package, ``user_files`` in the user's
folder, and ``packages`` for its ``requirements`` and the ``runtime``, or of the ``deployed_part``;
``transform_check`` tries the transforms by ``bare_import``.
"""
