"""What the end-to-end tests share: an instance in a folder of its own, its daemon, private servers, a stub web API.

Everything started here is stopped by `close`; files are kept when KEEP=1 is set, for a look after a failure."""
import atexit
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds, what, pause=0.05):
    """Waits for a true value and returns it. The limit is for failures only: nothing is judged by its speed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(pause)
    raise AssertionError(f"after {seconds} s still not: {what}")


class Workplace:
    """A temporary folder and all processes of a test."""

    def __init__(self, name):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"datapicker-{name}-"))
        self.closers = []
        atexit.register(self.close)

    def close(self):
        while self.closers:
            self.closers.pop()()
        if os.environ.get("KEEP") != "1":
            shutil.rmtree(self.folder, ignore_errors=True)


class Servers:
    """The private PostgreSQL or MariaDB of test/support/servers.sh; those of the caller's environment where it has some."""

    def __init__(self, work, which):
        self.which = which
        self.folder = work.folder / "servers"
        self.script = ROOT / "test/support/servers.sh"
        self.run("start", which)
        work.closers.append(lambda: subprocess.run([self.script, "stop", self.folder], check=False, stdout=subprocess.DEVNULL))
        text = subprocess.run(["bash", "-c", f". {self.folder}/env && env"], check=True, capture_output=True, text=True).stdout
        prefix = {"postgresql": "DATAPICKER_TEST_PG", "mariadb": "DATAPICKER_TEST_MARIADB"}[which]
        values = dict(line.split("=", 1) for line in text.splitlines() if line.startswith(prefix))
        self.odbc = values[prefix]
        self.host, self.port = values[prefix + "_HOST"], int(values[prefix + "_PORT"])
        self.user, self.password = values[prefix + "_USER"], values[prefix + "_PASSWORD"]
        self.database = values[prefix + "_DATABASE"]

    def run(self, action, which):
        subprocess.run([self.script, action, self.folder, which], check=True, stdout=subprocess.DEVNULL)

    def unplug(self):
        self.run("kill", self.which)

    def plug_in(self):
        self.run("start", self.which)

    def as_root(self, statement):
        """On MariaDB; {user} is the one that connections have."""
        environment = (self.folder / "env").read_text()
        socket = environment.split("DATAPICKER_TEST_MARIADB_SOCKET=")[1].split()[0]
        subprocess.run(["mariadb", "--no-defaults", f"--socket={socket}", "-u", "root", "-e", statement.format(user=self.user)], check=True)

    def connect(self):
        """A DB-API connection in autocommit."""
        if self.which == "postgresql":
            import psycopg2
            connection = psycopg2.connect(host=self.host, port=self.port, user=self.user, password=self.password,
                                          dbname=self.database)
            connection.autocommit = True
            return connection
        import pymysql
        return pymysql.connect(host=self.host, port=self.port, user=self.user, password=self.password,
                               database=self.database, autocommit=True)


class Stub:
    """The stub web API of test/support/stub_server; its log is the truth about effects."""

    def __init__(self, work, binary, name, *options):
        self.log = work.folder / f"{name}.log"
        port_file = work.folder / f"{name}.port"
        self.process = subprocess.Popen([binary, "--port", "0", "--port-file", port_file, "--log", self.log, *options], stdout=subprocess.DEVNULL)
        work.closers.append(self.stop)
        self.port = int(wait_until(lambda: port_file.exists() and port_file.read_text().strip(), 10, "the stub's port"))
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def effects(self):
        # All at once: whoever goes on reading behind a line that was half written gets its other half as a line.
        *lines, _ = self.log.read_text().split("\n")
        return [json.loads(line) for line in lines]

    def control(self, **settings):
        request = urllib.request.Request(self.url + "/control", json.dumps(settings).encode(), method="POST")
        return json.loads(urllib.request.urlopen(request).read())


def lookup_target(name):
    """The definition of what the stub is with `--mode lookup`: an API without idempotency that can be searched."""
    return f"""target: {name}
about: A test API without idempotency that can be searched
proved: {{ by: stub }}
objects:
  record:
    find:
      request: {{ method: GET, path: /objects, query: {{ code: "{{match.code}}" }} }}
      items: /items
      id: /id
      more_than_one: dead_letter
      consistent_after: 0s
    create: {{ request: {{ method: POST, path: /objects, body: fields }}, id: /id, repeat_safe: false }}
    update: {{ request: {{ method: PATCH, path: "/objects/{{remote_id}}", body: changed_fields }}, repeat_safe: true }}
    delete: {{ request: {{ method: DELETE, path: "/objects/{{remote_id}}", gone: [404] }}, repeat_safe: true }}
"""


class Instance:
    """An instance folder with its daemon."""

    def __init__(self, work, binary, name="test"):
        self.binary = binary
        self.folder = work.folder / "instance"
        self.process = None
        self.log_path = work.folder / "daemon.log"
        self.write("datapicker.yaml", f"instance: {name}\njournal:\n  path: journal.db\n")
        work.closers.append(self.kill)

    def write(self, path, text):
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def secret(self, name, value):
        self.write(f"secrets/{name}", value)
        os.chmod(self.folder / "secrets" / name, 0o600)

    def start(self, ready=True, environment=None):
        log = open(self.log_path, "ab")
        offset = self.log_path.stat().st_size
        self.process = subprocess.Popen([self.binary, "run", "--instance", self.folder], stderr=log, stdin=subprocess.DEVNULL,
                                        env={**os.environ, **(environment or {})})
        if ready:
            wait_until(lambda: self.ended() or b"daemon.started" in self.log_since(offset), 60, "the daemon to start")
            assert not self.ended(), f"the daemon ended at once:\n{self.log_since(offset).decode()}"

    def log_since(self, offset):
        with open(self.log_path, "rb") as log:
            log.seek(offset)
            return log.read()

    def log_text(self):
        return self.log_path.read_text(errors="replace")

    def ended(self):
        return self.process.poll() is not None

    def kill(self):
        if self.process and not self.ended():
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self):
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def verb(self, *arguments):
        return subprocess.run([self.binary, *map(str, arguments), "--instance", self.folder], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)

    def json(self, *arguments):
        done = self.verb(*arguments, "--json")
        assert done.returncode in (0, 4), f"{arguments}: {done.stdout}{done.stderr}"
        return as_published(arguments, json.loads(done.stdout))

    def json_lines(self, *arguments):
        done = self.verb(*arguments, "--json")
        assert done.returncode in (0, 4), f"{arguments}: {done.stdout}{done.stderr}"
        return [as_published(arguments, json.loads(line)) for line in done.stdout.splitlines()]


def as_published(arguments, value):
    """What a verb printed, held against the schema that others rely on."""
    import jsonschema
    names = [" ".join(map(str, arguments[:2])), str(arguments[0])]
    names = [f"{arguments[0]} {word}" for word in ("--explain", "--journal") if word in arguments] or names
    definitions = json.loads((ROOT / "config/schema/output.schema.json").read_text())["definitions"]
    published = [definitions[name] for name in names if name in definitions]
    assert published, f"config/schema/output.schema.json does not describe {names[-1]}"
    jsonschema.validate(value, {**published[0], "definitions": definitions})
    return value


def seeded():
    seed = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
    print(f"seed {seed} (SEED={seed} repeats it)", flush=True)
    return random.Random(seed)


def main(tests, named=None):
    """Runs the named tests, or all; each is a function without arguments."""
    wanted = (sys.argv[3:] if named is None else named) or [test.__name__ for test in tests]
    unknown = set(wanted) - {test.__name__ for test in tests}
    assert not unknown, f"there are no such tests: {sorted(unknown)}"
    for test in tests:
        if test.__name__ not in wanted:
            continue
        started = time.monotonic()
        test()
        print(f"ok {test.__name__} {time.monotonic() - started:.1f} s", flush=True)
