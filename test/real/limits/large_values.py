"""Values of ten megabytes in a source: what a mapping makes small arrives, what it hands on whole is a dead letter that says so, and other rows never notice.

    large_values.py DATAPICKER STUB_SERVER"""
import pathlib
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Instance, Stub, Workplace, main, wait_until  # noqa: E402

DATAPICKER, STUB_SERVER = sys.argv[1:3]
PATIENCE = 120
LARGE = 10_000_000
FIT = 900_000  # below what one mapped value may have


class Scene:
    def __init__(self):
        self.work = Workplace("large")
        self.stub = Stub(self.work, STUB_SERVER, "api", "--mode", "idempotent")
        self.instance = Instance(self.work, DATAPICKER, "large")
        self.database = sqlite3.connect(self.work.folder / "erp.db", isolation_level=None, timeout=30)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("CREATE TABLE item (id INTEGER NOT NULL PRIMARY KEY, note TEXT, picture BLOB)")
        self.instance.write("connections/erp.yaml", f'connection: erp\nodbc: "Driver=SQLite3;Database={self.work.folder}/erp.db"\ndialect: sqlite\n')
        self.instance.write("connections/shop.yaml", f"""connection: shop
target: webhook
url: {self.stub.url}
repeat_safe: true
idempotency_header: Idempotency-Key
requests:
  upsert: {{ method: PUT, path: "/{{match.id}}", body: fields }}
  delete: {{ method: DELETE, path: "/{{match.id}}", gone: [404] }}
""")
        self.instance.write("tables/item.yaml", "table: item\nconnection: erp\nfrom: item\nkey: [id]\ncapture: { mode: diff, every: 200ms }\ninitial: deliver\n")
        self.pipeline("short", "letters: length(note)\n  begin: substr(note, 1, 20)\n  end: substr(note, -20)\n  bytes: length(picture)")
        self.pipeline("whole", "note: note")

    def pipeline(self, name, fields):
        self.instance.write(f"pipelines/{name}/pipeline.yaml", f"pipeline: {name}\ntable: item\nguard: {{ mass_change: off }}\nmap:\n  {fields}\n"
                            f"target: {{ connection: shop, object: {name}, match: {{ id: \"'{name}/' || id\" }} }}\n")

    def put(self, id, note, picture=b""):
        self.database.execute("INSERT OR REPLACE INTO item VALUES (?, ?, ?)", [id, note, picture])

    def body(self, name, id):
        """What the target has of a row."""
        bodies = [effect["body"] for effect in self.stub.effects() if effect["what"] == "effect" and effect["path"] == f"/{name}/{id}"]
        return bodies[-1] if bodies else None

    def wait_body(self, name, id, wanted):
        wait_until(lambda: self.body(name, id) == wanted, PATIENCE, f"{name} {id} at the target", pause=0.2)

    def dead(self):
        return self.instance.json_lines("dead-letters", "list")


def text_of(letter, size):
    """Not ASCII alone: its characters are fewer than its bytes."""
    return letter * (size - 1) + "è"


def ten_megabytes_are_captured_and_mapped_and_what_is_too_large_says_so():
    scene = Scene()
    note = text_of("a", LARGE)
    scene.put(1, note, bytes(LARGE))
    scene.put(2, "short")
    scene.put(3, text_of("c", FIT))
    scene.instance.start()
    scene.wait_body("short", 1, {"letters": LARGE, "begin": "a" * 20, "end": "a" * 19 + "è", "bytes": LARGE})
    scene.wait_body("whole", 2, {"note": "short"})
    scene.wait_body("whole", 3, {"note": text_of("c", FIT)})
    dead = wait_until(scene.dead, PATIENCE, "the row that is too large to be a dead letter")
    assert len(dead) == 1 and "10000001 bytes, more than 1000000" in dead[0]["reason"], dead
    # One letter in the middle of ten megabytes is a change like any other, and one that makes the row small sets it free.
    scene.put(1, note[:LARGE // 2] + "b" + note[LARGE // 2 + 1:], bytes(3))
    wait_until(lambda: (scene.body("short", 1) or {}).get("bytes") == 3, PATIENCE, "the changed row at the target")
    scene.put(1, "small now")
    scene.wait_body("whole", 1, {"note": "small now"})
    wait_until(lambda: not scene.dead(), PATIENCE, "nothing to be a dead letter")
    peak = next(int(line.split()[1]) // 1024 for line in pathlib.Path(f"/proc/{scene.instance.process.pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(f"  at most {peak} MB in memory", flush=True)
    assert peak < 600, peak
    assert scene.instance.stop() == 0


main([ten_megabytes_are_captured_and_mapped_and_what_is_too_large_says_so], sys.argv[3:])
