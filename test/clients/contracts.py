"""Requests of the goldens, held against the API descriptions that others published: Prism serves a contract and refuses what breaks it.

    contracts.py [TARGET…]     exits with 77 (skipped) without the contracts or without Prism

The unit tests prove that the runtime sends what stands in the goldens; here it is proved that this is what the API takes."""
import http.client
import json
import pathlib
import socket
import subprocess
import sys
import time
import urllib.parse

import yaml

SOURCES = pathlib.Path(__file__).resolve().parents[2]
PRISM = SOURCES / ".cache/api-clients/node_modules/.bin/prism"
CONTRACTS = SOURCES.parent / "shared/contracts"
GOLDEN = SOURCES / "test/golden/targets"
START_S = 60
# A body that fits none of many forms is told what is wrong with it in each of them.
PROBLEMS_SHOWN = 8

# The contract, and what it refuses although the API takes it: a part of the case's name, the request or its body; why.
CONTRACT_OF = {
    "whatsapp": ("whatsapp/whatsapp-cloud-v23.prism.json", {
        "-by-url": "the address in Meta's own example is none, and the contract asks for one",
        '"location"': "the contract wants the numbers of a place as texts, Meta's own example has numbers",
        '"status": "read"': "the contract describes messages, not receipts",
    }),
    "jira": ("jira/jira-platform-trimmed.json", {
        "/rest/api/2/search/jql": "the contract is older than this search, which took the place of /search",
        "/rest/servicedeskapi/": "Jira Service Management has a contract of its own",
    }),
}
AUTHORIZATION = {"whatsapp": "Bearer dummy-token", "jira": "Basic ZHVtbXk6ZHVtbXk="}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prism:
    def __init__(self, contract, authorization):
        self.authorization = authorization
        self.port = free_port()
        self.process = subprocess.Popen([PRISM, "mock", "--host", "127.0.0.1", "--port", str(self.port), contract],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                self.ask("GET", "/__is_it_there", None)
                return
            except OSError:
                time.sleep(0.1)
        sys.exit(f"failed: Prism did not start within {START_S} s")

    def ask(self, method, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": self.authorization}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


def requests_of(target):
    """(place, method, path with its query, body) of every case."""
    for path in sorted((GOLDEN / target).glob("*.yaml")):
        for case in yaml.safe_load(path.read_text()).get("cases", []):
            steps = [case["request"]] if "request" in case else [each["request"] for each in case["exchanges"]]
            for request in steps:
                query = urllib.parse.urlencode(request.get("query", {}))
                yield f"{path.name}: {case['case']}", request["method"], request["path"] + ("?" + query if query else ""), request.get("body")


def problems_of(text):
    """What Prism found wrong with the request; its own answers are no concern of ours."""
    try:
        answer = json.loads(text)
    except ValueError:
        return []
    if not isinstance(answer, dict) or "prism/errors" not in str(answer.get("type", "")):
        return []
    found = [f"{'.'.join(map(str, each.get('location', [])))}: {each.get('message')}" for each in answer.get("validation", [])]
    return found or [answer.get("title", "refused")]


def hold_against(target, contract, excused):
    prism = Prism(contract, AUTHORIZATION[target])
    taken = 0
    wrong = []
    unused = dict(excused)
    try:
        for place, method, path, body in requests_of(target):
            _, text = prism.ask(method, path, body)
            problems = problems_of(text)
            said = f"{place} {method} {path} {json.dumps(body)}"
            excuse = next((part for part in excused if part in said), None)
            taken += not problems
            if problems and excuse:
                unused.pop(excuse, None)
            elif problems:
                wrong.append("\n  ".join([f"{target}/{place}", f"{method} {path} {json.dumps(body)}", *problems[-PROBLEMS_SHOWN:]]))
    finally:
        prism.stop()
    assert not wrong, "\n".join(wrong)
    assert not unused, f"{target}: nothing is refused for these reasons any more: {unused}"
    print(f"ok {target}: {taken} requests fit {contract.name}", flush=True)


def main():
    if not CONTRACTS.is_dir() or not PRISM.exists():
        print(f"skipped: {CONTRACTS if PRISM.exists() else PRISM} is not there")
        sys.exit(77)
    for target, (contract, excused) in CONTRACT_OF.items():
        if sys.argv[1:] and target not in sys.argv[1:]:
            continue
        if not (GOLDEN / target).exists():
            print(f"not compared: there is no definition of {target} here", flush=True)
            continue
        hold_against(target, CONTRACTS / contract, excused)


if __name__ == "__main__":
    main()
