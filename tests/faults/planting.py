"""Plants a value in live traffic's items that is not to be seen anywhere else."""

from collections.abc import Mapping
from typing import Any


class Planting:
    """A client of live traffic that plants an unmistakable value in every item it puts."""

    def __init__(self, dynamodb: Any, canary: str) -> None:
        self._dynamodb = dynamodb
        self._secret = {"secret": {"S": canary}}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dynamodb, name)

    def put_item(self, Item: Mapping[str, Any], **others: Any) -> Any:  # noqa: N803  # boto3's
        return self._dynamodb.put_item(Item={**Item, **self._secret}, **others)

    def batch_write_item(self, RequestItems: Mapping[str, Any]) -> Any:  # noqa: N803
        for puts in RequestItems.values():
            for put in puts:
                put["PutRequest"]["Item"].update(self._secret)
        return self._dynamodb.batch_write_item(RequestItems=RequestItems)
