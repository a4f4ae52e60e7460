"""Calls per second of the clients of chat servers, by what the server allows.

A server in a process of its own takes half a second for each answer and any number of
requests at once, so 16 under way at a time can be 32 calls per second and no more.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from glossator.llm.chat_model import Answer, ChatPrompt, Turn, Wanted
from glossator.llm.open_chat_model import open_chat_model
from glossator.progress import CancelToken, drive
from tests.core.llm_server import MODEL, chat_server

LATENCY = 0.5
AT_ONCE = 16
N_PROMPTS = 320
RUNS = 3


def rate(named: str) -> float:
    """Calls per second of one batch, its connections made anew."""
    model = open_chat_model(named, MODEL, at_once=AT_ONCE)
    turns = (Turn("system", "Name what these tokens have in common."),)
    prompts = [
        ChatPrompt((*turns, Turn("user", f"oak, elm, maple, {at}")))
        for at in range(N_PROMPTS)
    ]
    started = time.perf_counter()
    work = model.complete(prompts, CancelToken(), Wanted(32))
    replies = drive(work, lambda progress: None)
    taken = time.perf_counter() - started
    assert all(isinstance(reply, Answer) for reply in replies)
    return len(replies) / taken


@contextmanager
def slow_server() -> Iterator[str]:
    """The address of a server in another process."""
    command = [sys.executable, "-m", "benchmarks.llm", "--serve"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate()


def serve() -> None:
    """Tell the address, and serve until nobody reads on."""
    with chat_server() as server:
        server.latency = LATENCY
        print(server.url, flush=True)
        sys.stdin.read()


def main() -> None:
    if "--serve" in sys.argv:
        serve()
        return
    ideal = AT_ONCE / LATENCY
    shares = {}
    with slow_server() as url:
        named = {"openai": url, "anthropic": f"anthropic+{url}"}
        for protocol, address in named.items():
            rates = [rate(address) for _ in range(RUNS)]
            shares[protocol] = statistics.median(rates) / ideal
            shown = ", ".join(f"{one:.1f}" for one in rates)
            print(f"{protocol:10} {shown} calls/s of {ideal:g}", flush=True)
    told = {f"rate_vs_ideal_{name}": share for name, share in shares.items()}
    print(json.dumps({"rate_vs_ideal": min(shares.values()), **told}))


if __name__ == "__main__":
    main()
