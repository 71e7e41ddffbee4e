"""What capacity a table has, what to raise, and what to bring back.

``snapshot`` is the capacity of a table and its indexes; ``changes`` are changes of it, before and
after; ``raise_rules`` and ``restore_rules`` decide what to change; ``owed`` says what must be
brought back and by whom; ``refusals`` explains what AWS refuses; ``headroom`` is what live traffic
leaves; ``replicas`` compares a global table's other regions.
"""
