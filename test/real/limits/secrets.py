"""Secrets of every kind in a full run whose other sides repeat all they are told; afterwards everything that was written is searched for them.

    secrets.py DATAPICKER

An API that answers with the request's own headers and URL, as they are, percent-encoded, in base64, as JSON; a database that cannot
be reached and one that refuses; a token server; alerts that fail. Searched are the log, what every verb prints, the metrics, the
journal with its WAL and the alert's own text, for each secret in every form that somebody might read it from."""
import base64
import html
import http.server
import json
import pathlib
import sqlite3
import sys
import threading
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Instance, Workplace, free_port, wait_until  # noqa: E402

DATAPICKER = sys.argv[1]
ROWS, ANSWERS = 20, 100
TABLES = ("bearer", "basic", "header", "query", "oauth2", "sign", "proxy")


def planted(name):
    """With what has to be escaped in one form or another."""
    return f"{name}&S3/cr+et=\"q\"%41\\'~{name}"


SECRETS = {name: planted(name) for name in ("bearer", "basic", "header", "query", "client", "sign", "erp", "refused", "hook", "chat", "mail", "proxy")}
TOKEN = "handed-out-token-0123456789"


def forms(secret):
    """What somebody could read it from."""
    raw = secret.encode()
    yield raw
    for safe in ("", "/", "~"):
        quoted = urllib.parse.quote(secret, safe=safe)
        yield quoted.encode()
        yield quoted.replace("%2F", "%2f").replace("%3D", "%3d").replace("%2B", "%2b").replace("%5C", "%5c").encode()
    yield urllib.parse.quote_plus(secret).encode()
    yield json.dumps(secret)[1:-1].encode()
    yield json.dumps(secret)[1:-1].replace("/", "\\/").encode()
    yield json.dumps(json.dumps(secret))[2:-2].encode()
    yield html.escape(secret).encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in (b"", b"u", b"us"):  # where in the text it stands decides what base64 makes of it; the ends mix with neighbours
            yield encode(before + raw)[4:-6]


class Echo(http.server.BaseHTTPRequestHandler):
    """Says what it was told, in one form after the other."""

    def do_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append((self.path, dict(self.headers), body))
        if self.path.startswith("/token"):
            return self.reply(200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600})
        # One form an answer, the credentials first: of a long one only the beginning is kept.
        told = f"{self.headers.get('Authorization', '')} {self.path} {dict(self.headers)} {body.decode(errors='replace')}"
        number = len(self.server.requests)
        says = (str, lambda text: urllib.parse.quote(text, safe=""), urllib.parse.quote_plus, lambda text: base64.b64encode(text.encode()).decode(),
                lambda text: base64.urlsafe_b64encode(("x" * (number % 3) + text).encode()).decode(), lambda text: json.dumps(json.dumps(text)), html.escape)
        # Refused for good, so that the next record is asked for at once; the last ones as if the credentials were wrong.
        self.reply(401 if number > ANSWERS else 422 if number % 5 else 500, {"error": says[number % len(says)](told)})

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = do_any

    def reply(self, status, value):
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Content-Type", "application/json")
        self.send_header("WWW-Authenticate", f"Bearer realm={self.headers.get('Authorization', '')!r}")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


def open_echo(work):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.requests = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    work.closers.append(server.shutdown)
    return server, f"http://127.0.0.1:{server.server_address[1]}"


def configure(instance, database, api, metrics):
    for name, value in SECRETS.items():
        instance.secret(name, value)
    instance.write("datapicker.yaml", f"""instance: secrets
journal: {{ path: journal.db }}
metrics: 127.0.0.1:{metrics}
alerts:
  - webhook: {{ url: "{api}/hooks/${{secret:hook}}", bearer: "${{secret:chat}}" }}
  - mail: {{ to: [edp@example.com], from: d@example.com, smtp: "smtp://127.0.0.1:{free_port()}", user: d, password: "${{secret:mail}}" }}
""")
    instance.write("connections/erp.yaml", f'connection: erp\nodbc: "Driver=SQLite3;Database={database};Timeout=5000;PWD=${{secret:erp}}"\ndialect: sqlite\n')
    instance.write("connections/away.yaml", f'connection: away\nodbc: "Driver=PostgreSQL Unicode;Server=127.0.0.1;Port={free_port()};UID=u;PWD=${{secret:refused}}"\n'
                   "dialect: postgresql\n")
    instance.write("tables/away.yaml", "table: away\nconnection: away\nfrom: away\nkey: [k]\ncapture: { mode: diff, every: 200ms }\n")
    ways = {"bearer": 'auth: { bearer: "${secret:bearer}" }', "basic": 'auth: { user: "us", password: "${secret:basic}" }',
            "header": 'auth: { header: X-Api-Key, value: "key ${secret:header}" }', "query": 'auth: { query: api_key, value: "${secret:query}" }',
            "oauth2": f'auth: {{ oauth2: {{ grant: client_credentials, token_url: "{api}/token", client_id: me, client_secret: "${{secret:client}}", client_in: header }} }}',
            "sign": 'sign: { header: X-Signature, secret: "${secret:sign}" }',
            "proxy": f'auth: {{ bearer: "${{secret:proxy}}" }}\nproxy: "{api}"'}
    instance.write("tables/customer.yaml", "table: customer\nconnection: erp\nfrom: customer\nkey: [code]\n"
                   "capture: { mode: diff, every: 100ms }\ninitial: deliver\n")
    for name, way in ways.items():
        instance.write(f"connections/{name}.yaml", f"""connection: {name}
target: webhook
url: {api}/{name}
timeout: 5s
{way}
requests:
  create: {{ method: POST, path: /customers, body: fields, id: /id, repeat_safe: true }}
  update: {{ method: PATCH, path: "/customers/{{remote_id}}", body: fields }}
""")
        instance.write(f"pipelines/{name}/pipeline.yaml", f"pipeline: {name}\ntable: customer\nmap: {{ name: name }}\n"
                       f"target: {{ connection: {name}, object: customers, match: {{ code: trim(code) }}, on_delete: ignore }}\n")


def all_that_is_said(instance, metrics):
    """By verb: what an operator, or a support request, may get to see."""
    verbs = [["check"], ["check", "--json"], ["status"], ["status", "--json"], ["changes"], ["changes", "--json"], ["dead-letters", "list"],
             ["dead-letters", "list", "--json"], ["anomalies", "list"], ["inspect", "erp"], ["inspect", "away"], ["backup", instance.folder / "copy.db"]]
    verbs += [["story", "customer", code] for code in ("C1", "C2")] + [["story", "customer", "C1", "--json"]]
    verbs += [["preview", name, "C1"] for name in TABLES]
    said = {}
    for verb in verbs:
        done = instance.verb(*verb)
        said[" ".join(map(str, verb))] = (done.stdout + done.stderr).encode()
    letters = instance.json_lines("dead-letters", "list")
    assert letters, "no call was given up: nothing was refused"
    for letter in letters:
        done = instance.verb("dead-letters", "show", letter["id"])
        said[f"dead letter {letter['id']}"] = (done.stdout + done.stderr).encode()
    said["metrics"] = urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics").read()
    return said


def main():
    work = Workplace("secrets")
    server, api = open_echo(work)
    database = work.folder / "erp.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE customer (code CHAR(6) PRIMARY KEY, name TEXT)")
        connection.executemany("INSERT INTO customer VALUES (?, ?)", [(f"C{i}", f"name {i}") for i in range(ROWS)])
    connection.close()
    metrics = free_port()
    instance = Instance(work, DATAPICKER)
    configure(instance, database, api, metrics)
    checked = instance.verb("check")
    assert checked.returncode in (0, 4), checked.stdout + checked.stderr
    instance.start()
    wait_until(lambda: all(any(path.startswith(f"/{name}") or name == "proxy" for path, _, _ in server.requests) for name in (*TABLES, "token")), 60,
               "each way to enter to be tried")
    wait_until(lambda: instance.json_lines("dead-letters", "list"), 60, "a dead letter")
    wait_until(lambda: len(server.requests) > ANSWERS, 60, "many answers")
    wait_until(lambda: "/hooks/" in str([path for path, _, _ in server.requests]), 120, "an alert")
    said = all_that_is_said(instance, metrics)
    assert instance.stop() == 0
    said["log"] = instance.log_path.read_bytes()
    for file in instance.folder.glob("*.db*"):
        said[file.name] = file.read_bytes()
    # What was sent did hold them: else the search would find nothing whatever was written.
    sent = str([(path, headers) for path, headers, _ in server.requests])
    assert TOKEN in sent and urllib.parse.quote(SECRETS["query"], safe="") in sent, "the secrets were not used"
    leaks = [f"{name} in {where}: {form.decode(errors='replace')}" for name, secret in {**SECRETS, "token": TOKEN}.items() for form in set(forms(secret))
             for where, text in said.items() if form in text]
    assert not leaks, "\n".join(leaks[:20])
    assert b"***" in said["log"] + b"".join(said.values()), "nothing was masked, so nothing was repeated to us"
    print(f"{len(SECRETS) + 1} secrets, {len(server.requests)} requests, {len(said)} places, {sum(map(len, said.values())):,} bytes: none found")


main()
