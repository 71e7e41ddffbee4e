"""What a user's transform is given and may answer.

``load`` finds it, ``user_code`` calls it, ``transform`` judges its answer, ``transformed_page``
does so for a page and makes each ``intent``; ``item`` is what it is given, ``codec`` its values,
``keys`` its key in logs; ``scan_filter`` is its FILTER.
"""
