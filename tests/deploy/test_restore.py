"""Tests what infra/aws/restore.py decides before it asks DynamoDB for anything."""

import contextlib
import io
import sys
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "infra/aws"))

import restore

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
            ["onsale", "--at", "2026-11-28T21:00:00Z", "--suffix", "a b"],
            ["onsale", "--at", "2026-11-28T21:00:00Z", "--suffix", "x" * 41],
        ):
            with self.subTest(arguments), contextlib.redirect_stderr(io.StringIO()) as said:
                with self.assertRaises(SystemExit) as ended:
                    restore.main(arguments)
                self.assertEqual(2, ended.exception.code)
                self.assertIn("error:", said.getvalue())


class Obstacles(unittest.TestCase):
    def test_a_moment_within_the_window_is_none(self):
        self.assertIsNone(restore.obstacle("Users", backups(), AT))

    def test_one_outside_it_is(self):
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

    def test_without_recovery_there_is_no_way(self):
        for nothing in ({}, backups(status="DISABLED")):
            self.assertEqual(
                "Users has no point-in-time recovery.", restore.obstacle("Users", nothing, AT)
            )


if __name__ == "__main__":
    unittest.main()
