"""A budget against a real server that counts for itself: 2,000 requests where 100 are allowed, in any second or by the clock.

    rates.py DATAPICKER [TEST…]"""
import collections
import http.server
import pathlib
import sqlite3
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Instance, Workplace, main, wait_until

DATAPICKER = sys.argv[1]
PATIENCE = 120
ALLOWED, ROWS, URGENT = 100, 2_000, 30


class CountingServer:
    """Takes what `is_one_too_many` lets pass, answers 429 to the rest, and remembers both in the order of arrival."""

    def __init__(self, work, is_one_too_many):
        self.taken, self.refused = [], []
        lock = threading.Lock()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    now = time.monotonic()
                    refused = is_one_too_many(now)
                    (owner.refused if refused else owner.taken).append((now, self.path))
                body = b"{}"
                self.send_response(429 if refused else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        work.closers.append(self.server.shutdown)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


def in_any_second():
    log = collections.deque()

    def is_one_too_many(now):
        while log and log[0] <= now - 1:
            log.popleft()
        if len(log) >= ALLOWED:
            return True
        log.append(now)
        return False

    return is_one_too_many


def by_the_clock():
    used = collections.Counter()

    def is_one_too_many(now):
        used[int(now)] += 1
        return used[int(now)] > ALLOWED

    return is_one_too_many


def instance(work, url):
    database = work.folder / "erp.db"
    with sqlite3.connect(database) as connection:
        for table, rows in (("bulk", ROWS), ("urgent", 0)):
            connection.execute(f"CREATE TABLE {table} (code CHAR(6) PRIMARY KEY)")
            connection.executemany(f"INSERT INTO {table} VALUES (?)", [(f"{table[0]}{i}",) for i in range(rows)])
    own = Instance(work, DATAPICKER, "rates")
    own.write("connections/erp.yaml", f'connection: erp\nodbc: "Driver=SQLite3;Database={database};Timeout=5000"\ndialect: sqlite\n')
    own.write("connections/shop.yaml", f"""connection: shop
target: webhook
url: {url}
limits: {{ in_flight: 16, per_second: {ALLOWED} }}
requests:
  upsert: {{ method: PUT, path: "/{{object}}/{{match.code}}", body: fields }}
""")
    for table, priority in (("bulk", "low"), ("urgent", "high")):
        own.write(f"tables/{table}.yaml", f"table: {table}\nconnection: erp\nfrom: {table}\nkey: [code]\n"
                  "capture: { mode: diff, every: 200ms }\ninitial: deliver\n")
        own.write(f"pipelines/{table}/pipeline.yaml", f"""pipeline: {table}
table: {table}
priority: {priority}
map: {{ code: trim(code) }}
target: {{ connection: shop, object: {table}, match: {{ code: trim(code) }}, on_delete: ignore }}
""")
    return own, database


def run_against(name, is_one_too_many):
    work = Workplace(name)
    server = CountingServer(work, is_one_too_many)
    own, database = instance(work, server.url)
    own.start()
    wait_until(lambda: len(server.taken) >= ROWS // 4, PATIENCE, "a quarter to arrive")
    with sqlite3.connect(database, timeout=30) as connection:
        connection.executemany("INSERT INTO urgent VALUES (?)", [(f"u{i}",) for i in range(URGENT)])
    wait_until(lambda: len(server.taken) >= ROWS + URGENT, PATIENCE, "all to arrive")
    assert own.stop() == 0
    began = server.taken[0][0]
    late = [path for at, path in server.refused if at >= began + 1]
    assert not late, f"{len(late)} were refused after the first second"
    paths = [path for _, path in server.taken]
    assert len(set(paths)) == len(paths) == ROWS + URGENT, "each arrived once"
    after_urgent = len(paths) - 1 - max(i for i, path in enumerate(paths) if path.startswith("/urgent/"))
    assert after_urgent >= ROWS // 4, f"urgent work overtakes: only {after_urgent} came after it"
    # Of the whole windows: what was sent in the last one had no need of all its places.
    took = server.taken[-1][0] - began
    share = (len(paths) - ALLOWED) / (took * ALLOWED)
    print(f"{name}: {len(paths)} requests in {took:.1f} s, {share:.1%} of what was allowed, {len(server.refused)} refused", flush=True)


def a_server_that_counts_any_second_refuses_nothing():
    run_against("any-second", in_any_second())


def a_server_that_counts_by_the_clock_refuses_nothing():
    run_against("by-the-clock", by_the_clock())


main([a_server_that_counts_any_second_refuses_nothing, a_server_that_counts_by_the_clock_refuses_nothing], sys.argv[2:])
