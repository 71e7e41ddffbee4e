"""Deploy the stack, and destroy it. Does not ship in the Lambda zip.

- ``deploy`` is a whole deployment; ``destroy`` deletes the stack.
- ``packaging`` makes the Lambda's zip of what ``reading`` finds in the user's folder.
- ``settings`` are the options for locked-down accounts; ``template`` is what CloudFormation gets.
- ``sizes`` compares parameters and policies with AWS's limits, by a ``rendering`` of the template.
- ``upload`` puts the zip into the bucket; ``changeset`` changes the stack, if ``stack_status``
  allows it; ``first_check`` runs the self-check.
- ``keeping`` protects what neither command may remove unasked.
- ``artifacts`` are files for deployment by other tools; ``role_policies`` are policies of roles
  that others create, and of the bucket.
"""
