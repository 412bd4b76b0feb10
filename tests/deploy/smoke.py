#!/usr/bin/env python3
"""Puts a concert on sale on a deployed stack, and buys a seat of it.

    smoke.py STACK

AWS's own variables say where the stack is (AWS_REGION, credentials, AWS_ENDPOINT_URL for a local
one). It must be deployed with HoldSeconds=4 or so and MainMaxActive=1, so that a hold lapses and a
guest waits during the test. It leaves its users, but no concert and nobody in the line.
"""

import json
import re
import sys
import time
import urllib.error
import urllib.request
import uuid

import boto3

DAY = "2035-05-01"


class Stack:
    """A deployed stack, as CloudFormation describes it."""

    def __init__(self, name):
        stack = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self.url, self.host = api_address(self.outputs["ApiUrl"])

    def call(self, method, path, token=None, body=None, expected=200):
        """Calls the API and returns the answer, which must have this status."""
        return json.loads(self.text(method, path, token, body, expected))

    def text(self, method, path, token=None, body=None, expected=200):
        """The same, with the answer as a text."""
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header("content-type", "application/json")
        request.add_header("host", self.host)
        if token:
            request.add_header("authorization", f"Bearer {token}")
        data = json.dumps(body).encode() if body is not None else None
        try:
            with urllib.request.urlopen(request, data, timeout=30) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            status, text = refused.code, refused.read()
        if status != expected:
            sys.exit(f"{method} {path}: {status} instead of {expected}: {text.decode()}")
        return text.decode()


def api_address(told):
    """The address of the API and its host name, by which a local AWS distinguishes its APIs."""
    api = told.split("//")[1].split(".")[0]
    endpoint = boto3.client("apigatewayv2").get_api(ApiId=api)["ApiEndpoint"]
    name = endpoint.split("//")[1]
    if ".localhost:" in name:
        return f"http://127.0.0.1:{name.split(':')[1]}", name
    return told, told.split("//")[1]


def until(what, happens, seconds=120):
    """Waits for the effect of a schedule or of a message."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := happens():
            print(f"ok  {what}", flush=True)
            return found
        time.sleep(1)
    sys.exit(f"{what}: not within {seconds} s")


def done(what):
    print(f"ok  {what}", flush=True)


def invoke(stack, function, event):
    """Invokes a function as an operator does, and returns its answer."""
    answer = boto3.client("lambda").invoke(
        FunctionName=stack.outputs[function], Payload=json.dumps(event)
    )
    payload = json.load(answer["Payload"])
    if answer.get("FunctionError"):
        sys.exit(f"{function}: {payload}")
    return payload


def administrator(stack):
    """Creates an administrator, as an operator does, and logs in."""
    email, password = f"{uuid.uuid4()}@example.com", str(uuid.uuid4())
    invoke(stack, "MakeAdminFunction", {"email": email, "password": password})
    done("make-admin")
    login = stack.call("POST", "/v1/auth/login", body={"email": email, "password": password})
    done("log in")
    return login["token"]


def concert_on_sale(stack, admin):
    body = {"name": "Smoke", "shows": [{"date": DAY, "price": 50000}]}
    concert = stack.call("POST", "/v1/concerts", admin, body, expected=201)
    done("a concert is on sale")
    return concert["concert_id"]


def somebody(stack):
    """A new guest, in the line."""
    guest = stack.call("POST", "/v1/users", body={"name": "Smoke"}, expected=201)
    joined = stack.call("POST", "/v1/auth/tokens", body={"user_id": guest["user_id"]})
    return guest["user_id"], joined["token"]


def place(stack, token):
    return stack.call("GET", "/v1/auth/tokens", token)


def seat_status(stack, token, concert, number):
    seats = stack.call("GET", f"/v1/concerts/{concert}/seats?date={DAY}", token)["seats"]
    return seats[number - 1]["status"]


def hold(stack, token, concert, number):
    path = f"/v1/concerts/{concert}/reservations"
    return stack.call("POST", path, token, {"date": DAY, "seat_number": number})


def purchase(stack, admin, user, token, concert, number=7):
    """Buys a seat. An administrator charges the account, as a payment provider would."""
    held = hold(stack, token, concert, number)
    done("a seat is held")
    amount = held["payment"]["amount"]
    stack.call("POST", f"/v1/users/{user}/balance", token, {"amount": amount}, expected=403)
    stack.call("POST", f"/v1/users/{user}/balance", admin, {"amount": amount})
    done("the balance is topped up")
    reservation = held["reservation_id"]
    path = f"/v1/concerts/{concert}/reservations/{reservation}"
    body = {"reservation_id": reservation, "payment_details": {"amount": amount}}
    receipt = stack.call("POST", f"{path}/payments", token, body)
    assert receipt["seat_number"] == number and receipt["current_balance"] == 0, receipt
    done("the seat is paid")
    return path


def page(stack):
    """The page and a module of it, which must be of the same version."""
    html = stack.text("GET", "/")
    module = re.search(r"/page/[^/]+/main\.mjs", html)
    assert module, html
    assert "import" in stack.text("GET", module[0])
    stack.call("GET", "/page/none/main.mjs", expected=404)
    done("the page is there")


def audit(stack):
    report = invoke(stack, "AuditFunction", {"from_start": True})
    assert report["violations"] == 0, report
    done(f"the audit finds nothing wrong with {report['checked']}")


def dead_letter(stack):
    """An unreadable message must get into the dead-letter queue."""
    queues = boto3.client("sqs")
    release, dead = stack.outputs["ReleaseQueueUrl"], stack.outputs["ReleaseDeadLettersUrl"]
    timeout = queues.get_queue_attributes(QueueUrl=release, AttributeNames=["VisibilityTimeout"])
    queues.set_queue_attributes(QueueUrl=release, Attributes={"VisibilityTimeout": "1"})
    try:
        queues.send_message(QueueUrl=release, MessageBody="garbage")
        receive = lambda: queues.receive_message(QueueUrl=dead, WaitTimeSeconds=1).get("Messages")
        letters = until("a message that cannot be read is in the dead-letter queue", receive)
        assert letters[0]["Body"] == "garbage", letters
        queues.delete_message(QueueUrl=dead, ReceiptHandle=letters[0]["ReceiptHandle"])
    finally:
        queues.set_queue_attributes(QueueUrl=release, Attributes=timeout["Attributes"])


def main(name):
    stack = Stack(name)
    page(stack)
    admin = administrator(stack)
    concert = concert_on_sale(stack, admin)

    first, first_token = somebody(stack)
    until("the first one is let in", lambda: place(stack, first_token)["status"] == "ACTIVE")
    stack.call("GET", f"/v1/concerts/{concert}/dates", first_token)
    _, second_token = somebody(stack)
    assert place(stack, second_token)["status"] == "WAITING", place(stack, second_token)
    done("the second one waits")
    sold = purchase(stack, admin, first, first_token, concert)
    until("the next one is let in", lambda: place(stack, second_token)["status"] == "ACTIVE")

    hold(stack, second_token, concert, 8)
    over = lambda: place(stack, second_token).get("reason") == "HOLD_EXPIRED"
    until("the hold that is not paid lapses", over)

    _, third_token = somebody(stack)
    until("somebody else is let in", lambda: place(stack, third_token)["status"] == "ACTIVE")
    assert seat_status(stack, third_token, concert, 7) == "SOLD"
    assert seat_status(stack, third_token, concert, 8) == "FREE"
    done("one seat is sold, the other is free again")

    audit(stack)
    dead_letter(stack)

    stack.call("DELETE", "/v1/auth/tokens", third_token)
    refund = stack.call("DELETE", sold, first_token)
    assert refund["status"] == "REFUNDED", refund
    stack.call("DELETE", f"/v1/concerts/{concert}", admin)
    done("the seat is refunded and the concert is gone")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
