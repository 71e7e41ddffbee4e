"""Conditional writes.

``interface`` is what a writer is given and answers; ``partiql`` writes in batches, ``reference``
one request an item by ``expressions``, and ``dispatch`` brings items to them; ``read_item`` reads
an item again, ``consumed`` counts units. ``self_check`` runs ``self_check_cases`` to find whether
an engine treats both writers alike, and ``proof`` is the result.
"""
