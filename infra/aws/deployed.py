"""What the commands for operators share: a deployed stack, and errors as sentences.

Region and credentials are those of AWS's own settings; AWS_ENDPOINT_URL may name a local AWS.
"""

import sys
from dataclasses import dataclass

try:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    sys.exit("This needs boto3: pip install boto3")

# The tables, in the order of the template. All but the last have data of the sale.
TABLES = ("Users", "Accounts", "Catalog", "Queues", "Sessions", "Seats", "Changes", "Keys")


class Trouble(Exception):
    """Why a command cannot go on: a sentence for the operator."""


@dataclass(frozen=True)
class Deployed:
    """A stack, as CloudFormation describes it."""

    name: str
    region: str
    parameters: dict
    outputs: dict
    # By logical id: (type, physical id).
    resources: dict

    def of_type(self, kind):
        """The physical ids of the resources of a type, such as AWS::Lambda::Function."""
        return [name for found, name in self.resources.values() if found == kind]

    def function(self, logical):
        """The name of a function, by its name in the template."""
        kind, name = self.resources.get(logical, ("", ""))
        if kind != "AWS::Lambda::Function":
            raise Trouble(f"The stack {self.name} has no function {logical}: is it this version's?")
        return name

    def output(self, key):
        """An output of the stack."""
        if key not in self.outputs:
            raise Trouble(f"The stack {self.name} has no output {key}: is it a stack of Onsale?")
        return self.outputs[key]

    def table(self, name):
        """The name of a table that the functions use."""
        return self.output(f"{name}Table")


def deployed(name):
    """Reads a stack. Two calls, and one more for every hundred resources."""
    client = boto3.client("cloudformation")
    try:
        stack = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            region = client.meta.region_name
            raise Trouble(f"There is no stack {name} in the region {region}.") from error
        raise
    pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
    return Deployed(
        name=name,
        region=client.meta.region_name,
        parameters={
            entry["ParameterKey"]: entry.get("ParameterValue", "")
            for entry in stack.get("Parameters", [])
        },
        outputs={entry["OutputKey"]: entry["OutputValue"] for entry in stack.get("Outputs", [])},
        resources={
            entry["LogicalResourceId"]: (entry["ResourceType"], entry.get("PhysicalResourceId", ""))
            for page in pages
            for entry in page["StackResourceSummaries"]
        },
    )


def sentence(error):
    """An error of AWS, or of the connection, as a sentence."""
    if isinstance(error, ClientError):
        said = error.response.get("Error", {})
        return f"AWS refused {error.operation_name}: {said.get('Code')}: {said.get('Message')}"
    return f"AWS could not be reached: {error}"


def run(main, arguments):
    """Ends the process with the result of `main`, or with a sentence and 2 if it cannot go on."""
    try:
        sys.exit(main(arguments))
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
    except (BotoCoreError, ClientError) as error:
        print(sentence(error), file=sys.stderr)
    sys.exit(2)
