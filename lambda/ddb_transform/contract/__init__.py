"""What a user's transform is given and may answer.

- ``load`` imports a transform; ``binding`` does so only for a table that it is bound to.
- ``transform`` calls it and checks its result; ``transformed_page`` does so for a page and makes
  each ``intent``.
- ``item`` is what it is given, ``codec`` its values, ``keys`` its key in logs.
- ``expressions`` and ``index_keys`` are DynamoDB's rules for a write; ``scan_filter`` is a FILTER.
"""
