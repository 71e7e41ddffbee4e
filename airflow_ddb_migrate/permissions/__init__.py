"""The IAM policies of people and programs. Makes no requests to AWS.

- ``scope`` names the resources; ``rows`` are statements, with the features that need each action.
- The statements are in ``airflow`` (Airflow's connection, and viewers), ``deployer``,
  ``data_officer`` (people who erase data) and ``provisioning`` (CloudFormation).
- ``policy`` builds the policy documents.
"""
