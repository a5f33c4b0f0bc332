#!/usr/bin/env python3
"""Checks the stub itself: a stub that forgets an effect would make every test above it worthless."""
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time


class Stub:
    def __init__(self, program, folder, *options):
        self.log = os.path.join(folder, "log")
        port_file = os.path.join(folder, "port")
        for path in (self.log, port_file):
            if os.path.exists(path):
                os.remove(path)
        self.process = subprocess.Popen(
            [program, "--port", "0", "--port-file", port_file, "--log", self.log, *options],
            stdout=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while not os.path.exists(port_file):
            assert time.monotonic() < end, "the stub did not start"
            time.sleep(0.01)
        self.port = int(open(port_file).read())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0

    def call(self, method, path, body=None, key=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Idempotency-Key": key} if key else {}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        except (http.client.RemoteDisconnected, ConnectionResetError):
            return None, None
        finally:
            connection.close()

    def logged(self):
        return [json.loads(line) for line in open(self.log)]


def check_plain(program, folder):
    with Stub(program, folder) as stub:
        assert stub.call("PUT", "/customers/C%20001", {"name": "Rossi", "credit": 10})[0] == 201
        assert stub.call("PUT", "/customers/C%20001", {"name": "Rossi"})[0] == 200
        assert stub.call("PATCH", "/customers/C%20001", {"city": "Roma"})[0] == 200
        assert stub.call("GET", "/customers/C%20001") == (200, {"name": "Rossi", "city": "Roma"})
        assert stub.call("PATCH", "/customers/none", {})[0] == 404
        assert stub.call("POST", "/customers/batch", {"inputs": [{"code": 1}]}) == (200, {"inputs": [{"code": 1}]})
        assert stub.call("DELETE", "/customers/C%20001")[0] == 204
        assert stub.call("DELETE", "/customers/C%20001")[0] == 404
        log = stub.logged()
        assert [line["method"] for line in log] == ["PUT", "PUT", "PATCH", "POST", "DELETE"], log
        assert log[0]["path"] == "/customers/C 001" and log[0]["body"] == {"name": "Rossi", "credit": 10}
        assert abs(log[-1]["time"] - time.time() * 1000) < 60_000


def check_idempotent(program, folder):
    with Stub(program, folder, "--mode", "idempotent") as stub:
        assert stub.call("POST", "/orders", {"n": 1}, "k1") == stub.call("POST", "/orders", {"n": 1}, "k1")
        assert stub.call("POST", "/orders", {"n": 2}, "k1")[0] == 422
        assert [line["what"] for line in stub.logged()] == ["effect", "replay", "conflict"]


def check_lookup(program, folder):
    with Stub(program, folder, "--mode", "lookup") as stub:
        first = stub.call("POST", "/objects", {"code": "a/b c", "n": 1})[1]["id"]
        second = stub.call("POST", "/objects", {"code": "a/b c", "n": 1})[1]["id"]
        assert first != second
        found = stub.call("GET", "/objects?code=a%2Fb%20c")[1]["items"]
        assert [item["id"] for item in found] == [first, second]
        assert stub.call("GET", "/objects?code=x")[1]["items"] == []
        assert stub.call("PATCH", f"/objects/{first}", {"n": 5})[0] == 200
        assert stub.call("GET", f"/objects/{first}")[1]["n"] == 5
        assert stub.call("DELETE", f"/objects/{second}")[0] == 204
        assert stub.call("PATCH", f"/objects/{second}", {"n": 5})[0] == 404


def check_faults(program, folder):
    with Stub(program, folder, "--fail-rate", "0.3", "--cut-rate", "0.3", "--seed", "7") as stub:
        statuses = [stub.call("PUT", f"/r/{n}", {"n": n})[0] for n in range(200)]
        failed, cut = statuses.count(503), statuses.count(None)
        assert 30 < failed < 90 and 15 < cut < 75, (failed, cut)
        # What was refused left no effect, what was cut did.
        assert len(stub.logged()) == 200 - failed
        counts = stub.call("POST", "/control", {"fail_rate": 0, "cut_rate": 0, "latency_ms": 40})[1]
        assert (counts["failed"], counts["cut"], counts["effects"]) == (failed, cut, 200 - failed)
        start = time.monotonic()
        assert stub.call("PUT", "/r/1", {})[0] in (200, 201)
        assert time.monotonic() - start > 0.039


def main():
    with tempfile.TemporaryDirectory() as folder:
        for check in (check_plain, check_idempotent, check_lookup, check_faults):
            check(sys.argv[1], folder)
            print(check.__name__, "ok")


main()
