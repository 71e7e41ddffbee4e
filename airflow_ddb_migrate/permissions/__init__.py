"""What people and programs need to be allowed, as IAM policies. Asks AWS nothing.

``scope`` names the resources; ``rows`` are statements, each action with the features that need it;
``airflow`` has those of Airflow's connection and of who only looks; ``deployer`` those of who
deploys, ``data_officer`` of who has data erased, ``provisioning`` those of CloudFormation;
``policy`` makes documents of them.
"""
