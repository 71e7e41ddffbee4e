"""Deploy the stack and take it down. Does not ship in the Lambda zip.

``deploy`` is the whole of it: ``packaging`` makes the Lambda's zip of what ``reading`` finds in the
user's folder, ``settings`` has what the
account asks for, ``template`` is what CloudFormation gets; ``sizes`` compares what is passed on
with AWS's limits, by a ``rendering`` of it, ``upload`` puts the zip into the bucket, ``changeset``
changes the stack, if ``stack_status`` lets it, and ``first_check`` lets the stack check itself.
``destroy`` deletes the stack. ``keeping`` is what neither takes away unasked. ``artifacts`` are
what another tool deploys instead, and ``role_policies`` what roles need that others make,
and what the bucket denies.
"""
