"""What a person has an instance do: pause, resume, reload, remap, replay, backup, restore, forget; judged at the target.

    acting.py DATAPICKER STUB_SERVER [TEST…]"""
import json
import os
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request

from harness import lookup_target, main, wait_until
from shop import DATAPICKER, PATIENCE, Shop

def fields(effect):
    return effect["body"]


def audit(shop):
    with sqlite3.connect(f"file:{shop.instance.folder}/journal.db?mode=ro", uri=True) as journal:
        return journal.execute("SELECT act, actor, reason FROM audit ORDER BY id").fetchall()


def deliveries(shop, state):
    return sum(pipeline["deliveries"].get(state, 0) for pipeline in shop.instance.json("status")["pipelines"])


def running_shop(name, **options):
    shop = Shop(name, **options)
    shop.instance.start()
    shop.insert("A1")
    shop.wait_effects("A1", 1)
    return shop


def a_pause_outlives_restarts_and_a_resume_sends_the_newest_state():
    shop = running_shop("pause")
    done = shop.instance.verb("pause", "pipeline", "to_shop", "--reason", "price lists change")
    assert done.returncode == 0 and "price lists change" in done.stdout, done
    for name in ("one", "two", "three"):
        shop.sql("UPDATE customer SET name = ? WHERE code = 'A1'", name)
        shop.insert("P" + name)
        wait_until(lambda: f'"{name}"' in shop.instance.verb("changes", "--json").stdout, PATIENCE, f"the change to {name}")
    shop.instance.kill()
    shop.instance.start()
    status = shop.instance.json("status")["pipelines"][0]
    assert status["state"] == "paused" and "price lists change" in status["reason"], status
    assert len(shop.effects("A1")) == 1 and not shop.effects("Pone"), "nothing leaves a paused pipeline"
    assert shop.instance.stop() == 0
    assert shop.instance.verb("resume", "pipeline", "to_shop").returncode == 0, "with the daemon down"
    shop.instance.start()
    for name in ("one", "two", "three"):
        shop.wait_effects("P" + name, 1)
    assert fields(shop.wait_effects("A1", 2)[-1])["name"] == "three"
    assert [(act, reason) for act, _, reason in audit(shop)] == [("pause", "price lists change"), ("resume", "")]


def a_paused_table_is_not_read_and_a_paused_connection_stops_its_pipelines():
    shop = running_shop("pause-table")
    assert shop.instance.verb("pause", "table", "customer").returncode == 0
    wait_until(lambda: shop.instance.json("status")["tables"][0]["state"] == "paused", PATIENCE, "the table to be paused")
    shop.insert("B1")
    assert shop.instance.verb("pause", "connection", "shop").returncode == 0
    assert shop.instance.verb("resume", "table", "customer").returncode == 0
    wait_until(lambda: '"B1"' in shop.instance.verb("changes", "--json").stdout, PATIENCE, "the row to be read")
    assert not shop.effects("B1")
    assert shop.instance.verb("resume", "connection", "shop").returncode == 0
    shop.wait_effects("B1", 1)
    wrong = shop.instance.verb("pause", "pipeline", "to_shp")
    assert wrong.returncode == 2 and "'to_shop'" in wrong.stderr, wrong


def what_is_asked_for_while_a_pipeline_is_paused_waits_for_its_resume():
    shop = running_shop("held")
    assert shop.instance.verb("pause", "pipeline", "to_shop").returncode == 0
    shop.instance.json("replay", "to_shop", "--key", "A1", "--yes")
    assert deliveries(shop, "held") == 1 and deliveries(shop, "pending") == 0
    tried = shop.instance.verb("resume", "pipeline", "to_shop", "--dry-run")
    assert tried.returncode == 0 and "would be resumed" in tried.stdout, tried
    time.sleep(1)
    assert len(shop.effects("A1")) == 1, "neither the replay nor the dry run sent it"
    shop.sql("DELETE FROM customer WHERE code = 'A1'")
    wait_until(lambda: '"delete"' in shop.instance.verb("changes", "--json").stdout, PATIENCE, "the delete to be read")
    early = shop.instance.verb("forget", "customer", "A1", "--yes")
    assert early.returncode == 2 and "not finished" in early.stderr, early
    assert shop.instance.verb("resume", "pipeline", "to_shop").returncode == 0
    wait_until(lambda: shop.effects("A1")[-1]["method"] == "DELETE", PATIENCE, "the delete")


def a_reload_takes_over_what_is_new_and_refuses_what_is_broken():
    shop = running_shop("reload")
    shop.write_pipeline(["01: net30"], name="upper(nmae)")
    refused = shop.instance.verb("reload")
    assert refused.returncode == 2 and "nmae" in refused.stderr and "pipeline.yaml:4" in refused.stderr, refused
    shop.insert("R1")
    assert fields(shop.wait_effects("R1", 1)[0])["name"] == "Customer R1", "the old mapping goes on"
    shop.write_pipeline(["01: net30", "02: net60"], name="upper(name)")
    done = shop.instance.json("reload")
    assert [each["update"] for each in done["remap"]] == [2], done
    shop.insert("R2")
    assert fields(shop.wait_effects("R2", 1)[0])["name"] == "CUSTOMER R2"
    assert len(shop.effects("A1")) == 1, "a changed mapping applies to future changes"
    tried = shop.instance.json("remap", "to_shop", "--dry-run")
    assert tried["pipelines"][0]["update"] == 2 and tried["pipelines"][0]["equal"] == 1, tried
    unasked = shop.instance.verb("remap", "to_shop")
    assert unasked.returncode == 2 and "--yes" in unasked.stderr, unasked
    assert shop.instance.verb("remap", "to_shop", "--yes").returncode == 0
    assert fields(shop.wait_effects("A1", 2)[-1])["name"] == "CUSTOMER A1"
    shop.wait_effects("R1", 2)
    assert len(shop.effects("R2")) == 1, "what equals what was last sent is not sent"


def asking(shop, request):
    """A line to the daemon, as any member of its group can send it; its answers come line by line."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE)
    connection.connect(f"{shop.instance.folder}/journal.db.sock")
    connection.sendall(json.dumps(request).encode() + b"\n")
    return connection


def a_reload_reads_the_daemons_own_folder_and_no_other():
    shop = running_shop("own")
    own = str(shop.instance.folder)
    foreign = shutil.copytree(own, f"{own}-foreign", ignore=shutil.ignore_patterns("journal.db*"))
    for asked in ({"folder": foreign}, {"folder": own, "environment": "staging"}):
        refused = json.loads(asking(shop, {"verb": "reload", **asked}).makefile().readline())
        assert refused.get("error") == "config.invalid" and "the daemon runs" in refused["message"], refused
    assert shop.instance.json("reload")["reloaded"]
    assert [act for act, _, _ in audit(shop)] == ["reload"]


def a_pause_does_not_wait_for_a_long_act():
    shop = lookup_shop("brief", "limits: { per_second: 1 }\n")
    for number in range(20):
        shop.insert(f"B{number}")
    shop.instance.start()
    wait_until(lambda: shop.instance.json("status")["tables"][0]["rows"] == 20, PATIENCE, "the baseline")
    with asking(shop, {"verb": "link", "pipeline": "to_shop"}) as linking:  # each of its twenty questions takes a second
        assert b"progress" in linking.recv(100)
        assert shop.instance.verb("pause", "pipeline", "to_shop").returncode == 0
        said = linking.recv(65536) if select.select([linking], [], [], 0)[0] else b""
        assert b"linked" not in said, said
    assert shop.instance.json("status")["pipelines"][0]["state"] == "paused"


def a_hangup_signal_reloads():
    shop = running_shop("hangup")
    shop.write_pipeline(["01: net30", "02: net60"], name="lower(name)")
    shop.instance.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "daemon.reloaded" in shop.instance.log_text(), PATIENCE, "the reload")
    shop.insert("H1")
    assert fields(shop.wait_effects("H1", 1)[0])["name"] == "customer h1"
    shop.write_pipeline(["01: net30"], name="lower(nmae)")
    shop.instance.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "reload.refused" in shop.instance.log_text(), PATIENCE, "the refusal")
    shop.insert("H2")
    assert fields(shop.wait_effects("H2", 1)[0])["name"] == "customer h2"


def a_replay_sends_again_what_the_target_has_lost():
    shop = running_shop("replay")
    shop.insert("A2")
    shop.wait_effects("A2", 1)
    vague = shop.instance.verb("replay", "to_shop", "--yes")
    assert vague.returncode == 2 and "--key" in vague.stderr, vague
    assert shop.instance.json("replay", "to_shop", "--key", "A1", "--dry-run")["update"] == 1
    assert shop.instance.verb("replay", "to_shop", "--key", "A1", "--yes", "--reason", "lost there").returncode == 0
    shop.wait_effects("A1", 2)
    assert len(shop.effects("A2")) == 1
    assert shop.instance.stop() == 0
    assert shop.instance.json("replay", "to_shop", "--since", "1h", "--yes")["update"] == 2, "with the daemon down"
    shop.instance.start()
    shop.wait_effects("A1", 3)
    shop.wait_effects("A2", 2)
    keys = {effect["key"] for code in ("A1", "A2") for effect in shop.effects(code) if effect.get("key")}
    assert len(keys) == 5, f"each sending has an idempotency key of its own: {keys}"


def messages_are_sent_again_only_when_that_is_said():
    shop = Shop("replay-messages", mode="plain")
    shop.send_messages()
    shop.instance.start()
    shop.insert("M1")
    shop.wait_effects("M1", 1)
    refused = shop.instance.verb("replay", "to_shop", "--key", "M1", "--yes")
    assert refused.returncode == 2 and "--every-change" in refused.stderr, refused
    assert shop.instance.verb("replay", "to_shop", "--key", "M1", "--every-change", "--yes").returncode == 0
    shop.wait_effects("M1", 2)


def a_backfill_reads_again_and_sends_what_is_there():
    shop = running_shop("backfill")
    shop.insert("B1", terms="02")
    shop.wait_effects("B1", 1)
    vague = shop.instance.verb("backfill", "customer", "--yes")
    assert vague.returncode == 2 and "--where" in vague.stderr, vague
    done = shop.instance.json("backfill", "customer", "--where", "terms = '02'", "--yes")
    assert done["rows"] == 1 and done["pipelines"][0]["update"] == 1, done
    shop.wait_effects("B1", 2)
    assert len(shop.effects("A1")) == 1
    assert shop.instance.json("backfill", "customer", "--key", "A1", "--yes")["rows"] == 1
    shop.wait_effects("A1", 2)
    wrong = shop.instance.verb("backfill", "customer", "--where", "no_such_column = 1", "--yes")
    assert wrong.returncode == 1 and "no_such_column" in wrong.stderr, wrong
    assert shop.instance.stop() == 0
    shop.sql("UPDATE customer SET name = 'while it was down' WHERE code = 'B1'")
    shop.sql("DELETE FROM customer WHERE code = 'A1'")
    down = shop.instance.json("backfill", "customer", "--key", "A1", "--key", "B1", "--yes")
    assert (down["updates"], down["deletes"]) == (1, 1), down
    shop.instance.start()
    assert wait_until(lambda: shop.effects("A1")[-1]["method"] == "DELETE", PATIENCE, "the delete")
    wait_until(lambda: fields(shop.effects("B1")[-1])["name"] == "while it was down", PATIENCE, "the update")


def lookup_shop(name, limits=""):
    """Its target can be searched, and honours no keys; what the table holds at first is not sent."""
    shop = Shop(name, mode="lookup")
    shop.instance.write("targets/desk.yaml", lookup_target("desk"))
    shop.instance.write("connections/shop.yaml", f"connection: shop\ntarget: desk\nurl: {shop.stub.url}\n{limits}")
    shop.instance.write("pipelines/to_shop/pipeline.yaml", """pipeline: to_shop
table: customer
map: { name: name, code: trim(code) }
target: { connection: shop, object: record, match: { code: trim(code) }, on_delete: ignore }
""")
    shop.instance.write("tables/customer.yaml", "table: customer\nconnection: erp\nfrom: customer\nkey: [code]\n"
                        "capture: { mode: diff, every: 100ms }\ninitial: baseline\n")
    return shop


def a_link_adopts_records_that_are_there_and_names_those_that_are_double():
    shop = lookup_shop("link")
    for code in ("L1", "L2", "L3"):
        shop.insert(code)
    for code in ("L1", "L2", "L2"):
        request = urllib.request.Request(shop.stub.url + "/objects", json.dumps({"code": code}).encode(), method="POST")
        urllib.request.urlopen(request).read()
    shop.instance.start()
    wait_until(lambda: shop.instance.json("status")["tables"][0]["state"] in ("watching", "reading"), PATIENCE, "the baseline")
    before = len(shop.stub.effects())
    done = shop.instance.json("link", "to_shop")
    assert (done["linked"], done["doubled"], done["absent"]) == (1, 1, 1), done
    assert "L2" in done["doubled_keys"][0] and "L3" in done["absent_keys"][0], done
    assert len(shop.stub.effects()) == before, "linking writes nothing at the target"
    shop.sql("UPDATE customer SET name = 'changed' WHERE code = 'L1'")
    effect = wait_until(lambda: shop.stub.effects()[before:], PATIENCE, "the update")[0]
    assert effect["method"] == "PATCH" and effect["path"].startswith("/objects/"), effect


def a_restored_journal_sends_no_message_twice_and_its_records_converge():
    shop = Shop("restored", mode="plain")
    records = (shop.instance.folder / "connections/shop.yaml").read_text().replace("connection: shop", "connection: records")
    pipeline = (shop.instance.folder / "pipelines/to_shop/pipeline.yaml").read_text()
    shop.send_messages()
    shop.instance.write("connections/records.yaml", records)
    shop.instance.write("pipelines/records/pipeline.yaml",
                        pipeline.replace("pipeline: to_shop", "pipeline: records").replace("connection: shop", "connection: records"))
    shop.instance.start()

    def messages(code):
        return [effect for effect in shop.effects(code) if effect["path"].startswith("/messages/")]

    def record(code):
        return [effect for effect in shop.effects(code) if effect["path"].startswith("/customers/")]

    shop.insert("S1")
    shop.insert("S2")
    wait_until(lambda: all(messages(code) and record(code) for code in ("S1", "S2")), PATIENCE, "the first effects")
    copy = shop.work.folder / "copy.db"
    written = shop.instance.json("backup", copy)
    assert written["bytes"] > 0 and copy.exists()
    again = shop.instance.verb("backup", copy)
    assert again.returncode == 2 and "overwrites nothing" in again.stderr, again

    # After the copy: a change that the source will have taken back, a new row, a row that goes.
    shop.sql("UPDATE customer SET name = 'after the copy' WHERE code = 'S1'")
    shop.insert("S3")
    wait_until(lambda: len(messages("S1")) == 2 and messages("S3") and record("S3"), PATIENCE, "what happened after the copy")
    wait_until(lambda: fields(record("S1")[-1])["name"] == "after the copy", PATIENCE, "the record")
    assert shop.instance.stop() == 0
    shop.sql("UPDATE customer SET name = 'Customer S1' WHERE code = 'S1'")
    for end in ("", "-wal", "-shm"):
        (shop.instance.folder / f"journal.db{end}").unlink(missing_ok=True)
    shutil.copy(copy, shop.instance.folder / "journal.db")
    before = len(shop.stub.effects())

    shop.instance.start()
    wait_until(lambda: '"S3"' in shop.instance.verb("changes", "--json").stdout, PATIENCE, "the table to be compared anew")
    assert "journal.restored" in shop.instance.log_text()
    assert all(pipeline["state"] == "paused" for pipeline in shop.instance.json("status")["pipelines"])
    assert len(shop.stub.effects()) == before, "nothing is sent until a person lets it"
    undecided = wait_until(lambda: "--messages" in shop.instance.verb("resume", "instance", "--yes").stderr, PATIENCE,
                           "the question what to do with messages")
    assert undecided
    assert shop.instance.verb("resume", "instance", "--messages", "reject", "--yes").returncode == 0
    wait_until(lambda: fields(record("S1")[-1])["name"] == "Customer S1" and len(record("S3")) >= 2, PATIENCE, "the records to converge")
    shop.insert("S4")
    wait_until(lambda: messages("S4") and record("S4"), PATIENCE, "life to go on")
    assert [len(messages(code)) for code in ("S1", "S2", "S3")] == [2, 1, 1], "no message went out twice"


def a_copy_made_with_cp_is_known_too():
    shop = running_shop("copied")
    assert shop.instance.stop() == 0
    journal = shop.instance.folder / "journal.db"
    copy = shop.work.folder / "copy.db"
    shutil.copy(journal, copy)
    shop.instance.start()
    shop.insert("K1")
    shop.wait_effects("K1", 1)
    assert shop.instance.stop() == 0
    shutil.copy(copy, journal)
    shop.instance.start()
    wait_until(lambda: "journal.restored" in shop.instance.log_text(), PATIENCE, "the old copy to be known")


def members_of_the_group_look_and_act_under_their_name_and_strangers_do_neither():
    if os.getuid() != 0:
        print("needs root to become somebody else")
        return
    shop = running_shop("others")
    shop.work.folder.chmod(0o755)
    shop.instance.folder.chmod(0o755)

    def other(group, *arguments):
        return subprocess.run(["setpriv", "--reuid=65534", f"--regid={group}", "--clear-groups", DATAPICKER, *arguments,
                               "--instance", shop.instance.folder], capture_output=True, text=True, stdin=subprocess.DEVNULL)

    for daemon in ("up", "down"):
        for verb in (["status"], ["changes"], ["story", "customer", "A1"], ["preview", "to_shop"], ["dead-letters", "list"]):
            assert other(0, *verb).returncode == 0, (daemon, verb, other(0, *verb))
            refused = other(65534, *verb)
            assert refused.returncode == 3 and "group" in refused.stderr, (daemon, verb, refused)
        if daemon == "up":
            acted = other(0, "pause", "pipeline", "to_shop", "--reason", "looking")
            assert acted.returncode == 0, acted
            stranger = other(65534, "resume", "pipeline", "to_shop")
            assert stranger.returncode == 3 and "group" in stranger.stderr, stranger
            assert audit(shop)[-1][:2] == ("pause", "nobody"), audit(shop)
            assert shop.instance.stop() == 0


def a_damaged_journal_is_named_before_it_does_harm():
    shop = running_shop("integrity")
    sound = shop.instance.json("check", "--journal")
    assert sound["ok"] and sound["changes"] == 1 and sound["deliveries"] == 1, sound
    assert shop.instance.stop() == 0
    with sqlite3.connect(shop.instance.folder / "journal.db") as journal:
        journal.execute("UPDATE pipeline SET id = 77")
    journal.close()
    damaged = shop.instance.verb("check", "--journal")
    assert damaged.returncode == 1 and "deliveries of a pipeline" in damaged.stderr and "backup" in damaged.stderr, damaged


def whoever_is_forgotten_leaves_no_trace_in_the_journal():
    shop = running_shop("forget")
    shop.sql("INSERT INTO customer VALUES ('PRIV', 'Zacharias Quillfeather', '01', 7)")
    shop.wait_effects("PRIV", 1)
    shop.sql("UPDATE customer SET name = 'Zacharias Q. Quillfeather' WHERE code = 'PRIV'")
    shop.wait_effects("PRIV", 2)
    shop.instance.json("replay", "to_shop", "--key", "PRIV", "--yes")
    shop.wait_effects("PRIV", 3)
    there = shop.instance.verb("forget", "customer", "PRIV", "--yes")
    assert there.returncode == 2 and "still at the source" in there.stderr, there
    shop.sql("DELETE FROM customer WHERE code = 'PRIV'")
    wait_until(lambda: shop.effects("PRIV")[-1]["method"] == "DELETE", PATIENCE, "the delete")
    wait_until(lambda: deliveries(shop, "in_flight") + deliveries(shop, "pending") == 0, PATIENCE, "the delete to be settled")
    assert shop.instance.json("forget", "customer", "PRIV", "--dry-run")["changes"] == 3
    gone = shop.instance.json("forget", "customer", "PRIV", "--yes", "--reason", "asked for")
    assert gone["changes"] == 3 and gone["deliveries"] == 4 and gone["wal_emptied"], gone
    for file in shop.instance.folder.glob("journal.db*"):
        if file.is_socket():
            continue
        assert b"Quillfeather" not in file.read_bytes(), file
        assert b"PRIV" not in file.read_bytes(), file
    shop.insert("F1")
    shop.wait_effects("F1", 1)


if __name__ == "__main__":
    main([a_pause_outlives_restarts_and_a_resume_sends_the_newest_state,
          a_paused_table_is_not_read_and_a_paused_connection_stops_its_pipelines,
          what_is_asked_for_while_a_pipeline_is_paused_waits_for_its_resume,
          a_reload_takes_over_what_is_new_and_refuses_what_is_broken,
          a_reload_reads_the_daemons_own_folder_and_no_other,
          a_pause_does_not_wait_for_a_long_act,
          a_hangup_signal_reloads,
          a_replay_sends_again_what_the_target_has_lost,
          messages_are_sent_again_only_when_that_is_said,
          a_backfill_reads_again_and_sends_what_is_there,
          a_link_adopts_records_that_are_there_and_names_those_that_are_double,
          a_restored_journal_sends_no_message_twice_and_its_records_converge,
          a_copy_made_with_cp_is_known_too,
          members_of_the_group_look_and_act_under_their_name_and_strangers_do_neither,
          a_damaged_journal_is_named_before_it_does_harm,
          whoever_is_forgotten_leaves_no_trace_in_the_journal])
