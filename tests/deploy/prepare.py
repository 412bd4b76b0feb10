#!/usr/bin/env python3
"""Makes a template one that MiniStack can deploy.

    prepare.py TEMPLATE PREPARED

MiniStack knows no alarms on expressions, so those get a metric of their own instead. It also cannot
make archives of events, connections, destinations and deliveries of logs. So these are left out, with
what refers to them. On AWS this is not needed.
"""

import sys

import yaml

# What MiniStack cannot make.
UNKNOWN = [
    "AWS::Events::Archive",
    "AWS::Events::Connection",
    "AWS::Events::ApiDestination",
    "AWS::Logs::DeliverySource",
    "AWS::Logs::DeliveryDestination",
    "AWS::Logs::Delivery",
]


class Loader(yaml.SafeLoader):
    """Reads the short forms of functions, such as `!Ref`, as their long ones."""

    def function(self, name, node):
        if isinstance(node, yaml.ScalarNode):
            value = self.construct_scalar(node)
            value = value.split(".") if name == "GetAtt" else value
        elif isinstance(node, yaml.SequenceNode):
            value = self.construct_sequence(node, deep=True)
        else:
            value = self.construct_mapping(node, deep=True)
        return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


Loader.add_multi_constructor("!", Loader.function)


def refers_to(value, names):
    """Whether a part of a template refers to a resource with one of these names."""
    if isinstance(value, list):
        return any(refers_to(part, names) for part in value)
    if not isinstance(value, dict):
        return False
    referred = value.get("Ref"), value.get("Fn::GetAtt")
    named = [name[0] if isinstance(name, list) else str(name).split(".")[0] for name in referred]
    return bool(names & set(named)) or any(refers_to(part, names) for part in value.values())


def leave_out(resources):
    """Leaves out what is not known, and what refers to it. Returns the names."""
    gone = {name for name, resource in resources.items() if resource["Type"] in UNKNOWN}
    while found := {
        name
        for name, resource in resources.items()
        if name not in gone and refers_to(resource.get("Properties"), gone)
    }:
        gone |= found
    for name in gone:
        del resources[name]
    return gone


def main(path, prepared):
    with open(path, encoding="utf-8") as file:
        template = yaml.load(file, Loader)
    gone = leave_out(template["Resources"])
    changed = 0
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::CloudWatch::Alarm" and properties.pop("Metrics", None):
            properties.update(
                Namespace="Onsale", MetricName="None", Statistic="Sum", Period=60
            )
            changed += 1
    with open(prepared, "w", encoding="utf-8") as file:
        yaml.safe_dump(template, file, sort_keys=False)
    print(f"{changed} alarms without their expressions; without {', '.join(sorted(gone))}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
