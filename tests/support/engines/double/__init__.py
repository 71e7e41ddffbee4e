"""A double of AWS as strict as the cases of tests/conformance: a front before the emulator.

``engine`` is DynamoDB, by ``batches``, ``capacity``, ``expressions``, ``index_keys``, ``names`` and
``tables``;
``upstream`` is what they ask the emulator through. ``control_planes`` are what is seen late, as
faults of the proxy.
"""
