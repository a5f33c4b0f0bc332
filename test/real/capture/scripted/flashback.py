"""`mode: tail` by Oracle's flashback versions, against a scripted driver.

    flashback.py DATAPICKER STUB_SERVER SCRIPTED_DRIVER [KILLS [KEYS]]"""
import random
import time

from scripted import Oracle, Table
from scripted_scene import WHOLE, Scene, arguments

PROGRAMS, DRIVER, KILLS, KEYS = arguments(4, 200)
COLUMNS = {"ID": "integer", "NAME": "varchar(40)"}
LOST = "capture.log_lost"


def row(key, name):
    return {"ID": key, "NAME": name}


def make(work):
    database = Oracle(work, DRIVER, Table("GESTIO.CUSTOMER", COLUMNS, "ID"))
    database.table.rows = {key: row(key, f"Customer {key}") for key in range(100)}
    database.publish()
    return database


def whole_transactions(seed):
    scene = Scene("flashback", PROGRAMS, make, "oracle", "flashback", WHOLE, 0.1)
    return scene.killed_while_transactions(lambda keys, name: scene.database.transaction([(key, row(key, name)) for key in keys]), random.Random(seed), KILLS)


def main():
    seed = int(time.time_ns() % 1_000_000)
    print(f"seed {seed}", flush=True)
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
    scene.killed_on_keys(row, random.Random(seed), KILLS, KEYS, database.forget_undo)
    assert scene.instance.stop() == 0
    print(f"flashback: transactions and times are told, {KILLS} kills on {KEYS} keys, {scene.count(LOST)} losses: target and source equal")
    print(whole_transactions(seed))


main()
