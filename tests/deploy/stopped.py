#!/usr/bin/env python3
"""Stops the sale of a stack with infra/aws/sale.py, and starts it again.

    stopped.py STACK

Unlike AWS, MiniStack does not apply a function's reservation to calls of an alias. So this script
invokes functions without their alias.
"""

import sys
from pathlib import Path

import boto3
from botocore.config import Config

import smoke

sys.path.insert(0, str(Path(__file__).parents[2] / "infra/aws"))

import sale
from deployed import deployed


def reserved(found):
    """The reserved executions of each function; None if there is no reservation."""
    client = boto3.client("lambda")
    return {
        logical: client.get_function_concurrency(FunctionName=name).get(
            "ReservedConcurrentExecutions"
        )
        for logical, (kind, name) in found.resources.items()
        if kind == "AWS::Lambda::Function"
    }


def is_stopped(function):
    """Whether Lambda refuses to run a function."""
    client = boto3.client("lambda", config=Config(retries={"total_max_attempts": 1}))
    try:
        client.invoke(FunctionName=function, Payload="{}")
    except client.exceptions.TooManyRequestsException:
        return True
    return False


def main(name):
    found = deployed(name)
    _, join = found.resources["JoinQueue"]
    assert not is_stopped(join)

    sale.main([name, "stop"])
    stopped = {logical for logical, count in reserved(found).items() if count == 0}
    assert stopped == set(sale.STOPPED), stopped
    assert is_stopped(join)
    stack = smoke.Stack(name)
    stack.call("GET", "/v1/queues/main/settings", smoke.administrator(stack))
    smoke.done("nobody can join while the sale is stopped, and an administrator can go on")

    sale.main([name, "start"])
    for logical in sale.STOPPED:
        wanted = int(found.parameters.get(sale.RESERVED.get(logical), "0"))
        count = reserved(found)[logical]
        assert count == (wanted or None), (logical, count, wanted)
    assert not is_stopped(join)
    smoke.done("the sale goes on as before")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
