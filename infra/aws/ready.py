#!/usr/bin/env python3
"""Checks whether an account and a stack are large enough for an on-sale.

    ready.py STACK --people N [--seats M] [--queue ID] [--cdn] [--other-page]
             [--half-within SECONDS]

It only reads. The exit code is 0 if nothing is too small or wrong, 1 if something is, and 2 if it
could not check. infra/README.md lists its assumptions.
"""

import argparse
import json
import math
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from enum import Enum

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from deployed import TABLES, Trouble, deployed, run

# How long an invocation takes that has to start the function first, in seconds. Others take about
# 0.015.
COLD_SECONDS = 0.3
# The requests of this many seconds may come at one moment.
BURST_SECONDS = 0.5
# What each person who is let in does: reads the dates once and the seats this many times, tries to
# hold this many times, charges once and pays once.
SEAT_LOOKS, HOLDS = 3, 2
# What the page asks for when it is opened: its HTML, 17 files, the concert, the queue and the
# settings. A CDN answers all of it.
PAGE_REQUESTS = 21
# A client asks again after an eighth of its wait, within these limits, in seconds.
ASK_PART, ASK_MIN, ASK_MAX = 8, 1, 30
# How many read and write units a second DynamoDB accepts for one partition key.
KEY_READS, KEY_WRITES = 3_000, 1_000
# How many a second may join one open queue, as simulated.
QUEUE_JOINS = 20_000
# How many units a second a new table accepts.
NEW_TABLE_READS, NEW_TABLE_WRITES = 12_000, 4_000
# How many seats are stored together, and how many read units it costs at most to read them all.
BLOCK_SEATS, BLOCK_READS = 500, 4
# The largest value of a parameter …Concurrency.
MAX_CONCURRENCY = 10_000
# Lambda keeps this many executions for functions that reserve none.
KEPT_UNRESERVED = 100
# A call that no cache answers, and what the service says to it: it has no token.
PROBE, PROBE_STATUS = "/v1/auth/tokens", 401
# The tables to which WarmReads and WarmWrites apply.
WARMED = ("Users", "Accounts", "Queues", "Sessions", "Seats")

# Quotas: service, code, name, and default.
EXECUTIONS = ("lambda", "L-B99A9384", "Concurrent executions", 1_000)
REQUESTS = ("apigateway", "L-8A5B8E43", "Throttle rate", 10_000)
BURST = ("apigateway", "L-CDF5615A", "Throttle burst rate", 5_000)
TABLE_READS = ("dynamodb", "L-CF0CBE56", "Table-level read throughput limit", 40_000)
TABLE_WRITES = ("dynamodb", "L-AB614373", "Table-level write throughput limit", 40_000)
# In these regions the defaults of API Gateway are a quarter (its page of quotas).
SMALL_REGIONS = frozenset(
    "af-south-1 eu-south-1 eu-south-2 eu-central-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 "
    "ap-southeast-7 ap-south-2 me-central-1 il-central-1 ca-west-1 mx-central-1".split()
)


class Kind(Enum):
    """The kind of a finding."""

    TOO_SMALL = "Too small"
    WRONG = "To correct"
    UNKNOWN = "Unknown"
    REMARK = "Good to know"


@dataclass(frozen=True)
class Finding:
    """One sentence: what was found, what it should be, and what to do."""

    kind: Kind
    text: str
    # What the sentence is about: a parameter, a quota's code, a table.
    about: str


@dataclass(frozen=True)
class Crowd:
    """The people of the on-sale."""

    people: int
    seats: int | None = None
    # Whether pages compute their places from a queue's document that a CDN keeps.
    cdn: bool = False
    # Whether the people come with Onsale's own page.
    page: bool = True
    # Half of the people come within this many seconds.
    half_within: int = 120


@dataclass(frozen=True)
class Quota:
    """A quota of the account."""

    value: int
    is_known: bool = True


@dataclass(frozen=True)
class Account:
    """The quotas of an account in a region."""

    executions: int = 1_000
    unreserved: int = 1_000
    requests: Quota = Quota(10_000)
    burst: Quota = Quota(5_000)
    table_reads: Quota = Quota(40_000)
    table_writes: Quota = Quota(40_000)


@dataclass(frozen=True)
class Table:
    """How many units a second a table accepts without warming up."""

    name: str
    reads: int = NEW_TABLE_READS
    writes: int = NEW_TABLE_WRITES
    is_known: bool = True


@dataclass(frozen=True)
class Line:
    """A queue, from its public document."""

    name: str
    rate: float
    max_active: int
    state: str = "OPEN"
    # Whether its opening and its draw are ahead.
    has_draw_ahead: bool = False
    # How many a second it can admit while it is full, once that has been measured.
    flow: float = 0


@dataclass(frozen=True)
class Edge:
    """What the two addresses of a stack answer to `PROBE`, if it has CloudFront in front."""

    # The address for buyers.
    url: str
    # The status of its answer. None if there is none.
    status: int | None
    # Whether CloudFront has answered, and not another server.
    is_cloudfront: bool
    # The status of the API's own answer to a call without the origin secret. None if there is none.
    direct: int | None


@dataclass(frozen=True)
class Stack:
    """The parameters and the state of a stack."""

    parameters: dict
    tables: dict = field(default_factory=lambda: {name: Table(name) for name in TABLES})
    # The names of the alarms that are on.
    alarms: tuple = ()
    dead_letters: int = 0
    line: Line | None = None
    # None without Cdn.
    edge: Edge | None = None

    def number(self, name):
        """The value of a numeric parameter; 0 if an earlier template does not have it."""
        return float(self.parameters.get(name) or 0)

    def queue(self):
        """The queue that the on-sale goes through."""
        return self.line or Line("main", self.number("MainRate"), int(self.number("MainMaxActive")))

    def stay(self):
        """How long people are assumed to stay inside, in seconds: as the line does at first."""
        return self.number("ActiveSeconds") / 2

    def flow(self):
        """How many a second come in while the queue is full: as many as leave."""
        queue = self.queue()
        if queue.flow or not self.stay():
            return min(queue.rate, queue.flow or queue.rate)
        return min(queue.rate, queue.max_active / self.stay())


@dataclass(frozen=True)
class Load:
    """How much comes in a second, at the busiest moment."""

    sign_ups: float
    joins: float
    polls: float
    # Admissions.
    admitted: float
    # Requests of pages that are opened.
    pages: float = 0

    @property
    def requests(self):
        """All requests that reach API Gateway."""
        inside = 1 + SEAT_LOOKS + HOLDS + 1 + 1
        return self.pages + self.sign_ups + self.joins + self.polls + inside * self.admitted

    @property
    def busiest_other_route(self):
        """The requests of the busiest route, apart from polls and joins."""
        return max(self.pages, self.sign_ups, SEAT_LOOKS * self.admitted)


def polls_of(people, rate):
    """How many polls a second come from so many people in a line that moves at this rate.

    A person with w seconds to wait asks every w/8 seconds, but no less than every 30 and no more
    than every second. In a line that moves evenly, `rate` people have each wait.
    """
    longest = people / rate
    far = ASK_MAX * ASK_PART
    polls = min(longest, ASK_MIN * ASK_PART) / ASK_MIN
    if longest > ASK_MIN * ASK_PART:
        polls += ASK_PART * math.log(min(longest, far) / (ASK_MIN * ASK_PART))
    if longest > far:
        polls += (longest - far) / ASK_MAX
    return rate * polls


def load_of(crowd, stack):
    """How much the crowd does in a second of the opening minutes."""
    coming = crowd.people / 2 / crowd.half_within
    rate = min(stack.queue().rate, crowd.people)
    # With a CDN, a page asks the service only when its number comes up. Without one, pages ask
    # according to their wait, which is longest while the queue is full.
    polls = rate if crowd.cdn else polls_of(crowd.people, stack.flow())
    pages = PAGE_REQUESTS * coming if crowd.page and not crowd.cdn else 0
    return Load(sign_ups=coming, joins=coming, polls=polls, admitted=rate, pages=pages)


def units_of(load, crowd):
    """The read and write units that each table consumes in that second."""
    blocks = math.ceil((crowd.seats or 0) / BLOCK_SEATS)
    counting = min(1_600, blocks * BLOCK_READS / 2) + blocks * BLOCK_READS / 5
    inside = 1 + SEAT_LOOKS + HOLDS + 1 + 1
    return {
        "Users": (load.joins, 2 * load.sign_ups),
        "Accounts": (2 * load.admitted, 2 * load.sign_ups + 8 * load.admitted),
        "Catalog": (load.joins / 2, 0),
        # Each running function reads the document of its queue once a second, for half a read unit.
        "Queues": (
            (load.requests - load.pages) * COLD_SECONDS / 2 + 2 * load.admitted,
            # The pools of numbers are not spread evenly over the partitions.
            2 * load.joins + 2 * load.admitted,
        ),
        "Sessions": (
            load.polls / 2 + load.joins + inside * load.admitted,
            load.joins + (1 + 2 * HOLDS + 2) * load.admitted,
        ),
        "Seats": (
            (SEAT_LOOKS * BLOCK_READS + HOLDS) * load.admitted + counting,
            (2 * HOLDS + 2) * load.admitted,
        ),
    }


def up(number):
    """A number rounded up to two digits, as people set it."""
    number = max(1, math.ceil(number - 1e-9))
    step = 10 ** max(0, len(str(number)) - 2)
    return math.ceil(number / step) * step


def plain(number):
    """A number as text."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.3g}"


def findings(crowd, account, stack):
    """All findings, the worst first."""
    queue = stack.queue()
    load = load_of(crowd, stack)
    found = [
        *of_routes(load, stack),
        *of_the_line(load, crowd, queue),
        *of_gateway(load, account, stack),
        *of_lambda(load, account, stack),
        *of_tables(load, crowd, account, stack),
        *of_settings(stack),
        *of_the_edge(stack.edge),
        *of_unknowns(account, stack),
        *remarks(crowd, stack),
    ]
    return sorted(found, key=lambda finding: list(Kind).index(finding.kind))


def too_small(about, text):
    return Finding(Kind.TOO_SMALL, text, about)


def of_routes(load, stack):
    """Checks the limits of the routes, which are parameters."""
    needs = (
        ("PollsPerSecond", load.polls, "polls"),
        ("JoinsPerSecond", load.joins, "joins"),
        ("RequestsPerSecond", load.busiest_other_route, "calls of the busiest other endpoint"),
    )
    for name, need, what in needs:
        limit = stack.number(name)
        if need > limit:
            remedy = f"Deploy with {name}={up(need)}."
            if name == "PollsPerSecond":
                remedy = (
                    f"Deploy with {name}={up(need)}, or put a CDN before GET"
                    " /v1/queues/{queue_id} and let pages compute their places (--cdn)."
                )
            yield too_small(
                name,
                f"{name} is {limit:,.0f}, but up to {plain(need)} {what} a second come: the rest "
                f"are refused with 429 and ask again. {remedy}",
            )


def of_the_line(load, crowd, queue):
    """Checks the limits of one item, and of the items of one block of seats."""
    if load.joins > QUEUE_JOINS and not queue.has_draw_ahead:
        yield too_small(
            "numbers",
            f"Up to {plain(load.joins)} people a second join, but the queue {queue.name} takes only"
            f" {QUEUE_JOINS:,} a second. Give it an opens_at, so that people join before it.",
        )
    if not crowd.seats:
        return
    blocks = math.ceil(crowd.seats / BLOCK_SEATS)
    max_rate = min(
        blocks * KEY_WRITES / (2 * HOLDS + 2),
        blocks * KEY_READS / (SEAT_LOOKS * BLOCK_READS + HOLDS),
    )
    if queue.rate > max_rate:
        yield too_small(
            "seats",
            f"{crowd.seats:,} seats are stored in {blocks:,} blocks of {BLOCK_SEATS}. Those serve"
            f" at most {plain(max_rate)} people a second, but {queue.name} lets in"
            f" {plain(queue.rate)}. Set its rate to {math.floor(max_rate):,} or less.",
        )


def of_gateway(load, account, stack):
    """Checks API Gateway's limits for all APIs of the account."""
    _, code, name, _ = REQUESTS
    rate, burst = account.requests.value, account.burst.value
    if load.requests > rate:
        yield too_small(
            code,
            f"API Gateway accepts {rate:,} requests a second for all APIs of the account, but"
            f" {plain(load.requests)} come. Ask Service Quotas for {up(load.requests)} ({name},"
            f" {code}).",
        )
    elif load.requests * BURST_SECONDS > burst:
        yield too_small(
            BURST[1],
            f"API Gateway accepts {burst:,} requests at one moment, but"
            f" {load.requests * BURST_SECONDS:,.0f} may come. AWS sets that by the rate: ask"
            f" Service Quotas for a larger rate than {rate:,} ({name}, {code}), and say why.",
        )
    polls, joins = stack.number("PollsPerSecond"), stack.number("JoinsPerSecond")
    taken = 2 * polls + joins
    left = max(load.busiest_other_route, stack.number("RequestsPerSecond"))
    if taken + left > rate:
        yield too_small(
            f"{code} and limits",
            f"Polls and joins at their limits take {taken:,.0f} of the {rate:,} requests a second"
            " that API Gateway accepts for the account, and leave too few for holds and payments."
            f" Lower PollsPerSecond ({polls:,.0f}, for two routes) or JoinsPerSecond"
            f" ({joins:,.0f}), or ask Service Quotas for {up(taken + left)} ({name}, {code}).",
        )


def executions_of(load):
    """How many executions at once each function with a parameter needs, and all others together."""
    needs = {
        "PlaceConcurrency": load.polls,
        "JoinConcurrency": load.joins,
        "HoldConcurrency": HOLDS * load.admitted,
        "PayConcurrency": load.admitted,
    }
    others = load.pages + load.sign_ups + (2 + SEAT_LOOKS) * load.admitted
    needs = {name: math.ceil(COLD_SECONDS * need) for name, need in needs.items()}
    return needs, math.ceil(COLD_SECONDS * others)


def of_lambda(load, account, stack):
    """Checks the concurrent executions of the account and of single functions."""
    needs, others = executions_of(load)
    for name, need in needs.items():
        cap = int(stack.number(name))
        if 0 < cap < need:
            yield too_small(
                name,
                f"{name} is {cap:,}, but {need:,} invocations may run at once while functions "
                f"start. Deploy with {name}={up(need) if up(need) <= MAX_CONCURRENCY else 0}.",
            )
    if int(stack.number("AdmitConcurrency")) == 1:
        yield too_small(
            "AdmitConcurrency",
            "AdmitConcurrency is 1, but the next minute's admit begins while the last one ends. "
            "Deploy with AdmitConcurrency=2.",
        )
    # Two more, for admit.
    others += 2
    total = sum(needs.values()) + others
    reserved = stack.number("QueueConcurrency") + sum(
        max(up(need), stack.number(name)) for name, need in needs.items()
    )
    _, code, quota, _ = EXECUTIONS
    if total > account.executions:
        yield too_small(
            code,
            f"Lambda runs {account.executions:,} invocations at once for the account, but "
            f"{total:,} may have to run while functions start. Ask Service Quotas for "
            f"{up(max(1_000, reserved + max(others, KEPT_UNRESERVED)))} ({quota}, {code}).",
        )
    else:
        free = others + sum(need for name, need in needs.items() if not stack.number(name))
        if free > account.unreserved:
            yield too_small(
                f"{code} unreserved",
                f"Of the {account.executions:,} invocations that Lambda runs at once,"
                f" {account.unreserved:,} are not reserved for single functions, but {free:,} of"
                " the others may have to run. Lower what is reserved (the parameters"
                " …Concurrency, and those of other stacks), or ask Service Quotas for"
                f" {up(account.executions + free - account.unreserved)} ({quota}, {code}).",
            )
    uncapped = [
        name
        for name in ("PlaceConcurrency", "QueueConcurrency", "JoinConcurrency")
        if not stack.number(name)
    ]
    unkept = [name for name in ("HoldConcurrency", "PayConcurrency") if not stack.number(name)]
    if uncapped and unkept:
        yield too_small(
            "caps",
            "Polls and joins may leave no execution for holds and payments. Deploy with"
            f" {' '.join(f'{name}={up(max(needs.get(name, 0), 100))}' for name in uncapped)}, which"
            f" caps them, or with {' '.join(f'{name}={up(needs[name])}' for name in unkept)}, which"
            " keeps some free.",
        )


def of_tables(load, crowd, account, stack):
    """Checks how many units a second the tables accept."""
    units = units_of(load, crowd)
    least = (NEW_TABLE_READS, NEW_TABLE_WRITES)
    # A warm throughput cannot be lowered.
    warm = [
        up(max(least[index], *(units[name][index] for name in WARMED), stack.number(parameter)))
        for index, parameter in enumerate(("WarmReads", "WarmWrites"))
    ]
    for index, (what, quota) in enumerate(
        (
            ("reads", (account.table_reads, TABLE_READS)),
            ("writes", (account.table_writes, TABLE_WRITES)),
        )
    ):
        ready = {name: (table.reads, table.writes)[index] for name, table in stack.tables.items()}
        short = [name for name in units if units[name][index] > ready[name]]
        for name in short:
            need = units[name][index]
            if name in WARMED:
                remedy = f"Deploy with WarmReads={warm[0]} WarmWrites={warm[1]}."
            else:
                unit = f"{'Read' if what == 'reads' else 'Write'}UnitsPerSecond={up(need)}"
                remedy = (
                    f"Type aws dynamodb update-table --table-name {stack.tables[name].name} "
                    f"--warm-throughput {unit}."
                )
            yield too_small(
                f"{name} {what}",
                f"The table {name} is ready for {plain(ready[name])} {what} a second, but "
                f"{plain(need)} come. {remedy}",
            )
        have, (_, code, title, _) = quota
        busiest = max(units, key=lambda name: units[name][index])
        if units[busiest][index] > have.value:
            yield too_small(
                code,
                f"DynamoDB accepts {have.value:,} {what} a second for one table, but "
                f"{plain(units[busiest][index])} come to {busiest}. Ask Service Quotas for "
                f"{up(units[busiest][index])} ({title}, {code}) before you deploy.",
            )


def of_settings(stack):
    """Checks what must be correct before an on-sale, apart from sizes."""

    def wrong(about, text):
        return Finding(Kind.WRONG, text, about)

    parameters = stack.parameters
    for alarm in stack.alarms:
        yield wrong(alarm, f"The alarm {alarm} is on. Find out why before the on-sale.")
    if stack.dead_letters:
        yield wrong(
            "dead letters",
            f"{stack.dead_letters:,} release messages failed five times and wait in the dead-letter"
            " queue. Read them and the log, then send them back or delete them.",
        )
    if not parameters.get("AlarmTopicArn"):
        yield wrong(
            "AlarmTopicArn",
            "AlarmTopicArn is empty, so no alarm reaches anybody. Deploy with "
            "AlarmTopicArn=arn:aws:sns:….",
        )
    if parameters.get("DeletionProtection") == "false":
        yield wrong(
            "DeletionProtection",
            "DeletionProtection is false, so one call can delete the tables with money and "
            "sales. Deploy with DeletionProtection=true.",
        )
    if parameters.get("AuditMinutes") == "0":
        yield wrong(
            "AuditMinutes",
            "AuditMinutes is 0, so nothing checks whether the data is right. Deploy "
            "with AuditMinutes=60.",
        )
    if stack.line and stack.line.state != "OPEN":
        yield wrong(
            "state",
            f"The queue {stack.line.name} is {stack.line.state} and lets nobody in. Set its state"
            " to OPEN, or put something on sale in it.",
        )


def of_the_edge(edge):
    """Checks that buyers get through CloudFront, and that nobody gets around it."""
    if edge is None:
        return
    if edge.status != PROBE_STATUS:
        answers = "does not answer"
        if edge.status is not None:
            answers = f"answers {edge.status} instead of {PROBE_STATUS} to a call without a token"
        remedy = "Check its DNS record and the state of the distribution."
        if edge.status == 403:
            remedy = (
                "The functions may not have the secret that CloudFront sends: deploy with both,"
                " OriginSecret and OriginSecretBefore."
            )
        yield Finding(
            Kind.WRONG,
            f"The page's address {edge.url} {answers}. Without it nobody can buy. {remedy}",
            "EdgeUrl",
        )
    elif not edge.is_cloudfront:
        yield Finding(
            Kind.WRONG,
            f"The page's address {edge.url} answers, but not through CloudFront. Set its DNS record to"
            " the output EdgeDomain.",
            "EdgeUrl",
        )
    if edge.direct == PROBE_STATUS:
        yield Finding(
            Kind.WRONG,
            "The API answers a call without the origin secret, so anybody can go around CloudFront and"
            " its limits. Deploy again with a new OriginSecret.",
            "OriginSecret",
        )
    elif edge.direct != 403:
        said = "gave no answer" if edge.direct is None else f"answered {edge.direct}"
        yield Finding(
            Kind.UNKNOWN,
            f"The API {said} to a call without the origin secret. It should answer 403. Whether it"
            " refuses such calls is not known.",
            "OriginSecret",
        )


def of_unknowns(account, stack):
    """Reports what could not be read."""
    quotas = (
        (account.requests, REQUESTS),
        (account.burst, BURST),
        (account.table_reads, TABLE_READS),
        (account.table_writes, TABLE_WRITES),
    )
    for quota, (_, code, name, _) in quotas:
        if not quota.is_known:
            text = (
                f"The quota {name} ({code}) could not be read. It is assumed to be its default, "
                f"{quota.value:,}."
            )
            yield Finding(Kind.UNKNOWN, text, code)
    unread = [name for name, table in stack.tables.items() if not table.is_known]
    if unread:
        text = (
            f"The warm throughput of {', '.join(unread)} could not be read. It is assumed to be"
            f" that of new tables, {NEW_TABLE_READS:,} reads and {NEW_TABLE_WRITES:,} writes a"
            " second."
        )
        yield Finding(Kind.UNKNOWN, text, "warm throughput")


def remarks(crowd, stack):
    """Reports what an operator should know, and may have intended."""

    def remark(about, text):
        return Finding(Kind.REMARK, text, about)

    queue = stack.queue()
    minutes = crowd.people / stack.flow() / 60
    yield remark(
        "flow",
        f"{queue.name} lets in {plain(queue.rate)} a second until {queue.max_active:,} are inside,"
        f" then as many as leave, about {plain(stack.flow())}. At that rate it takes {minutes:,.0f}"
        f" minutes to let in all {crowd.people:,} people.",
    )
    if stack.edge is None and not crowd.cdn:
        yield remark(
            "Cdn",
            "No CDN is in front, so each file of the page and each look at the queue is a request to"
            " API Gateway. Before a large on-sale, deploy with Cdn=true.",
        )
    if stack.edge is not None and not stack.parameters.get("WebAclArn"):
        yield remark(
            "WebAclArn",
            "WebAclArn is empty, so one address may sign up and join as often as all others"
            " together. Deploy infra/edge.yaml, and give its output WebAclArn.",
        )
    if stack.parameters.get("WhoCharges") == "users":
        yield remark(
            "WhoCharges",
            "WhoCharges is users: all users can charge their own accounts without paying. If "
            "balances are money, deploy with WhoCharges=admins.",
        )
    deployment = stack.parameters.get("Deployment", "AllAtOnce")
    if deployment != "AllAtOnce":
        yield remark(
            "Deployment",
            f"Deployment is {deployment}: a fix during the on-sale takes as long, and stops while "
            "the alarm FunctionsFail is on. Deploy a fix with Deployment=AllAtOnce.",
        )
    if stack.parameters.get("RestoredTables"):
        yield remark(
            "RestoredTables",
            f"The functions use restored tables ({stack.parameters['RestoredTables']}).",
        )


def assumptions(crowd, stack):
    """The assumptions, as sentences."""
    load, queue = load_of(crowd, stack), stack.queue()
    polls = (
        "Pages compute their places from a document that a CDN keeps, and ask the service when"
        " their number comes up"
        if crowd.cdn
        else (
            "Clients that wait call GET /v1/auth/tokens again after an eighth of their wait: after"
            " 1 second at least and 30 at most"
        )
    )
    return (
        (
            f"Half of the {crowd.people:,} people come within {crowd.half_within} seconds, sign up"
            f" as guests and join {queue.name}: {plain(load.joins)} a second."
        ),
        f"{polls}: {plain(load.polls)} a second.",
        *(
            [
                f"Each of them opens the page, which asks for {PAGE_REQUESTS} things:"
                f" {plain(load.pages)} a second. A CDN takes all of these (--cdn)."
            ]
            if load.pages
            else []
        ),
        (
            f"{queue.name} lets in {plain(queue.rate)} a second, and {plain(stack.flow())} while it"
            " is full. Each person let in reads the dates once and the seats"
            f" {SEAT_LOOKS} times, tries to hold {HOLDS} times, charges once and pays once."
        ),
        (
            f"In the opening second every function has to start, which takes {COLD_SECONDS}"
            " seconds. Later an invocation takes about 0.015."
        ),
        f"Together that is {plain(load.requests)} requests a second.",
    )


def report(name, crowd, stack, found):
    """The report, as lines of text."""
    count = sum(finding.kind is Kind.TOO_SMALL for finding in found)
    wrong = sum(finding.kind is Kind.WRONG for finding in found)
    lines = [f"{name}, for {crowd.people:,} people: {count} too small, {wrong} to correct."]
    lines += ["", "Assumptions"]
    lines += [f"  - {sentence}" for sentence in assumptions(crowd, stack)]
    for kind in Kind:
        texts = [finding.text for finding in found if finding.kind is kind]
        if texts:
            lines += ["", kind.value, *(f"  - {text}" for text in texts)]
    return "\n".join(lines)


def is_ready(found):
    """Whether nothing is too small or wrong."""
    return not any(finding.kind in (Kind.TOO_SMALL, Kind.WRONG) for finding in found)


# The rest of this file calls AWS.

# Fails soon where AWS has no Service Quotas.
ONE_TRY = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})


def read_quota(client, quota, region):
    """A quota of the account; its default if it cannot be read. One call, or two."""
    service, code, _, default = quota
    if service == "apigateway" and region in SMALL_REGIONS:
        default //= 4
    for read in (client.get_service_quota, client.get_aws_default_service_quota):
        try:
            return Quota(int(read(ServiceCode=service, QuotaCode=code)["Quota"]["Value"]))
        except (BotoCoreError, ClientError, ResponseParserError, KeyError):
            continue
    return Quota(default, is_known=False)


def read_account(region):
    """Reads the quotas of the account in the region."""
    limits = boto3.client("lambda").get_account_settings()["AccountLimit"]
    quotas = boto3.client("service-quotas", config=ONE_TRY)
    return Account(
        executions=limits["ConcurrentExecutions"],
        unreserved=limits["UnreservedConcurrentExecutions"],
        requests=read_quota(quotas, REQUESTS, region),
        burst=read_quota(quotas, BURST, region),
        table_reads=read_quota(quotas, TABLE_READS, region),
        table_writes=read_quota(quotas, TABLE_WRITES, region),
    )


def read_table(name):
    """Reads the warm throughput of a table."""
    table = boto3.client("dynamodb").describe_table(TableName=name)["Table"]
    warm = table.get("WarmThroughput") or {}
    reads, writes = warm.get("ReadUnitsPerSecond"), warm.get("WriteUnitsPerSecond")
    if reads and writes:
        return Table(name, reads, writes)
    return Table(name, is_known=False)


def line_of(document):
    """Makes a queue of its public document."""
    draw = document.get("draw") or {}
    return Line(
        name=document["queue_id"],
        rate=float(document["rate"]),
        max_active=int(document["max_active"]),
        state=document["state"],
        has_draw_ahead=bool(draw) and draw.get("seed") is None,
        flow=float(document.get("flow") or 0),
    )


def read_line(url, queue):
    """Reads a queue from the API."""
    address = f"{url}/v1/queues/{urllib.parse.quote(queue, safe='')}"
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return line_of(json.load(answer))
    except urllib.error.HTTPError as error:
        raise Trouble(f"GET {address} returned {error.code}: is there a queue {queue}?") from error
    except (OSError, ValueError, KeyError) as error:
        raise Trouble(f"GET {address} failed: {error}") from error


def answer_of(address):
    """The status and the headers of the answer to a GET; None and no headers if there is none."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers
    except (OSError, ValueError):
        return None, {}


def read_edge(edge_url, api_url):
    """Calls both addresses of a stack that has CloudFront in front."""
    status, headers = answer_of(edge_url + PROBE)
    direct, _ = answer_of(api_url + PROBE)
    return Edge(edge_url, status, "x-amz-cf-id" in headers, direct)


def read_stack(found, queue=None):
    """Reads the parameters and the state of a stack."""
    url, edge = found.output("ApiUrl"), None
    if found.parameters.get("Cdn") == "true":
        edge = read_edge(found.output("EdgeUrl"), url)
        url = edge.url
    alarms = []
    names = found.of_type("AWS::CloudWatch::Alarm")
    for first in range(0, len(names), 100):
        answer = boto3.client("cloudwatch").describe_alarms(
            AlarmNames=names[first : first + 100], MaxRecords=100
        )
        alarms += [
            alarm["AlarmName"] for alarm in answer["MetricAlarms"] if alarm["StateValue"] == "ALARM"
        ]
    waiting = boto3.client("sqs").get_queue_attributes(
        QueueUrl=found.output("ReleaseDeadLettersUrl"),
        AttributeNames=["ApproximateNumberOfMessages"],
    )
    return Stack(
        parameters=found.parameters,
        tables={name: read_table(found.table(name)) for name in TABLES},
        alarms=tuple(alarms),
        dead_letters=int(waiting["Attributes"]["ApproximateNumberOfMessages"]),
        line=read_line(url, queue) if queue else None,
        edge=edge,
    )


def at_least_one(text):
    """A whole number from 1 on."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 on")
    return int(text)


def main(arguments):
    parser = argparse.ArgumentParser(
        description="Checks whether an account and a stack are large enough for an on-sale.",
        epilog=(
            "The exit code is 0 if nothing is too small or wrong, 1 if something is, 2 if it could"
            " not check."
        ),
    )
    parser.add_argument("stack", help="the name of the stack")
    parser.add_argument("--people", type=at_least_one, required=True, help="how many come")
    parser.add_argument("--seats", type=at_least_one, help="how many seats the show has")
    parser.add_argument("--queue", help="the queue that they join (default: main)")
    parser.add_argument(
        "--cdn",
        action="store_true",
        help="pages compute their places, behind a CDN (with Cdn=true they always do)",
    )
    parser.add_argument(
        "--other-page",
        action="store_true",
        help="the people come with a page of your own, which is not served from here",
    )
    parser.add_argument(
        "--half-within",
        type=at_least_one,
        default=Crowd.half_within,
        metavar="SECONDS",
        help="half of the people come within this many seconds (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    found = deployed(options.stack)
    if not found.parameters.get("MainRate"):
        raise Trouble(f"The stack {found.name} has no parameter MainRate: is it a stack of Onsale?")
    stack = read_stack(found, options.queue)
    crowd = Crowd(
        options.people,
        options.seats,
        options.cdn or stack.edge is not None,
        half_within=options.half_within,
        page=not options.other_page,
    )
    all_found = findings(crowd, read_account(found.region), stack)
    print(report(options.stack, crowd, stack, all_found))
    return 0 if is_ready(all_found) else 1


if __name__ == "__main__":
    run(main, sys.argv[1:])
