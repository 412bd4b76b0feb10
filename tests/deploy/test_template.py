#!/usr/bin/env python3
"""Checks what SAM makes of the template for CloudFormation.

    test_template.py

Needs the SAM command line's own libraries. What the template itself must say is checked by the
tests of `infra/local`.
"""

import collections
import json
import os
import unittest

import boto3
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

TEMPLATE = os.path.join(os.path.dirname(__file__), "..", "..", "template.yaml")

# AWS's own policies, whose names SAM looks up.
POLICIES = [
    "service-role/AWSLambdaBasicExecutionRole",
    "service-role/AWSLambdaDynamoDBExecutionRole",
    "service-role/AWSLambdaSQSQueueExecutionRole",
    "service-role/AWSCodeDeployRoleForLambda",
    "AWSXRayDaemonWriteAccess",
    "AWSXrayWriteOnlyAccess",
]


def expanded(**parameters):
    """The resources that SAM makes of the template, with these parameters."""
    with open(TEMPLATE, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    values = {name: one["Default"] for name, one in template["Parameters"].items()}
    values.update(parameters)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            binary = resource["Metadata"]["BuildProperties"]["Binary"]
            resource["Properties"]["CodeUri"] = f"s3://bucket/{binary}"
    known = {policy.split("/")[-1]: f"arn:aws:iam::aws:policy/{policy}" for policy in POLICIES}
    region = boto3.session.Session(region_name="ap-northeast-2")
    return Translator(known, Parser(), None, region).translate(template, values)


def of_type(template, kind):
    return {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


class Expanded(unittest.TestCase):
    def test_it_fits_into_a_stack(self):
        """A stack may have 500 resources, and a template a million bytes."""
        for parameters in [{}, {"Deployment": "Canary10Percent5Minutes", "Tracing": "Active"}]:
            template = expanded(**parameters)
            size = len(json.dumps(template, separators=(",", ":")))
            resources = template["Resources"].values()
            kinds = collections.Counter(resource["Type"] for resource in resources)
            print(f"{parameters}: {len(resources)} resources, {size} bytes")
            self.assertLess(len(resources), 480)
            self.assertLess(size, 600_000)
            self.assertEqual(kinds["AWS::Lambda::Function"], kinds["AWS::Lambda::Alias"])

    def test_nothing_has_a_name_that_another_stack_may_have(self):
        names = [
            "Name", "TableName", "QueueName", "RoleName", "FunctionName", "LogGroupName",
            "DashboardName", "AlarmName", "ManagedPolicyName",
        ]
        refers = {"AWS::Lambda::Permission", "AWS::Lambda::Version", "AWS::Lambda::Alias",
                  "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping",
                  "AWS::Logs::MetricFilter"}
        for name, resource in expanded()["Resources"].items():
            if resource["Type"] in refers:
                continue
            for property in names:
                given = resource.get("Properties", {}).get(property)
                self.assertTrue(
                    given is None or "AWS::StackName" in json.dumps(given)
                    or property == "Name" and resource["Type"] == "AWS::ApiGatewayV2::Api",
                    f"{name}: {property} is {given}",
                )

    def test_a_version_goes_with_the_deployment_that_replaces_it(self):
        versions = of_type(expanded(), "AWS::Lambda::Version")
        self.assertTrue(versions)
        for name, version in versions.items():
            self.assertEqual(version["DeletionPolicy"], "Delete", name)

    def test_another_value_of_a_parameter_is_another_version(self):
        """SAM compares only a parameter's name, so the description must have its value."""
        for name, version in of_type(expanded(), "AWS::Lambda::Version").items():
            description = json.dumps(version["Properties"]["Description"])
            for parameter in ["HoldSeconds", "TimeZone", "Tracing", "RestoredTables"]:
                self.assertIn(f"${{{parameter}}}", description, name)

    def test_functions_are_traced_only_if_asked_for(self):
        for mode in ["Disabled", "Active"]:
            template = expanded(Tracing=mode)
            traced = mode == "Active"
            for name, function in of_type(template, "AWS::Lambda::Function").items():
                self.assertEqual("TracingConfig" in function["Properties"], traced, name)
            # With tracing, and only then, SAM gives a role the right to send traces.
            roles = json.dumps(of_type(template, "AWS::IAM::Role"))
            self.assertEqual("xray" in roles.lower(), traced)

    def test_a_gradual_deployment_watches_every_alarm_that_must_stop_it(self):
        groups = of_type(expanded(Deployment="Linear10PercentEvery1Minute"),
                         "AWS::CodeDeploy::DeploymentGroup")
        self.assertTrue(groups)
        for name, group in groups.items():
            alarms = group["Properties"]["AlarmConfiguration"]["Alarms"]
            asked = {alarm["Name"]["Ref"] for alarm in alarms}
            self.assertLessEqual(len(asked), 10)
            self.assertLessEqual({"FunctionsFail", "PayFails", "LineFunctionsCrash"}, asked, name)

    def test_what_sam_makes_for_events_is_there_only_with_them(self):
        """SAM gives the condition of a function to all that it makes for it."""
        template = expanded(Deployment="Canary10Percent5Minutes")
        made = {
            name: resource["Type"]
            for name, resource in template["Resources"].items()
            if name.startswith("Publish")
        }
        for name in made:
            condition = template["Resources"][name].get("Condition")
            self.assertEqual(condition, "PublishesEvents", name)
        sources = of_type(template, "AWS::Lambda::EventSourceMapping")
        streams = {name for name, source in sources.items() if name in made}
        self.assertEqual(len(streams), 4)
        self.assertIn("AWS::CodeDeploy::DeploymentGroup", made.values())
        for name in streams:
            source = sources[name]["Properties"]
            self.assertEqual(source["FunctionResponseTypes"], ["ReportBatchItemFailures"], name)
            self.assertTrue(source["FilterCriteria"]["Filters"], name)

    def test_the_page_is_deployed_at_once(self):
        """While two versions answer in turn, one has the HTML and the other not its files."""
        template = expanded(Deployment="Canary10Percent5Minutes")
        aliases = of_type(template, "AWS::Lambda::Alias")
        gradual = {name for name, alias in aliases.items() if "UpdatePolicy" in alias}
        self.assertEqual(set(aliases) - gradual, {"GetPageAliaslive"})


if __name__ == "__main__":
    unittest.main()
