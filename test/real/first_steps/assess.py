"""`assess` on a PostgreSQL that people and jobs write to: what it counted is compared with what was done, and its page is opened by a browser.

    assess.py DATAPICKER

The server refuses everything but reading in its sessions. It is killed and ended early on the way, and goes on."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Instance, Servers, Workplace, as_published, main, wait_until  # noqa: E402

DATAPICKER = sys.argv[1]
PATIENCE = 60
CUSTOMERS, ITEMS = 400, 2000
WORK = Workplace("assess")
SERVERS = Servers(WORK, "postgresql")
DATABASE = SERVERS.connect()
READ_ONLY = "pqopt={options=-c\\\\ default_transaction_read_only=on}"


def sql(text, *values):
    cursor = DATABASE.cursor()
    cursor.execute(text, values)
    return cursor.fetchall() if cursor.description else None


class Erp:
    """Three tables, one of them without a key, and an instance that is nothing but a connection."""

    def __init__(self, name):
        self.name, self.work = name, Workplace(name)
        sql(f"CREATE SCHEMA {name}")
        sql(f"SET search_path = {name}")
        sql("CREATE TABLE customer (code CHAR(8) PRIMARY KEY, name VARCHAR(40), credit NUMERIC(12,2), modified_by VARCHAR(20), seen TIMESTAMP)")
        sql("CREATE TABLE item (id INTEGER PRIMARY KEY, name VARCHAR(40), price NUMERIC(10,2))")
        sql("CREATE TABLE scratch (x INTEGER)")
        sql(f"INSERT INTO customer SELECT 'C' || i, 'Customer <' || i || '>', i, 'import', now() FROM generate_series(1, {CUSTOMERS}) i")
        sql(f"INSERT INTO item SELECT i, 'Item ' || i, i FROM generate_series(1, {ITEMS}) i")
        sql("INSERT INTO scratch VALUES (1), (1)")
        self.instance = Instance(self.work, DATAPICKER, name)
        (self.instance.folder / "datapicker.yaml").unlink()
        self.instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{SERVERS.odbc};{READ_ONLY}"\ndialect: postgresql\n')
        self.out = self.work.folder / "out"
        self.process, self.runs = None, 0

    def start(self, duration, *options):
        self.process = subprocess.Popen([DATAPICKER, "assess", "erp", "--instance", self.instance.folder, "--out", self.out, "--for", duration,
                                         "--tables", f"{self.name}.*", "--json", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.runs += 1
        wait_until(lambda: self.process.poll() is not None or self.is_watching(), PATIENCE, "all tables to be watched")
        assert self.process.poll() is None, self.process.communicate()

    def is_watching(self):
        """The first cycles of this run are complete, as its own file says."""
        file = self.out / "watch.json"
        return file.exists() and all(len(table["stretches"]) == self.runs for table in json.loads(file.read_text())["tables"])

    def end(self):
        """As Ctrl-C does; the report."""
        self.process.send_signal(signal.SIGINT)
        return self.report()

    def report(self):
        out, errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, errors
        report = as_published(("assess",), json.loads(out))
        assert report == json.loads((self.out / "report.json").read_text())
        return report

    def table(self, report, name):
        return next(table for table in report["tables"] if table["name"] == name)


def rendered(page, folder):
    """What a browser makes of it, and what it complained about."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("no chromium here: the page is not opened by a browser", flush=True)
        return None
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr", "--v=0", f"--user-data-dir={folder}/profile", "--window-size=1100,2400"]
    shown = subprocess.run([chromium, *options, "--virtual-time-budget=2000", f"--screenshot={folder}/page.png", "--dump-dom", f"file://{page}"],
                           capture_output=True, text=True, timeout=120)
    complaints = [line for line in shown.stderr.splitlines() if "CONSOLE" in line]
    assert shown.returncode == 0 and not complaints, shown.stderr[-2000:]
    return shown.stdout


def what_was_done_is_what_the_report_counts():
    erp = Erp("counted")
    erp.start("1h")
    for i in range(1, 31):
        sql("UPDATE customer SET credit = credit + 1, modified_by = %s WHERE code = %s", "anna" if i % 3 else "bruno", f"C{i}")
    sql("INSERT INTO customer VALUES ('NEW', 'New', 0, 'anna', now())")
    sql("DELETE FROM customer WHERE code = 'C400'")
    sql("UPDATE item SET price = 0")
    time.sleep(4)
    report = erp.end()
    assert not report["complete"]
    customer, item = erp.table(report, "customer"), erp.table(report, "item")
    assert customer["changes"] == {"insert": 1, "update": 30, "delete": 1}, customer["changes"]
    assert {each["name"]: each["changed"] for each in customer["columns"]} == {"credit": 30, "modified_by": 30}
    assert {each["name"]: each["changes"] for each in customer["users"]} == {"anna": 21, "bruno": 10}, customer["users"]
    assert customer["needed_rows"] == 32 and customer["copied_rows"] == CUSTOMERS
    assert item["changes"]["update"] == ITEMS and item["columns"] == [{"name": "price", "changed": ITEMS, "alone": ITEMS}]
    assert [(burst["table"], burst["changes"]["update"]) for burst in report["bursts"]] == [("item", ITEMS)]
    held = [each for each in report["holds"] if each["table"] == "item"]
    assert len(held) == 1 and held[0]["text"].startswith("2,000 records would be changed"), report["holds"]
    assert [each["from"].split(".")[-1] for each in report["not_watched"]] == ["scratch"], report["not_watched"]
    assert sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'counted'") == [(3,)]

    page = (erp.out / "report.html").read_text()
    assert "Customer" not in page, "no value of a row stands on the page"
    shown = rendered(erp.out / "report.html", erp.work.folder)
    if shown is not None:
        assert shown.count("<svg") == page.count("<svg") > 3 and "2,000 updated" in shown
        if os.environ.get("SCREENSHOT"):
            shutil.copy(erp.work.folder / "page.png", os.environ["SCREENSHOT"])


def the_yaml_it_proposes_is_accepted_and_nothing_else_is_needed():
    erp = Erp("copied")
    erp.start("1h")
    report = erp.end()
    erp.instance.write("datapicker.yaml", "instance: copied\njournal:\n  path: journal.db\n")
    erp.instance.write("connections/lines.yaml", "connection: lines\ntarget: file\npath: lines.jsonl\n")
    for table in report["tables"]:
        declared, guard = table["yaml"].split("\n\n")
        erp.instance.write(f"tables/{table['name']}.yaml", declared + "\n")
        erp.instance.write(f"pipelines/{table['name']}/pipeline.yaml", f"pipeline: {table['name']}\ntable: {table['name']}\nmap: {{ name: name }}\n{guard}"
                           f"target: {{ connection: lines, object: {table['name']}, match: {{ k: {table['key'][0]} }} }}\n")
    checked = erp.instance.verb("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def a_kill_loses_nothing_and_what_happened_meanwhile_is_told_apart():
    erp = Erp("killed")
    erp.start("1h")
    sql("UPDATE item SET price = price + 1 WHERE id <= 7")
    journal = erp.out / "journal.db"
    import sqlite3
    wait_until(lambda: sqlite3.connect(f"file:{journal}?mode=ro", uri=True).execute("SELECT count(*) FROM change").fetchone()[0] == 7, PATIENCE, "the change to be read")
    erp.process.kill()
    erp.process.wait()
    plan = json.loads((erp.out / "watch.json").read_text())
    for part in [plan, *plan["tables"]]:  # as if it had been down for a minute
        part["stretches"] = [[begin - 120_000, end - 60_000] for begin, end in part["stretches"]]
    (erp.out / "watch.json").write_text(json.dumps(plan))
    with sqlite3.connect(journal) as shifted:
        shifted.execute("UPDATE change SET captured_ms = captured_ms - 60000")
    sql("UPDATE item SET name = 'Other' WHERE id BETWEEN 100 AND 104")
    erp.start("1h")
    sql("DELETE FROM item WHERE id = 2000")
    wait_until(lambda: sqlite3.connect(f"file:{journal}?mode=ro", uri=True).execute("SELECT count(*) FROM change").fetchone()[0] == 13, PATIENCE, "all to be read")
    item = erp.table(erp.end(), "item")
    assert item["changes"] == {"insert": 0, "update": 12, "delete": 1}, item["changes"]
    assert item["changes_while_not_watched"] == {"insert": 0, "update": 5, "delete": 0}, item
    assert sum(each["update"] + each["delete"] for each in item["over_time"]) == 8


def it_ends_by_itself_and_the_terminal_has_a_summary():
    erp = Erp("short")
    done = erp.instance.verb("assess", "erp", "--for", "3s", "--out", erp.out, "--tables", "item,customer", "--hide-users")
    assert done.returncode == 0, done.stderr
    assert "move for nothing" in done.stdout and "Nothing would have been held" in done.stdout and "report.html" in done.stdout, done.stdout
    refused = erp.instance.verb("assess", "erp", "--for", "3s", "--tables", "itm", "--out", erp.work.folder / "other")
    assert refused.returncode == 2 and "did you mean" in refused.stderr, refused


main([what_was_done_is_what_the_report_counts, the_yaml_it_proposes_is_accepted_and_nothing_else_is_needed, a_kill_loses_nothing_and_what_happened_meanwhile_is_told_apart,
      it_ends_by_itself_and_the_terminal_has_a_summary], sys.argv[2:])
