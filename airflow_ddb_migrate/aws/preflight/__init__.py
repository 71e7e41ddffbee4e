"""What must be true before anything is touched.

``checks`` compares request, table, stack and Lambda; ``backup_gate`` makes sure that AWS could
bring the table back; ``engine_proof`` asks what the deployed engine has proven of fast writes.
"""
