"""How values are written for people.

``figures`` writes numbers, sizes, durations and dollars, ``times`` writes times, ``markdown``
escapes what users name and hold, ``console_urls`` builds addresses of AWS's web console,
``kms_keys`` says what to do when a key refuses.
"""
