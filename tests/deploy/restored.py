#!/usr/bin/env python3
"""Restores the tables of a stack on MiniStack, and checks what the stack does on the restored ones.

    restored.py prepare STACK NOTES SUFFIX
    restored.py check STACK NOTES

`prepare` buys a seat, restores the tables with infra/aws/restore.py, and buys another seat. `check`
is for the stack after it was deployed with RestoredTables=SUFFIX, and with RestoredStreams as NOTES
has them: it must know the first of the two purchases only. NOTES is a file that `prepare` writes and `check` reads.

MiniStack restores a table to its present state, and says that its backups begin now. So no time
would suit all seven tables, and this script changes that answer to a day earlier. Its CloudFormation
gives tables no backups, expiry, protection or insights, so this script sets what the template says.
On AWS none of this is needed.
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import boto3
import yaml

import smoke
from routes import Loader

sys.path.insert(0, str(Path(__file__).parents[2] / "infra/aws"))

import restore


def backups_begin_yesterday(parsed, **_):
    recovery = parsed["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    if "EarliestRestorableDateTime" in recovery:
        recovery["EarliestRestorableDateTime"] -= timedelta(days=1)


def set_up(name, stack):
    """Gives the tables the settings of the template. Only one gets deletion protection, which shows
    that each restored table has the protection of its source."""
    client, templates = boto3.client("dynamodb"), boto3.client("cloudformation")
    body = templates.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
    resources = (yaml.load(body, Loader) if isinstance(body, str) else body)["Resources"]
    for table in restore.RESTORED:
        wanted, target = resources[table]["Properties"], stack.outputs[f"{table}Table"]
        client.update_continuous_backups(
            TableName=target,
            PointInTimeRecoverySpecification=wanted["PointInTimeRecoverySpecification"],
        )
        if expiry := wanted.get("TimeToLiveSpecification"):
            client.update_time_to_live(TableName=target, TimeToLiveSpecification=expiry)
        if insights := wanted.get("ContributorInsightsSpecification"):
            client.update_contributor_insights(
                TableName=target,
                ContributorInsightsAction="ENABLE",
                ContributorInsightsMode=insights["Mode"],
            )
        client.update_table(TableName=target, DeletionProtectionEnabled=table == "Accounts")


def buyer(stack, admin, concert, number):
    """A guest who has bought a seat."""
    user, token = smoke.somebody(stack)
    let_in = lambda: smoke.place(stack, token)["status"] == "ACTIVE"
    smoke.until("a buyer is let in", let_in)
    smoke.purchase(stack, admin, user, token, concert, number)
    return {"user": user, "token": token, "number": number}


def settings(table):
    """The settings that a restored table must share with its source."""
    client = boto3.client("dynamodb")
    described = client.describe_table(TableName=table)["Table"]
    backups = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    expiry = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    insights = client.describe_contributor_insights(TableName=table)
    tags = client.list_tags_of_resource(ResourceArn=described["TableArn"])["Tags"]
    return {
        "keys": described["KeySchema"],
        "billing": described["BillingModeSummary"]["BillingMode"],
        "protected": described["DeletionProtectionEnabled"],
        "recovery": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        "expiry": expiry.get("AttributeName"),
        "insights": insights["ContributorInsightsStatus"],
        "stream": (described.get("StreamSpecification") or {}).get("StreamViewType"),
        "tags": sorted((tag["Key"], tag["Value"]) for tag in tags if tag["Key"][:4] != "aws:"),
    }


def prepare(name, notes, suffix):
    stack = smoke.Stack(name)
    admin = smoke.administrator(stack)
    concert = smoke.concert_on_sale(stack, admin)
    kept = buyer(stack, admin, concert, 7)

    now = datetime.now(timezone.utc).replace(microsecond=0)
    at = (now - timedelta(seconds=1)).isoformat()
    assert restore.main([name, "--at", at, "--suffix", suffix]) == 1
    smoke.done("tables without backups are not restored")
    set_up(name, stack)
    long_ago = (now - timedelta(days=365)).isoformat()
    assert restore.main([name, "--at", long_ago, "--suffix", suffix]) == 1
    smoke.done("a moment before the backups began is refused")
    boto3.DEFAULT_SESSION.events.register(
        "after-call.dynamodb.DescribeContinuousBackups", backups_begin_yesterday
    )
    assert restore.main([name, "--at", at, "--suffix", suffix]) == 0
    for table in restore.RESTORED:
        source, target = stack.outputs[f"{table}Table"], f"{name}-{table}-{suffix}"
        before, after = settings(source), settings(target)
        assert before == after, (table, before, after)
    there = {table: settings(f"{name}-{table}-{suffix}") for table in restore.RESTORED}
    assert {table for table, has in there.items() if has["protected"]} == {"Accounts"}, there
    watched = {table for table, has in there.items() if has["insights"] == "ENABLED"}
    assert watched == {"Catalog", "Queues", "Seats", "Changes"}, there
    streamed = {table for table, has in there.items() if has["stream"]}
    assert streamed == set(restore.STREAMED), there
    expires = {table for table, has in there.items() if has["expiry"] == "ttl"}
    assert expires == {"Queues", "Sessions", "Seats"}, there
    assert all(has["tags"] == [("service", "onsale")] for has in there.values()), there
    smoke.done("seven tables are restored, with the settings of those that they come from")
    assert restore.main([name, "--at", at, "--suffix", suffix]) == 1
    smoke.done("tables that are there already are left alone")
    client = boto3.client("dynamodb")
    for table in (stack.outputs["AccountsTable"], f"{name}-Accounts-{suffix}"):
        client.update_table(TableName=table, DeletionProtectionEnabled=False)

    lost = buyer(stack, admin, concert, 8)
    restored = [client.describe_table(TableName=f"{name}-{it}-{suffix}") for it in restore.STREAMED]
    streams = ",".join(table["Table"]["LatestStreamLabel"] for table in restored)
    found = {
        "admin": admin,
        "concert": concert,
        "suffix": suffix,
        "streams": streams,
        "kept": kept,
        "lost": lost,
    }
    Path(notes).write_text(json.dumps(found), encoding="utf-8")


def check(name, notes):
    stack, found = smoke.Stack(name), json.loads(Path(notes).read_text(encoding="utf-8"))
    suffix, admin, concert = found["suffix"], found["admin"], found["concert"]
    for table in restore.RESTORED:
        assert stack.outputs[f"{table}Table"] == f"{name}-{table}-{suffix}", stack.outputs

    kept, lost = found["kept"], found["lost"]
    payments = stack.call("GET", f"/v1/users/{kept['user']}/payments", kept["token"])["payments"]
    assert [payment["seat_numbers"] for payment in payments] == [[kept["number"]]], payments
    smoke.done("a token from before is still good, and knows its seat")
    stack.call("GET", f"/v1/users/{lost['user']}", admin, expected=404)
    over = smoke.place(stack, lost["token"])
    assert over["status"] == "CLOSED", over
    smoke.done("who came after the moment is not known, and their place is over")
    path = f"/v1/concerts/{concert}/reservations?date={smoke.DAY}&seat_number="
    [sold] = stack.call("GET", f"{path}{kept['number']}", admin)["reservations"]
    assert sold["user_id"] == kept["user"], sold
    free = stack.call("GET", f"{path}{lost['number']}", admin)["reservations"]
    assert free == [], free
    smoke.done("what they had bought is free again")

    smoke.audit(stack)
    path = f"/v1/concerts/{concert}/reservations/{sold['reservation_id']}/refund"
    stack.call("POST", path, admin, {"user_id": kept["user"], "reason": "test"})
    stack.call("DELETE", f"/v1/concerts/{concert}", admin)
    smoke.done("an administrator's token from before refunds the seat")


if __name__ == "__main__":
    boto3.setup_default_session()
    match sys.argv[1:]:
        case ["prepare", name, notes, suffix]:
            prepare(name, notes, suffix)
        case ["check", name, notes]:
            check(name, notes)
        case _:
            sys.exit(__doc__)
