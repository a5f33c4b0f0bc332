"""Rows of a source and records of a target, compared, and the memory that it takes: what the tests of logs, documents and large tables share."""
import re
import sqlite3
import threading
import time

from harness import wait_until

SHOP = """connection: shop
target: webhook
url: {url}
limits: {{ in_flight: {in_flight} }}
repeat_safe: true
idempotency_header: Idempotency-Key
requests:
  upsert: {{ method: PUT, path: "/records/{{match.id}}", body: fields }}
  delete: {{ method: DELETE, path: "/records/{{match.id}}", gone: [404] }}
"""


def write_shop(instance, stub, in_flight=32):
    instance.write("connections/shop.yaml", SHOP.format(url=stub.url, in_flight=in_flight))


def configure(instance, odbc, dialect, stub, pipelines, readers=4):
    """`pipelines`: name, table, SQL of the record's id, other fields."""
    instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{odbc}"\ndialect: {dialect}\nreaders: {readers}\n')
    write_shop(instance, stub)
    for name, table, id_, fields in pipelines:
        instance.write(f"pipelines/{name}/pipeline.yaml", f"""pipeline: {name}
table: {table}
owner: rows
guard: {{ mass_change: off }}
map: {{ id: "{id_}", {fields} }}
target: {{ connection: shop, object: record, match: {{ id: "{id_}" }} }}
""")


def held(stub, shown=lambda row: row, key="id"):
    """The records at the target by one of their fields, each as `shown` gives it."""
    rows = {}
    for effect in stub.effects():
        if effect["what"] != "effect":
            continue
        if effect["method"] == "DELETE":
            rows.pop(effect["path"], None)
        else:
            rows[effect["path"]] = {**rows.get(effect["path"], {}), **effect["body"]}
    return {row[key]: shown(row) for row in rows.values()}


def wait_equal(wanted, stub, instance, what, shown=lambda row: row):
    try:
        wait_until(lambda: wanted() == held(stub, shown), 60, what, pause=0.2)
    except AssertionError:
        source, target = wanted(), held(stub, shown)
        differing = sorted(id for id in source.keys() | target.keys() if source.get(id) != target.get(id))
        raise AssertionError(f"{what}: {len(differing)} differ: {[(id, source.get(id), target.get(id)) for id in differing[:3]]}\n"
                             f"{instance.verb('status').stdout}{instance.log_text()[-3000:]}")


def journaled(instance, value):
    """How many images have this number in their last column, n."""
    with sqlite3.connect(f"file:{instance.folder}/journal.db?mode=ro", uri=True) as journal:
        return journal.execute("SELECT count(*) FROM row_image WHERE image LIKE ?", (f'%"n":{value}}}%',)).fetchone()[0]


def checked(instance, words):
    done = instance.verb("check", "--json")
    assert done.returncode == 2 and "table.change_log" in done.stdout and words in done.stdout, done.stdout + done.stderr


def check_whole(stub, rows_of, shown, largest=10 ** 9):
    """When a record leaves a transaction behind, that one is at the target with all its rows. `rows_of`: by the transaction's number; `shown`: the record and the
    number that a request brings. Transactions of more rows than `largest` go row by row. How often a record left one."""
    shows, steps = {}, 0
    for effect in stub.effects():
        if effect["what"] != "effect":
            continue
        record, number = shown(effect)
        before = shows.get(record, 0)
        assert number >= before, (effect, before)
        shows[record] = number
        if number == before or before == 0 or len(rows_of[before]) > largest:
            continue
        steps += 1
        torn = [row for row in rows_of[before] if shows.get(row, 0) < before]
        assert not torn, f"{record} shows transaction {number} while {torn} do not show {before}, as {rows_of[before]} should"
    return steps


def killed_while_written(instance, writer, random, kills):
    """The daemon, which does not run, comes up and is killed again and again while the writer writes; then it runs and the writer ends."""
    writer.start()
    for _ in range(kills):
        instance.start(ready=False)
        time.sleep(random.uniform(0.1, 0.5))
        instance.kill()
    instance.start()
    writer.finish()


class MemoryWatch(threading.Thread):
    """Anonymous memory of a process: the most of each phase."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.path = f"/proc/{pid}/smaps_rollup"
        self.phase, self.most = "start", {}
        self.start()

    def run(self):
        while True:
            try:
                now = int(re.search(r"Anonymous:\s+(\d+)", open(self.path, encoding="ascii").read()).group(1)) / 1024
            except (OSError, AttributeError):
                return
            self.most[self.phase] = max(now, self.most.get(self.phase, 0))
            time.sleep(0.02)

    def told(self, limit_mb):
        """What was seen, as one line; fails when any phase took as much as the limit."""
        told = ", ".join(f"{phase} {most:.1f} MB" for phase, most in self.most.items())
        assert max(self.most.values()) < limit_mb, told
        return told
