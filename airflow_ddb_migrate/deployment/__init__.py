"""Deploy the stack and take it down. Does not ship in the Lambda zip.

``deploy`` is the whole of it: ``bundle`` makes the zip, of what ``shipped`` finds of this package,
``user_files`` in the user's folder, and ``packages`` for its ``requirements`` and the ``runtime``;
``transform_check`` tries the transforms by ``bare_import``; ``upload`` puts the zip into the
bucket; ``changeset`` changes the stack; ``unfinished`` finds what forbids to delete it.
"""
