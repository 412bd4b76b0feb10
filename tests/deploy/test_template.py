#!/usr/bin/env python3
"""Checks what SAM makes of the template for CloudFormation, and the template for us-east-1.

    test_template.py

Needs the SAM command line's own libraries. What the template itself must say is checked by the
tests of `infra/local`.
"""

import collections
import json
import os
import re
import unittest

import boto3
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
TEMPLATE = os.path.join(ROOT, "template.yaml")
EDGE = os.path.join(ROOT, "infra", "edge.yaml")

# AWS's own policies, whose names SAM looks up.
POLICIES = [
    "service-role/AWSLambdaBasicExecutionRole",
    "service-role/AWSLambdaDynamoDBExecutionRole",
    "service-role/AWSLambdaSQSQueueExecutionRole",
    "service-role/AWSCodeDeployRoleForLambda",
    "AWSXRayDaemonWriteAccess",
    "AWSXrayWriteOnlyAccess",
]


def parsed(path):
    with open(path, encoding="utf-8") as file:
        return yaml_parse(file.read())


def expanded(**parameters):
    """The resources that SAM makes of the template, with these parameters."""
    template = parsed(TEMPLATE)
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


def found(value, key):
    """The values of a key, wherever it is in a template."""
    if isinstance(value, list):
        for part in value:
            yield from found(part, key)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name == key:
                yield part
            yield from found(part, key)


class Edge(unittest.TestCase):
    """The template for us-east-1."""

    def setUp(self):
        self.edge = parsed(EDGE)
        self.rules = {
            rule["Name"]: rule
            for one in self.edge["Resources"]["WebAcl"]["Properties"]["Rules"]
            # Those of the challenge have a condition.
            for rule in [one.get("Fn::If", [None, one])[1]]
        }

    def matches(self, rule):
        """The conditions of a rule: each what it looks at, and the text or the pattern."""
        return [
            (next(iter(one["FieldToMatch"])), one.get("SearchString") or one["RegexString"])
            for kind in ("ByteMatchStatement", "RegexMatchStatement")
            for one in found(self.rules[rule], kind)
        ]

    def test_its_rules_are_for_the_calls_that_the_api_has(self):
        for rule, function in [("Joins", "JoinQueue"), ("SignUps", "SignUp"), ("LogIns", "LogIn")]:
            events = parsed(TEMPLATE)["Resources"][function]["Properties"]["Events"].values()
            [call] = [event["Properties"] for event in events if event["Type"] == "HttpApi"]
            called = [("Method", call["Method"].upper()), ("UriPath", call["Path"])]
            self.assertEqual(self.matches(rule), called)
            if rule != "LogIns":
                method, (_, pattern) = self.matches("ChallengeCalls")
                self.assertEqual(method, called[0])
                self.assertTrue(re.search(pattern, call["Path"]), pattern)

    def test_only_pages_that_lead_to_a_challenged_call_are_challenged(self):
        method, accept, (_, pattern) = self.matches("ChallengePages")
        self.assertEqual((method, accept), (("Method", "GET"), ("SingleHeader", "text/html")))
        pages = parsed(TEMPLATE)["Resources"]["GetPage"]["Properties"]["Events"].values()
        paths = {event["Properties"]["Path"] for event in pages}
        challenged = {path for path in paths if re.search(pattern, path.replace("{", "").replace("}", ""))}
        self.assertEqual(challenged, {"/c/{concert_id}", "/tickets"})

    def test_no_address_and_no_path_is_kept(self):
        self.assertEqual(set(found(self.edge, "SampledRequestsEnabled")), {False})
        kinds = {resource["Type"] for resource in self.edge["Resources"].values()}
        self.assertNotIn("AWS::WAFv2::LoggingConfiguration", kinds)
        [fields] = found(self.edge, "RecordFields")
        personal = re.compile(r"^c-|uri|Referer|Cookie|User-Agent|Host|host|forwarded|asn|country")
        self.assertEqual([field for field in fields if personal.search(field)], [])
        self.assertGreater(len(fields), 5)

    def test_nothing_has_a_name_that_another_stack_may_have(self):
        for key in ("LogGroupName", "MetricName"):
            for name in found(self.edge, key):
                self.assertIn("AWS::StackName", json.dumps(name))
        for name in ("LogSource", "LogDestination"):
            self.assertIn("AWS::StackId", json.dumps(self.edge["Resources"][name]))

    def test_the_challenge_is_the_same_parameter_in_both(self):
        one, other = (template["Parameters"]["Challenge"] for template in (self.edge, parsed(TEMPLATE)))
        for key in ("Type", "Default", "AllowedValues"):
            self.assertEqual(one[key], other[key])


if __name__ == "__main__":
    unittest.main()
