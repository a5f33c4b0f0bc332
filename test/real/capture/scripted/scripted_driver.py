"""The scripted ODBC driver itself: a database that it plays is read through the driver manager like any other.

    scripted_driver.py DATAPICKER SCRIPTED_DRIVER"""
import pathlib
import sqlite3
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[above]) for above in (1, 2)]
from harness import Instance, Workplace, wait_until  # noqa: E402
from scripted import Database, Table  # noqa: E402

DATAPICKER, DRIVER = sys.argv[1:3]
COLUMNS = {"id": "integer", "code": "char(8)", "name": "varchar(10)", "credit": "decimal(12,2)", "born": "date", "seen": "timestamp", "photo": "varbinary(20)",
           "note": "varchar(20000)"}


def row(number, **more):
    return {"id": number, "code": f"C{number}", "name": f"Name {number}", "credit": f"{number}.50", "born": "1990-02-28", "seen": "2026-01-02 03:04:05.123456",
            "photo": "00FF", "note": None, **more}


def images(instance):
    with sqlite3.connect(f"file:{instance.folder}/journal.db?mode=ro", uri=True) as journal:
        return [image for (image,) in journal.execute("SELECT image FROM row_image")]


def main():
    work = Workplace("scripted")
    database = Database(work, DRIVER, Table("dbo.customer", COLUMNS, "id"))
    database.table.rows = {number: row(number) for number in range(3_000)}
    database.table.rows[7]["note"] = "long " * 3_000
    database.publish()
    instance = Instance(work, DATAPICKER)
    instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{database.odbc}"\ndialect: generic\n')
    instance.write("tables/customer.yaml", "table: customer\nconnection: erp\nfrom: dbo.customer\nkey: [id]\ncapture: { mode: diff, every: 50ms, chunk_rows: 500 }\n")
    checked = instance.verb("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    instance.start()
    wait_until(lambda: "capture.snapshot " in instance.log_text(), 30, "the first reading")
    first = images(instance)
    assert len(first) == 3_000
    one = next(image for image in first if '"id":7,' in image)
    for told in ('"code":"C7"', '"credit":"7.50"', '"born":"1990-02-28"', '"seen":"2026-01-02 03:04:05.123456"', '"photo":"AP8="', "long long"):
        assert told in one, one
    database.table.rows[3_000] = row(3_000)
    database.table.rows[5] = row(5, name=None)
    del database.table.rows[6]
    database.publish()
    wait_until(lambda: len(instance.json_lines("changes", "--limit", "10")) == 3, 30, "an insert, an update and a delete")
    assert {each["operation"] for each in instance.json_lines("changes", "--limit", "10")} == {"insert", "update", "delete"}
    database.away()
    wait_until(lambda: "source.unreachable" in instance.log_text(), 30, "a server that went away")
    database.table.rows[3_001] = row(3_001)
    database.publish()
    wait_until(lambda: len(instance.json_lines("changes", "--limit", "10")) == 4, 60, "the server back")
    assert instance.stop() == 0
    print("a scripted database is read through the driver manager: chunks, long values, changes, a server that goes away and comes back")


main()
