#!/usr/bin/env python3
"""Makes the routes of a stack that was deployed onto MiniStack.

    routes.py TEMPLATE STACK

SAM gives an HTTP API's routes to CloudFormation as an OpenAPI document in its Body, which MiniStack
does not import. On AWS this is not needed.
"""

import sys

import boto3
import yaml


class Loader(yaml.SafeLoader):
    """Reads a template, and ignores its tags."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def events(template):
    """The function and the route of each HTTP event."""
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        for event in (resource["Properties"].get("Events") or {}).values():
            if event["Type"] == "HttpApi":
                route = event.get("Properties", {})
                path = route.get("Path")
                yield name, f"{route['Method'].upper()} {path}" if path else "$default"


def main(path, stack):
    with open(path, encoding="utf-8") as file:
        template = yaml.load(file, Loader)
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources")
    resources = {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages.paginate(StackName=stack)
        for resource in page["StackResourceSummaries"]
    }
    gateway, functions = boto3.client("apigatewayv2"), boto3.client("lambda")
    api, made = resources["Api"], 0
    for name, route in events(template):
        alias = functions.get_alias(FunctionName=resources[name], Name="live")
        integration = gateway.create_integration(
            ApiId=api,
            IntegrationType="AWS_PROXY",
            IntegrationUri=alias["AliasArn"],
            PayloadFormatVersion="2.0",
        )
        target = f"integrations/{integration['IntegrationId']}"
        gateway.create_route(ApiId=api, RouteKey=route, Target=target)
        made += 1
    print(f"{made} routes")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
