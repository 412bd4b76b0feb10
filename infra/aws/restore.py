#!/usr/bin/env python3
"""Restores the tables of a stack to one second, under new names, for the stack to use instead.

    restore.py STACK --at 2026-11-28T21:00:00Z [--suffix SUFFIX]

It does not change the existing tables, and may be run again after an interruption. The exit code is
0 if all tables are restored (it prints the next command), 1 if a table cannot be restored to that
second, and 2 if it could not check. infra/README.md says what to do before and afterwards.
"""

import argparse
import re
import sys
import time
from datetime import datetime, timezone

import boto3
from botocore.exceptions import ClientError

from deployed import TABLES, Trouble, deployed, run

# The signing keys are not restored, so tokens stay valid.
RESTORED = tuple(name for name in TABLES if name != "Keys")
# The tables whose streams the function publish reads, in the order of the parameter RestoredStreams.
STREAMED = ("Accounts", "Catalog", "Queues", "Sessions")
POLL_SECONDS = 20


def moment(text):
    """A time with its zone, in whole seconds."""
    try:
        at = datetime.fromisoformat(text)
        utc = at.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        at = utc = None
    if at is None or at.tzinfo is None or utc.microsecond:
        raise argparse.ArgumentTypeError(
            f"{text} is not a time with its zone in whole seconds, such as 2026-11-28T21:00:00Z"
        )
    return utc


def suffix_of(text):
    """Reads the suffix of the tables' names, in the form that the template allows."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", text):
        raise argparse.ArgumentTypeError(
            f"{text} is not a suffix of up to 40 letters, digits, _, . and -"
        )
    return text


def default_suffix(at):
    """A suffix made of the time: 20261128T2100, with the seconds if there are any."""
    return at.strftime("%Y%m%dT%H%M%S" if at.second else "%Y%m%dT%H%M")


def shown(at):
    """A time as text."""
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def obstacle(name, backups, at):
    """Why a table cannot be restored to that time, by its continuous backups; None if it can."""
    recovery = backups.get("PointInTimeRecoveryDescription") or {}
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        return f"{name} has no point-in-time recovery."
    earliest = recovery["EarliestRestorableDateTime"]
    latest = recovery["LatestRestorableDateTime"]
    if at < earliest:
        return f"{name} can be restored from {shown(earliest)} on, not to {shown(at)}."
    if at > latest:
        return f"{name} can be restored up to {shown(latest)}, not yet to {shown(at)}."
    return None


class Restoration:
    """The restoration of a stack's tables under new names."""

    def __init__(self, sources, targets, at, client):
        self.sources, self.targets, self.at, self.client = sources, targets, at, client

    def obstacles(self):
        """Why tables cannot be restored, a sentence for each of them."""
        found = []
        for name, source in self.sources.items():
            if (table := self.described(self.targets[name])) is not None:
                if not self.is_ours(table, source):
                    found.append(
                        f"{self.targets[name]} exists already, and is not {source} as it was at "
                        f"{shown(self.at)}. Choose another --suffix."
                    )
                continue
            answer = self.client.describe_continuous_backups(TableName=source)
            backups = answer["ContinuousBackupsDescription"]
            if sentence := obstacle(source, backups, self.at):
                found.append(sentence)
        return found

    def described(self, table):
        """DynamoDB's description of a table; None if there is none."""
        try:
            return self.client.describe_table(TableName=table)["Table"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise

    def is_ours(self, table, source):
        """Whether an earlier run of this command has begun to restore this table."""
        summary = table.get("RestoreSummary") or {}
        return (
            summary.get("RestoreDateTime") == self.at
            and summary.get("SourceTableArn", "").split("/")[-1] == source
        )

    def begin(self):
        """Begins to restore the tables that no earlier run has begun with."""
        for name, source in self.sources.items():
            target = self.targets[name]
            if self.described(target) is None:
                self.client.restore_table_to_point_in_time(
                    SourceTableName=source, TargetTableName=target, RestoreDateTime=self.at
                )
            print(f"{source} -> {target}", flush=True)

    def wait(self):
        """Waits until every table is restored, however long that takes."""
        waiting = dict(self.targets)
        while True:
            for name, target in list(waiting.items()):
                if (table := self.described(target)) is None:
                    raise Trouble(f"{target} is gone: it could not be restored, or was deleted.")
                if table.get("TableStatus") == "ACTIVE":
                    print(f"restored  {target}", flush=True)
                    del waiting[name]
            if not waiting:
                return
            time.sleep(POLL_SECONDS)

    def settle(self):
        """Gives the restored tables the settings that a restore does not carry over."""
        for name, source in self.sources.items():
            self.settle_one(source, self.targets[name])

    def settle_one(self, source, target):
        """Does it for one table. It reads each setting first, so it may be repeated."""
        before, after = self.described(source), self.described(target)
        tags = [tag for tag in self.tags(before["TableArn"]) if not tag["Key"].startswith("aws:")]
        if tags:
            self.client.tag_resource(ResourceArn=after["TableArn"], Tags=tags)
        expiry = self.expiry(source)
        if expiry and self.expiry(target) != expiry:
            self.client.update_time_to_live(
                TableName=target,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": expiry},
            )
        self.back_up(target)
        if mode := self.insights(source):
            if self.insights(target) != mode:
                self.client.update_contributor_insights(
                    TableName=target,
                    ContributorInsightsAction="ENABLE",
                    ContributorInsightsMode=mode,
                )
        streamed = before.get("StreamSpecification") or {}
        if streamed.get("StreamEnabled") and not after.get("StreamSpecification"):
            self.client.update_table(TableName=target, StreamSpecification=streamed)
            # DynamoDB makes one change of a table at a time.
            self.until_active(target)
        protected = before.get("DeletionProtectionEnabled", False)
        if protected and not after.get("DeletionProtectionEnabled", False):
            self.client.update_table(TableName=target, DeletionProtectionEnabled=True)
        print(f"settled  {target}", flush=True)
        warm, now = before.get("WarmThroughput") or {}, after.get("WarmThroughput") or {}
        for what, key in (("reads", "ReadUnitsPerSecond"), ("writes", "WriteUnitsPerSecond")):
            if warm.get(key, 0) > now.get(key, 0):
                print(
                    f"  It is ready for {now.get(key, 0):,} {what} a second, but {source} for "
                    f"{warm[key]:,}. To have as much, which costs money once: aws dynamodb "
                    f"update-table --table-name {target} --warm-throughput {key}={warm[key]}"
                )

    def until_active(self, table):
        """Waits until a table is not being changed."""
        while self.described(table).get("TableStatus") != "ACTIVE":
            time.sleep(POLL_SECONDS)

    def stream_labels(self):
        """The labels of the streams of the restored tables, in the order of the parameter; None if
        there are none."""
        tables = [self.described(self.targets[name]) for name in STREAMED]
        labels = [table.get("LatestStreamLabel") for table in tables]
        return ",".join(labels) if all(labels) else None

    def back_up(self, table):
        """Turns point-in-time recovery on. DynamoDB may refuse that while a table is new."""
        while True:
            try:
                self.client.update_continuous_backups(
                    TableName=table,
                    PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
                )
                return
            except ClientError as error:
                if error.response["Error"]["Code"] != "ContinuousBackupsUnavailableException":
                    raise
            time.sleep(POLL_SECONDS)

    def tags(self, arn):
        """The tags of a table."""
        tags, page = [], {}
        while True:
            answer = self.client.list_tags_of_resource(ResourceArn=arn, **page)
            tags += answer.get("Tags", [])
            if not answer.get("NextToken"):
                return tags
            page = {"NextToken": answer["NextToken"]}

    def expiry(self, table):
        """The attribute by which items expire; None if none do."""
        answer = self.client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        if answer.get("TimeToLiveStatus") in ("ENABLED", "ENABLING"):
            return answer.get("AttributeName")
        return None

    def insights(self, table):
        """The mode of Contributor Insights; None if it is off."""
        answer = self.client.describe_contributor_insights(TableName=table)
        if answer.get("ContributorInsightsStatus") in ("ENABLED", "ENABLING"):
            return answer.get("ContributorInsightsMode", "ACCESSED_AND_THROTTLED_KEYS")
        return None


def sources_of(found):
    """The tables to restore from, the best first: those that the stack uses. If these are restored
    ones, also its own, because restored tables cannot go back to before their restoration."""
    in_use = {name: found.table(name) for name in RESTORED}
    own = {name: found.resources.get(name, ("", ""))[1] for name in RESTORED}
    return [in_use] if in_use == own or not all(own.values()) else [in_use, own]


def main(arguments):
    parser = argparse.ArgumentParser(
        description="Restores the tables of a stack to one second, under new names."
    )
    parser.add_argument("stack", help="the name of the stack")
    parser.add_argument(
        "--at",
        type=moment,
        required=True,
        help="the second to go back to, with its zone: 2026-11-28T21:00:00Z",
    )
    parser.add_argument(
        "--suffix", type=suffix_of, help="the suffix of the new names (default: the time)"
    )
    options = parser.parse_args(arguments)
    found, suffix = deployed(options.stack), options.suffix or default_suffix(options.at)
    if "RestoredTables" not in found.parameters:
        raise Trouble(
            f"{found.name} was deployed by a template without the parameter RestoredTables. Deploy "
            "a newer version first."
        )
    client = boto3.client("dynamodb")
    targets = {name: f"{found.name}-{name}-{suffix}" for name in RESTORED}
    obstacles = []
    for sources in sources_of(found):
        restoration = Restoration(sources, targets, options.at, client)
        if not (in_the_way := restoration.obstacles()):
            break
        obstacles += in_the_way
    else:
        print("No table was restored.", *obstacles, sep="\n", file=sys.stderr)
        return 1
    restoration.begin()
    restoration.wait()
    restoration.settle()
    # Versions with the old tables and with the restored ones must not sell at the same time.
    gradual = found.parameters.get("Deployment", "AllAtOnce")
    at_once = "" if gradual == "AllAtOnce" else " Deployment=AllAtOnce"
    labels = restoration.stream_labels()
    streams = f" RestoredStreams={labels}" if labels else ""
    print(
        "\nThe stack still uses its present tables. To switch to these, deploy a commit known to be"
        f" good:\n\n  sam build && sam deploy --stack-name {found.name} --parameter-overrides"
        f" RestoredTables={suffix}{streams}{at_once}\n\nEvery other parameter keeps its value: sam deploy"
        " sends the present one of those that it is not given."
    )
    if at_once:
        print(f"Give Deployment={gradual} with the next deployment after that.")
    return 0


if __name__ == "__main__":
    run(main, sys.argv[1:])
