"""Run where another botocore is: which it is, and which shortcuts past it a worker takes there.

``python inside.py ROOT``, with only boto3; it prints a line of each.
"""

import os
import sys


def main(root: str) -> None:
    sys.path[:0] = [root, f"{root}/lambda"]
    import boto3
    from ddb_transform import handler
    from ddb_transform.botocore_probe import take_shortcuts

    os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="y")
    runtime = take_shortcuts(
        boto3.client("dynamodb", region_name="us-east-1", config=handler._PLAIN)
    )
    off = [f"{name} off" for name, reason in runtime["shortcuts"].items() if reason]
    print(runtime["botocore"], ", ".join(off) or "all", sep="\n")


if __name__ == "__main__":
    main(sys.argv[1])
