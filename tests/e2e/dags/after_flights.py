"""DAGs that run when a table is migrated: this one, or any."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, AssetAlias
from airflow_ddb_migrate import migrated_table

flights = migrated_table(region="us-east-1", account="000000000000", table="flights")

with DAG("after_flights", schedule=[flights]):
    EmptyOperator(task_id="go_on")

with DAG("after_any", schedule=[AssetAlias("ddb_migrate")]):
    EmptyOperator(task_id="go_on")
