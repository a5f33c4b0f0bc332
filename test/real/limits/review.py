"""What an operator looks at and decides, through the program itself: `plan` as text, Markdown and JSON with the daemon up and down, `story`
with a verdict and a decision, `anomalies show` and `snooze`.

    review.py DATAPICKER STUB_SERVER

Over SQLite's real driver and a stub web API."""
import pathlib
import shutil
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "targets"))
from harness import Instance, Stub, Workplace, main, wait_until  # noqa: E402
from rows import SqliteFile  # noqa: E402

DATAPICKER, STUB_SERVER = sys.argv[1:3]
PATIENCE = 60
MAP = "map: { name: upper(name), price: price }\n"


class Shop:
    def __init__(self):
        self.work = Workplace("review")
        source = SqliteFile(self.work)
        self.database = source.connect()
        self.sql("CREATE TABLE item (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), price INTEGER)")
        self.sql("INSERT INTO item VALUES (1, 'Bolt', 10), (2, 'Nut', 20), (3, 'Screw', 30)")
        self.stub = Stub(self.work, STUB_SERVER, "api", "--mode", "idempotent")
        self.instance = Instance(self.work, DATAPICKER)
        write = self.instance.write
        write("connections/erp.yaml", f'connection: erp\nodbc: "{source.odbc}"\ndialect: sqlite\n')
        write("connections/shop.yaml", f"""connection: shop
target: webhook
url: {self.stub.url}
repeat_safe: true
idempotency_header: Idempotency-Key
requests:
  upsert: {{ method: PUT, path: "/{{match.id}}", body: fields }}
  delete: {{ method: DELETE, path: "/{{match.id}}", gone: [404] }}
""")
        write("tables/item.yaml", "table: item\nconnection: erp\nfrom: item\nkey: [id]\ncapture: { mode: diff, every: 100ms }\ninitial: deliver\n")
        self.pipeline(self.instance.folder, MAP)
        self.instance.start()
        self.wait_price(1, 10)

    @staticmethod
    def pipeline(folder, mapping, guard="guard: { rules: [ { name: price above zero, check: price > 0 } ] }\n"):
        file = folder / "pipelines/to_shop/pipeline.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"pipeline: to_shop\ntable: item\n{guard}{mapping}target: {{ connection: shop, object: item, match: {{ id: id }} }}\n")

    def sql(self, text):
        return self.database.execute(text).fetchall()

    def price(self, id):
        prices = [effect["body"]["price"] for effect in self.stub.effects() if effect["what"] == "effect" and effect["path"] == f"/{id}"]
        return prices[-1] if prices else None

    def wait_price(self, id, price):
        wait_until(lambda: self.price(id) == price, PATIENCE, f"item {id} at {price}")

    def edited(self):
        folder = self.work.folder / "edited"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.instance.folder, folder, ignore=shutil.ignore_patterns("journal.db*"))
        return folder

    def audit(self, act):
        journal = sqlite3.connect(self.instance.folder / "journal.db")
        return journal.execute("SELECT actor, reason FROM audit WHERE act = ?", (act,)).fetchall()

    def end(self):
        assert self.instance.stop() == 0
        self.work.close()


def check_plan(shop, edited):
    done = shop.instance.verb("plan", edited)
    assert done.returncode == 4 and "4 calls different of 4 changes" in done.stdout, done
    assert 'name: "BOLT" → "bolt"' in done.stdout and "PUT" in done.stdout, done.stdout
    markdown = shop.instance.verb("plan", edited, "--markdown")
    assert markdown.returncode == 4 and markdown.stdout.startswith("## Datapicker plan: "), markdown
    assert '| `name` | `"BOLT"` | `"bolt"` |' in markdown.stdout, markdown.stdout
    plan = shop.instance.json("plan", edited)
    changed = plan["pipelines"][0]
    assert (plan["changes"], changed["different"], changed["added"], changed["removed"]) == (4, 4, 0, 0), plan
    assert changed["fields"] == {"name": 4}, changed


def an_edited_folder_shows_the_calls_it_would_have_made_and_an_equal_one_none():
    shop = Shop()
    shop.sql("UPDATE item SET price = 11 WHERE id = 1")
    shop.wait_price(1, 11)
    edited = shop.edited()
    same = shop.instance.verb("plan", edited)
    assert same.returncode == 0 and "no call differs" in same.stdout, same
    shop.pipeline(edited, MAP.replace("upper", "lower"))
    check_plan(shop, edited)
    calls = len(shop.stub.effects())
    assert shop.instance.stop() == 0
    check_plan(shop, edited)
    shop.pipeline(edited, "map: { name: nam }\n")
    refused = shop.instance.verb("plan", edited)
    assert refused.returncode == 2 and "did you mean 'name'" in refused.stdout + refused.stderr, refused
    assert len(shop.stub.effects()) == calls
    shop.instance.start()
    shop.end()


def what_is_held_is_snoozed_released_and_told_in_its_story():
    shop = Shop()
    shop.sql("UPDATE item SET price = 0 WHERE id = 2")
    anomaly = wait_until(lambda: shop.instance.json_lines("anomalies", "list"), PATIENCE, "the rule to hold it")[0]
    shown = shop.instance.verb("anomalies", "show", anomaly["id"]).stdout
    assert "release: 1 update at shop item" in shown and "reject:" in shown and "price: 20 → 0" in shown, shown
    without = shop.instance.verb("anomalies", "snooze", anomaly["id"], "--for", "2h")
    assert without.returncode == 2 and "--reason" in without.stderr, without
    assert shop.instance.json("anomalies", "snooze", str(anomaly["id"]), "--for", "2h", "--reason", "asked purchasing")["decided"][0]["done"]
    listed = shop.instance.json_lines("anomalies", "list")[0]
    assert listed["held"] == 1 and listed["snoozed_until_ms"] > listed["opened_ms"] + 7_000_000, listed
    assert [reason for _, reason in shop.audit("snooze")] == ["asked purchasing"]
    assert shop.price(2) == 20
    shop.instance.verb("anomalies", "release", anomaly["id"], "--yes", "--reason", "it is free today")
    shop.wait_price(2, 0)
    delivery = wait_until(lambda: [each for each in shop.instance.json("story", "item", "2")["pipelines"][0]["deliveries"] if each["decisions"] and each["attempts"]],
                          PATIENCE, "the decision in the story")[0]
    assert delivery["anomaly"]["text"] == "the rule 'price above zero' is not met", delivery
    assert [(each["decision"], each["reason"]) for each in delivery["decisions"]] == [("release", "it is free today")], delivery
    assert delivery["decisions"][0]["actor"] == shop.audit("release")[0][0], delivery
    text = shop.instance.verb("story", "item", "2").stdout
    for part in ("price: 20 → 0", 'wanted: {"id":2} {"name":"NUT","price":0}', "by anomaly", "it is free today", "PUT /2", "HTTP 200", "last sent"):
        assert part in text, (part, text)
    shop.end()


main([an_edited_folder_shows_the_calls_it_would_have_made_and_an_equal_one_none, what_is_held_is_snoozed_released_and_told_in_its_story])
