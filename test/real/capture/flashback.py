"""`mode: tail` by Oracle's flashback versions, against a scripted driver.

    flashback.py DATAPICKER STUB_SERVER SCRIPTED_DRIVER"""
import sys

from scripted import Oracle, Table
from scripted_scene import Scene

PROGRAMS, DRIVER = sys.argv[1:3], sys.argv[3]
COLUMNS = {"ID": "integer", "NAME": "varchar(40)"}
LOST = "capture.log_lost"


def row(key, name):
    return {"ID": key, "NAME": name}


def make(work):
    database = Oracle(work, DRIVER, Table("GESTIO.CUSTOMER", COLUMNS, "ID"))
    database.table.rows = {key: row(key, f"Customer {key}") for key in range(100)}
    database.publish()
    return database


def main():
    scene = Scene("flashback", PROGRAMS, make, "oracle", "flashback")
    scene.check(0)
    scene.instance.start()
    scene.wait_equal("the first reading")
    database = scene.database
    database.transaction([(1, row(1, "once")), (2, None), (500, row(500, "new"))])
    database.transaction([(1, row(1, "twice"))])
    scene.wait_equal("two transactions")
    told = {each["key"][0]: each for each in scene.changes() if each["source_transaction"]}
    assert told[2]["source_transaction"] == f"{database.scn - 3:016X}" and told[1]["source_transaction"] == f"{database.scn:016X}", told
    assert told[1]["source_ms"] == 1_700_000_000_000 + database.scn % 1_000_000
    for _ in range(20):
        database.idle()
    scene.instance.kill()
    database.transaction([(3, row(3, "while nobody read"))])
    scene.instance.start()
    scene.wait_equal("what was written meanwhile")
    assert scene.count(LOST) == 0
    scene.instance.kill()
    database.transaction([(4, row(4, "its undo is gone")), (5, None)])
    database.forget_undo()
    scene.instance.start()
    scene.wait_equal("undo that is gone")
    scene.wait_for(LOST, 1, "undo that is gone")
    database.transaction([(6, row(6, "after it"))])
    scene.wait_equal("after the loss")
    assert scene.count(LOST) == 1
    assert scene.instance.stop() == 0
    print("flashback: transactions and times are told, undo that is gone means that all rows are read")


main()
