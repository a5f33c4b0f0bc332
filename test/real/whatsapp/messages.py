"""Messages from a database to people, through a Cloud API that breaks: never twice by themselves, and none lost without a word.

    messages.py DATAPICKER [TEST…] [KILLS]

Judged by what the API took, not by our own counters: each message had at most one effect; what had none is uncertain, and what is
uncertain and had one is settled by the API's report. KILLS is for `kill`: how often the daemon dies by SIGKILL while it sends."""
import collections
import pathlib
import random
import socket
import sqlite3
import sys
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from graph import APP_SECRET, NUMBER, VERIFY_TOKEN, Graph, Reporter, envelope, error, message_from, post, signed, status_of
from harness import Instance, Workplace, as_published, free_port, main, seeded, wait_until

DATAPICKER = sys.argv[1]
KILLS = next((int(word) for word in sys.argv[2:] if word.isdigit()), 20)
PATIENCE = 500  # for failures only, and for a busy machine

PIPELINE = """pipeline: shipped
table: orders
deliver: every_change
valid_for: 1h
map:
  to: e164(cell, 'IT')
  template.body: [code]
  {text}
set: {{ template.name: order_shipped, template.language: it }}
target: {{ connection: whatsapp, object: message }}
"""


class Shop:
    """Orders in SQLite, an API, and an instance between them."""

    def __init__(self, name, in_flight=8, text="", people=0, per_second=80):
        self.work = Workplace(name)
        self.graph = Graph(self.work)
        self.database = self.work.folder / "erp.db"
        self.number = 0
        with self.erp() as erp:
            erp.execute("PRAGMA journal_mode = WAL")
            erp.execute("CREATE TABLE orders (code TEXT PRIMARY KEY, cell TEXT)")
        self.port = free_port()
        self.hook = f"http://127.0.0.1:{self.port}/whatsapp"
        self.instance = Instance(self.work, DATAPICKER)
        write = self.instance.write
        write("datapicker.yaml", f"instance: test\njournal: {{ path: journal.db }}\nlisten: {{ webhooks: 127.0.0.1:{self.port} }}\n")
        for secret, value in (("token", "EAAJB-token-of-this-test"), ("verify", VERIFY_TOKEN), ("app", APP_SECRET)):
            self.instance.secret(secret, value)
        write("connections/erp.yaml", f'connection: erp\nodbc: "Driver=SQLite3;Database={self.database};Timeout=5000"\ndialect: sqlite\n')
        write("connections/whatsapp.yaml", f"""connection: whatsapp
target: whatsapp
url: {self.graph.url}
auth: {{ bearer: "${{secret:token}}" }}
options: {{ phone_number_id: "{NUMBER}" }}
webhook: {{ verify_token: "${{secret:verify}}", app_secret: "${{secret:app}}" }}
limits: {{ in_flight: {in_flight}, per_second: {per_second}, budgets: {{ tier: {{ per_day: {people} }} }} }}
""")
        write("tables/orders.yaml", "table: orders\nconnection: erp\nfrom: orders\nkey: [code]\n"
              "capture: { mode: diff, every: 300ms }\ninitial: deliver\n")
        write("pipelines/shipped/pipeline.yaml", PIPELINE.format(text=text))

    def erp(self):
        return sqlite3.connect(self.database, timeout=30)

    def ship(self, how_many=1, cell=None):
        """New orders, one message each; returns their codes."""
        codes = []
        with self.erp() as erp:
            for _ in range(how_many):
                self.number += 1
                codes.append(f"N{self.number:06}")
                erp.execute("INSERT INTO orders VALUES (?, ?)", (codes[-1], cell or f"+39333{self.number:07}"))
        return codes

    def states(self):
        """State and idempotency key of each message by the order's code."""
        with sqlite3.connect(f"file:{self.instance.folder}/journal.db?mode=ro", uri=True, timeout=30) as journal:
            return {key[2:-2]: (state, idempotency, number) for key, state, idempotency, number in
                    journal.execute("SELECT key, state, idempotency_key, id FROM delivery")}

    def counts(self):
        return collections.Counter(state for state, _, _ in self.states().values())

    def settled(self):
        counts = self.counts()
        return sum(counts.values()) == self.number and not counts["pending"] and not counts["in_flight"]

    def open(self):
        counts = self.counts()
        return self.number - counts["delivered"] - counts["uncertain"]

    def effects(self):
        """How many effects each order's message had."""
        with self.graph.lock:
            return collections.Counter(effect.body["template"]["components"][0]["parameters"][0]["text"]
                                       for effect in self.graph.effects)

    def check_once(self):
        """At most one effect each; none only for what is uncertain; and nobody calls delivered what had none."""
        effects, states = self.effects(), self.states()
        assert len(states) == self.number
        twice = {code: number for code, number in effects.items() if number > 1}
        assert not twice, f"sent twice: {twice}"
        for code, (state, _, _) in states.items():
            assert state in ("delivered", "uncertain"), (code, state)
            assert state == "uncertain" or effects[code] == 1, f"{code} is {state} and never came"

    def report_all(self, status="sent"):
        for start in range(0, len(self.graph.effects), 500):
            body = envelope(statuses=[status_of(effect, status) for effect in self.graph.effects[start:start + 500]])
            assert post(self.hook, body) == 200

    def settle_by_reports(self):
        """What the API reports settles all that had an effect; a person settles the rest, and then everybody has one message."""
        self.report_all()
        effects = self.effects()
        unsure = {code: number for code, (state, _, number) in self.states().items() if state == "uncertain"}
        assert not [code for code in unsure if effects[code]], "reported, and uncertain all the same"
        self.graph.cut = lambda n: None
        if unsure:
            done = self.instance.json("dead-letters", "retry", "--all", "--not-delivered")
            assert done, done
        wait_until(lambda: self.counts()["delivered"] == self.number, PATIENCE, "the rest to be delivered", pause=0.3)
        effects = self.effects()
        assert len(effects) == self.number and set(effects.values()) == {1}
        return len(unsure)


def cut():
    """The connection breaks at every byte of the request, and then at every byte of the answer, by an end or by a reset."""
    shop = Shop("cut", in_flight=1)
    shop.ship()
    shop.instance.start()
    wait_until(shop.settled, 60, "the first message")
    request, answer = shop.graph.sizes
    first, total = shop.graph.connections, request + answer
    # Between two that break one goes well, so that the connection is not taken for dead.
    shop.graph.cut = lambda n: None if n < first or (n - first) % 2 else (n - first) // 2
    # The number in the key grows by some digits.
    shop.ship(2 * (total + 8))
    wait_until(shop.settled, PATIENCE, "all messages to end", pause=0.3)
    shop.check_once()
    uncertain = shop.counts()["uncertain"]
    assert uncertain >= total - 1, f"{uncertain} of {total} cuts were noticed"
    unsent = shop.settle_by_reports()
    print(f"   {request} bytes of request and {answer} of answer: {uncertain} uncertain, {unsent} of them never came")


def kill():
    """SIGKILL while messages are sent and reports come in, again and again."""
    draw = seeded()
    shop = Shop("kill", per_second=0)
    shop.graph.delay = lambda: draw.random() * 0.03
    reporter = Reporter(shop.graph, shop.hook)
    reporter.start()
    for _ in range(KILLS):
        shop.instance.start()
        # New ones while it runs, as many as never let it run dry: what is left over only takes time in the end.
        shop.ship(max(10, 150 - shop.open()))
        time.sleep(0.05 + draw.random() * 0.4)
        shop.instance.kill()
    shop.instance.start()
    wait_until(shop.settled, PATIENCE, "all messages to end", pause=0.3)
    shop.check_once()
    reporter.end.set()
    reporter.join()
    uncertain = shop.counts()["uncertain"]
    unsent = shop.settle_by_reports()
    print(f"   {KILLS} kills, {shop.number} messages: {uncertain} uncertain in the end, {unsent} of them never came")


def limits():
    """A number that may send 40 a second, and one message to a person in half a second: all arrive, once, in order for each."""
    shop = Shop("limits")
    times, pairs, lock = collections.deque(), {}, threading.Lock()
    refused = collections.Counter()

    def limited(_, message):
        now = time.monotonic()
        with lock:
            while times and now - times[0] > 1:
                times.popleft()
            if len(times) >= 40:
                refused[130429] += 1
                return error(130429, "Rate limit hit", "Cloud API message throughput has been reached.")
            if now - pairs.get(message["to"], 0) < 0.5:
                refused[131056] += 1
                return error(131056, "(Business Account, Consumer Account) pair rate limit hit")
            times.append(now)
            pairs[message["to"]] = now
        return None

    shop.graph.answer = limited
    for person in range(3):
        shop.ship(3, f"+3933300000{person:02}")
    shop.ship(60)
    shop.instance.start()
    wait_until(lambda: shop.counts()["delivered"] == shop.number, PATIENCE, "all messages to be delivered", pause=0.3)
    effects = shop.effects()
    assert len(effects) == shop.number and set(effects.values()) == {1}
    print(f"   {shop.number} messages, refused meanwhile: {dict(refused)}")


def tier():
    """So many people in 24 hours: the others wait, and a killed daemon forgets nobody it wrote to."""
    shop = Shop("tier", people=3)
    known = [f"+3933300001{person:02}" for person in range(3)]
    shop.instance.start()
    for person in known:
        shop.ship(1, person)
    wait_until(shop.settled, 30, "three people to be written to")
    shop.instance.kill()
    shop.instance.start()
    stranger, = shop.ship(1, "+393330000999")
    again, = shop.ship(1, known[0])
    wait_until(lambda: shop.states().get(again, [None])[0] == "delivered", 30, "one of them to be written to again")
    wait_until(lambda: "waits for its budget (tier)" in shop.instance.verb("status").stdout, 30, "the status to say what is waited for")
    assert shop.states()[stranger][0] == "pending" and shop.effects()[stranger] == 0


def window():
    """A text for who wrote within a day, the template for others; the story tells what became of each."""
    shop = Shop("window", text="text: \"'Ordine ' || code\"")
    anna, ben = "+393331111111", "+393332222222"
    shop.instance.start()
    query = f"?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={VERIFY_TOKEN}"
    assert urllib.request.urlopen(shop.hook + query).read() == b"1158201444"
    hello = message_from(anna.lstrip("+"), "È arrivato?", "wamid.in.1")
    assert post(shop.hook, hello, signed(hello, "another secret")) == 401
    assert post(shop.hook, hello, {}) == 401
    assert post(shop.hook, b" " * (4 << 20)) in (413, None)
    assert [post(shop.hook, hello) for _ in range(2)] == [200, 200]
    first, = shop.ship(1, anna)
    second, = shop.ship(1, ben)
    wait_until(shop.settled, 30, "two messages")
    kinds = {effect.to: effect.body["type"] for effect in shop.graph.effects}
    assert kinds == {anna: "text", ben: "template"}, kinds

    by_person = {effect.to: effect for effect in shop.graph.effects}
    now = time.time()
    for status in ("read", "sent", "delivered"):
        assert post(shop.hook, envelope(statuses=[status_of(by_person[anna], status, at=now)])) == 200
    undeliverable = [{"code": 131026, "title": "Message undeliverable", "error_data": {"details": "Not on WhatsApp."}}]
    assert post(shop.hook, envelope(statuses=[status_of(by_person[ben], "failed", undeliverable)])) == 200
    story = shop.instance.json("story", "orders", first)["pipelines"][0]["deliveries"][0]
    assert [report["status"] for report in story["reports"]] == ["sent", "delivered", "read"], story
    assert story["state"] == "delivered"
    failed = shop.instance.json("story", "orders", second)["pipelines"][0]["deliveries"][0]
    assert failed["state"] == "dead" and "131026 Message undeliverable: Not on WhatsApp." in failed["reason"], failed
    assert "read" in shop.instance.verb("story", "orders", first).stdout

    with shop.erp() as erp:
        erp.execute("DELETE FROM orders WHERE code = ?", (first,))
    wait_until(lambda: shop.instance.json("story", "orders", first)["image"] is None, 30, "the order to be gone")
    assert shop.instance.json("forget", "orders", first, "--yes", "--reason", "asked for")["records"] >= 5
    for file in filter(pathlib.Path.is_file, shop.instance.folder.glob("journal.db*")):
        for secret in (APP_SECRET, VERIFY_TOKEN, "EAAJB-token-of-this-test"):
            assert secret.encode() not in file.read_bytes(), f"{secret} stands in {file.name}"
    with sqlite3.connect(f"file:{shop.instance.folder}/journal.db?mode=ro", uri=True) as journal:
        assert not journal.execute("SELECT 1 FROM inbound_message").fetchall(), "what a forgotten person wrote is still there"
    log = shop.instance.log_text()
    assert APP_SECRET not in log and VERIFY_TOKEN not in log and "EAAJB" not in log


main([cut, kill, limits, tier, window], [word for word in sys.argv[2:] if not word.isdigit()] or None)
