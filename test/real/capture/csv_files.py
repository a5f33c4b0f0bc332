#!/usr/bin/python3
"""A folder of CSV files as a source, copied by a running daemon into a table of SQLite.
usage: csv_files.py DATAPICKER
Rows are appended, the file is replaced by rename, written half, removed, and the daemon is killed: the copy holds what the last whole file held."""
import csv
import io
import os
import pathlib
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Instance, Workplace, wait_until  # noqa: E402

DATAPICKER = sys.argv[1]
PATIENCE = 20


def text_of(rows):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(["id", "name", "price"])
    writer.writerows(rows)
    return out.getvalue().encode("cp1252")


def main():
    work = Workplace("csv-files")
    instance = Instance(work, DATAPICKER)
    exports, copy = work.folder / "exports", work.folder / "copy.db"
    exports.mkdir()
    file = exports / "articles.csv"
    database = sqlite3.connect(copy, isolation_level=None)
    database.execute("CREATE TABLE articles (id INTEGER PRIMARY KEY, name VARCHAR(40), price DECIMAL(10,2))")
    instance.write("connections/exports.yaml", f"connection: exports\ncsv: {exports}\ndelimiter: \";\"\nencoding: WINDOWS-1252\nsettle: 200ms\n"
                   "types: { id: integer, price: decimal }\n")
    instance.write("connections/copy.yaml", f"connection: copy\ntarget: odbc\nodbc: \"Driver=SQLite3;Database={copy}\"\ndialect: sqlite\n")
    instance.write("tables/articles.yaml", "table: articles\nconnection: exports\nfrom: articles.csv\nkey: [id]\n"
                   "capture: { mode: diff, every: 100ms }\ninitial: deliver\n")
    instance.write("pipelines/articles/pipeline.yaml", "pipeline: articles\ntable: articles\nmap: { name: name, price: price }\n"
                   "target: { connection: copy, object: articles, match: { id: id }, on_delete: delete }\n")

    def copied(rows, when):
        wanted = sorted((int(id), name, float(price)) for id, name, price in rows)
        held = []

        def equal():
            held[:] = sorted((id, name, float(price)) for id, name, price in database.execute("SELECT id, name, price FROM articles"))
            return held == wanted
        wait_until(equal, PATIENCE, f"the copy {when}")

    rows = [(i, f"caffè {i}; \"macinato\"", f"{i}.50") for i in range(1, 200)]
    file.write_bytes(text_of(rows))
    checked = instance.verb("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    instance.start()
    copied(rows, "of the first reading")

    rows.append((200, "appended", "1.00"))
    with open(file, "ab") as out:
        out.write(text_of(rows[-1:]).split(b"\r\n", 1)[1])
    copied(rows, "after a row was appended")

    rows = [(id, name, "9.99") if id % 10 == 0 else (id, name, price) for id, name, price in rows if id != 7]
    (exports / "articles.csv.new").write_bytes(text_of(rows))
    os.rename(exports / "articles.csv.new", file)
    copied(rows, "after the file was replaced")

    # Half of it, for longer than it takes to settle: no row counts as deleted.
    whole = text_of(rows)
    file.write_bytes(whole[:len(whole) // 2 - 1])
    wait_until(lambda: "source.busy" in instance.log_text(), PATIENCE, "the half of a file to be told of")
    copied(rows, "while half of the file is there")
    file.unlink()
    wait_until(lambda: "source.unreachable" in instance.log_text(), PATIENCE, "the missing file to be told of")
    copied(rows, "while the file is missing")
    instance.kill()
    rows = rows[5:]
    file.write_bytes(text_of(rows))
    instance.start()
    copied(rows, "after a kill and a new file")

    assert instance.stop() == 0
    print(f"{len(rows)} rows equal after appending, replacing, cutting, removing and a kill")


main()
