#!/usr/bin/python3
"""`datapicker preview` on a real SQLite source: before the first run, beside a daemon, and after the mapping was edited."""
import http.server
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
ROWS = [("C001", "ROSSI", 1500.5, "01", "S"), ("C002", "BIANCHI", 20, "01", "S"), ("C003", "NERI", 7, "01", "S"), ("C004", "CLOSED", 7, "01", "N")]
PIPELINE = """pipeline: to_shop
table: customers
where: {where}
map:
  name: {name}
  credit: dec_round(fido, 2)
types: {{ credit: number }}
values:
  terms: {{ of: codpag, in: {terms}, otherwise: dead_letter }}
target:
  connection: shop
  object: customers
  match: {{ code: codcli }}
"""


class Api(http.server.BaseHTTPRequestHandler):
    arrived = []

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.arrived.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


class Preview(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        Api.arrived = []
        self.api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
        self.addCleanup(self.api.server_close)
        threading.Thread(target=self.api.serve_forever, daemon=True).start()
        self.addCleanup(self.api.shutdown)
        with sqlite3.connect(self.folder / "erp.db") as erp:
            erp.execute("CREATE TABLE anacli (codcli TEXT PRIMARY KEY NOT NULL, ragsoc TEXT, fido DECIMAL(11,2), codpag TEXT, attivo TEXT)")
            erp.executemany("INSERT INTO anacli VALUES (?,?,?,?,?)", ROWS)
        self.write("datapicker.yaml", "instance: tried\n")
        self.write("connections/erp.yaml", f"connection: erp\nodbc: \"Driver=SQLite3;Database={self.folder}/erp.db;Timeout=5000\"\ndialect: sqlite\n")
        self.write("connections/shop.yaml", f"""connection: shop
target: webhook
url: http://127.0.0.1:{self.api.server_port}/api
auth: {{ bearer: "${{secret:token}}" }}
requests:
  upsert: {{ method: PUT, path: "/customers/{{match.code}}", headers: {{ X-Shop: erp }}, body: fields }}
  delete: {{ method: DELETE, path: "/customers/{{match.code}}" }}
""")
        self.write("secrets/token", "s3cretvalue")
        (self.folder / "secrets/token").chmod(0o600)
        self.write("tables/customers.yaml", "table: customers\nconnection: erp\nfrom: anacli\nkey: [codcli]\ninitial: deliver\n")
        self.mapping()

    def write(self, name, text):
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def mapping(self, name="title_case(ragsoc)", where="attivo = 'S'", terms='{ "01": now }'):
        self.write("pipelines/to_shop/pipeline.yaml", PIPELINE.format(name=name, where=where, terms=terms))

    def preview(self, *arguments, code=0):
        done = subprocess.run([PROGRAM, "preview", "to_shop", "-i", self.folder, *arguments], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertNotIn("s3cretvalue", done.stdout + done.stderr)
        return json.loads(done.stdout) if "--json" in arguments else done.stdout + done.stderr

    def run_daemon(self, until, beside=lambda: None):
        daemon = subprocess.Popen([PROGRAM, "run", "-i", self.folder], stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 60
            while not until() and time.monotonic() < end:
                time.sleep(0.05)
            self.assertTrue(until())
            beside()
        finally:
            daemon.terminate()
            daemon.wait(30)

    def is_settled(self):
        try:
            with sqlite3.connect(f"file:{self.folder}/journal.db?mode=ro", uri=True) as journal:
                return journal.execute("SELECT count(*) FROM last_sent").fetchone()[0] == 3
        except sqlite3.Error:
            return False

    def test_before_the_first_run_the_source_tells_what_would_be_created(self):
        self.assertIn("--source", self.preview(code=3) if (self.folder / "journal.db").exists() else "--source")
        seen = self.preview("--source", "--json")
        self.assertEqual(seen["totals"], {"create": 3, "left": 1})
        self.assertEqual(seen["rows"][0]["request"]["body"], '{"credit":1500.50,"name":"Rossi","terms":"now"}')
        self.assertEqual(self.preview("--source", "--limit", "2", "--json")["partial"], True)
        self.assertEqual(self.preview("--source", "--key", "C003", "--json")["rows"][0]["key"], ["C003"])
        self.assertFalse((self.folder / "journal.db").exists())
        self.assertEqual(Api.arrived, [])

    def test_what_an_edited_mapping_would_send_is_told_by_field_and_nothing_is_sent(self):
        beside = lambda: self.assertEqual(self.preview("--json")["totals"], {"skip": 3, "left": 1})
        self.run_daemon(self.is_settled, beside)
        arrived = list(Api.arrived)

        self.mapping(name="upper(ragsoc)", where="codcli <> 'C002'")
        seen = self.preview("--json")
        self.assertEqual(seen["totals"], {"create": 1, "delete": 1, "update": 2})
        rows = {row["key"][0]: row for row in seen["rows"]}
        self.assertEqual(rows["C001"]["fields"], {"name": {"before": "Rossi", "after": "ROSSI"}})
        self.assertEqual(rows["C001"]["request"]["url"], f"http://127.0.0.1:{self.api.server_port}/api/customers/C001")
        self.assertEqual((rows["C002"]["operation"], rows["C002"]["request"]["method"]), ("delete", "DELETE"))
        text = self.preview()
        self.assertIn('name  "Rossi" → "ROSSI"', text)
        self.assertNotIn("\033", text)
        self.assertIn("4 rows of table customers as last seen: 1 create, 1 delete, 2 update", text)
        self.assertIn("3 more are not shown: --limit 4", self.preview("--limit", "1"))
        self.assertEqual(Api.arrived, arrived)

    def test_rows_that_cannot_be_mapped_are_told_with_the_place_of_the_expression(self):
        self.run_daemon(self.is_settled)
        self.mapping(terms='{ "02": later }')
        seen = self.preview("--json", code=4)
        self.assertEqual(seen["totals"]["failed"], 3)
        self.assertRegex(seen["rows"][0]["reason"], r"terms.*pipelines/to_shop/pipeline\.yaml:9:\d+")
        self.mapping(name="title_case(ragsocc)")
        self.assertIn("pipeline.yaml:5:20: error", self.preview(code=2))
        self.mapping()
        self.assertIn("skip [\"C001\"]: equal to what was last sent", self.preview("--key", "C001"))
        self.assertIn("has no row", self.preview("--key", "C999", code=2))


if __name__ == "__main__":
    unittest.main()
