"""A refusal of a KMS key, as AWS words it, and what is advised."""

import pytest
from airflow_ddb_migrate.core.text.kms_keys import key_advice

KEY = "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/0b9aa4d7-2c2b-4a7e-b7e2-6d5ee3b7c1b9"
OF_DYNAMODB = (
    "KMS key access denied error: com.amazonaws.services.kms.model.AWSKMSException: The ciphertext "
    "refers to a customer master key that does not exist, does not exist in this region, or you "
    "are not allowed to access. (Service: AWSKMS; Status Code: 400)"
)
OF_IAM = (
    "User: arn:aws-us-gov:sts::111122223333:assumed-role/worker/x is not authorized to perform: "
    f"kms:Decrypt on resource: {KEY} because no identity-based policy allows the kms:Decrypt action"
)


def test_the_action_and_the_key_are_named_where_aws_names_them() -> None:
    advice = key_advice(OF_IAM)

    assert f"The KMS key {KEY} refused kms:Decrypt." in advice
    assert f"ddb-migrate deploy --table-kms-key {KEY} " in advice


def test_dynamodb_s_own_words_name_neither() -> None:
    advice = key_advice(OF_DYNAMODB)

    assert advice.startswith("The KMS key refused the request. ")
    assert "--table-kms-key KEY_ARN " in advice


@pytest.mark.parametrize(
    "message",
    [
        "",
        "User x is not authorized to perform: dynamodb:Scan on resource: table/kms-keys",
        "is not authorized to perform: states:StartExecution",
    ],
)
def test_another_refusal_is_none_of_a_key(message: str) -> None:
    """A table that is called so is no key."""
    assert "" == key_advice(message)
