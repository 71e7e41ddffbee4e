"""Deploy the stack and take it down. Does not ship in the Lambda zip.

``deploy`` is the whole of it: ``packaging`` makes the Lambda's zip, ``upload`` puts it into the
bucket, ``changeset`` changes the stack, and ``first_check`` lets it check itself. ``destroy``
deletes the stack, unless ``unfinished`` finds what forbids that.
"""
