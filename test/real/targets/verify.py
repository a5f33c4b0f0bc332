"""`verify` over a real PostgreSQL: its rows, the journal, a table written through ODBC and a stub web API with ids.

    verify.py DATAPICKER STUB_SERVER

Somebody edits both targets, and the journal is set back, behind the daemon's back: what is told is compared with what was done, and after
`--repair` the targets hold what the source holds."""
import collections
import http.server
import json
import sqlite3
import sys
import threading
import time
import urllib.request

from rows import Database, fill
from harness import Instance, Servers, Stub, Workplace, lookup_target, main, wait_until

DATAPICKER, STUB_SERVER = sys.argv[1:3]
ROWS = 60
PUT_ONLY = """connection: putter
target: webhook
url: %s
repeat_safe: true
requests:
  upsert: { method: PUT, path: "/put/{match.code}", body: fields }
  delete: { method: DELETE, path: "/put/{match.code}", gone: [404] }
"""
TO_HOUSE = "map: { full_name: name, credit: credit }\ntarget: { connection: house, object: copy, match: { customer_code: code } }\n"


class Gate:
    """Stands before the web API and lets 20 requests in any second pass; others are asked to come again."""

    def __init__(self, work, url):
        passed, self.refused = collections.deque(), 0
        lock, owner = threading.Lock(), self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with lock:
                    now = time.monotonic()
                    while passed and passed[0] <= now - 1:
                        passed.popleft()
                    refused = len(passed) >= 20
                    owner.refused += refused
                    if not refused:
                        passed.append(now)
                body = b"{}" if refused else urllib.request.urlopen(url + self.path).read()
                self.send_response(429 if refused else 200)
                if refused:
                    self.send_header("Retry-After", "1")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        work.closers.append(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"


class Copied:
    def __init__(self):
        self.work = Workplace("verify")
        servers = Servers(self.work, "postgresql")
        self.database = Database(servers, "postgresql")
        self.sql = self.database.sql
        fill(self.database, ROWS)
        self.sql("CREATE TABLE copy (customer_code VARCHAR(10) NOT NULL PRIMARY KEY, full_name VARCHAR(40), credit DECIMAL(12,2))")
        self.stub = Stub(self.work, STUB_SERVER, "api", "--mode", "lookup")
        self.instance = Instance(self.work, DATAPICKER)
        write = self.instance.write
        write("connections/erp.yaml", f'connection: erp\nodbc: "{servers.odbc}"\ndialect: postgresql\n')
        write("connections/house.yaml", f'connection: house\ntarget: odbc\nodbc: "{servers.odbc}"\ndialect: postgresql\n')
        write("connections/api.yaml", f"connection: api\ntarget: objects\nurl: {self.stub.url}\n")
        write("connections/putter.yaml", PUT_ONLY % self.stub.url)
        write("targets/objects.yaml", lookup_target("objects") + '    read_back: { request: { method: GET, path: "/objects/{remote_id}" } }\n')
        write("tables/customer.yaml", "table: customer\nconnection: erp\nfrom: customer\nkey: [code]\n"
              "capture: { mode: diff, every: 200ms }\ninitial: deliver\n")
        self.pipeline("to_house", TO_HOUSE)
        self.pipeline("to_api", "map: { code: code, name: name, credit: credit }\ntarget: { connection: api, object: record, match: { code: code } }\n")
        self.pipeline("to_putter", "map: { name: name }\ntarget: { connection: putter, object: things, match: { code: code } }\n")
        self.instance.start()
        self.wait_copied()

    def pipeline(self, name, rest):
        self.instance.write(f"pipelines/{name}/pipeline.yaml", f"pipeline: {name}\ntable: customer\nguard: {{ mass_change: off }}\n{rest}")

    def rows(self):
        return {code: (name, f"{credit:.2f}") for code, name, credit in self.sql("SELECT code, name, credit FROM customer")}

    def house(self):
        return {code: (name, f"{credit:.2f}") for code, name, credit in self.sql("SELECT customer_code, full_name, credit FROM copy")}

    def ask(self, method, path, body=None):
        request = urllib.request.Request(self.stub.url + path, None if body is None else json.dumps(body).encode(), method=method)
        return json.loads(urllib.request.urlopen(request).read() or b"null")

    def id_of(self, code):
        items = self.ask("GET", f"/objects?code={code}")["items"]
        return items[0]["id"] if items else None

    def api(self):
        records = {code: self.id_of(code) for code in self.rows()}
        found = {code: self.ask("GET", f"/objects/{id}") for code, id in records.items() if id}
        return {code: (record["name"], record["credit"]) for code, record in found.items()}

    def wait_copied(self):
        wait_until(lambda: self.house() == self.rows() and self.api() == self.rows(), 60, "both targets like the source", 0.3)

    def verify(self, pipeline, *options):
        done = self.instance.verb("verify", pipeline, *options)
        return done.returncode, self.instance.json("verify", pipeline, *options)

    def end(self):
        assert self.instance.stop() == 0
        self.work.close()


def kinds(side):
    return {each["key"][0]: each["kind"] for each in side["samples"]}


def check_nothing_differs(shop):
    for pipeline in ("to_house", "to_api"):
        code, answer = shop.verify(pipeline)
        assert code == 0 and not answer["differs"], answer
        assert answer["journal"]["equal"] == answer["target"]["equal"] == len(shop.rows()), answer
    code, answer = shop.verify("to_putter")
    assert code == 0 and "neither a look-up" in answer["target"]["unable"], answer


def check_edited_database(shop):
    shop.sql("DELETE FROM copy WHERE customer_code = 'C00003'")
    shop.sql("UPDATE copy SET credit = 9999 WHERE customer_code = 'C00004'")
    shop.sql("INSERT INTO copy VALUES ('STRANGER', 'not ours', 1)")
    code, answer = shop.verify("to_house")
    assert code == 4 and not answer["journal"]["missing"], answer
    assert kinds(answer["target"]) == {"C00003": "missing", "C00004": "different", "STRANGER": "extra"}, answer
    different = [each for each in answer["target"]["samples"] if each["kind"] == "different"][0]
    assert different["values"] == [{"name": "credit", "wanted": "4.5", "there": "9999.00"}], different


def check_edited_api(shop):
    shop.ask("DELETE", f"/objects/{shop.id_of('C00005')}")
    shop.ask("PATCH", f"/objects/{shop.id_of('C00006')}", {"name": "Somebody"})
    code, answer = shop.verify("to_api", "--only-target")
    assert code == 4, answer
    assert kinds(answer["target"]) == {"C00005": "missing", "C00006": "different"}, answer
    assert answer["journal"]["unable"] == "not asked for", answer


def check_repair(shop):
    refused = shop.instance.verb("verify", "to_house", "--repair", "--yes")
    assert refused.returncode == 2 and "--reason" in refused.stderr, refused
    for pipeline in ("to_house", "to_api"):
        done = shop.instance.verb("verify", pipeline, "--repair", "--yes", "--reason", "somebody edited the copy")
        assert done.returncode == 4, done
    shop.sql("DELETE FROM copy WHERE customer_code = 'STRANGER'")
    shop.wait_copied()
    journal = sqlite3.connect(shop.instance.folder / "journal.db")
    acts = journal.execute("SELECT reason FROM audit WHERE act = 'backfill'").fetchall()
    assert acts == [("somebody edited the copy",)] * 2, acts
    check_nothing_differs(shop)


def check_extra(shop):
    """An edited `where` leaves records at the target. Those are ours; a row that somebody wrote there is not, whatever its key."""
    assert shop.instance.stop() == 0
    shop.pipeline("to_house", "where: code < 'C00050'\n" + TO_HOUSE)
    shop.sql("INSERT INTO copy VALUES ('STRANGER', 'not ours', 1)")
    shop.sql("DELETE FROM copy WHERE customer_code = 'C00059'")
    shop.instance.start()
    code, answer = shop.verify("to_house", "--only-target")
    assert code == 4 and (answer["target"]["extra"], answer["target"]["extra_ours"]) == (10, 9), answer
    reason = ("--yes", "--reason", "narrower on purpose")
    done = shop.instance.verb("verify", "to_house", "--only-target", "--repair", *reason)
    assert done.returncode == 4 and len(shop.house()) == ROWS, done
    done = shop.instance.verb("verify", "to_house", "--only-target", "--repair", "--extra", *reason)
    assert done.returncode == 4 and "not made by this pipeline is left for a person" in done.stdout, done
    wanted = {f"C{i:05}" for i in range(50)} | {"STRANGER"}
    wait_until(lambda: shop.house().keys() == wanted, 30, "the records that this pipeline made and does not want to be gone")
    assert shop.instance.stop() == 0
    shop.sql("DELETE FROM copy WHERE customer_code = 'STRANGER'")
    shop.pipeline("to_house", TO_HOUSE)
    shop.instance.start()
    done = shop.instance.verb("verify", "to_house", "--repair", *reason)
    assert done.returncode == 4, done
    remapped = shop.instance.verb("remap", "to_house", *reason)
    assert remapped.returncode == 0, remapped
    shop.wait_copied()
    check_nothing_differs(shop)


def check_throttled_api(shop):
    """All are answered: by asking again what was put off, or by keeping to what the connection says is allowed."""
    for limits, is_refused in (("", True), ("limits: { per_second: 20 }\n", False)):
        gate = Gate(shop.work, shop.stub.url)
        shop.instance.write("connections/api.yaml", f"connection: api\ntarget: objects\nurl: {gate.url}\n{limits}")
        done = shop.instance.json("verify", "to_api", "--only-target")
        assert done["target"]["equal"] == len(shop.rows()) and done["target"]["failed"] == 0, done
        assert (gate.refused > 0) == is_refused, gate.refused
    shop.instance.write("connections/api.yaml", f"connection: api\ntarget: objects\nurl: {shop.stub.url}\n")


def check_old_journal(shop):
    """The daemon is down, so the journal does not know of what changed since: all three kinds."""
    assert shop.instance.stop() == 0
    shop.sql("UPDATE customer SET name = 'Renamed' WHERE code = 'C00010'")
    shop.sql("DELETE FROM customer WHERE code = 'C00011'")
    shop.sql("INSERT INTO customer VALUES ('NEW', 'New one', 5, 1)")
    code, answer = shop.verify("to_house")
    assert code == 4 and not answer["target"]["missing"] + answer["target"]["different"], answer
    assert kinds(answer["journal"]) == {"C00010": "different", "C00011": "extra", "NEW": "missing"}, answer
    shop.instance.start()
    shop.wait_copied()
    check_nothing_differs(shop)


def what_differs_is_told_by_key_and_field_and_mended_when_asked():
    shop = Copied()
    check_nothing_differs(shop)
    check_edited_database(shop)
    check_edited_api(shop)
    check_repair(shop)
    check_throttled_api(shop)
    check_extra(shop)
    check_old_journal(shop)
    shop.end()


main([what_differs_is_told_by_key_and_field_and_mended_when_asked])
