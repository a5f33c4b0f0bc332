"""A flood at the webhook port: forged and honest posts, large bodies that never end. Memory stays bounded, tables go on, and what is signed comes through.

    webhook_flood.py DATAPICKER STUB_SERVER"""
import os
import pathlib
import socket
import sqlite3
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "whatsapp"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from graph import APP_SECRET, NUMBER, VERIFY_TOKEN, Graph, message_from, post  # noqa: E402
from harness import Instance, Stub, Workplace, free_port, main, wait_until  # noqa: E402

DATAPICKER, STUB_SERVER = sys.argv[1:3]
PATIENCE = 60
FLOOD_S = 6
GROWTH_MB_MAX = 150
MESSAGES = 40


class Scene:
    def __init__(self):
        self.work = Workplace("flood")
        self.stub = Stub(self.work, STUB_SERVER, "api", "--mode", "idempotent")
        graph = Graph(self.work)
        self.port = free_port()
        self.hook = f"http://127.0.0.1:{self.port}/whatsapp"
        self.instance = Instance(self.work, DATAPICKER, "flood")
        self.database = sqlite3.connect(self.work.folder / "erp.db", isolation_level=None, timeout=30)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("CREATE TABLE item (id INTEGER NOT NULL PRIMARY KEY, price INTEGER)")
        self.database.execute("INSERT INTO item VALUES (1, 0)")
        for secret, value in (("token", "a-token"), ("verify", VERIFY_TOKEN), ("app", APP_SECRET)):
            self.instance.secret(secret, value)
        write = self.instance.write
        write("datapicker.yaml", f"instance: flood\njournal: {{ path: journal.db }}\nlisten: {{ webhooks: 127.0.0.1:{self.port} }}\n")
        write("connections/erp.yaml", f'connection: erp\nodbc: "Driver=SQLite3;Database={self.work.folder}/erp.db"\ndialect: sqlite\n')
        write("connections/whatsapp.yaml", f'connection: whatsapp\ntarget: whatsapp\nurl: {graph.url}\nauth: {{ bearer: "${{secret:token}}" }}\n'
              f'options: {{ phone_number_id: "{NUMBER}" }}\nwebhook: {{ verify_token: "${{secret:verify}}", app_secret: "${{secret:app}}" }}\n')
        write("connections/shop.yaml", f"connection: shop\ntarget: webhook\nurl: {self.stub.url}\nrepeat_safe: true\nidempotency_header: Idempotency-Key\n"
              'requests:\n  upsert: { method: PUT, path: "/{match.id}", body: fields }\n  delete: { method: DELETE, path: "/{match.id}", gone: [404] }\n')
        write("tables/item.yaml", "table: item\nconnection: erp\nfrom: item\nkey: [id]\ncapture: { mode: diff, every: 200ms }\ninitial: deliver\n")
        write("pipelines/items/pipeline.yaml", "pipeline: items\ntable: item\nmap: { price: price }\ntarget: { connection: shop, object: items, match: { id: id } }\n")
        # Its replies are awaited at the port; it sends nothing here.
        write("pipelines/shipped/pipeline.yaml", "pipeline: shipped\ntable: item\nwhere: price < 0\ndeliver: every_change\nvalid_for: 1h\n"
              "map:\n  to: \"'+393331234567'\"\n  template.body: [id]\nset: { template.name: shipped, template.language: it }\ntarget: { connection: whatsapp, object: message }\n")
        self.instance.start()

    def set_price(self, price):
        self.database.execute("UPDATE item SET price = ?", [price])

    def wait_price(self, price):
        wait_until(lambda: any(effect["body"] == {"price": price} for effect in self.stub.effects()), PATIENCE, f"price {price} at the target")

    def anonymous_mb(self):
        rollup = pathlib.Path(f"/proc/{self.instance.process.pid}/smaps_rollup").read_text()
        return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Anonymous:")) / 1024

    def messages(self):
        with sqlite3.connect(f"file:{self.instance.folder}/journal.db?mode=ro", uri=True) as journal:
            return {row[0] for row in journal.execute("SELECT message_id FROM inbound_message")}


class Flood:
    """Posters that forge as fast as they can, and bodies that stop just before their end."""

    def __init__(self, port):
        self.port = port
        self.over = threading.Event()
        self.answers = {}
        self.threads = [threading.Thread(target=work, daemon=True) for work in [self.forge] * 8 + [self.never_end] * 150]
        for thread in self.threads:
            thread.start()

    def begin(self, size):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        connection.sendall(b"POST /whatsapp HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Hub-Signature-256: sha256=" + b"0" * 64 +
                           f"\r\nContent-Length: {size}\r\n\r\n".encode())
        return connection

    def forge(self):
        while not self.over.is_set():
            try:
                with self.begin(2_000) as connection:
                    connection.sendall(os.urandom(1_000).hex().encode())
                    answer = connection.recv(100)[9:12].decode()
                    self.answers[answer] = self.answers.get(answer, 0) + 1
            except OSError:
                continue

    def never_end(self):
        while not self.over.is_set():
            try:
                with self.begin(3_000_000) as connection:
                    connection.sendall(b"x" * 2_999_000)
                    self.over.wait(5)
            except OSError:
                time.sleep(0.05)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


def a_flood_fills_no_memory_and_keeps_nobody_from_work():
    scene = Scene()
    scene.wait_price(0)
    before = scene.anonymous_mb()
    flood = Flood(scene.port)
    peak, price, sent, end = before, 0, set(), time.monotonic() + FLOOD_S
    while time.monotonic() < end or len(sent) < MESSAGES:
        price += 1
        scene.set_price(price)
        scene.wait_price(price)
        message = f"wamid.{len(sent)}"
        if len(sent) < MESSAGES:
            wait_until(lambda message=message: post(scene.hook, message_from("393330000001", "Ciao", message)) == 200, PATIENCE, f"{message} to be taken")
            sent.add(message)
        peak = max(peak, scene.anonymous_mb())
    flood.end()
    print(f"  {price} changes and {len(sent)} messages came through; forged: {flood.answers}; memory {before:.0f} MB before, {peak:.0f} MB at most", flush=True)
    assert scene.messages() == sent
    assert set(flood.answers) <= {"401", ""} and flood.answers["401"] > 100, flood.answers
    assert peak - before < GROWTH_MB_MAX, (before, peak)
    assert scene.instance.stop() == 0


main([a_flood_fills_no_memory_and_keeps_nobody_from_work], sys.argv[3:])
