"""Tests what infra/aws/restore.py decides before it changes anything in DynamoDB."""

import contextlib
import io
import sys
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

import boto3
from botocore.stub import Stubber

sys.path.insert(0, str(Path(__file__).parents[2] / "infra/aws"))

import restore
from deployed import Deployed

AT = datetime(2026, 11, 28, 21, 0, 0, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)


def backups(earliest=AT, latest=AT, status="ENABLED"):
    return {
        "PointInTimeRecoveryDescription": {
            "PointInTimeRecoveryStatus": status,
            "EarliestRestorableDateTime": earliest,
            "LatestRestorableDateTime": latest,
        }
    }


class Moments(unittest.TestCase):
    def test_a_time_is_read_with_its_zone(self):
        self.assertEqual(AT, restore.moment("2026-11-28T21:00:00Z"))
        self.assertEqual(AT, restore.moment("2026-11-29T06:00:00+09:00"))

    def test_the_suffix_says_the_moment(self):
        self.assertEqual("20261128T2100", restore.default_suffix(AT))
        self.assertEqual("20261128T210001", restore.default_suffix(AT + SECOND))

    def test_nonsense_is_refused_with_a_sentence(self):
        for arguments in (
            [],
            ["onsale"],
            ["onsale", "--at", "yesterday"],
            ["onsale", "--at", "2026-11-28T21:00:00"],
            ["onsale", "--at", "2026-11-28T21:00:00.5Z"],
            ["onsale", "--at", "2026-11-28T21:00:00+09:00:00.5"],
            ["onsale", "--at", "0001-01-01T00:00:00+09:00"],
            ["onsale", "--at", "9999-12-31T23:59:59-09:00"],
            ["onsale", "--at", "2026-11-28T21:00:00Z", "--suffix", "a b"],
            ["onsale", "--at", "2026-11-28T21:00:00Z", "--suffix", "x" * 41],
        ):
            with self.subTest(arguments), contextlib.redirect_stderr(io.StringIO()) as said:
                with self.assertRaises(SystemExit) as ended:
                    restore.main(arguments)
                self.assertEqual(2, ended.exception.code)
                self.assertIn("error:", said.getvalue())


class Sources(unittest.TestCase):
    """Restored tables cannot go back to before their restoration; the stack's own tables can."""

    def deployed(self, suffix):
        return Deployed(
            name="onsale",
            region="here",
            parameters={},
            outputs={f"{name}Table": f"onsale-{name}-{suffix}" for name in restore.RESTORED},
            resources={
                name: ("AWS::DynamoDB::Table", f"onsale-{name}-own") for name in restore.RESTORED
            },
        )

    def test_a_stack_with_its_own_tables_has_these(self):
        [sources] = restore.sources_of(self.deployed("own"))
        self.assertEqual("onsale-Seats-own", sources["Seats"])

    def test_a_stack_with_restored_tables_has_both(self):
        in_use, own = restore.sources_of(self.deployed("20261128T2100"))
        self.assertEqual("onsale-Seats-20261128T2100", in_use["Seats"])
        self.assertEqual("onsale-Seats-own", own["Seats"])


class Obstacles(unittest.TestCase):
    def test_a_time_within_the_window_is_no_obstacle(self):
        self.assertIsNone(restore.obstacle("Users", backups(), AT))

    def test_a_time_outside_the_window_is_an_obstacle(self):
        before = restore.obstacle("Users", backups(earliest=AT + SECOND, latest=AT + SECOND), AT)
        self.assertEqual(
            "Users can be restored from 2026-11-28T21:00:01Z on, not to 2026-11-28T21:00:00Z.",
            before,
        )
        after = restore.obstacle("Users", backups(earliest=AT - SECOND, latest=AT - SECOND), AT)
        self.assertEqual(
            "Users can be restored up to 2026-11-28T20:59:59Z, not yet to 2026-11-28T21:00:00Z.",
            after,
        )

    def test_a_table_without_recovery_cannot_be_restored(self):
        for nothing in ({}, backups(status="DISABLED")):
            self.assertEqual(
                "Users has no point-in-time recovery.", restore.obstacle("Users", nothing, AT)
            )


class Interruptions(unittest.TestCase):
    """The state that an earlier run has left, as DynamoDB describes it."""

    def setUp(self):
        self.client = boto3.client(
            "dynamodb",
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        self.stub = Stubber(self.client)
        self.stub.activate()
        self.restoration = restore.Restoration({"Users": "old"}, {"Users": "new"}, AT, self.client)

    def there(self, source="old", at=AT):
        summary = {
            "SourceTableArn": f"arn:aws:dynamodb:eu-west-1:123456789012:table/{source}",
            "RestoreDateTime": at,
            "RestoreInProgress": True,
        }
        table = {"TableName": "new", "TableStatus": "CREATING", "RestoreSummary": summary}
        self.stub.add_response("describe_table", {"Table": table}, {"TableName": "new"})

    def test_a_restoration_that_has_begun_is_continued(self):
        self.there()
        self.assertEqual([], self.restoration.obstacles())
        self.there()
        with contextlib.redirect_stdout(io.StringIO()):
            # A second restore would be an unexpected call.
            self.restoration.begin()
        self.stub.assert_no_pending_responses()

    def test_a_missing_table_is_restored(self):
        missing = "ResourceNotFoundException"
        self.stub.add_client_error("describe_table", missing, expected_params={"TableName": "new"})
        wanted = {"SourceTableName": "old", "TargetTableName": "new", "RestoreDateTime": AT}
        self.stub.add_response("restore_table_to_point_in_time", {}, wanted)
        with contextlib.redirect_stdout(io.StringIO()):
            self.restoration.begin()
        self.stub.assert_no_pending_responses()

    def test_another_table_with_that_name_is_an_obstacle(self):
        for other in ({"source": "other"}, {"at": AT + SECOND}):
            self.there(**other)
            [sentence] = self.restoration.obstacles()
            self.assertIn("new exists already", sentence)


class Streams(unittest.TestCase):
    """A restored table has no stream, and gets one if the table that it comes from has one."""

    def setUp(self):
        self.client = boto3.client(
            "dynamodb",
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        self.stub = Stubber(self.client)
        self.stub.activate()

    def restoration(self, names):
        sources = {name: f"old-{name}" for name in names}
        targets = {name: f"new-{name}" for name in names}
        return restore.Restoration(sources, targets, AT, self.client)

    def settle(self, **source):
        """What is done to a table that comes from one with these settings."""
        there = {"TableArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/x"}
        for table in ({**there, **source}, there):
            self.stub.add_response("describe_table", {"Table": table})
        self.stub.add_response("list_tags_of_resource", {"Tags": []})
        self.stub.add_response("describe_time_to_live", {"TimeToLiveDescription": {}})
        self.stub.add_response("update_continuous_backups", {})
        self.stub.add_response("describe_contributor_insights", {})
        if source:
            wanted = {"TableName": "new-Accounts", **source}
            self.stub.add_response("update_table", {}, wanted)
            self.stub.add_response("describe_table", {"Table": {"TableStatus": "ACTIVE"}})
        with contextlib.redirect_stdout(io.StringIO()):
            self.restoration(["Accounts"]).settle_one("old-Accounts", "new-Accounts")
        self.stub.assert_no_pending_responses()

    def test_a_table_gets_the_stream_of_its_source(self):
        stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        self.settle(StreamSpecification=stream)

    def test_a_table_without_a_stream_gets_none(self):
        self.settle()

    def test_labels_are_in_the_order_of_the_parameter(self):
        restoration = self.restoration(restore.STREAMED)
        for name in restore.STREAMED:
            table = {"TableName": name, "LatestStreamLabel": f"label of {name}"}
            self.stub.add_response("describe_table", {"Table": table}, {"TableName": f"new-{name}"})
        self.assertEqual(
            "label of Accounts,label of Catalog,label of Queues,label of Sessions",
            restoration.stream_labels(),
        )
        for name in restore.STREAMED:
            self.stub.add_response("describe_table", {"Table": {"TableName": name}})
        self.assertIsNone(restoration.stream_labels())


if __name__ == "__main__":
    unittest.main()
