#!/usr/bin/env python3
"""Stops everything that buyers do on a stack, or starts it again.

    sale.py STACK stop
    sale.py STACK start

While the sale is stopped, buyers get 503 from API Gateway, nobody is let in, and nothing is sold,
held or charged. `stop` sets the reserved concurrency of the functions to 0; `start` sets it to what
the parameters of the stack say. A deployment may start the sale again: then stop it again. The exit
code is 1 if some functions could not be stopped or started. It prints their names: run it again.
"""

import argparse
import sys

import boto3
from botocore.exceptions import ClientError

from deployed import deployed, run, sentence

# The functions that write for buyers, or let them in, those for money and seats first. Not those of
# administrators (log-in, queues, concerts, refunds, corrections, reading), nor those that only read
# concerts.
STOPPED = (
    "Pay Charge HoldSeats CancelReservation Admit JoinQueue GetPlace ListAvailableDates ListDates "
    "ListSeats LeaveQueue SignUp UpdateUser DeleteUser"
).split()
# The functions whose concurrency the template reserves, and the parameters. 0 means none.
RESERVED = {
    "JoinQueue": "JoinConcurrency",
    "GetPlace": "PlaceConcurrency",
    "HoldSeats": "HoldConcurrency",
    "Pay": "PayConcurrency",
    "Admit": "AdmitConcurrency",
}


def main(arguments):
    parser = argparse.ArgumentParser(
        description="Stops everything that buyers do on a stack, or starts it again."
    )
    parser.add_argument("stack", help="the name of the stack")
    parser.add_argument("action", choices=["stop", "start"])
    options = parser.parse_args(arguments)
    found, functions = deployed(options.stack), boto3.client("lambda")
    left = []
    for name, function in [(name, found.function(name)) for name in STOPPED]:
        reserved = 0
        if options.action == "start":
            reserved = int(found.parameters.get(RESERVED.get(name), "0") or 0)
        try:
            if reserved or options.action == "stop":
                functions.put_function_concurrency(
                    FunctionName=function, ReservedConcurrentExecutions=reserved
                )
            else:
                functions.delete_function_concurrency(FunctionName=function)
        except ClientError as error:
            print(f"{name}: {sentence(error)}", file=sys.stderr)
            left.append(name)
    done = "stopped" if options.action == "stop" else "started"
    print(f"{done}: {' '.join(name for name in STOPPED if name not in left)}")
    if left:
        print(f"not {done}: {' '.join(left)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    run(main, sys.argv[1:])
