#!/usr/bin/env python3
"""Stops everything that buyers do on a stack, and lets it go on.

    sale.py STACK stop
    sale.py STACK start

Stopped, buyers get 503 from API Gateway, nobody is let in, and nothing is written but by
administrators and the functions that clean up. It is done by Lambda's reserved concurrency of 0, and
undone with what the parameters of the stack say. A deployment may undo it: then stop again.
"""

import argparse
import sys

import boto3

from deployed import deployed, run

# What writes for buyers, or lets them in. Administrators log in, set queues and concerts, refund,
# correct and look up; whoever looks at concerts reads only.
STOPPED = (
    "SignUp UpdateUser DeleteUser JoinQueue LeaveQueue GetPlace ListAvailableDates ListDates "
    "ListSeats HoldSeats CancelReservation Pay Charge Admit"
).split()
# Whose concurrency the template reserves, by which parameter. 0 there is none.
RESERVED = {
    "JoinQueue": "JoinConcurrency",
    "GetPlace": "PlaceConcurrency",
    "HoldSeats": "HoldConcurrency",
    "Pay": "PayConcurrency",
    "Admit": "AdmitConcurrency",
}


def main(arguments):
    parser = argparse.ArgumentParser(
        description="Stops everything that buyers do on a stack, and lets it go on."
    )
    parser.add_argument("stack", help="the name of the stack")
    parser.add_argument("action", choices=["stop", "start"])
    options = parser.parse_args(arguments)
    found, functions = deployed(options.stack), boto3.client("lambda")
    for name, function in [(name, found.function(name)) for name in STOPPED]:
        reserved = int(found.parameters.get(RESERVED.get(name), "0") or 0)
        if options.action == "stop":
            functions.put_function_concurrency(
                FunctionName=function, ReservedConcurrentExecutions=0
            )
        elif reserved:
            functions.put_function_concurrency(
                FunctionName=function, ReservedConcurrentExecutions=reserved
            )
        else:
            functions.delete_function_concurrency(FunctionName=function)
    print(f"{'stopped' if options.action == 'stop' else 'started'}: {' '.join(STOPPED)}")
    return 0


if __name__ == "__main__":
    run(main, sys.argv[1:])
