#!/usr/bin/env python3
"""Checks which versions the functions of a deployed stack run: those that their aliases name.

    versions.py STACK VARIABLE VALUE
"""

import sys

import boto3


def main(stack, variable, value):
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources")
    names = [
        resource["PhysicalResourceId"]
        for page in pages.paginate(StackName=stack)
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::Lambda::Function"
    ]
    assert names, f"{stack} has no functions"
    functions = boto3.client("lambda")
    for name in names:
        live = functions.get_function_configuration(FunctionName=name, Qualifier="live")
        found = live["Environment"]["Variables"][variable]
        if found != value:
            sys.exit(f"{name}, version {live['Version']}: {variable} is {found}, not {value}")
    print(f"ok  {len(names)} functions run with {variable}={value}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
