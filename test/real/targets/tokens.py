"""Rotating refresh tokens through SIGKILL: an authorisation server of this test, where an old token dies when the access token
that came with its successor is first used. Then whoever kept the successor in time is never shut out, wherever it was killed.

    tokens.py DATAPICKER [TEST…]"""
import json
import os
import pathlib
import signal
import sqlite3
import stat
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Instance, Workplace, main, seeded, wait_until  # noqa: E402

DATAPICKER = sys.argv[1]
ROUNDS = 24
PATIENCE = 60


class Api(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, work):
        super().__init__(("127.0.0.1", 0), Talk)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.lock = threading.Lock()
        self.issued = ["refresh-token-of-a-person"]
        self.oldest_alive = 0
        self.used = set()
        self.customers = {}
        self.refused_grants = []
        self.unkept = []
        self.kill_at = None  # "asked", "answered" or "used": when the daemon is killed next
        self.refuse_calls = 0
        self.instance = None
        threading.Thread(target=self.serve_forever, daemon=True).start()
        work.closers.append(self.shutdown)

    def handle_error(self, *_):
        """A killed daemon leaves its connections as they are."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(*_)

    def reached(self, moment):
        """Kills the daemon that runs. A thread that still answers an earlier one must not use up the kill of the next."""
        with self.lock:
            if self.kill_at != moment or self.instance.ended():
                return
            self.kill_at = None
            self.instance.process.send_signal(signal.SIGKILL)

    def token(self, form):
        with self.lock:
            refresh = form.get("refresh_token", [""])[0]
            number = self.issued.index(refresh) if refresh in self.issued else -1
            if number < self.oldest_alive or form.get("client_secret") != ["secret-of-the-client"]:
                self.refused_grants.append(refresh)
                return 400, {"error": "invalid_grant"}
            self.issued.append(f"refresh-token-number-{len(self.issued)}")
            # Short enough that every start of the daemon needs another one.
            return 200, {"access_token": f"access-token-number-{len(self.issued) - 1}", "refresh_token": self.issued[-1],
                         "expires_in": 30, "token_type": "bearer"}

    def call(self, authorization, code, body):
        with self.lock:
            number = int(authorization.rpartition("-")[2]) if authorization.startswith("Bearer access-token-number-") else -1
            if number < 0:
                return 401, {"message": "who are you?"}
            if number not in self.used:
                self.used.add(number)
                self.oldest_alive = max(self.oldest_alive, number)
                if self.issued[number] not in self.kept():
                    self.unkept.append(self.issued[number])
            if self.refuse_calls:
                self.refuse_calls -= 1
                return 401, {"message": "expired"}
            self.customers[code] = body
            return 200, {}

    def kept(self):
        file = self.instance.folder / "tokens/crm"
        return file.read_text() if file.exists() else ""


class Talk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()

    def answer(self, status, value):
        text = json.dumps(value).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
        except OSError:
            pass

    def do_POST(self):
        form = urllib.parse.parse_qs(self.body())
        self.server.reached("asked")
        self.answer(*self.server.token(form))
        self.server.reached("answered")

    def do_PUT(self):
        body = self.body()
        self.server.reached("used")
        self.answer(*self.server.call(self.headers.get("Authorization", ""), self.path.rpartition("/")[2], body))


def instance_of(work, api, database):
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE customer (code CHAR(6) PRIMARY KEY, name TEXT)")
    connection.close()
    instance = api.instance = Instance(work, DATAPICKER, "tokens")
    instance.secret("first", "refresh-token-of-a-person")
    instance.secret("client", "secret-of-the-client")
    instance.write("connections/erp.yaml",
                   f'connection: erp\nodbc: "Driver=SQLite3;Database={database};Timeout=5000"\ndialect: sqlite\n')
    instance.write("connections/crm.yaml", f"""connection: crm
target: webhook
url: {api.url}
auth:
  oauth2:
    grant: refresh_token
    token_url: /token
    client_id: datapicker
    client_secret: "${{secret:client}}"
    refresh_token: "${{secret:first}}"
requests:
  upsert: {{ method: PUT, path: "/customers/{{match.code}}", body: fields }}
""")
    instance.write("tables/customer.yaml", "table: customer\nconnection: erp\nfrom: customer\nkey: [code]\n"
                   "capture: { mode: diff, every: 100ms }\ninitial: deliver\n")
    instance.write("pipelines/to_crm/pipeline.yaml", """pipeline: to_crm
table: customer
map: { name: name }
target: { connection: crm, object: customers, match: { code: trim(code) }, on_delete: ignore }
""")
    return instance


def insert(database, code):
    with sqlite3.connect(database, timeout=30) as connection:
        connection.execute("INSERT INTO customer VALUES (?, ?)", (code, f"Customer {code}"))
    connection.close()


def nothing_of_it_is_written(instance):
    """Journal and log hold no token and no secret of the client."""
    for path in [*instance.folder.glob("journal.db*"), instance.log_path]:
        content = path.read_bytes() if path.is_file() else b""
        for secret in (b"refresh-token-", b"access-token-", b"secret-of-the-client"):
            assert secret not in content, f"{path.name} holds {secret.decode()}"


def a_kill_anywhere_in_the_rotation_shuts_nobody_out():
    chance = seeded()
    work = Workplace("tokens")
    api = Api(work)
    database = work.folder / "erp.db"
    instance = instance_of(work, api, database)
    for number in range(ROUNDS):
        code = f"C{number:04}"
        moment = ("asked", "answered", "used", None)[number % 4]
        api.kill_at = moment
        api.refuse_calls = 1 if moment is None else 0
        insert(database, code)
        instance.start(ready=False)
        if moment is not None:
            instance.process.wait(timeout=PATIENCE)
            instance.start()
        wait_until(lambda: code in api.customers, PATIENCE, f"{code} at the target")
        time.sleep(chance.random() * 0.05)
        instance.kill()
    assert not api.refused_grants, f"shut out: {api.refused_grants}"
    assert not api.unkept, f"used before they were on disk: {api.unkept}"
    assert len(api.used) >= ROUNDS
    tokens = instance.folder / "tokens"
    assert stat.S_IMODE(tokens.stat().st_mode) == 0o700 and stat.S_IMODE((tokens / "crm").stat().st_mode) == 0o600
    nothing_of_it_is_written(instance)
    work.close()


def another_process_asks_beside_the_daemon():
    """`check` logs in for itself: it takes over what the daemon keeps, and the daemon what `check` got."""
    work = Workplace("tokens")
    api = Api(work)
    database = work.folder / "erp.db"
    instance = instance_of(work, api, database)
    instance.write("connections/crm.yaml", (instance.folder / "connections/crm.yaml").read_text() + """\
  find: { method: PUT, path: "/customers/{match}", items: /items, id: /id, absent: 200 }
""")
    insert(database, "C0001")
    instance.start()
    wait_until(lambda: "C0001" in api.customers, PATIENCE, "C0001 at the target")
    for number in range(2, 8):
        done = instance.verb("check")
        assert done.returncode == 0, done.stdout + done.stderr
        insert(database, f"C{number:04}")
        wait_until(lambda: f"C{number:04}" in api.customers, PATIENCE, f"C{number:04} at the target")
    assert not api.refused_grants, f"shut out: {api.refused_grants}"
    assert instance.stop() == 0
    work.close()


def sealed_tokens_need_their_key():
    work = Workplace("tokens")
    api = Api(work)
    database = work.folder / "erp.db"
    instance = instance_of(work, api, database)
    credentials = work.folder / "credentials"
    credentials.mkdir()
    (credentials / "token_key").write_text("a key that systemd would have decrypted\n")
    os.environ["CREDENTIALS_DIRECTORY"] = str(credentials)
    insert(database, "C0001")
    instance.start()
    wait_until(lambda: "C0001" in api.customers, PATIENCE, "C0001 at the target")
    assert instance.stop() == 0
    assert "refresh-token" not in api.kept() and api.kept().startswith("datapicker tokens 1 aes-256-gcm")
    insert(database, "C0002")
    instance.start()
    wait_until(lambda: "C0002" in api.customers, PATIENCE, "C0002 at the target")
    assert instance.stop() == 0
    del os.environ["CREDENTIALS_DIRECTORY"]
    asked = len(api.issued)
    insert(database, "C0003")
    instance.start()
    wait_until(lambda: "token_key is not given" in instance.log_text(), PATIENCE, "the refusal in the log")
    assert instance.stop() == 0
    assert len(api.issued) == asked and "C0003" not in api.customers
    work.close()


main([a_kill_anywhere_in_the_rotation_shuts_nobody_out, another_process_asks_beside_the_daemon, sealed_tokens_need_their_key],
     sys.argv[2:])
