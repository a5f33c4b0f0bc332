"""`mode: tail` by SQL Server's change tracking, against a scripted driver: the target holds what the source holds, whatever the history forgets.

    change_tracking.py DATAPICKER STUB_SERVER SCRIPTED_DRIVER [KILLS [KEYS]]"""
import random
import time

from scripted import SqlServer, Table
from scripted_scene import WHOLE, Scene, arguments

PROGRAMS, DRIVER, KILLS, KEYS = arguments(8, 400)
COLUMNS = {"id": "integer", "code": "char(8)", "name": "varchar(40)"}
LOST = "capture.log_lost"


def row(key, name):
    return {"id": key, "code": f"C{key}", "name": name}


def make(work):
    database = SqlServer(work, DRIVER, Table("dbo.customer", COLUMNS, "id"))
    database.table.rows = {key: row(key, f"Customer {key}") for key in range(200)}
    database.enabled = False
    database.publish()
    return database


def make_tracked(work):
    database = make(work)
    database.enabled = True
    database.publish()
    return database


def switched_on(scene):
    scene.check(2, "is not kept: it is switched off", "ALTER TABLE dbo.customer ENABLE CHANGE_TRACKING", "SET CHANGE_TRACKING = ON")
    scene.database.enabled = True
    scene.database.publish()
    scene.check(0)


def single_changes(scene):
    database = scene.database
    database.transaction([(1, row(1, "changed")), (2, None), (1000, row(1000, "new"))], context="EDP batch")
    database.transaction([(3, None), (1003, row(1003, "moved from 3"))])
    scene.wait_equal("single changes")
    told = {each["key"][0]: (each["operation"], each["source_transaction"], each["source_user"]) for each in scene.changes() if each["source_transaction"]}
    assert told == {1: ("update", "1", "EDP batch"), 2: ("delete", "1", "EDP batch"), 1000: ("insert", "1", "EDP batch"),
                    3: ("delete", "2", None), 1003: ("insert", "2", None)}, told


def below_the_least_valid_version(scene):
    """While nobody reads, the history is cleaned up: silence would lose these changes."""
    scene.instance.kill()
    scene.database.transaction([(10, row(10, "forgotten")), (11, None)])
    scene.database.clean_up()
    scene.database.transaction([(12, row(12, "tracked"))])
    scene.instance.start()
    scene.wait_equal("a version below the least valid one")
    assert scene.count(LOST) == 1
    scene.database.transaction([(13, row(13, "after it"))])
    scene.wait_equal("after the loss")
    assert scene.count(LOST) == 1, "one loss is told once"


def restored_from_a_copy(scene):
    scene.instance.kill()
    scene.database.version, scene.database.min_valid = 3, 0
    scene.database.tracked.clear()
    scene.database.table.rows[14] = row(14, "as in the copy")
    scene.database.publish()
    scene.instance.start()
    scene.wait_equal("a restored database")
    assert scene.count(LOST) == 2
    scene.database.truncate()
    scene.wait_equal("TRUNCATE")
    assert scene.count(LOST) == 3
    scene.database.transaction([(key, row(key, "loaded anew")) for key in range(300)])
    scene.wait_equal("one large transaction")
    assert scene.count(LOST) == 3


def more_than_a_page(scene):
    """Of one transaction, and of more entries than one statement gives."""
    scene.database.transaction([(key, row(key, "bulk")) for key in range(12_000)])
    scene.wait_equal("12,000 changes of one transaction")
    scene.database.transaction([(key, None) for key in range(400, 12_000)])
    scene.wait_equal("11,600 deletes of one transaction")
    assert scene.count(LOST) == 3


def switched_off_under_us(scene):
    scene.instance.kill()
    scene.database.enabled = False
    scene.database.transaction([(15, row(15, "unseen"))])
    scene.instance.start()
    scene.wait_for("capture.failed", 1, "tracking that was switched off")
    assert "is switched off" in scene.instance.log_text()
    scene.instance.kill()
    scene.database.enabled = True
    scene.database.clean_up()
    scene.instance.start()
    scene.wait_equal("switched on again")


def killed_in_between(scene, seed):
    """With snapshots switched off: what a look finds and the rows it reads are of two moments then."""
    scene.database.snapshot = False
    scene.killed_on_keys(row, random.Random(seed), KILLS, KEYS, scene.database.clean_up)


def whole_transactions(seed):
    scene = Scene("change-tracking", PROGRAMS, make_tracked, "sqlserver", "change_tracking", WHOLE, 0.1)
    return scene.killed_while_transactions(lambda keys, name: scene.database.transaction([(key, row(key, name)) for key in keys]), random.Random(seed), KILLS)


def main():
    seed = int(time.time_ns() % 1_000_000)
    print(f"seed {seed}", flush=True)
    scene = Scene("change-tracking", PROGRAMS, make, "sqlserver", "change_tracking")
    switched_on(scene)
    scene.instance.start()
    scene.wait_equal("the first reading")
    single_changes(scene)
    below_the_least_valid_version(scene)
    restored_from_a_copy(scene)
    more_than_a_page(scene)
    switched_off_under_us(scene)
    killed_in_between(scene, seed)
    assert scene.instance.stop() == 0
    print(f"change tracking: {KILLS} kills on {KEYS} keys, {scene.database.version} versions, {scene.count(LOST)} losses: target and source equal")
    print(whole_transactions(seed))


main()
