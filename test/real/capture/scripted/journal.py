"""`mode: tail` by a journal of IBM i, against a scripted driver: its entries are hints, come before their commit, and stand in receivers that go.

    journal.py DATAPICKER STUB_SERVER SCRIPTED_DRIVER [KILLS [KEYS]]"""
import random
import time

from scripted import IbmI, Table
from scripted_scene import WHOLE, Scene, arguments

PROGRAMS, DRIVER, KILLS, KEYS = arguments(8, 150)
COLUMNS = {"CODCLI": "char(8)", "RAGSOC": "varchar(40)"}
LOST = "capture.log_lost"


def row(key, name):
    return {"CODCLI": key, "RAGSOC": name}


def make(work):
    database = IbmI(work, DRIVER, Table("GESTIONE.CLIENTI", COLUMNS, "CODCLI"))
    for number in range(150):
        database.place(f"C{number:04}")
        database.table.rows[f"C{number:04}"] = row(f"C{number:04}", f"Customer {number}")
    database.journaled = False
    database.publish()
    return database


def make_journaled(work):
    database = make(work)
    database.journaled = True
    database.publish()
    return database


def journaled(scene):
    scene.check(2, "is not journaled", "STRJRNPF FILE(GESTIONE.CLIENTI)", "*OBJEXIST")
    scene.database.journaled = True
    scene.database.publish()
    scene.check(0)


def without_commitment_control(scene):
    database = scene.database
    database.change("C0001", row("C0001", "changed"))
    database.change("C0002", None)
    database.change("N0001", row("N0001", "on the place of another"))
    scene.wait_equal("changes without a transaction")
    database.change("C0003", None)
    database.change("N0001", None)
    scene.wait_equal("deletes are known by their places")
    told = [each for each in scene.changes() if each["operation"] == "delete"]
    assert {each["key"][0].strip() for each in told} == {"C0002", "C0003", "N0001"} and all(each["source_user"] == "OPERATOR" for each in told), told


def with_transactions(scene):
    database = scene.database
    kept, undone = database.begin(), database.begin()
    for cycle, name in ((kept, "kept"), (undone, "undone")):
        database.change(f"C001{cycle % 10}", row(f"C001{cycle % 10}", name), cycle)
        database.change(f"T{name}", row(f"T{name}", name), cycle)
        database.change(f"C002{cycle % 10}", None, cycle)
    database.change("C0099", row("C0099", "what came between"))
    scene.wait_equal("what is committed, and no more")
    database.roll_back(undone)
    database.commit(kept)
    scene.wait_equal("one kept, one taken back")
    changed = [each for each in scene.changes() if each["key"][0].strip() == "Tkept"]
    assert [each["source_transaction"] for each in changed] == [f"{database.receivers[-1]['name']}/{kept}"], changed
    assert not any(each["key"][0].strip() == "Tundone" for each in scene.changes())


def killed_with_one_open(scene):
    database = scene.database
    cycle = database.begin()
    database.change("C0030", row("C0030", "before the kill"), cycle)
    database.change("C0031", row("C0031", "others go on"))
    scene.wait_equal("others go on")
    scene.instance.kill()
    database.change("C0032", None, cycle)
    scene.instance.start()
    database.change("C0033", row("C0033", "after the kill"))
    scene.wait_equal("after the kill")
    database.commit(cycle)
    scene.wait_equal("a transaction that was open while the daemon was killed")
    assert scene.count(LOST) == 0


def receivers(scene):
    database = scene.database
    scene.instance.kill()
    database.change("C0040", row("C0040", "in the first receiver"))
    database.attach_receiver()
    database.change("C0041", row("C0041", "in the second"))
    database.attach_receiver(reset=True)
    database.change("C0042", row("C0042", "numbers begin anew"))
    database.change("C0043", None)
    scene.instance.start()
    scene.wait_equal("a walk over three receivers, the last one reset")
    assert scene.count(LOST) == 0
    cycle = database.begin()
    database.change("C0044", row("C0044", "its cycle has a low number"), cycle)
    database.commit(cycle)
    scene.wait_equal("a transaction after the reset")
    assert scene.count(LOST) == 0
    scene.instance.kill()
    database.change("C0045", row("C0045", "in a receiver that goes"))
    database.attach_receiver()
    database.delete_receivers(3)
    database.change("C0046", None)
    scene.instance.start()
    scene.wait_equal("a receiver that went before it was read")
    assert scene.count(LOST) == 1


def outlook(scene):
    """How far the daemon is behind, and how long the receiver lasts that it goes on in."""
    database = scene.database
    for _ in range(2):
        database.attach_receiver()
        database.change("C0047", row("C0047", database.receivers[-1]["name"]))
        scene.wait_equal("a receiver after another")
    scene.instance.kill()
    reached = database.receivers[-1]
    database.change("C0048", row("C0048", "while nobody reads"))
    database.attach_receiver()
    for receiver in database.receivers[:-1]:
        receiver["detached_s"] = 10 * 3_600
    reached["detached_s"] = 4 * 3_600
    database.publish()
    scene.check(0, "are there for 10 hours after they are detached", f"the receiver {reached['name']}", "may be deleted in 6 hours")
    # `inspect` counts rows, which no capture does.
    database.extra = [{"of": [database.table.name, "count"], "columns": {"n": "bigint"}, "rows": [[len(database.table.rows)]]}]
    database.publish()
    inspected = scene.instance.verb("inspect", "erp", scene.database.table.name)
    for words in ("mode: tail, by: journal", "are there for 10 hours after they are detached", "entries of the journal are behind", "may be deleted in 6 hours"):
        assert words in inspected.stdout, inspected.stdout + inspected.stderr
    database.extra = []
    for receiver in database.receivers[:-1]:
        receiver["detached_s"] += 30 * 24 * 3_600
    reached["detached_s"] = 3_600
    database.publish()
    assert "hours" not in scene.instance.verb("check").stdout
    scene.instance.start()
    scene.wait_equal("what was behind")


def reorganized(scene):
    database = scene.database
    database.reorganize()
    scene.wait_for(LOST, 2, "a file that was reorganized")
    for key in ("C0050", "C0051"):
        database.change(key, None)
    database.change("C0052", row("C0052", "stands elsewhere"))
    scene.wait_equal("rows that stand elsewhere")
    cycle = database.begin()
    database.change("C0053", row("C0053", "before all rows are read"), cycle)
    scene.instance.kill()
    database.attach_receiver()
    database.delete_receivers(len(database.receivers) - 1)
    scene.instance.start()
    scene.wait_for(LOST, 3, "another loss")
    database.commit(cycle)
    scene.wait_equal("a transaction of which the journal has only the end")


def killed_in_between(scene, seed):
    chosen = random.Random(seed)
    database = scene.database

    def write(stopping):
        number = 0
        cycles = []
        busy = set()  # rows that a transaction holds
        while not stopping.is_set():
            number += 1
            key = f"C{chosen.randrange(KEYS):04}"
            if key not in busy:
                cycle = chosen.choice([(0, None), *cycles])
                database.change(key, None if chosen.random() < 0.2 else row(key, f"edit {number}"), cycle[0])
                if cycle[1] is not None:
                    busy.add(key)
                    cycle[1].add(key)
            if chosen.random() < 0.1 and len(cycles) < 4:
                cycles.append((database.begin(), set()))
            if cycles and chosen.random() < 0.1:
                cycle, keys = cycles.pop(chosen.randrange(len(cycles)))
                database.commit(cycle) if chosen.random() < 0.7 else database.roll_back(cycle)
                busy -= keys
            if not cycles and chosen.random() < 0.02:
                database.attach_receiver(reset=chosen.random() < 0.5)
            time.sleep(0.005)
        for cycle, _ in cycles:
            database.commit(cycle)

    with scene.at_once():
        for number in range(KEYS):
            database.change(f"C{number:04}", row(f"C{number:04}", f"one of {KEYS}"))
    scene.wait_equal(f"{KEYS} keys")
    scene.killed_while(write, chosen, KILLS)


def whole_transactions(seed):
    scene = Scene("journal", PROGRAMS, make_journaled, "db2i", "journal", WHOLE, 0.1)

    def commit(keys, name):
        cycle = scene.database.begin()
        for key in keys:
            scene.database.change(key, row(key, name), cycle)
        scene.database.commit(cycle)

    return scene.killed_while_transactions(commit, random.Random(seed), KILLS)


def main():
    seed = int(time.time_ns() % 1_000_000)
    print(f"seed {seed}", flush=True)
    scene = Scene("journal", PROGRAMS, make, "db2i", "journal")
    journaled(scene)
    scene.instance.start()
    scene.wait_equal("the first reading")
    without_commitment_control(scene)
    with_transactions(scene)
    killed_with_one_open(scene)
    receivers(scene)
    outlook(scene)
    reorganized(scene)
    lost = scene.count(LOST)
    killed_in_between(scene, seed)
    assert scene.instance.stop() == 0
    print(f"journal: {KILLS} kills on {KEYS} keys, {len(scene.database.entries)} entries, {lost} losses before the kills, {scene.count(LOST) - lost} in them: target and source equal")
    print(whole_transactions(seed))


main()
