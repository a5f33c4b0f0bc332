"""Guards on a real database: what would change too much at the target is held until a person decides, and nothing else is.

    guards.py DATAPICKER STUB_SERVER postgresql|sqlite [TEST…]

Judged at the target: what it holds is compared with what the source held when it was right, and with what was decided. A pipeline
without any `guard:` and one with limits for all operations write the same table to two objects. ROUNDS=12 kills more often."""
import os
import pathlib
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "targets"))
from harness import Instance, Servers, Stub, Workplace, main, seeded, wait_until  # noqa: E402
from rows import Database, SqliteFile  # noqa: E402

DATAPICKER, STUB_SERVER, WHICH = sys.argv[1:4]
PATIENCE = 60
ITEMS = 1200
ROUNDS = int(os.environ.get("ROUNDS", 2))
WORK = Workplace("guards")
SERVERS = SqliteFile(WORK) if WHICH == "sqlite" else Servers(WORK, WHICH)
DIFF = "mode: diff, every: 100ms"


class Catalogue:
    """Items with a price in a table of their own; `plain` is guarded by default, `priced` by limits."""

    def __init__(self, name, items=ITEMS, capture=DIFF):
        self.table = name
        self.work = Workplace(name)
        self.sql = Database(SERVERS, WHICH).sql
        self.sql(f"CREATE TABLE {name} (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), price INTEGER, active CHAR(1))")
        self.fill(range(1, items + 1))
        self.stub = Stub(self.work, STUB_SERVER, "api", "--mode", "idempotent")
        self.instance = Instance(self.work, DATAPICKER, name)
        self.instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{SERVERS.odbc}"\ndialect: {WHICH}\n')
        self.instance.write("connections/shop.yaml", f"""connection: shop
target: webhook
url: {self.stub.url}
limits: {{ in_flight: 32 }}
repeat_safe: true
idempotency_header: Idempotency-Key
requests:
  upsert: {{ method: PUT, path: "/{{match.id}}", body: fields }}
  delete: {{ method: DELETE, path: "/{{match.id}}", gone: [404] }}
""")
        self.instance.write("tables/item.yaml", f"table: item\nconnection: erp\nfrom: {name}\nkey: [id]\ncapture: {{ {capture} }}\ninitial: deliver\n")
        self.pipeline("plain", "")
        self.pipeline("priced", "guard: { mass_change: { insert: 300, update: 5%, delete: 2% } }\n")
        if capture != DIFF:
            self.instance.json("change-log", "install", "erp", "--apply")
        self.instance.start()
        self.wait_target("plain", self.rows())
        self.wait_target("priced", self.rows())

    def fill(self, ids):
        self.sql(f"INSERT INTO {self.table} VALUES " + ", ".join(f"({i}, 'Item {i}', {i}, 'S')" for i in ids))

    def pipeline(self, name, guard):
        self.instance.write(f"pipelines/{name}/pipeline.yaml", f"""pipeline: {name}
table: item
where: active = 'S'
{guard}map: {{ name: name, price: price }}
target: {{ connection: shop, object: {name}, match: {{ id: "'{name}/' || id" }} }}
""")

    def rows(self):
        rows = self.sql(f"SELECT id, name, price FROM {self.table} WHERE active = 'S'")
        return {str(id): {"name": name, "price": price} for id, name, price in rows}

    def target(self, pipeline):
        records = {}
        for effect in self.stub.effects():
            _, owner, id = effect.get("path", "//").split("/")
            if effect["what"] != "effect" or owner != pipeline:
                continue
            if effect["method"] == "DELETE":
                records.pop(id, None)
            else:
                records[id] = {**records.get(id, {}), **effect["body"]}
        return records

    def wait_target(self, pipeline, wanted):
        try:
            wait_until(lambda: self.target(pipeline) == wanted, PATIENCE, f"{pipeline} as it should be")
        except AssertionError as problem:
            target = self.target(pipeline)
            differing = sorted(id for id in wanted.keys() | target.keys() if wanted.get(id) != target.get(id))
            samples = [(id, wanted.get(id), target.get(id)) for id in differing[:3]]
            raise AssertionError(f"{problem}: {len(differing)} differ: {samples}\n{self.instance.verb('status').stdout}"
                                 f"{self.instance.verb('anomalies', 'list', '--all').stdout}{self.instance.log_text()[-2000:]}")

    def anomalies(self, pipeline, *options):
        return [each for each in self.instance.json_lines("anomalies", "list", *options) if each["pipeline"] == pipeline]

    def wait_held(self, pipeline, number):
        return wait_until(lambda: [each for each in self.anomalies(pipeline) if each["held"] == number], PATIENCE,
                          f"{number} held of {pipeline}: {self.anomalies(pipeline, '--all')}")[0]

    def wait_read(self):
        """Until all that was committed was captured, mapped and decided."""
        marker = f"marker {time.monotonic_ns()}"
        self.sql(f"INSERT INTO {self.table} VALUES (0, '{marker}', 0, 'S') ON CONFLICT (id) DO UPDATE SET name = excluded.name")
        for pipeline in ("plain", "priced"):
            wait_until(lambda: self.target(pipeline).get("0", {}).get("name") == marker, PATIENCE, f"the marker at {pipeline}")

    def decide(self, verb, anomaly, reason="it was meant"):
        done = self.instance.verb("anomalies", verb, anomaly["id"], "--reason", reason, "--yes")
        assert done.returncode == 0, done

    def end(self):
        assert self.instance.stop() == 0
        self.work.close()


def an_update_without_where_changes_no_price_until_a_person_says_so():
    shop = Catalogue("without_where")
    right = shop.rows()
    shop.sql("UPDATE without_where SET price = 0")
    anomaly = shop.wait_held("priced", ITEMS)
    assert anomaly["text"].startswith("1,200 records would be changed: 100 % of the 1,200 at the target"), anomaly
    assert shop.target("priced") == right
    shown = shop.instance.json("anomalies", "show", anomaly["id"])
    assert shown["effects"] == {"update": ITEMS} and shown["fields"] == {"price": ITEMS}, shown
    assert shown["samples"][0]["fields"] == [{"field": "price", "before": "1", "after": "0"}], shown["samples"][0]
    assert shop.instance.verb("anomalies", "list").returncode == 4
    assert f'anomaly {anomaly["id"]}' in shop.instance.verb("status").stdout
    refused = shop.instance.verb("anomalies", "release", anomaly["id"], "--yes")
    assert refused.returncode == 2 and "--reason" in refused.stderr, refused
    shop.decide("reject", anomaly, "wrong statement")
    shop.sql("UPDATE without_where SET name = 'Changed' WHERE id = 7")
    wait_until(lambda: shop.anomalies("priced") and shop.anomalies("priced")[0]["held"] == 1, PATIENCE, "the rejected price to be held again")
    shop.sql("UPDATE without_where SET price = id")
    wait_until(lambda: not shop.anomalies("priced"), PATIENCE, "the anomaly to end")
    shop.wait_target("priced", shop.rows())
    prices = {effect["body"].get("price") for effect in shop.stub.effects()
              if effect.get("path", "").startswith("/priced/") and effect["method"] == "PUT"}
    assert 0 not in prices
    with sqlite3.connect(f"file:{shop.instance.folder}/journal.db?mode=ro", uri=True) as journal:
        assert journal.execute("SELECT act, reason FROM audit").fetchall() == [("reject", "wrong statement")]
    shop.end()


def a_table_that_is_emptied_and_loaded_again_heals_without_a_call():
    shop = Catalogue("reloaded")
    right = shop.rows()
    calls = len(shop.stub.effects())
    shop.sql("DELETE FROM reloaded" if WHICH == "sqlite" else "TRUNCATE reloaded")
    for pipeline in ("plain", "priced"):
        shop.wait_held(pipeline, ITEMS)
    assert shop.target("plain") == right and shop.target("priced") == right
    shop.instance.kill()
    shop.instance.start()
    shop.fill(range(1, ITEMS + 1))
    wait_until(lambda: not shop.instance.json_lines("anomalies", "list"), PATIENCE, "all to be healed")
    assert {each["state"] for each in shop.instance.json_lines("anomalies", "list", "--all")} == {"healed"}
    assert len(shop.stub.effects()) == calls, "nothing was sent"
    assert [pipeline["deliveries"] for pipeline in shop.instance.json("status")["pipelines"]] == [{}, {}]
    shop.end()


def a_bulk_deactivation_is_a_mass_delete_and_a_release_carries_it_out():
    shop = Catalogue("deactivated")
    right = shop.rows()
    shop.sql("UPDATE deactivated SET active = 'N' WHERE id / 2 * 2 = id")
    anomaly = shop.wait_held("plain", ITEMS // 2)
    shop.wait_held("priced", ITEMS // 2)
    assert shop.target("plain") == right and shop.target("priced") == right
    shop.sql("INSERT INTO deactivated VALUES (5000, 'New', 1, 'S')")
    shop.wait_target("plain", {**right, "5000": {"name": "New", "price": 1}})
    shop.sql("UPDATE deactivated SET active = 'S', name = 'Back' WHERE id = 2")
    shop.wait_read()
    shop.decide("release", anomaly)
    shop.wait_target("plain", shop.rows())
    expected = shop.instance.json("expect", "plain", "--deletes", "590", "--until", "1h", "--reason", "the range ends")
    assert expected["deletes"] == 590, expected
    shop.sql("DELETE FROM deactivated WHERE active = 'S' AND id BETWEEN 3 AND 1100")
    shop.wait_target("plain", shop.rows())
    shop.end()


def a_job_that_deletes_row_by_row_is_held_and_others_go_on():
    """By the log of a table whose every delete is a transaction of its own: what left before is less than the limit."""
    shop = Catalogue("dripped", capture="mode: tail, log: change_log, every: 50ms, full_every: 12h")
    for id in range(1, 601):
        shop.sql("DELETE FROM dripped WHERE id = %s", id)
    for pipeline, limit in (("plain", ITEMS * 20 // 100), ("priced", 49)):
        wait_until(lambda: shop.anomalies(pipeline) and shop.anomalies(pipeline)[0]["held"] + ITEMS - len(shop.target(pipeline)) == 600, PATIENCE,
                   f"each delete to be held or carried out: {shop.anomalies(pipeline)}")
        assert ITEMS - len(shop.target(pipeline)) <= limit, shop.anomalies(pipeline)
    shop.sql("UPDATE dripped SET name = 'Renamed' WHERE id = 700")
    for pipeline in ("plain", "priced"):
        wait_until(lambda: shop.target(pipeline)["700"]["name"] == "Renamed", PATIENCE, "an update that nothing holds")
        shop.decide("release", shop.anomalies(pipeline)[0])
        shop.wait_target(pipeline, shop.rows())
    shop.end()


def a_row_that_breaks_a_rule_waits_alone():
    shop = Catalogue("ruled", items=60)
    shop.pipeline("priced", "guard: { rules: [ { name: no price below zero, check: price >= 0 } ] }\n")
    assert shop.instance.verb("reload").returncode == 0
    right = shop.rows()
    shop.sql("UPDATE ruled SET price = -1 WHERE id = 5")
    shop.sql("UPDATE ruled SET price = 99 WHERE id = 6")
    anomaly = shop.wait_held("priced", 1)
    assert anomaly["kind"] == "rule: no price below zero" and anomaly["text"] == "the rule 'no price below zero' is not met", anomaly
    assert shop.instance.log_text().count("anomaly.held pipeline=priced") == 1, "who reads the log is told once"
    shop.instance.kill()
    shop.instance.start()
    shop.wait_target("priced", {**right, "6": {"name": "Item 6", "price": 99}})
    shop.sql("UPDATE ruled SET price = 50 WHERE id = 5")
    shop.wait_target("priced", shop.rows())
    wait_until(lambda: not shop.anomalies("priced"), PATIENCE, "the anomaly to end")
    shop.end()


def a_burst_on_a_record_goes_when_it_rests_and_a_kill_changes_nothing():
    """When that is, is judged by the journal's times: no delivery of a change left before its record had been quiet for so long."""
    shop = Catalogue("bursts", items=20)
    shop.pipeline("calm", "guard: { settle: { quiet: 2s, at_most: 1h } }\n")
    shop.pipeline("patient", "guard: { settle: 1h }\n")
    assert shop.instance.verb("reload").returncode == 0
    right = shop.rows()
    for pipeline in ("calm", "patient"):
        shop.wait_target(pipeline, right)
    for price in range(101, 111):
        shop.sql("UPDATE bursts SET price = %s WHERE id = 7", price)
        wait_until(lambda: shop.target("plain")["7"]["price"] == price, PATIENCE, "the price where nothing waits")
        if price == 105:
            shop.instance.kill()
            shop.instance.start()
    shop.wait_target("calm", shop.rows())
    with sqlite3.connect(f"file:{shop.instance.folder}/journal.db?mode=ro", uri=True) as journal:
        sent = journal.execute("SELECT d.updated_ms - c.captured_ms, c.operation FROM delivery AS d JOIN change AS c ON c.seq = d.last_seq JOIN pipeline AS p ON p.id = d.pipeline_id "
                               "WHERE p.name = 'calm' AND d.state = 'delivered' AND d.key = '[7]'").fetchall()
    waited = [ms for ms, operation in sent if operation != "snapshot"]
    assert waited and min(waited) >= 2000, sent
    assert shop.target("patient") == right
    patient = [each for each in shop.instance.json("status")["pipelines"] if each["name"] == "patient"][0]
    assert patient["settling"]["number"] == 1 and patient["deliveries"] == {"pending": 1}, patient
    assert "1 settles, the first until" in shop.instance.verb("status").stdout
    assert "settle, the record may still be changing" in shop.instance.verb("story", "item", "7").stdout
    replayed = shop.instance.verb("replay", "patient", "--key", "7", "--yes")
    assert replayed.returncode == 0, replayed
    shop.wait_target("patient", shop.rows())
    shop.end()


def a_record_that_two_systems_undo_for_each_other_is_held_and_others_go_on():
    shop = Catalogue("undone", items=20)
    shop.pipeline("priced", "guard: { flip_flop: 3 }\n")
    assert shop.instance.verb("reload").returncode == 0
    for price in (50, 7, 50):
        shop.sql("UPDATE undone SET price = %s WHERE id = 7", price)
        shop.wait_target("priced", shop.rows())
    held = shop.rows()
    shop.sql("UPDATE undone SET price = 7 WHERE id = 7")
    anomaly = shop.wait_held("priced", 1)
    assert anomaly["kind"] == "flip_flop" and anomaly["text"].startswith("[7] went between 2 states 4 times in "), anomaly
    assert anomaly["numbers"]["times_back"] == 3, anomaly
    shop.sql("UPDATE undone SET price = 88 WHERE id = 8")
    shop.wait_target("priced", {**held, "8": {"name": "Item 8", "price": 88}})
    shop.instance.kill()
    shop.instance.start()
    shop.sql("UPDATE undone SET price = 60 WHERE id = 7")
    shop.wait_target("plain", shop.rows())
    shop.wait_read()
    assert shop.target("priced")["7"]["price"] == 50 and shop.anomalies("priced")[0]["held"] == 1
    shop.decide("release", anomaly, "asked both")
    shop.wait_target("priced", shop.rows())
    shop.end()


def held_work_outlives_a_reload_that_takes_the_limits_away():
    shop = Catalogue("reloaded_settings")
    right = shop.rows()
    shop.sql("UPDATE reloaded_settings SET price = price + 1000")
    anomaly = shop.wait_held("priced", ITEMS)
    shop.pipeline("priced", "guard: { mass_change: off }\n")
    assert shop.instance.verb("reload").returncode == 0
    shop.sql("UPDATE reloaded_settings SET name = 'Seven' WHERE id = 7")
    wait_until(lambda: shop.target("plain")["7"]["name"] == "Seven", PATIENCE, "the update where nothing is held")
    assert shop.target("priced") == right and shop.anomalies("priced")[0]["held"] == ITEMS
    shop.decide("release", anomaly)
    shop.wait_target("priced", shop.rows())
    shop.end()


def what_was_decided_is_what_the_target_shows_however_often_the_daemon_is_killed():
    """A mass change is planned, held, and released or rejected, while the daemon is killed at random moments."""
    random = seeded()
    shop = Catalogue("killed", items=3000)
    wanted = shop.rows()
    for round_number in range(ROUNDS):
        shop.sql(f"UPDATE killed SET price = {round_number + 5000}")
        for _ in range(3):
            time.sleep(random.uniform(0, 0.4))
            shop.instance.kill()
            shop.instance.start()
        anomaly = shop.wait_held("priced", 3000)
        assert shop.target("priced") == wanted, "nothing of it left"
        if round_number % 2:
            shop.decide("release", anomaly)
            wanted = shop.rows()
        else:
            shop.decide("reject", anomaly)
        shop.instance.kill()
        shop.instance.start()
        shop.wait_target("priced", wanted)
        shop.wait_target("plain", shop.rows())
    shop.end()


main([an_update_without_where_changes_no_price_until_a_person_says_so, a_table_that_is_emptied_and_loaded_again_heals_without_a_call,
      a_bulk_deactivation_is_a_mass_delete_and_a_release_carries_it_out, a_job_that_deletes_row_by_row_is_held_and_others_go_on,
      a_row_that_breaks_a_rule_waits_alone, a_burst_on_a_record_goes_when_it_rests_and_a_kill_changes_nothing,
      a_record_that_two_systems_undo_for_each_other_is_held_and_others_go_on, held_work_outlives_a_reload_that_takes_the_limits_away, what_was_decided_is_what_the_target_shows_however_often_the_daemon_is_killed],
     sys.argv[4:])
