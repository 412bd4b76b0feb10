#!/usr/bin/env python3
"""Checks CloudFront in front of a stack that was deployed onto MiniStack.

    edge.py rules STACK Count|Block         # the web ACL of the stack of infra/edge.yaml
    edge.py on STACK WEB_ACL SECRET...      # the stack has CloudFront, and takes only these secrets
    edge.py off STACK                       # the stack has no CloudFront, and takes every call

It checks what was created, and the functions. MiniStack runs no request through CloudFront: what only
AWS can show is in infra/README.md.
"""

import json
import os
import sys
import urllib.error
import urllib.request

import boto3

import smoke

# What limits each address, and what is there only with Challenge.
LIMITS = {"Joins": 600, "SignUps": 300, "LogIns": 100}
CHALLENGES = {"ChallengePages", "ChallengeCalls"}


def answer(stack, secret=None):
    """The status of the answer to a call without a token, with an origin secret or without one."""
    request = urllib.request.Request(stack.url + "/v1/auth/tokens", headers={"host": stack.host})
    if secret is not None:
        request.add_header("x-origin-secret", secret)
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status
    except urllib.error.HTTPError as refused:
        return refused.code


def web_acl(arn):
    """A web ACL, in JSON. The SDK cannot read the one of MiniStack, which leaves search strings as
    CloudFormation gives them, where AWS writes them in Base64."""
    name, key = arn.split("/")[-2:]
    request = urllib.request.Request(
        os.environ["AWS_ENDPOINT_URL"],
        json.dumps({"Name": name, "Id": key, "Scope": "CLOUDFRONT"}).encode(),
        {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": "AWSWAF_20190729.GetWebACL",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)["WebACL"]


def check_rules(name, action):
    """Checks the web ACL and the log group. With Block it was deployed with Challenge, too."""
    stack = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    acl = web_acl(outputs["WebAclArn"])
    rules = {rule["Name"]: rule for rule in acl["Rules"]}
    assert set(rules) == set(LIMITS) | (CHALLENGES if action == "Block" else set()), set(rules)
    for rule, limit in LIMITS.items():
        assert action in rules[rule]["Action"], rules[rule]
        statement = rules[rule]["Statement"]["RateBasedStatement"]
        assert int(statement["Limit"]) == limit, statement
        assert int(statement["EvaluationWindowSec"]) == 60, statement
    for one in (acl, *acl["Rules"]):
        assert one["VisibilityConfig"]["SampledRequestsEnabled"] is False, one
    logs = boto3.client("logs").describe_log_groups(logGroupNamePrefix=outputs["RequestLogs"])
    assert [group["retentionInDays"] for group in logs["logGroups"]] == [30], logs
    smoke.done(f"the web ACL has {len(rules)} rules, and the limits {action.lower()}")


def check_on(name, web_acl, *secrets):
    """Checks the distribution, with the first secret, and that the functions take all of them."""
    stack = smoke.Stack(name)
    cloudfront = boto3.client("cloudfront")
    found = cloudfront.get_distribution(Id=stack.outputs["DistributionId"])["Distribution"]
    config = found["DistributionConfig"]
    assert stack.outputs["EdgeUrl"] == f"https://{found['DomainName']}", stack.outputs
    assert stack.outputs["DistributionArn"] == found["ARN"], found["ARN"]
    assert config["WebACLId"] == web_acl, config["WebACLId"]
    [origin] = config["Origins"]["Items"]
    assert stack.outputs["ApiUrl"] == f"https://{origin['DomainName']}", origin
    sent = {one["HeaderName"]: one["HeaderValue"] for one in origin["CustomHeaders"]["Items"]}
    assert sent == {"x-origin-secret": secrets[0]}, set(sent)
    errors = config["CustomErrorResponses"]["Items"]
    assert errors and all(error["ErrorCachingMinTTL"] == 0 for error in errors), errors

    behaviours = [config["DefaultCacheBehavior"], *config["CacheBehaviors"]["Items"]]
    read = {
        "CachePolicyId": cloudfront.get_cache_policy,
        "OriginRequestPolicyId": cloudfront.get_origin_request_policy,
        "ResponseHeadersPolicyId": cloudfront.get_response_headers_policy,
    }
    policies = {(kind, behaviour[kind]) for behaviour in behaviours for kind in read}
    for kind, policy in policies:
        read[kind](Id=policy)

    assert answer(stack) == 403, answer(stack)
    assert answer(stack, secrets[0][:-1] + "c") == 403
    for secret in secrets:
        assert answer(stack, secret) == 401, answer(stack, secret)
    smoke.done(
        f"a distribution with {len(behaviours)} behaviours and {len(policies)} policies, and functions"
        f" that take nothing but the {'two secrets' if len(secrets) == 2 else 'secret'}"
    )


def check_off(name):
    """Checks that nothing of it is left."""
    stack = smoke.Stack(name)
    assert not {"EdgeUrl", "DistributionId"} & set(stack.outputs), stack.outputs
    distributions = boto3.client("cloudfront").list_distributions()["DistributionList"]
    assert not distributions.get("Items"), distributions
    assert answer(stack) == 401, answer(stack)
    smoke.done("without CloudFront, the API takes every call again")


CHECKS = {"rules": check_rules, "on": check_on, "off": check_off}

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__)
    CHECKS[sys.argv[1]](*sys.argv[2:])
