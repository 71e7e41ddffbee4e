"""The IAM policies of people and programs. Makes no requests to AWS.

``scope`` names the resources. ``rows`` are statements, with the features that need each action.
The statements: ``airflow``: Airflow's connection, and viewers. ``deployer``: people who deploy.
``data_officer``: people who erase data. ``provisioning``: CloudFormation. ``policy`` builds the
policy documents.
"""
