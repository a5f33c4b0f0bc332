#!/usr/bin/python3
"""An Access file as a source, read by a running daemon through mdbtools' ODBC driver and copied into a table of SQLite.
usage: access_files.py DATAPICKER
The file is rewritten with rows that came, changed and went, copied slowly, cut, given a memo that the driver cuts, and the daemon is killed: the copy holds
what the last whole file held. Skipped where the driver is not installed."""
import datetime
import decimal
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1]), str(pathlib.Path(__file__).resolve().parents[2] / "support")]
from harness import Instance, Workplace, wait_until  # noqa: E402
from mdb_file import Table, file_bytes, write  # noqa: E402

DATAPICKER = sys.argv[1]
PATIENCE = 30
ROWS = 3_000
SETTLE_S = 0.4
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 30)))
COLUMNS = [("Id", "long"), ("Ragione sociale", "text"), ("Price", "money"), ("Discount", "numeric"), ("Weight", "double"), ("Factor", "single"),
           ("Since", "date"), ("Active", "bool"), ("Pieces", "short"), ("Kind", "byte"), ("Notes", "memo"), ("Token", "guid")]


def row_of(id, draw):
    def maybe(value):
        return None if draw.random() < 0.15 else value
    return (id, maybe(draw.choice(["Rossi & C.", "Città “Alta”", "Łódź 7", 'the "old" one']) + f" {draw.randrange(99)}"),
            maybe(decimal.Decimal(draw.randrange(-10**9, 10**12)).scaleb(-4)), maybe(decimal.Decimal(draw.randrange(-10**6, 10**9)).scaleb(-2)),
            maybe(draw.uniform(-1e6, 1e6)), maybe(draw.randrange(-4_000, 4_000) / 8),
            maybe(datetime.datetime(1901, 1, 1) + datetime.timedelta(seconds=draw.randrange(4_000_000_000))), draw.random() < 0.5,
            maybe(draw.randrange(-32_000, 32_000)), maybe(draw.randrange(256)),
            maybe("però " * draw.choice([1, 3, 40, 400] if draw.random() < 0.95 else [2_500])), maybe(draw.randbytes(16)))


def shown(row):
    """As the copy has it."""
    guid = row[11] and "".join(f"{byte:02X}" for byte in (row[11][3::-1] + row[11][5:3:-1] + row[11][7:5:-1] + row[11][8:]))
    return (row[0], row[1], row[2] and str(row[2]), row[3] and str(row[3]), row[4], row[5], row[6] and str(row[6]), int(row[7]), row[8], row[9], row[10],
            guid and f"{guid[:8]}-{guid[8:12]}-{guid[12:16]}-{guid[16:20]}-{guid[20:]}")


class Shop:
    """The file, the daemon that reads it, and the copy that it writes."""

    def __init__(self):
        self.work = Workplace("access-files")
        self.instance = Instance(self.work, DATAPICKER)
        self.file, copy = self.work.folder / "shop.mdb", self.work.folder / "copy.db"
        self.database = sqlite3.connect(copy, isolation_level=None)
        self.database.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(60), price VARCHAR(40), discount VARCHAR(40), weight DOUBLE,"
                              " factor DOUBLE, since VARCHAR(40), active INTEGER, pieces INTEGER, kind INTEGER, notes TEXT, token VARCHAR(60))")
        self.instance.write("connections/shop.yaml", f'connection: shop\nodbc: "Driver=MDBTools;DBQ={self.file}"\ndialect: access\nfile: {self.file}\n'
                            f"settle: {int(SETTLE_S * 1000)}ms\n")
        self.instance.write("connections/copy.yaml", f"connection: copy\ntarget: odbc\nodbc: \"Driver=SQLite3;Database={copy}\"\ndialect: sqlite\n")
        self.instance.write("pipelines/customers/pipeline.yaml", "pipeline: customers\ntable: customers\nmap: { name: '\"Ragione sociale\"', price: Price,"
                            " discount: Discount, weight: Weight, factor: Factor, since: Since, active: Active, pieces: Pieces, kind: Kind, notes: Notes, token: Token }\n"
                            "target: { connection: copy, object: customers, match: { id: Id }, on_delete: delete }\n")
        self.draw = random.Random(SEED)
        self.rows = {id: row_of(id, self.draw) for id in range(1, ROWS + 1)}

    def define(self, exclude=""):
        self.instance.write("tables/customers.yaml", f"table: customers\nconnection: shop\nfrom: '\"Clienti vecchi\"'\nkey: [Id]\n{exclude}"
                            "capture: { mode: diff, every: 100ms }\ninitial: deliver\n")

    def change(self, count):
        for id in self.draw.sample(sorted(self.rows), count):
            self.rows[id] = row_of(id, self.draw)

    def content(self, columns=COLUMNS, wider=lambda row: row):
        # Not in the order of their keys: Access keeps rows where there was room.
        mixed = [wider(row) for row in self.rows.values()]
        self.draw.shuffle(mixed)
        return [Table("Clienti vecchi", columns, mixed), Table("Other", [("Id", "long")], [(1,)])]

    def held(self):
        return sorted(self.database.execute("SELECT * FROM customers"))

    def copied(self, when):
        wanted = sorted(shown(row) for row in self.rows.values())
        try:
            wait_until(lambda: self.held() == wanted, PATIENCE, f"the copy {when}", pause=0.2)
        except AssertionError as failure:
            held = self.held()
            apart = [(a, b) for a, b in zip(wanted, held) if a != b][:2]
            raise AssertionError(f"{failure}\nseed {SEED}: {len(wanted)} and {len(held)} rows, {apart}\n{self.instance.log_text()[-2000:]}")

    def told(self, words, since, what):
        wait_until(lambda: words in self.instance.log_since(since).decode(errors="replace"), PATIENCE, what)

    def log_size(self):
        return self.instance.log_path.stat().st_size


def read_at_first(shop):
    """An object that the driver would die of is refused, and can be left out."""
    write(shop.file, shop.content([*COLUMNS, ("Photo", "ole")], lambda row: (*row, None)))
    shop.define()
    time.sleep(SETTLE_S)
    checked = shop.instance.verb("check")
    told = checked.stdout + checked.stderr
    assert checked.returncode == 2 and "Photo" in told and "exclude" in told, told
    shop.define("exclude: [Photo]\n")
    checked = shop.instance.verb("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    looked = shop.instance.verb("inspect", "shop")
    assert looked.returncode == 0 and "Clienti vecchi" in looked.stdout and "MSysObjects" not in looked.stdout, looked.stdout + looked.stderr
    shop.instance.start()
    shop.copied("of the first reading")
    shop.instance.stop()
    shop.define()


def rewritten(shop):
    shop.change(200)
    for id in shop.draw.sample(sorted(shop.rows), 100):
        del shop.rows[id]
    shop.rows.update({id: row_of(id, shop.draw) for id in range(ROWS + 1, ROWS + 301)})
    write(shop.file, shop.content())
    shop.instance.start()
    shop.copied("after rows came, changed and went")
    shop.change(50)
    write(shop.file, shop.content())
    shop.copied("after it was put in place under a running daemon")


def copied_slowly(shop):
    """What is there of it is not read, nor is anything deleted."""
    before = shop.held()
    shop.change(50)
    whole = file_bytes(shop.content())
    piece = len(whole) // 8 + 1
    with open(shop.file, "wb") as out:
        for start in range(0, len(whole), piece):
            out.write(whole[start:start + piece])
            out.flush()
            time.sleep(SETTLE_S / 2)
            assert shop.held() == before, "part of a file was read"
    shop.copied("after a slow copy")
    return whole


def cut(shop, whole):
    """For longer than it takes to settle: the driver calls that the end of the rows."""
    since = shop.log_size()
    shop.file.write_bytes(whole[:len(whole) * 2 // 3])
    shop.told("by its own count", since, "the cut file to be told of")
    shop.copied("while the file is cut")
    shop.file.unlink()
    shop.told("source.unreachable", since, "the missing file to be told of")
    shop.copied("while the file is missing")


def with_a_memo_that_is_cut(shop):
    since = shop.log_size()
    kept = row_of(7, shop.draw)
    shop.rows[7] = (*kept[:10], "a" * 20_000, kept[11])
    shop.instance.kill()
    write(shop.file, shop.content())
    shop.instance.start()
    shop.told("source.bad_data", since, "the cut memo to be told of")
    shop.instance.kill()
    shop.rows[7] = (*kept[:10], "a" * 16_000, kept[11])
    del shop.rows[min(shop.rows)]
    write(shop.file, shop.content())
    shop.instance.start()
    shop.copied("after a kill and a new file")


def main():
    if subprocess.run(["odbcinst", "-q", "-d", "-n", "MDBTools"], capture_output=True).returncode != 0:
        print("mdbtools' ODBC driver is not installed")
        sys.exit(77)
    shop = Shop()
    read_at_first(shop)
    rewritten(shop)
    cut(shop, copied_slowly(shop))
    with_a_memo_that_is_cut(shop)
    assert shop.instance.stop() == 0
    print(f"{len(shop.rows)} rows equal after rewriting, a slow copy, cutting, removing and a kill")


main()
