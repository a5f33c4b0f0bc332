"""What an operator does and sees, with the real program: SQLite as the ERP, a stub web API as the target.

    operating.py DATAPICKER STUB_SERVER [TEST…]"""
import json
import os
import pty
import re
import select
import signal
import sys
import termios
import time
import urllib.request

from harness import Workplace, free_port, main, wait_until
from shop import DATAPICKER, PATIENCE, Shop

def a_broken_configuration_is_refused_with_its_place_and_a_suggestion():
    shop = Shop("broken")
    shop.write_pipeline(["01: net30"], name="upper(nmae)")
    for verb in ("check", "run"):
        refused = shop.instance.verb(verb)
        assert refused.returncode == 2, refused
        assert re.search(r"pipelines/to_shop/pipeline\.yaml:4:15: error: .*nmae", refused.stderr), refused.stderr
        assert "'name'" in refused.stderr, refused.stderr
    problems = json.loads(shop.instance.verb("check", "--json").stdout)
    assert [problem["line"] for problem in problems["diagnostics"] if problem["level"] == "error"] == [4]
    assert not (shop.instance.folder / "journal.db").exists(), "nothing may start"


def a_missing_folder_and_a_missing_journal_are_told_apart():
    shop = Shop("missing")
    nowhere = shop.instance.verb("status")
    assert nowhere.returncode == 3 and "journal" in nowhere.stderr, nowhere
    shop.instance.folder = shop.work.folder / "nowhere"
    nowhere = shop.instance.verb("status")
    assert nowhere.returncode == 3 and "instance folder" in nowhere.stderr, nowhere


def a_second_daemon_on_the_same_journal_is_refused():
    shop = Shop("second")
    shop.instance.start()
    second = shop.instance.verb("run")
    assert second.returncode == 3, second
    assert str(shop.instance.process.pid) in second.stderr, second.stderr
    shop.insert("C1")
    shop.wait_effects("C1", 1)


def what_failed_to_map_is_a_dead_letter_until_it_is_retried_or_discarded():
    shop = Shop("letters")
    shop.instance.start()
    for code in ("D1", "D2", "D3"):
        shop.insert(code, terms="99")
    shop.insert("G1")
    shop.wait_effects("G1", 1)
    letters = wait_until(lambda: len(shop.letters()) == 3 and shop.letters(), PATIENCE, "three dead letters")
    assert all("99" in letter["reason"] for letter in letters), letters
    ids = {letter["key"][0]: letter["id"] for letter in letters}
    assert shop.instance.verb("dead-letters", "list").returncode == 4

    discarded = shop.instance.verb("dead-letters", "discard", ids["D1"], "--reason", "left us")
    assert discarded.returncode == 0, discarded
    assert shop.state_of(ids["D1"]) == "rejected"
    assert shop.instance.verb("dead-letters", "retry", ids["D1"]).returncode == 1, "only what is dead can be retried"

    assert shop.instance.stop() == 0
    shop.write_pipeline(["01: net30", "99: prepaid"])
    offline = shop.instance.verb("dead-letters", "retry", ids["D2"])  # the daemon is down: under the journal's lock
    assert offline.returncode == 0, offline
    shop.instance.start()
    shop.wait_effects("D2", 1)
    assert shop.instance.verb("dead-letters", "retry", "--all").returncode == 0
    assert shop.wait_effects("D3", 1)[0]["body"] == {"credit": 10.5, "name": "Customer D3", "terms": "prepaid"}
    assert not shop.letters() and not shop.effects("D1")


def an_uncertain_message_waits_for_a_person():
    shop = Shop("uncertain", mode="plain")
    shop.send_messages()
    shop.stub.control(cut_rate=1)
    shop.instance.start()
    shop.insert("M1")
    shop.insert("M2")
    letters = wait_until(lambda: len(shop.letters()) == 2 and shop.letters(), PATIENCE, "two uncertain deliveries")
    assert {letter["state"] for letter in letters} == {"uncertain"}
    ids = {letter["key"][0]: letter["id"] for letter in letters}
    refused = shop.instance.verb("dead-letters", "retry", ids["M1"])
    assert refused.returncode == 1 and "--delivered" in refused.stdout, refused
    shop.stub.control(cut_rate=0)
    assert shop.instance.verb("dead-letters", "retry", ids["M1"], "--delivered").returncode == 0
    assert shop.instance.verb("dead-letters", "retry", ids["M2"], "--not-delivered").returncode == 0
    shop.wait_effects("M2", 2)
    wait_until(lambda: shop.state_of(ids["M2"]) == "delivered", PATIENCE, "the second one delivered")
    assert shop.state_of(ids["M1"]) == "delivered"
    assert len(shop.effects("M1")) == 1, "never sent again by itself"


def a_killed_daemon_does_not_send_an_unanswered_message_again():
    shop = Shop("killed", mode="plain")
    shop.send_messages()
    shop.stub.control(latency_ms=3000)
    shop.instance.start()
    shop.insert("K1")
    shop.wait_effects("K1", 1)  # applied; the answer is still on its way
    shop.instance.kill()
    shop.stub.control(latency_ms=0)
    shop.instance.start()
    wait_until(lambda: [letter["state"] for letter in shop.letters()] == ["uncertain"], PATIENCE, "an uncertain delivery")
    shop.insert("K2")
    shop.wait_effects("K2", 1)
    assert len(shop.effects("K1")) == 1


def sigterm_lets_what_is_in_flight_end():
    shop = Shop("drain")
    shop.stub.control(latency_ms=1500)
    shop.instance.start()
    shop.insert("T1")
    wait_until(lambda: shop.instance.json("status")["targets"][0]["in_flight"] == 1, PATIENCE, "a request in flight")
    assert shop.instance.stop() == 0
    status = shop.instance.json("status")
    assert not status["daemon_running"] and status["pipelines"][0]["deliveries"] == {}, status
    assert len(shop.effects("T1")) == 1


def metrics_tell_what_was_captured_and_delivered():
    shop = Shop("metrics")
    port = free_port()
    shop.instance.write("datapicker.yaml", f"instance: metrics\njournal:\n  path: journal.db\nmetrics: 127.0.0.1:{port}\n")
    shop.instance.start()
    shop.insert("P1")
    shop.wait_effects("P1", 1)

    def metrics():
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
    wait_until(lambda: re.search(r'datapicker_deliveries_total\{[^}]*outcome="delivered"[^}]*\} 1\b', metrics()), PATIENCE,
               "a delivered delivery in the metrics")
    assert re.search(r'datapicker_changes_captured_total\{table="customer"\} 1\b', metrics()), metrics()
    assert re.search(r'datapicker_pipeline_behind_changes\{pipeline="to_shop"\} 0\b', metrics()), metrics()
    for line in ('datapicker_pipeline_lag_seconds{pipeline="to_shop"} 0', 'datapicker_table_up{connection="erp",table="customer"} 1',
                 'datapicker_target_state{connection="shop",state="running"} 1', 'datapicker_stage_silent{stage="journal"} 0',
                 'datapicker_capture_every_seconds{table="customer"} 0.1', 'datapicker_journal_bytes{part="database"} '):
        assert line in metrics(), f"{line} is not in\n{metrics()}"
    shop.stub.control(fail_rate=1)
    shop.insert("P2")
    wait_until(lambda: re.search(r'datapicker_delivery_retries_total\{[^}]*\} [1-9]', metrics()), PATIENCE, "a counted retry")
    wait_until(lambda: re.search(r'datapicker_pipeline_lag_seconds\{pipeline="to_shop"\} (?!0$)', metrics(), re.MULTILINE), PATIENCE,
               "lag while the target refuses")
    assert urllib.request.urlopen(f"http://127.0.0.1:{port}/health").read() == b"ok\n"


def a_file_target_gets_each_change_once_over_kills():
    shop = Shop("file")
    lines = shop.work.folder / "changes.jsonl"
    shop.instance.write("connections/shop.yaml", f"connection: shop\ntarget: file\npath: {lines}\n")
    shop.insert("F1")
    for round_ in range(3):
        shop.instance.start()
        shop.sql("UPDATE customer SET credit = ? WHERE code = 'F1'", 100 + round_)
        wait_until(lambda: f'"credit":{100 + round_}' in lines.read_text() if lines.exists() else False, PATIENCE, "a line")
        shop.instance.kill()
    keys = [json.loads(line)["idempotency_key"] for line in lines.read_text().splitlines()]
    assert len(keys) == len(set(keys)), "a change stands twice"


def a_key_that_is_asked_for_wrongly_is_explained():
    shop = Shop("story")
    shop.instance.start()
    shop.insert("S1")
    shop.wait_effects("S1", 1)
    wrong = shop.instance.verb("story", "custmer", "S1")
    assert wrong.returncode == 2 and "customer" in wrong.stderr, wrong
    wrong = shop.instance.verb("story", "customer", "S1", "X")
    assert wrong.returncode == 2 and "code" in wrong.stderr, wrong
    nobody = shop.instance.verb("story", "customer", "S9")
    assert nobody.returncode == 1 and "nothing" in nobody.stdout, nobody
    story = shop.instance.json("story", "customer", "S1")
    assert story["pipelines"][0]["deliveries"][0]["attempts"][0]["status"] == 201, story


def a_decimal_key_is_found_however_its_zeros_are_typed():
    shop = Shop("decimal")
    shop.sql("CREATE TABLE price (list DECIMAL(9,2) PRIMARY KEY, text TEXT)")
    shop.sql("INSERT INTO price VALUES ('1.50', 'a')")
    shop.instance.write("tables/price.yaml", "table: price\nconnection: erp\nfrom: price\nkey: [list]\ninitial: deliver\n"
                        "capture: { mode: diff, every: 100ms }\n")
    shop.instance.start()
    wait_until(lambda: len(shop.instance.json_lines("changes", "price")) == 1, PATIENCE, "the price")
    for typed in ("1.5", "1.50", "1.500"):
        assert len(shop.instance.json("story", "price", typed)["changes"]) == 1, typed


def a_password_that_is_broken_off_leaves_a_terminal_that_shows():
    work = Workplace("password")
    child, terminal = pty.fork()
    if child == 0:
        os.execv(DATAPICKER, [DATAPICKER, "init", str(work.folder / "x"), "--source", "postgresql"])
    shows = lambda: bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
    for question in ("Server", "Port", "Database", "User"):
        read_until(terminal, question)
        os.write(terminal, b"x\n")
    read_until(terminal, "Password")
    assert not shows()
    os.write(terminal, b"half of it\x03")
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGINT
    assert shows()


def read_until(terminal, text):
    seen = b""
    while text.encode() not in seen:
        assert select.select([terminal], [], [], PATIENCE)[0], f"no {text} in {seen}"
        seen += os.read(terminal, 4096)


def what_waits_at_a_pause_with_the_daemon_down_waits_after_its_next_start():
    shop = Shop("pause-down")

    def deliveries(state):
        return sum(pipeline["deliveries"].get(state, 0) for pipeline in shop.instance.json("status")["pipelines"])

    shop.sql("INSERT INTO customer WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) "
             "SELECT 'Q' || i, 'Customer', '01', 1 FROM n")
    shop.stub.control(latency_ms=60_000)
    shop.instance.start()
    wait_until(lambda: deliveries("pending") >= 290, PATIENCE, "all rows to wait for the target")
    shop.instance.kill()
    shop.stub.control(latency_ms=0)
    assert shop.instance.verb("pause", "pipeline", "to_shop").returncode == 0
    before = len(shop.effects(""))
    shop.instance.start()
    wait_until(lambda: deliveries("held") >= 290, PATIENCE, "the pause to hold them")
    time.sleep(1)
    assert len(shop.effects("")) == before, "nothing left the paused pipeline"
    assert shop.instance.verb("pause", "connection", "shop").returncode == 0
    assert shop.instance.verb("resume", "pipeline", "to_shop").returncode == 0
    assert deliveries("held") >= 290, "the connection is paused, too"
    assert shop.instance.verb("resume", "connection", "shop").returncode == 0
    wait_until(lambda: len({effect["path"] for effect in shop.effects("")}) == 300, PATIENCE, "all rows to arrive")


main([a_broken_configuration_is_refused_with_its_place_and_a_suggestion, a_missing_folder_and_a_missing_journal_are_told_apart,
      a_second_daemon_on_the_same_journal_is_refused, what_failed_to_map_is_a_dead_letter_until_it_is_retried_or_discarded,
      an_uncertain_message_waits_for_a_person, a_killed_daemon_does_not_send_an_unanswered_message_again,
      sigterm_lets_what_is_in_flight_end, metrics_tell_what_was_captured_and_delivered,
      a_file_target_gets_each_change_once_over_kills, a_key_that_is_asked_for_wrongly_is_explained,
      a_decimal_key_is_found_however_its_zeros_are_typed, a_password_that_is_broken_off_leaves_a_terminal_that_shows,
      what_waits_at_a_pause_with_the_daemon_down_waits_after_its_next_start])
