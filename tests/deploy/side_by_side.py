#!/usr/bin/env python3
"""Checks that two stacks in one account and region have nothing in common.

    side_by_side.py STACK STACK      # both exist, and share nothing
    side_by_side.py STACK            # everything that the stack names exists

It checks every resource with a name. MiniStack makes one resource of two with the same name, where
AWS refuses the second.
"""

import sys

import boto3

# By the type of a resource: whether the one with this name exists.
THERE = {
    "AWS::Scheduler::Schedule": lambda name: boto3.client("scheduler").get_schedule(Name=name),
    "AWS::Logs::LogGroup": lambda name: log_group(name),
    "AWS::CloudWatch::Dashboard": lambda name: boto3.client("cloudwatch").get_dashboard(
        DashboardName=name
    ),
    "AWS::CloudWatch::Alarm": lambda name: alarm(name),
    "AWS::DynamoDB::Table": lambda name: boto3.client("dynamodb").describe_table(TableName=name),
    "AWS::SQS::Queue": lambda url: boto3.client("sqs").get_queue_attributes(QueueUrl=url),
    "AWS::Lambda::Function": lambda name: boto3.client("lambda").get_function(FunctionName=name),
    "AWS::ApiGatewayV2::Api": lambda name: boto3.client("apigatewayv2").get_api(ApiId=name),
    "AWS::Events::EventBus": lambda name: boto3.client("events").describe_event_bus(Name=name),
    "AWS::IAM::Role": lambda name: boto3.client("iam").get_role(RoleName=name),
}


def log_group(name):
    groups = boto3.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert name in [group["logGroupName"] for group in groups], name


def alarm(name):
    assert boto3.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"], name


def resources(stack):
    """The resources of a stack, by type."""
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources")
    found = {kind: set() for kind in THERE}
    for page in pages.paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            kind = resource["ResourceType"]
            if kind in found:
                found[kind].add(resource["PhysicalResourceId"])
    for kind, names in found.items():
        assert names, f"{stack} has no {kind}"
    return found


def main(*stacks):
    all_found = [resources(stack) for stack in stacks]
    for found in all_found:
        for kind, names in found.items():
            for name in names:
                THERE[kind](name)
    if len(stacks) == 1:
        print(f"ok  {stacks[0]} has all that it names")
        return
    one, other = all_found
    shared = {kind: sorted(one[kind] & other[kind]) for kind in one if one[kind] & other[kind]}
    if shared:
        sys.exit(f"{' and '.join(stacks)} have in common: {shared}")
    count = sum(map(len, one.values()))
    print(f"ok  {' and '.join(stacks)} have nothing in common, of {count} things each")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
