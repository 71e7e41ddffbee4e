"""What a user's transform is given and may answer.

``load`` finds it, ``binding`` only for a table that it is bound to; ``transform`` calls it and
judges its answer, ``transformed_page`` does so for a page and makes each ``intent``; ``item`` is
what it is given, ``codec`` its values, ``keys`` its key in logs; ``expressions`` and ``index_keys``
are what DynamoDB asks of a write; ``scan_filter`` is its FILTER.
"""
