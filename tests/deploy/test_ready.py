"""Tests the rules of infra/aws/ready.py, at each limit: figures in, findings out."""

import contextlib
import http.server
import io
import json
import sys
import threading
import unittest
from dataclasses import replace
from pathlib import Path

import boto3
from botocore.exceptions import ClientError, NoCredentialsError
from botocore.stub import Stubber

sys.path.insert(0, str(Path(__file__).parents[2] / "infra/aws"))

import ready
from deployed import Trouble, run
from ready import Account, Crowd, Edge, Kind, Line, Quota, Stack, Table

# Enough for a million people, with nothing to correct.
PLENTY = {
    "PollsPerSecond": "100000",
    "JoinsPerSecond": "100000",
    "RequestsPerSecond": "100000",
    "PlaceConcurrency": "10000",
    "QueueConcurrency": "10000",
    "JoinConcurrency": "10000",
    "PayConcurrency": "0",
    "HoldConcurrency": "0",
    "AdmitConcurrency": "0",
    "WarmReads": "0",
    "WarmWrites": "0",
    "MainRate": "50",
    "MainMaxActive": "1000",
    "ActiveSeconds": "300",
    "AlarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:night",
    "DeletionProtection": "true",
    "AuditMinutes": "60",
    "WhoCharges": "admins",
    "Deployment": "AllAtOnce",
    "RestoredTables": "",
}
RICH = Account(
    executions=10**6,
    unreserved=10**6,
    requests=Quota(10**7),
    burst=Quota(10**7),
    table_reads=Quota(10**7),
    table_writes=Quota(10**7),
)
# 5,000 people of whom half come in 50 seconds: 50 a second sign up and join, with a page of others.
CROWD = Crowd(people=5_000, half_within=50, page=False)
WARM = {name: Table(name, 10**7, 10**7) for name in ready.TABLES}


# CloudFront in front, as it should be.
EDGE = Edge("https://tickets.example.com", 401, is_cloudfront=True, direct=403)


def stack(tables=None, line=None, edge=None, **parameters):
    return Stack({**PLENTY, **parameters}, tables=tables or WARM, line=line, edge=edge)


def about(crowd, account, of, kinds=(Kind.TOO_SMALL, Kind.WRONG)):
    """The subjects of the findings that must be solved before an on-sale."""
    return {
        finding.about for finding in ready.findings(crowd, account, of) if finding.kind in kinds
    }


def text_of(crowd, account, of, subject):
    [text] = [
        finding.text for finding in ready.findings(crowd, account, of) if finding.about == subject
    ]
    return text


class Crowds(unittest.TestCase):
    def test_a_wait_of_ten_minutes_is_polled_47_times(self):
        # In a line that lets in one a second, 600 people wait for ten minutes or less.
        self.assertEqual(47, round(ready.polls_of(600, 1)))

    def test_a_long_wait_is_polled_every_thirty_seconds(self):
        near = ready.polls_of(240, 1)
        self.assertAlmostEqual(near + 10, ready.polls_of(540, 1))

    def test_a_short_wait_is_polled_every_second(self):
        self.assertEqual(8, ready.polls_of(8, 1))
        self.assertEqual(3, ready.polls_of(3, 1))

    def test_a_full_queue_lets_in_as_many_as_leave(self):
        # A thousand people who stay for 150 seconds.
        self.assertAlmostEqual(1000 / 150, stack().flow())
        self.assertEqual(2, stack(MainRate="2").flow())
        self.assertEqual(3, stack(line=Line("spring", 10, 1000, flow=3)).flow())

    def test_with_a_cdn_only_served_numbers_poll(self):
        self.assertEqual(50, ready.load_of(replace(CROWD, cdn=True), stack()).polls)

    def test_pages_that_are_opened_count_unless_a_cdn_has_them(self):
        ours = replace(CROWD, page=True)
        without, with_page = ready.load_of(CROWD, stack()), ready.load_of(ours, stack())
        self.assertEqual(50 * 21, with_page.requests - without.requests)
        self.assertEqual(50 * 21, with_page.busiest_other_route)
        self.assertEqual(0, ready.load_of(replace(ours, cdn=True), stack()).pages)
        self.assertIn("1,050 a second", " ".join(ready.assumptions(ours, stack())))

    def test_no_more_are_let_in_than_come(self):
        self.assertEqual(3, ready.load_of(Crowd(3), stack()).admitted)

    def test_a_number_is_rounded_up_to_two_digits(self):
        for number, rounded in ((0, 1), (0.2, 1), (99, 99), (100, 100), (101, 110), (4321, 4400)):
            self.assertEqual(rounded, ready.up(number))


class Bounds(unittest.TestCase):
    """Each limit at the smallest sufficient value, and one below it."""

    def bound(self, subject, enough, below, crowd=CROWD, account=RICH):
        """`enough` and `below` are stacks, or pairs of a stack and an account."""

        def found(of):
            of, account_of = of if isinstance(of, tuple) else (of, account)
            return about(crowd, account_of, of)

        self.assertEqual(set(), found(enough))
        self.assertEqual({subject}, found(below))

    def test_large_limits_give_no_finding(self):
        self.assertEqual(set(), about(CROWD, RICH, stack()))

    def test_polls(self):
        # 5,000 people in a line of 6.67 a second.
        polls = ready.polls_of(5_000, 1000 / 150)
        self.assertTrue(348 < polls < 349)
        self.bound("PollsPerSecond", stack(PollsPerSecond="349"), stack(PollsPerSecond="348"))

    def test_joins(self):
        self.bound("JoinsPerSecond", stack(JoinsPerSecond="50"), stack(JoinsPerSecond="49"))

    def test_looks_at_seats(self):
        self.bound(
            "RequestsPerSecond", stack(RequestsPerSecond="150"), stack(RequestsPerSecond="149")
        )

    def test_sign_ups(self):
        crowd = Crowd(people=5_000, half_within=10, page=False)
        self.bound(
            "RequestsPerSecond",
            stack(RequestsPerSecond="250"),
            stack(RequestsPerSecond="249"),
            crowd=crowd,
        )

    def test_numbers_of_one_queue(self):
        enough, below = (Crowd(people, half_within=50) for people in (2_000_000, 2_000_002))
        self.assertNotIn("numbers", about(enough, RICH, stack()))
        self.assertIn("numbers", about(below, RICH, stack()))

    def test_a_draw_gives_more_numbers(self):
        line = Line("spring", 50, 1000, has_draw_ahead=True)
        crowd = Crowd(2_000_002, half_within=50)
        self.assertNotIn("numbers", about(crowd, RICH, stack(line=line)))

    def test_blocks_of_seats(self):
        # Six write units for each person who is let in, so 166 people a second for one block.
        crowd = replace(CROWD, seats=500)
        self.bound("seats", stack(MainRate="166"), stack(MainRate="167"), crowd=crowd)
        self.assertEqual(set(), about(replace(CROWD, seats=501), RICH, stack(MainRate="167")))

    def test_gateway(self):
        need = ready.load_of(CROWD, stack()).requests
        self.assertTrue(848 < need < 849)
        quiet = {"PollsPerSecond": "349", "JoinsPerSecond": "50", "RequestsPerSecond": "150"}
        enough, below = (replace(RICH, requests=Quota(rate)) for rate in (898, 897))
        # 898: two routes with polls, the joins, and the busiest other route.
        self.bound("L-8A5B8E43 and limits", (stack(**quiet), enough), (stack(**quiet), below))
        self.assertIn(
            "L-8A5B8E43", about(CROWD, replace(RICH, requests=Quota(848)), stack(**quiet))
        )
        self.assertNotIn(
            "L-8A5B8E43", about(CROWD, replace(RICH, requests=Quota(849)), stack(**quiet))
        )

    def test_gateway_at_one_moment(self):
        enough, below = (replace(RICH, burst=Quota(burst)) for burst in (425, 424))
        self.bound("L-CDF5615A", (stack(), enough), (stack(), below))

    def test_the_smallest_account_is_enough_for_the_default_limits(self):
        defaults = {"PollsPerSecond": "400", "JoinsPerSecond": "300", "RequestsPerSecond": "400"}
        small = replace(RICH, requests=Quota(2_500), burst=Quota(1_250))
        self.assertEqual(set(), about(CROWD, small, stack(**defaults)))

    def test_executions_of_single_functions(self):
        # Polls 348.1, joins 50, holds 100, payments 50 a second, of 0.3 seconds each.
        for name, need in (
            ("PlaceConcurrency", 105),
            ("JoinConcurrency", 15),
            ("HoldConcurrency", 30),
            ("PayConcurrency", 15),
            ("AdmitConcurrency", 2),
        ):
            with self.subTest(name):
                self.bound(name, stack(**{name: str(need)}), stack(**{name: str(need - 1)}))

    def test_executions_of_the_account(self):
        # 105 + 15 + 30 + 15, 90 for all others, 2 for admit.
        enough, below = (replace(RICH, executions=executions) for executions in (257, 256))
        self.bound("L-B99A9384", (stack(), enough), (stack(), below))

    def test_executions_that_are_not_reserved(self):
        # Holds and payments have no reserved executions.
        enough, below = (replace(RICH, unreserved=unreserved) for unreserved in (137, 136))
        self.bound("L-B99A9384 unreserved", (stack(), enough), (stack(), below))
        kept = stack(HoldConcurrency="30", PayConcurrency="15")
        enough, below = (replace(RICH, unreserved=unreserved) for unreserved in (92, 91))
        self.bound("L-B99A9384 unreserved", (kept, enough), (kept, below))

    def test_a_new_account_has_too_few_executions(self):
        new = replace(RICH, executions=10, unreserved=10)
        self.assertEqual({"L-B99A9384"}, about(CROWD, new, stack()))
        self.assertIn("Ask Service Quotas for", text_of(CROWD, new, stack(), "L-B99A9384"))

    def test_the_proposed_values_are_enough_when_deployed(self):
        crowd = Crowd(100_000)
        account = Account(unreserved=500)
        found = ready.findings(crowd, account, stack(tables=None, PlaceConcurrency="200"))
        [text] = [finding.text for finding in found if finding.about == "L-B99A9384"]
        asked = int(text.split("Service Quotas for ")[1].split()[0])
        deployed = stack(PlaceConcurrency="1100", QueueConcurrency="10000")
        reserved = 1_100 + 10_000 + 10_000
        self.assertGreaterEqual(asked - reserved, 100)
        account = replace(RICH, executions=asked, unreserved=asked - reserved)
        self.assertEqual(set(), about(crowd, account, deployed))

    def test_polls_must_not_take_all_executions(self):
        for name in ("PlaceConcurrency", "QueueConcurrency", "JoinConcurrency"):
            with self.subTest(name):
                self.assertEqual({"caps"}, about(CROWD, RICH, stack(**{name: "0"})))
                kept = {"HoldConcurrency": "30", "PayConcurrency": "15"}
                self.assertEqual(set(), about(CROWD, RICH, stack(**{name: "0"}, **kept)))

    def test_tables(self):
        units = ready.units_of(ready.load_of(CROWD, stack()), CROWD)
        self.assertEqual(450 + 0, units["Accounts"][1] - 50)
        for name, needs in units.items():
            for index, what in enumerate(("reads", "writes")):
                need = needs[index]
                if need:
                    exact = -int(-need // 1)
                    with self.subTest(name, what=what):
                        at = [10**7, 10**7]
                        at[index] = exact
                        enough = stack(tables={**WARM, name: Table(name, *at)})
                        at[index] = exact - 1
                        below = stack(tables={**WARM, name: Table(name, *at)})
                        self.bound(f"{name} {what}", enough, below)

    def test_a_table_is_warmed_for_reads_and_writes(self):
        small = stack(tables={**WARM, "Sessions": Table("Sessions", 1, 10**7)})
        self.assertIn(
            "WarmReads=12000 WarmWrites=4000", text_of(CROWD, RICH, small, "Sessions reads")
        )

    def test_a_warm_throughput_is_not_lowered(self):
        small = stack(
            tables={**WARM, "Sessions": Table("Sessions", 1, 10**7)},
            WarmReads="30000",
            WarmWrites="9000",
        )
        self.assertIn(
            "WarmReads=30000 WarmWrites=9000", text_of(CROWD, RICH, small, "Sessions reads")
        )

    def test_quotas_of_tables(self):
        units = ready.units_of(ready.load_of(CROWD, stack()), CROWD)
        for index, (quota, code) in enumerate(
            (("table_reads", "L-CF0CBE56"), ("table_writes", "L-AB614373"))
        ):
            most = -int(-max(need[index] for need in units.values()) // 1)
            enough, below = (replace(RICH, **{quota: Quota(value)}) for value in (most, most - 1))
            self.bound(code, (stack(), enough), (stack(), below))

    def test_counting_more_seats_needs_more_units(self):
        few, many = (
            ready.units_of(ready.load_of(CROWD, stack()), replace(CROWD, seats=seats))["Seats"][0]
            for seats in (50, 50_000)
        )
        # 100 blocks of 4 units: every two seconds for readers, and every five for the line.
        self.assertAlmostEqual(99 * 4 / 2 + 99 * 4 / 5, many - few)


class Settings(unittest.TestCase):
    def test_each_is_found(self):
        for subject, of in (
            ("AlarmTopicArn", stack(AlarmTopicArn="")),
            ("DeletionProtection", stack(DeletionProtection="false")),
            ("AuditMinutes", stack(AuditMinutes="0")),
            ("dead letters", replace(stack(), dead_letters=1)),
            ("onsale-AuditFinds", replace(stack(), alarms=("onsale-AuditFinds",))),
            ("state", stack(line=Line("spring", 50, 1000, state="PAUSED"))),
            ("EdgeUrl", stack(edge=replace(EDGE, status=503))),
            ("EdgeUrl", stack(edge=replace(EDGE, status=None))),
            ("EdgeUrl", stack(edge=replace(EDGE, is_cloudfront=False))),
            ("OriginSecret", stack(edge=replace(EDGE, direct=401))),
        ):
            with self.subTest(subject):
                self.assertEqual({subject}, about(CROWD, RICH, of))
                self.assertFalse(ready.is_ready(ready.findings(CROWD, RICH, of)))

    def test_a_choice_is_only_a_remark(self):
        for subject, of in (
            ("WhoCharges", stack(WhoCharges="users")),
            ("Deployment", stack(Deployment="Canary10Percent5Minutes")),
            ("RestoredTables", stack(RestoredTables="20261128T2100")),
            ("WebAclArn", stack(edge=EDGE)),
        ):
            with self.subTest(subject):
                self.assertIn(subject, about(CROWD, RICH, of, [Kind.REMARK]))
                self.assertNotIn(subject, about(CROWD, RICH, stack(), [Kind.REMARK]))
                self.assertTrue(ready.is_ready(ready.findings(CROWD, RICH, of)))

    def test_a_missing_cdn_is_a_remark(self):
        behind = replace(CROWD, cdn=True)
        has_acl = {"WebAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/b"}
        self.assertIn("Cdn", about(CROWD, RICH, stack(), [Kind.REMARK]))
        # With another one, or with the stack's own and its web ACL, there is nothing to say.
        for of in (stack(), stack(edge=EDGE, **has_acl)):
            self.assertFalse({"Cdn", "WebAclArn"} & about(behind, RICH, of, [Kind.REMARK]))

    def test_an_api_that_does_not_say_whether_it_refuses_is_unknown(self):
        for direct in (None, 429, 500):
            of = stack(edge=replace(EDGE, direct=direct))
            self.assertEqual({"OriginSecret"}, about(CROWD, RICH, of, [Kind.UNKNOWN]))
            self.assertTrue(ready.is_ready(ready.findings(CROWD, RICH, of)))
        self.assertEqual(set(), about(CROWD, RICH, stack(edge=EDGE), [Kind.UNKNOWN]))

    def test_an_unread_quota_is_reported_and_assumed_to_be_the_default(self):
        account = replace(RICH, requests=Quota(10**7, is_known=False))
        of = stack(tables={**WARM, "Seats": Table("Seats", is_known=False)})
        self.assertEqual(
            {"L-8A5B8E43", "warm throughput"}, about(CROWD, account, of, [Kind.UNKNOWN])
        )
        self.assertTrue(ready.is_ready(ready.findings(CROWD, account, of)))


class Reports(unittest.TestCase):
    def test_the_worst_comes_first_under_its_heading(self):
        of = stack(PollsPerSecond="1", AlarmTopicArn="", WhoCharges="users")
        found = ready.findings(CROWD, RICH, of)
        text = ready.report("onsale", CROWD, of, found)
        self.assertTrue(text.startswith("onsale, for 5,000 people: 1 too small, 1 to correct."))
        headings = ["Assumptions", "Too small", "To correct", "Good to know"]
        places = [text.index(f"\n{heading}\n") for heading in headings]
        self.assertEqual(sorted(places), places)
        self.assertNotIn("Unknown", text)


class Documents(unittest.TestCase):
    """The public document of a queue, over HTTP."""

    DOCUMENT = {"queue_id": "spring", "state": "OPEN", "rate": 10.5, "max_active": 200, "flow": 1.5}

    def serve(self, status, body, path="/v1/queues/spring", **headers):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status if self.path == path else 404)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"

    def test_a_queue_is_read_from_its_document(self):
        url = self.serve(200, json.dumps(self.DOCUMENT))
        self.assertEqual(
            Line("spring", 10.5, 200, "OPEN", has_draw_ahead=False, flow=1.5),
            ready.read_line(url, "spring"),
        )

    def test_both_addresses_are_called_when_cloudfront_is_in_front(self):
        path = "/v1/auth/tokens"
        refuses = self.serve(403, "", path)
        through = self.serve(401, "", path, x_amz_cf_id="1")
        another = self.serve(401, "", path)
        self.assertEqual(
            replace(EDGE, url=through), ready.read_edge(through, refuses)
        )
        self.assertEqual(
            Edge(another, 401, is_cloudfront=False, direct=401), ready.read_edge(another, another)
        )
        nowhere = "http://127.0.0.1:1"
        self.assertEqual(
            Edge(nowhere, None, is_cloudfront=False, direct=None),
            ready.read_edge(nowhere, nowhere),
        )

    def test_a_draw_is_ahead_until_its_seed_is_public(self):
        for draw, to_come in (({"seed_hash": "0"}, True), ({"seed_hash": "0", "seed": "1"}, False)):
            self.assertEqual(to_come, ready.line_of({**self.DOCUMENT, "draw": draw}).has_draw_ahead)

    def test_a_missing_document_is_reported(self):
        url = self.serve(200, "<html>")
        for queue, said in (("autumn", "returned 404"), ("spring", "failed")):
            with self.assertRaisesRegex(Trouble, said):
                ready.read_line(url, queue)


class Quotas(unittest.TestCase):
    """The answers of Service Quotas."""

    QUOTA = {"ServiceCode": "apigateway", "QuotaCode": "L-8A5B8E43"}

    def read(self, region, *answers):
        """The quota that is read with these answers; None is a refusal."""
        client = boto3.client(
            "service-quotas",
            region_name=region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        with Stubber(client) as stub:
            calls = ("get_service_quota", "get_aws_default_service_quota")
            for call, value in zip(calls, answers):
                if value is None:
                    stub.add_client_error(call, "AccessDeniedException", expected_params=self.QUOTA)
                else:
                    stub.add_response(call, {"Quota": {"Value": float(value)}}, self.QUOTA)
            quota = ready.read_quota(client, ready.REQUESTS, region)
            stub.assert_no_pending_responses()
        return quota

    def test_the_account_s_own_counts_before_the_default(self):
        self.assertEqual(Quota(20_000), self.read("eu-west-1", 20_000))
        self.assertEqual(Quota(10_000), self.read("eu-west-1", None, 10_000))

    def test_what_cannot_be_read_is_its_default_in_that_region(self):
        self.assertEqual(Quota(10_000, is_known=False), self.read("eu-west-1", None, None))
        self.assertEqual(Quota(2_500, is_known=False), self.read("eu-south-1", None, None))


class Errors(unittest.TestCase):
    def test_each_is_a_sentence_and_the_status_2(self):
        refused = {"Error": {"Code": "AccessDenied", "Message": "not you"}}
        for error, said in (
            (Trouble("There is no stack."), "There is no stack.\n"),
            (
                ClientError(refused, "DescribeStacks"),
                "AWS refused DescribeStacks: AccessDenied: not you\n",
            ),
            (NoCredentialsError(), "AWS could not be reached: Unable to locate credentials\n"),
        ):

            def fails(_, error=error):
                raise error

            with self.subTest(said), contextlib.redirect_stderr(io.StringIO()) as heard:
                with self.assertRaises(SystemExit) as ended:
                    run(fails, [])
                self.assertEqual(2, ended.exception.code)
                self.assertEqual(said, heard.getvalue())


class Arguments(unittest.TestCase):
    def test_nonsense_is_refused_with_a_sentence(self):
        for arguments in (
            [],
            ["onsale"],
            ["onsale", "--people", "0"],
            ["onsale", "--people", "many"],
            ["onsale", "--people", "1", "--seats", "-5"],
        ):
            with self.subTest(arguments), contextlib.redirect_stderr(io.StringIO()) as said:
                with self.assertRaises(SystemExit) as ended:
                    ready.main(arguments)
                self.assertEqual(2, ended.exception.code)
                self.assertIn("error:", said.getvalue())


if __name__ == "__main__":
    unittest.main()
