"""How values are written for people.

``bills`` writes the parts of a bill; ``figures`` writes numbers, sizes, durations,
dollars and types; ``times`` writes times; ``markdown`` escapes text that users enter and values of
their items;
``console_urls`` builds addresses of AWS's web console; ``kms_keys`` says what to do when a KMS key
refuses a request; ``words`` reads words that only a later version knows.
"""
