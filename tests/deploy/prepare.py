#!/usr/bin/env python3
"""Makes a built template one that MiniStack can deploy.

    prepare.py TEMPLATE

MiniStack knows no alarms on expressions, so those get a metric of their own instead. On AWS this is
not needed.
"""

import sys

import yaml


def main(path):
    with open(path, encoding="utf-8") as file:
        template = yaml.safe_load(file)
    changed = 0
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::CloudWatch::Alarm" and properties.pop("Metrics", None):
            properties.update(
                Namespace="Onsale", MetricName="None", Statistic="Sum", Period=60
            )
            changed += 1
    with open(path, "w", encoding="utf-8") as file:
        yaml.safe_dump(template, file, sort_keys=False)
    print(f"{changed} alarms without their expressions")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
