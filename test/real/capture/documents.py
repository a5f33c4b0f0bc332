"""Documents on a real database: a header, its lines and their discounts, read together whatever changes meanwhile.

    documents.py DATAPICKER STUB_SERVER postgresql|mariadb|sqlite [KILLS] [--without-views]

A writer changes header, lines and discounts in one transaction that keeps the sums true, or lines alone, moves lines, leaves orphans behind and changes a document
in two commits. `diff`, `watermark` and `tail` read the same tables. On every request that arrives at the target the sums must be true: none shows half of a
transaction. The daemon is killed again and again; at the end each mode's records equal the source. Without views a dialect is used that knows none: then
documents are read until two readings agree."""
import decimal
import pathlib
import re
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "targets"))
from rows import open_database  # noqa: E402
from compared import write_shop  # noqa: E402
from harness import ROOT, Instance, Stub, Workplace, seeded, wait_until  # noqa: E402

DATAPICKER, STUB_SERVER, WHICH = sys.argv[1:4]
VIEWS = "--without-views" not in sys.argv
KILLS = int(sys.argv[4]) if len(sys.argv) > 4 and sys.argv[4].isdigit() else 4
QUOTES = 120
NOW = {"postgresql": "clock_timestamp()", "mariadb": "CURRENT_TIMESTAMP(6)", "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')"}[WHICH]
TIME = {"postgresql": "timestamptz", "mariadb": "TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)", "sqlite": "TIMESTAMP"}[WHICH]
MODES = {"diff": "mode: diff, every: 50ms, full_every: 2s, chunk_rows: 40",
         "watermark": "mode: watermark, every: 50ms, column: [ts_mod, lines.ts_mod], overlap: 5s, full_every: 2s, chunk_rows: 40",
         "tail": "mode: tail, log: change_log, every: 50ms, full_every: 12h"}


def tables(database):
    database.sql(f"CREATE TABLE quote (num INTEGER NOT NULL PRIMARY KEY, customer CHAR(10), total DECIMAL(12,2), ts_mod {TIME})")
    database.sql(f"CREATE TABLE quote_line (num INTEGER NOT NULL, pos INTEGER NOT NULL, sku VARCHAR(20), gross DECIMAL(12,2), net DECIMAL(12,2), ts_mod {TIME},"
                 " PRIMARY KEY (num, pos))")
    database.sql("CREATE TABLE line_discount (num INTEGER NOT NULL, pos INTEGER NOT NULL, step INTEGER NOT NULL, amount DECIMAL(12,2), PRIMARY KEY (num, pos, step))")


def configure(instance, odbc, stub):
    instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{odbc}"\ndialect: {WHICH if VIEWS else "bare"}\ntime_zone: Etc/UTC\n')
    if not VIEWS:
        dialect = (ROOT / f"config/dialects/{WHICH}.yaml").read_text()
        dialect = re.sub(r"^(open_view|close_view|checksum):\n(  .*\n)+", "", dialect, flags=re.MULTILINE)
        instance.write("dialects/bare.yaml", re.sub(r"^dialect: .*", "dialect: bare", dialect, flags=re.MULTILINE))
    write_shop(instance, stub, in_flight=16)
    for mode, capture in MODES.items():
        instance.write(f"tables/{mode}_quotes.yaml", f"""table: {mode}_quotes
connection: erp
document:
  root: {{ from: quote, key: [num] }}
  discounts: {{ from: line_discount, key: [num, pos, step], parent: {{ num: num, pos: pos }}, of: lines }}
  lines: {{ from: quote_line, key: [num, pos], parent: {{ num: num }} }}
capture: {{ {capture} }}
initial: deliver
""")
        instance.write(f"pipelines/{mode}/pipeline.yaml", f"""pipeline: {mode}
table: {mode}_quotes
owner: rows
guard: {{ mass_change: off }}
map:
  id: "'{mode}/' || num"
  customer: trim(customer)
  total: total
  sum: coalesce((SELECT dec_sum(net) FROM lines), '0')
  before: (SELECT count(*) FROM old.lines)
  lines: |-
    (SELECT json_group_array(json_object('pos', pos, 'sku', sku, 'gross', gross, 'net', net,
       'off', (SELECT coalesce(dec_sum(amount), '0') FROM discounts d WHERE d.num = lines.num AND d.pos = lines.pos))) FROM lines)
types: {{ lines: json }}
target: {{ connection: shop, object: record, match: {{ id: "'{mode}/' || num" }} }}
""")


class Writer(threading.Thread):
    """One document at a time, each commit with true sums. Amounts are quarters: SQLite keeps them as floats."""

    def __init__(self, database, random):
        super().__init__(daemon=True)
        self.database, self.random = database.another(), random
        self.end = threading.Event()
        self.commits = 0
        self.problem = None

    def run(self):
        try:
            while not self.end.is_set():
                self.change(self.random.randrange(QUOTES))
                time.sleep(0.004)
        except Exception as problem:  # shown by the main thread
            self.problem = problem

    def amount(self, most=4000):
        return f"{self.random.randrange(most) / 4:.2f}"

    def sql(self, text, *values):
        return self.database.sql(text.replace("NOW", NOW), *values)

    def change(self, num):
        what = self.random.choice([self.line, self.line, self.line, self.discount, self.discount, self.shift, self.shift, self.gone, self.move, self.orphan, self.two_commits])
        self.commit(lambda: what(num))

    def begin(self):
        # SQLite's reader cannot become a writer once somebody else wrote, as the daemon does when it empties the log.
        self.sql("BEGIN IMMEDIATE" if WHICH == "sqlite" else "BEGIN")

    def commit(self, work):
        self.begin()
        work()
        self.sql("COMMIT")
        self.commits += 1

    def settle(self, *nums):
        for num in nums:
            self.sql("UPDATE quote_line SET ts_mod = NOW, net = gross - coalesce((SELECT sum(amount) FROM line_discount d WHERE d.num = quote_line.num AND d.pos = quote_line.pos), 0)"
                     " WHERE num = %s", num)
            self.sql("UPDATE quote SET ts_mod = NOW, total = coalesce((SELECT sum(net) FROM quote_line l WHERE l.num = quote.num), 0) WHERE num = %s", num)

    def line(self, num):
        pos = self.random.randrange(6)
        if not self.sql("SELECT num FROM quote WHERE num = %s", num):
            self.sql("INSERT INTO quote VALUES (%s, %s, 0, NOW)", num, f"C{num % 7}")
        if not self.sql("SELECT pos FROM quote_line WHERE num = %s AND pos = %s", num, pos):
            self.sql("INSERT INTO quote_line VALUES (%s, %s, %s, %s, 0, NOW)", num, pos, f'S"{pos}€', self.amount())
        elif self.random.random() < 0.4:
            self.sql("DELETE FROM quote_line WHERE num = %s AND pos = %s", num, pos)
        else:
            self.sql("UPDATE quote_line SET gross = %s WHERE num = %s AND pos = %s", self.amount(), num, pos)
        self.settle(num)

    def discount(self, num):
        for pos, in self.sql("SELECT pos FROM quote_line WHERE num = %s", num)[:2]:
            self.sql("DELETE FROM line_discount WHERE num = %s AND pos = %s AND step = 1", num, pos)
            self.sql("INSERT INTO line_discount VALUES (%s, %s, 1, %s)", num, pos, self.amount(40))
        self.settle(num)

    def shift(self, num):
        """Lines alone: the header's row stays as it is."""
        lines = [pos for pos, in self.sql("SELECT pos FROM quote_line WHERE num = %s ORDER BY pos", num)]
        if len(lines) < 2:
            return
        for pos, by in ((lines[0], "+ 0.25"), (lines[-1], "- 0.25")):
            self.sql(f"UPDATE quote_line SET gross = gross {by}, net = net {by}, ts_mod = NOW WHERE num = %s AND pos = %s", num, pos)

    def move(self, num):
        other = self.random.randrange(QUOTES)
        there = [pos for pos, in self.sql("SELECT pos FROM quote_line WHERE num = %s", num)]
        if num == other or not there:
            return
        new = 10 + self.random.randrange(1_000_000)
        for table in ("quote_line", "line_discount"):
            self.sql(f"UPDATE {table} SET num = %s, pos = %s WHERE num = %s AND pos = %s", other, new, num, there[0])
        self.settle(num, other)

    def gone(self, num):
        for table in ("quote", "quote_line", "line_discount"):
            self.sql(f"DELETE FROM {table} WHERE num = %s", num)

    def orphan(self, num):
        self.sql("DELETE FROM quote WHERE num = %s", num)

    def two_commits(self, num):
        self.line(num)
        self.sql("COMMIT")
        self.begin()
        self.line(num)
        self.discount(num)

    def finish(self):
        self.end.set()
        self.join()
        assert self.problem is None, self.problem


def plain(number):
    return decimal.Decimal(str(number)).normalize()


def source(database):
    """What each document should be, read after the writer has ended."""
    documents = {num: {"customer": customer.strip(), "total": plain(total), "lines": []} for num, customer, total in database.sql("SELECT num, customer, total FROM quote")}
    for num, pos, sku, gross, net in database.sql("SELECT num, pos, sku, gross, net FROM quote_line ORDER BY num, pos"):
        if num in documents:
            documents[num]["lines"].append((pos, sku, plain(gross), plain(net)))
    return documents


def check(body):
    """No request shows half of a transaction."""
    lines = body["lines"]
    assert isinstance(lines, list), body
    assert plain(body["total"]) == plain(body["sum"]) == sum((plain(line["net"]) for line in lines), decimal.Decimal(0)), body
    for line in lines:
        assert plain(line["net"]) == plain(line["gross"]) - plain(line["off"]), body
    assert [line["pos"] for line in lines] == sorted(line["pos"] for line in lines), body


class Held:
    """What the target holds; each effect is looked at once."""

    def __init__(self, stub):
        self.stub = stub
        self.seen = 0
        self.records = {}

    def now(self):
        effects = self.stub.effects()
        for effect in effects[self.seen:]:
            if effect["what"] != "effect":
                continue
            if effect["method"] == "DELETE":
                self.records.pop(effect["path"], None)
            else:
                check(effect["body"])
                self.records[effect["path"]] = effect["body"]
        self.seen = len(effects)
        held = {mode: {} for mode in MODES}
        for body in self.records.values():
            mode, num = body["id"].split("/")
            held[mode][int(num)] = {"customer": body["customer"], "total": plain(body["total"]),
                                    "lines": [(line["pos"], line["sku"], plain(line["gross"]), plain(line["net"])) for line in body["lines"]]}
        return held


def wait_equal(database, held, instance, what):
    wanted = source(database)
    try:
        wait_until(lambda: all(held.now()[mode] == wanted for mode in MODES), 60, what, pause=0.2)
    except AssertionError as problem:
        if problem.args and isinstance(problem.args[0], dict):
            raise
        now = held.now()
        differing = {mode: [(num, wanted.get(num), now[mode].get(num)) for num in sorted(wanted.keys() | now[mode].keys()) if wanted.get(num) != now[mode].get(num)][:2]
                     for mode in MODES}
        raise AssertionError(f"{what}: {differing}\n{instance.verb('status').stdout}{instance.log_text()[-3000:]}") from None


def check_line_by_line(database, held, instance):
    """`changes` and `story` name the line and its column."""
    database.sql("DELETE FROM line_discount WHERE num = 500")
    for statement in ("BEGIN", "INSERT INTO quote VALUES (500, 'C500', 10, NOW)", "INSERT INTO quote_line VALUES (500, 1, 'A', 4, 4, NOW)",
                      "INSERT INTO quote_line VALUES (500, 2, 'B', 6, 6, NOW)", "COMMIT"):
        database.sql(statement.replace("NOW", NOW))
    wait_until(lambda: len(held.now()["tail"].get(500, {}).get("lines", [])) == 2, 60, "a new document")
    database.sql(f"UPDATE quote_line SET sku = 'C', ts_mod = {NOW} WHERE num = 500 AND pos = 2")
    wait_until(lambda: all(len(held.now()[mode].get(500, {}).get("lines", [])) == 2 and held.now()[mode][500]["lines"][1][1] == "C" for mode in MODES), 60, "a line's new column")
    story = instance.verb("story", "tail_quotes", "500").stdout
    assert 'lines[500,2].sku: "B" → "C"' in story, story
    changes = instance.verb("changes", "tail_quotes", "--limit", "3").stdout
    assert 'lines[500,2].sku "B" → "C"' in changes, changes


def main():
    random = seeded()
    work = Workplace("documents")
    database = open_database(work, WHICH)
    stub = Stub(work, STUB_SERVER, "shop", "--mode", "idempotent")
    instance = Instance(work, DATAPICKER)
    configure(instance, database.servers.odbc, stub)
    tables(database)
    filler = Writer(database, random)
    for num in range(QUOTES):
        filler.commit(lambda num=num: (filler.line(num), filler.line(num), filler.discount(num)))
    checked = instance.verb("check", "--json")
    assert checked.returncode == 2 and "table.change_log" in checked.stdout, checked.stdout + checked.stderr
    done = instance.json("change-log", "install", "erp", "--apply")
    assert sorted(done["tables"]) == ["tail_quotes", "tail_quotes.discounts", "tail_quotes.lines"], done
    checked = instance.verb("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    held = Held(stub)
    writer = Writer(database, random)
    writer.start()
    for _ in range(KILLS):
        instance.start(ready=False)
        time.sleep(random.uniform(0.2, 0.8))
        instance.kill()
        held.now()
    instance.start()
    wait_until(lambda: instance.log_text().count("capture.snapshot ") >= 3, 60, "the first readings, while documents change")
    commits = writer.commits
    wait_until(lambda: writer.problem or writer.commits > commits + 200, 60, "more changes")
    writer.finish()
    wait_equal(database, held, instance, f"after {KILLS} kills")
    check_line_by_line(database, held, instance)
    database.sql("DELETE FROM quote WHERE num < 20")
    wait_equal(database, held, instance, "headers deleted, lines left behind")
    wait_until(lambda: database.sql("SELECT count(*) FROM change_log")[0][0] == 0, 30, "an empty log")
    assert instance.stop() == 0
    print(f"{WHICH}{'' if VIEWS else ' without views'}: {KILLS} kills, {writer.commits} commits, {held.seen} requests, each with true sums: three modes equal the source")


main()
