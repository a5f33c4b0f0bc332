"""`deliver: together` on a real PostgreSQL, by a change log and by a slot, and on MariaDB by versions: transactions of several rows through kills and a target
that fails; mass changes that are held as whole transactions.

    together.py DATAPICKER STUB_SERVER [KILLS]

Each transaction writes its number into two to four accounts and moves money between them; some are rolled back, some stay open while others commit, and some
change more rows than may go together. The target never shows a later transaction of a row before all rows of the earlier one are there, and at
the end it holds what the source holds. A row that cannot be mapped holds its transaction until a person decides."""
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "capture"))
from rows import open_database  # noqa: E402
from compared import check_whole, held, killed_while_written, wait_equal, write_shop  # noqa: E402
from harness import Instance, Stub, Workplace, seeded, wait_until  # noqa: E402

DATAPICKER, STUB_SERVER = sys.argv[1:3]
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 4
ACCOUNTS = 300
BUSY = 60  # of those, which transactions share rows: all of them may go together
TOGETHER_MAX = 150  # by the change log, of which log and rows are of one moment; by the others more come together
TRANSACTIONS = 250
ACCOUNT = ("CREATE TABLE account (id INTEGER NOT NULL PRIMARY KEY, amount INTEGER NOT NULL, n INTEGER NOT NULL, kind VARCHAR(10) NOT NULL{period})",
           ", a BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, b BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (a, b)",
           " WITH SYSTEM VERSIONING")


class Transfers(threading.Thread):
    """Numbers are given in the order of commits: a transaction that stays open takes its own at its end."""

    def __init__(self, database, random):
        super().__init__(daemon=True)
        self.database, self.slow, self.random = database.another(), database.another(), random
        self.end = threading.Event()
        self.rows = {}  # of each transaction that was committed
        self.problem = None

    def run(self):
        try:
            while not self.end.is_set():
                self.transfer(self.random.random())
                time.sleep(0.004)
        except Exception as problem:  # shown by the main thread
            self.problem = problem

    def transfer(self, chance):
        number = len(self.rows) + 1
        rows = self.random.sample(range(BUSY), self.random.randint(2, 4))
        if number % 100 == 50:
            rows = self.random.sample(range(BUSY, ACCOUNTS), TOGETHER_MAX + 20)
        self.database.sql("BEGIN")
        for row in rows[1:4]:
            self.database.sql("UPDATE account SET amount = amount - 1, n = %s WHERE id = %s", number, row)
        self.database.sql("UPDATE account SET amount = amount - 1, n = %s WHERE id IN %s", number, tuple(rows[4:]) or (-1,))
        if chance > 0.9:
            time.sleep(0.03)  # a look of the daemon finds it open
        self.database.sql("UPDATE account SET amount = amount + %s, n = %s WHERE id = %s", len(rows) - 1, number, rows[0])
        if 0.8 < chance < 0.9:
            self.database.sql("ROLLBACK")
            return
        self.database.sql("COMMIT")
        self.rows[number] = rows

    def finish(self):
        wait_until(lambda: self.problem or len(self.rows) >= TRANSACTIONS, 60, "enough transactions")
        self.end.set()
        self.join()
        assert self.problem is None, self.problem


def configure(instance, database, stub, by, codes, guard=""):
    together_max = TOGETHER_MAX if "dp_log" in by else 1_000
    exclude = "exclude: [a, b]\n" if "versions" in by else ""  # the columns of a period change with every row
    instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{database.servers.odbc}"\ndialect: {database.which}\n')
    write_shop(instance, stub, in_flight=4)
    instance.write("tables/account.yaml", f"table: account\nconnection: erp\nfrom: account\nkey: [id]\n{exclude}"
                   f"capture: {{ mode: tail, {by}, every: 20ms, full_every: 12h }}\ninitial: deliver\n")
    instance.write("pipelines/accounts/pipeline.yaml", f"""pipeline: accounts
table: account
deliver: together
{guard}together_max: {together_max}
map: {{ id: "'a' || id", amount: amount, n: n }}
values: {{ kind: {{ of: kind, in: {codes} }} }}
target: {{ connection: shop, object: record, match: {{ id: "'a' || id" }} }}
""")


def wanted(database):
    rows = database.sql("SELECT id, amount, n, kind FROM account")
    return {f"a{id}": {"id": f"a{id}", "amount": amount, "n": n, "kind": kind.lower()} for id, amount, n, kind in rows}


def held_by_a_row(database, stub, instance, by, transfers):
    """A code that the mapping does not know; then a person makes it known, or goes on without the row."""
    for decision in ("retry", "discard"):
        number = len(transfers.rows) + 1
        transfers.rows[number] = [1, 2]
        database.sql("BEGIN")
        database.sql("UPDATE account SET n = %s WHERE id = 1", number)
        database.sql("UPDATE account SET n = %s, kind = %s WHERE id = 2", number, decision.upper())
        database.sql("COMMIT")
        letter = wait_until(lambda: instance.json_lines("dead-letters", "list"), 20, "a dead letter")[0]
        later = number + 1
        transfers.rows[later] = [1, 3]
        database.sql("UPDATE account SET n = %s WHERE id IN (1, 3)", later)
        database.sql("UPDATE account SET n = %s WHERE id IN (4, 5)", later)
        wait_until(lambda: held(stub)["a5"]["n"] == later, 20, "a transaction beside it")
        assert held(stub)["a1"]["n"] < number and held(stub)["a3"]["n"] < later, held(stub)
        story = instance.json("story", "account", "1")["pipelines"][0]["deliveries"][-2]
        assert f"delivery {letter['id']} " in story["together"]["held_by"] and story["together"]["state"] == "waiting", story
        assert f"delivery {letter['id']} " in instance.verb("story", "account", "1").stdout
        instance.kill()
        configure(instance, database, stub, by, "{ K: k, RETRY: retry }")
        instance.start()
        assert held(stub)["a1"]["n"] < number
        done = instance.verb("dead-letters", decision, letter["id"], "--reason", "looked at")
        assert done.returncode == 0, done.stdout + done.stderr
        wait_until(lambda: held(stub)["a1"]["n"] == later, 20, f"the transaction after {decision}")
        assert held(stub)["a2"]["n"] == number if decision == "retry" else held(stub)["a2"]["n"] < number, held(stub)["a2"]
        database.sql("UPDATE account SET kind = 'K', n = n WHERE id = 2")
        wait_equal(lambda: wanted(database), stub, instance, f"after {decision}")


def transaction(database, transfers, rows, amount=None):
    """Writes its number into the rows, and the same amount into all of them. Returns the number."""
    number = len(transfers.rows) + 1
    transfers.rows[number] = rows
    database.sql("BEGIN")
    for row in rows:
        database.sql("UPDATE account SET n = %s WHERE id = %s", number, row)
        if amount is not None:
            database.sql("UPDATE account SET amount = %s WHERE id = %s", amount, row)
    database.sql("COMMIT")
    return number


def mass_change(database, stub, instance, transfers, amount, announced):
    """Twenty transactions of three rows each while nobody looks: they are found in one cycle, which is beyond its limit. So would be all that comes
    within the hour, but for what is announced."""
    instance.kill()
    before = held(stub)
    changed = [[first, first + 1, first + 2] for first in range(100, 160, 3)]
    numbers = [transaction(database, transfers, rows, amount) for rows in changed]
    instance.start()
    anomaly = wait_until(lambda: [each for each in instance.json_lines("anomalies", "list") if each["held"] == 60], 20, "60 rows to be held")[0]
    assert held(stub) == before, "something of a held cycle was sent"
    if announced:
        done = instance.verb("expect", "accounts", "--updates", str(announced), "--until", "1h", "--reason", "as agreed")
        assert done.returncode == 0, done.stdout + done.stderr
    return anomaly["id"], numbers


def newest(instance, row):
    return instance.json("story", "account", str(row))["pipelines"][0]["deliveries"][-1]


def decided(instance, verb, anomaly):
    done = instance.verb("anomalies", verb, anomaly, "--reason", "looked at", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr


def held_as_a_whole(database, stub, instance, by, transfers):
    """A mass change of many transactions is held with all of them; they are let go, healed and thrown away as transactions."""
    instance.kill()
    configure(instance, database, stub, by, "{ K: k, RETRY: retry }", "guard: { mass_change: { update: 30, ignore_below: 0 } }\n")
    instance.start()
    anomaly, numbers = mass_change(database, stub, instance, transfers, -1, 4)
    behind = transaction(database, transfers, [100, 200])
    beside = transaction(database, transfers, [201, 202])
    wait_until(lambda: held(stub)["a202"]["n"] == beside, 20, "a transaction beside the held ones")
    assert held(stub)["a200"]["n"] < numbers[0], "a row left its transaction, the other row of which is held"
    instance.kill()
    instance.start()
    decided(instance, "release", anomaly)
    wait_until(lambda: held(stub)["a200"]["n"] == behind, 20, "the transaction behind the released ones")
    wait_equal(lambda: wanted(database), stub, instance, "after a release")

    # What is undone, transaction by transaction, is nobody's any more.
    values = database.sql("SELECT id, amount, n FROM account WHERE id BETWEEN 100 AND 159")
    anomaly, numbers = mass_change(database, stub, instance, transfers, -2, 0)
    for number in numbers:
        database.sql("BEGIN")
        for id, amount, n in values:
            if id in transfers.rows[number]:
                database.sql("UPDATE account SET amount = %s, n = %s WHERE id = %s", amount, n, id)
        database.sql("COMMIT")
    wait_until(lambda: not instance.json_lines("anomalies", "list"), 20, "the anomaly to heal")
    assert {each["id"]: each["state"] for each in instance.json_lines("anomalies", "list", "--all")}[anomaly] == "healed"
    wait_equal(lambda: wanted(database), stub, instance, "after all was undone")

    # What is thrown away takes nothing of itself along, and comes back only when a person lets it.
    anomaly, numbers = mass_change(database, stub, instance, transfers, -3, 2)
    again = transaction(database, transfers, [100, 203])
    wait_until(lambda: newest(instance, 203)["state"] == "pending", 20, "a transaction behind to be planned")
    instance.kill()
    decided(instance, "reject", anomaly)
    instance.start()
    left = wait_until(lambda: [each for each in instance.json_lines("anomalies", "list") if each["held"] == 2], 20, "what brings the rejected amount again")[0]
    assert left["id"] == anomaly and held(stub)["a203"]["n"] < again, left
    mended = transaction(database, transfers, list(range(100, 120)), 7)
    decided(instance, "reject", anomaly)
    wait_until(lambda: held(stub)["a100"]["n"] == mended, 20, "a better amount")
    assert held(stub)["a203"]["n"] < again and held(stub)["a120"]["n"] < numbers[0], held(stub)


def make_table(database, by):
    create, period, versioned = ACCOUNT
    if "versions" not in by:
        period = versioned = ""
    database.sql(create.format(period=period) + versioned)
    for i in range(ACCOUNTS):
        database.sql("INSERT INTO account (id, amount, n, kind) VALUES (%s, 100, 0, 'K')", i)


def may_follow(database, instance, by):
    if "versions" in by:
        database.servers.as_root("GRANT SELECT ON mysql.transaction_registry TO '{user}'@'%'")
        return
    done = instance.verb("change-log", "install", "erp", "--apply")
    assert done.returncode == 0, done.stdout + done.stderr


def run(which, by, random):
    work = Workplace("together")
    database = open_database(work, which)
    stub = Stub(work, STUB_SERVER, "shop", "--mode", "idempotent", "--fail-rate", "0.1", "--seed", str(random.randrange(1_000_000)))
    instance = Instance(work, DATAPICKER)
    make_table(database, by)
    configure(instance, database, stub, by, "{ K: k }")
    may_follow(database, instance, by)
    instance.start()
    wait_equal(lambda: wanted(database), stub, instance, "the first reading")
    transfers = Transfers(database, random)
    instance.kill()
    killed_while_written(instance, transfers, random, KILLS)
    wait_equal(lambda: wanted(database), stub, instance, f"after {KILLS} kills")
    rows_of = {number: [f"a{row}" for row in rows] for number, rows in transfers.rows.items()}
    steps = check_whole(stub, rows_of, lambda effect: (effect["body"]["id"], effect["body"]["n"]), TOGETHER_MAX)
    assert steps > 100, steps
    assert ("pipeline.transaction_apart" in instance.log_text()) == ("dp_log" in by)
    if "dp_log" in by:
        held_by_a_row(database, stub, instance, by, transfers)
        held_as_a_whole(database, stub, instance, by, transfers)
    assert instance.stop() == 0
    print(f"{which}, {by}: {len(transfers.rows)} transactions, {KILLS} kills: {steps} times a record went on, never from a transaction that was not whole", flush=True)
    work.close()


def main():
    random = seeded()
    run("postgresql", "log: dp_log", random)
    run("postgresql", "by: slot, log: dp_together", random)
    run("mariadb", "by: versions", random)


main()
