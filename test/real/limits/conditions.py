"""`hold_while`: a condition in one database keeps back what comes of another, until it ends or its limit is over.

    conditions.py DATAPICKER STUB_SERVER [TEST…]

Price lists stand in SQLite, the quotes that use them in PostgreSQL, which is killed meanwhile. Judged at the target."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "targets"))
from harness import Instance, Servers, Stub, Workplace, main, wait_until  # noqa: E402
from rows import Database, SqliteFile  # noqa: E402

DATAPICKER, STUB_SERVER = sys.argv[1:3]
PATIENCE = 60
WORK = Workplace("conditions")
QUOTES = Servers(WORK, "postgresql")


class Prices:
    """Rates by price list; those of a list that an open quote uses wait."""

    def __init__(self, name, limit):
        self.quotes = f"quotes_{name}"
        self.work = Workplace(name)
        self.erp = Database(SqliteFile(self.work), "sqlite")
        self.erp.sql("CREATE TABLE rate (id INTEGER NOT NULL PRIMARY KEY, listino VARCHAR(10), price VARCHAR(12))")
        self.crm = Database(QUOTES, "postgresql")
        self.crm.sql(f"CREATE TABLE {self.quotes} (number INTEGER PRIMARY KEY, price_list VARCHAR(10), state VARCHAR(10))")
        self.stub = Stub(self.work, STUB_SERVER, "api", "--mode", "idempotent")
        self.instance = Instance(self.work, DATAPICKER, name)
        self.instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{self.erp.servers.odbc}"\ndialect: sqlite\n')
        self.instance.write("connections/crm.yaml", f'connection: crm\nodbc: "{QUOTES.odbc}"\ndialect: postgresql\nconnect_timeout: 3s\n')
        self.instance.write("connections/shop.yaml", f"""connection: shop
target: webhook
url: {self.stub.url}
repeat_safe: true
idempotency_header: Idempotency-Key
requests:
  upsert: {{ method: PUT, path: "/{{match.id}}", body: fields }}
  delete: {{ method: DELETE, path: "/{{match.id}}", gone: [404] }}
""")
        self.instance.write("tables/rate.yaml", "table: rate\nconnection: erp\nfrom: rate\nkey: [id]\ncapture: { mode: diff, every: 100ms }\ninitial: deliver\n")
        self.pipeline(limit)

    def pipeline(self, limit, query=None):
        query = query or f"SELECT 1 FROM {self.quotes} WHERE price_list = :listino AND state = 'open'"
        self.instance.write("pipelines/prices/pipeline.yaml", f"""pipeline: prices
table: rate
map: {{ price: price }}
guard:
  hold_while:
    - name: an open quote uses this price list
      connection: crm
      query: {query}
      {limit}
      every: 1s
target: {{ connection: shop, object: price, match: {{ id: id }} }}
""")

    def set(self, id, listino, price):
        self.erp.sql("INSERT INTO rate VALUES (%s, %s, %s) ON CONFLICT (id) DO UPDATE SET listino = excluded.listino, price = excluded.price", id, listino, price)

    def quote(self, number, listino, state="open"):
        self.crm.sql(f"INSERT INTO {self.quotes} VALUES (%s, %s, %s) ON CONFLICT (number) DO UPDATE SET state = excluded.state", number, listino, state)

    def target(self):
        prices = {}
        for effect in self.stub.effects():
            if effect["what"] == "effect":
                prices[effect["path"].strip("/")] = effect["body"].get("price")
        return prices

    def wait_target(self, wanted):
        try:
            wait_until(lambda: self.target() == wanted, PATIENCE, f"{wanted} at the target")
        except AssertionError as problem:
            raise AssertionError(f"{problem}: {self.target()}\n{self.instance.verb('status').stdout}{self.instance.log_text()[-1500:]}")

    def waiting(self, start="waits"):
        """What `status` says of those that are kept back."""
        return [each for each in self.instance.json("status")["pipelines"][0]["kept_back"] if each["reason"].startswith(start)]

    def end(self):
        assert self.instance.stop() == 0
        self.work.close()


def prices_of_a_list_that_an_open_quote_uses_wait_until_it_is_closed():
    prices = Prices("closed", "at_most: 8h")
    prices.quote(1, "B'01")
    prices.instance.start()
    prices.set(1, "B'01", "10.00")
    prices.set(2, "B02", "20.00")
    prices.set(3, None, "30.00")
    prices.wait_target({"2": "20.00", "3": "30.00"})
    wait_until(lambda: prices.waiting() == [{"reason": "waits while an open quote uses this price list", "deliveries": 1}], PATIENCE, "status to say what waits")
    assert "1 waits while an open quote uses this price list" in prices.instance.verb("status").stdout
    prices.set(1, "B'01", "11.00")
    prices.set(4, "B02", "40.00")
    prices.wait_target({"2": "20.00", "3": "30.00", "4": "40.00"})
    prices.instance.kill()
    prices.instance.start()
    prices.set(5, "B02", "50.00")
    prices.wait_target({"2": "20.00", "3": "30.00", "4": "40.00", "5": "50.00"})
    story = prices.instance.json("story", "rate", "1")
    assert story["pipelines"][0]["deliveries"][-1]["reason"] == "waits while an open quote uses this price list", story
    prices.quote(1, "B'01", "won")
    prices.wait_target({"1": "11.00", "2": "20.00", "3": "30.00", "4": "40.00", "5": "50.00"})
    assert "10.00" not in [effect["body"].get("price") for effect in prices.stub.effects() if effect["what"] == "effect"]
    prices.end()


def nothing_goes_while_the_database_of_the_condition_is_away():
    prices = Prices("away", "at_most: 8h")
    prices.instance.start()
    prices.set(1, "B01", "10.00")
    prices.wait_target({"1": "10.00"})
    QUOTES.unplug()
    prices.set(1, "B07", "11.00")
    wait_until(lambda: prices.waiting("waits while nobody can say whether an open quote uses this price list"), PATIENCE, "status to say that it cannot be asked")
    assert prices.target() == {"1": "10.00"}
    QUOTES.plug_in()
    prices.wait_target({"1": "11.00"})
    prices.end()


def what_waited_too_long_is_held_until_a_person_decides():
    prices = Prices("held", "at_most: 2s")
    prices.quote(1, "B01")
    prices.instance.start()
    prices.set(1, "B01", "10.00")
    listed = wait_until(lambda: prices.instance.json_lines("anomalies", "list"), PATIENCE, "the anomaly")
    assert listed[0]["kind"] == "hold_while: an open quote uses this price list", listed
    assert listed[0]["text"] == "an open quote uses this price list: still so after 2 s", listed
    assert prices.target() == {}
    released = prices.instance.verb("anomalies", "release", listed[0]["id"], "--reason", "the quote is lost", "--yes")
    assert released.returncode == 0, released
    prices.wait_target({"1": "10.00"})
    prices.pipeline("at_most: 2s\n      then: send")
    assert prices.instance.verb("reload").returncode == 0
    prices.set(1, "B01", "12.00")
    prices.wait_target({"1": "12.00"})
    prices.end()


def check_asks_the_condition_and_knows_the_columns():
    prices = Prices("checked", "at_most: 8h")
    prices.set(1, "B01", "10.00")
    assert prices.instance.verb("check").returncode == 0, prices.instance.verb("check")
    prices.pipeline("at_most: 8h", f"SELECT 1 FROM {prices.quotes} WHERE price_list = :listin")
    refused = prices.instance.verb("check")
    assert refused.returncode == 2 and "listino" in refused.stdout + refused.stderr and "pipeline.yaml:8:" in refused.stdout + refused.stderr, refused
    prices.pipeline("at_most: 8h", "SELECT 1 FROM no_such_table WHERE price_list = :listino")
    refused = prices.instance.verb("check")
    assert refused.returncode == 2 and "guard.condition" in refused.stdout + refused.stderr, refused
    prices.work.close()


main([prices_of_a_list_that_an_open_quote_uses_wait_until_it_is_closed, nothing_goes_while_the_database_of_the_condition_is_away,
      what_waited_too_long_is_held_until_a_person_decides, check_asks_the_condition_and_knows_the_columns], sys.argv[3:])
