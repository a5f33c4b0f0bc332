"""From a real database to a real Request Tracker: what a row does becomes what a ticket is.

    end_to_end.py DATAPICKER postgresql|mariadb

One instance goes through a day: first load, update, insert, delete, a value that RT refuses, RT stopped and started, the
database unplugged and back, wrong credentials. Tickets are read from RT itself. RT takes 0.3 s a call and more: few rows."""
import json
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

from harness import ROOT, Instance, Servers, Workplace, free_port, wait_until

DATAPICKER, WHICH = sys.argv[1:3]
PATIENCE = 90


class RequestTracker:
    def __init__(self, work):
        self.folder = work.folder / "rt"
        self.port = free_port()
        self.script = ROOT / "test/real/request_tracker/server.sh"
        self.token = None
        self.start()
        work.closers.append(self.stop)

    def start(self):
        out = subprocess.run([self.script, "start", self.folder, str(self.port)], check=True, capture_output=True, text=True).stdout
        token = [line.split("=", 1)[1] for line in out.splitlines() if line.startswith("TOKEN=")]
        self.token = self.token or (token[0] if token else None)

    def stop(self):
        subprocess.run([self.script, "stop", self.folder], check=False, stdout=subprocess.DEVNULL)

    def get(self, path):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/REST/2.0{path}",
                                         headers={"Authorization": f"token {self.token}"})
        return json.loads(urllib.request.urlopen(request, timeout=30).read())

    def tickets(self, code):
        query = urllib.parse.urlencode({"query": f"CF.{{ExternalId}}='{code}'"})
        return [self.get(f"/ticket/{item['id']}") for item in self.get(f"/tickets?{query}")["items"]]

    def ticket(self, code):
        found = self.tickets(code)
        assert len(found) <= 1, f"{code} has {len(found)} tickets"
        return found[0] if found else None


class Day:
    """The instance, its database and its tickets; each step below changes rows and waits for what RT then shows."""

    def __init__(self):
        self.work = Workplace("e2e")
        self.servers = Servers(self.work, WHICH)
        self.tracker = RequestTracker(self.work)
        self.instance = Instance(self.work, DATAPICKER)
        self.configure(self.tracker.token)
        self.sql("CREATE TABLE customer (code CHAR(10) NOT NULL PRIMARY KEY, name VARCHAR(60), status VARCHAR(20),"
                 " credit DECIMAL(12,2), memo VARCHAR(60))")
        for code, name in (("C001", "Prima & Figli"), ("C002", "Seconda d'Oro"), ("C003", "Terza \"3\" €")):
            self.insert(code, name)

    def configure(self, token):
        self.instance.secret("erp", self.servers.password)
        self.instance.secret("rt", token)
        odbc = self.servers.odbc.replace(self.servers.password, "${secret:erp}")
        self.instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{odbc}"\ndialect: {WHICH}\n')
        self.instance.write("connections/helpdesk.yaml", f"""connection: helpdesk
target: request_tracker
url: http://127.0.0.1:{self.tracker.port}/REST/2.0
auth: {{ header: Authorization, value: "token ${{secret:rt}}" }}
options: {{ key_field: ExternalId }}
limits: {{ in_flight: 2 }}
""")
        self.instance.write("tables/customer.yaml", "table: customer\nconnection: erp\nfrom: customer\nkey: [code]\n"
                            "capture: { mode: diff, every: 300ms }\ninitial: deliver\n")
        self.instance.write("pipelines/credit/pipeline.yaml", """pipeline: credit
table: customer
map:
  Subject: "name || ', credit ' || credit"
  Status: status
set: { Queue: General }
target:
  connection: helpdesk
  object: ticket
  match: { ExternalId: trim(code) }
  on_delete: resolve
  comment:
    when: changed('credit')
    text: "'Limit ' || old.credit || ' -> ' || credit"
""")

    def sql(self, text, *values):
        connection = self.servers.connect()
        with connection.cursor() as cursor:
            cursor.execute(text, values)
        connection.close()

    def insert(self, code, name):
        self.sql("INSERT INTO customer VALUES (%s, %s, 'new', '100.00', 'x')", code, name)

    def wait_ticket(self, code, what, condition):
        def held():
            ticket = self.tracker.ticket(code)
            return ticket is not None and condition(ticket)
        wait_until(held, PATIENCE, f"{code}: {what}\n{self.instance.log_text()[-2000:]}", pause=0.7)

    def wait_state(self, what, condition):
        wait_until(lambda: condition(self.instance.json("status")), PATIENCE, what, pause=0.3)

    def letters(self):
        return self.instance.json_lines("dead-letters", "list")

    def story(self, code):
        return self.instance.json("story", "customer", code)


def first_load(day):
    day.instance.start()
    for code, name in (("C001", "Prima & Figli"), ("C002", "Seconda d'Oro"), ("C003", "Terza \"3\" €")):
        day.wait_ticket(code, "created", lambda ticket, name=name: ticket["Subject"] == f"{name}, credit 100.00")


def update_insert_delete(day):
    day.sql("UPDATE customer SET credit = '250.50' WHERE code = 'C001'")
    day.sql("UPDATE customer SET memo = 'nobody maps this' WHERE code = 'C002'")
    day.insert("C004", "Quarta")
    day.sql("DELETE FROM customer WHERE code = 'C003'")
    day.wait_ticket("C001", "updated", lambda ticket: ticket["Subject"] == "Prima & Figli, credit 250.50")
    day.wait_ticket("C004", "created", lambda ticket: ticket["Subject"] == "Quarta, credit 100.00")
    day.wait_ticket("C003", "resolved", lambda ticket: ticket["Status"] == "resolved")
    ticket = day.tracker.ticket("C001")["id"]
    comments = [entry for entry in day.tracker.get(f"/ticket/{ticket}/history?fields=Type")["items"] if entry["Type"] == "Comment"]
    assert len(comments) == 1, f"{len(comments)} comments for one change of the credit"
    states = [delivery["state"] for delivery in day.story("C002")["pipelines"][0]["deliveries"]]
    assert states == ["delivered", "skipped"], states


def refused_value(day):
    day.sql("UPDATE customer SET status = 'nonsense' WHERE code = 'C002'")
    day.sql("UPDATE customer SET credit = '300.00' WHERE code = 'C004'")
    day.wait_ticket("C004", "its neighbour goes on", lambda ticket: ticket["Subject"] == "Quarta, credit 300.00")
    letter = wait_until(day.letters, PATIENCE, "a dead letter")[0]
    assert letter["key"] == ["C002"] and "Status" in letter["reason"], letter["reason"]
    assert day.tracker.ticket("C002")["Status"] == "new"
    day.sql("UPDATE customer SET status = 'open' WHERE code = 'C002'")
    day.wait_ticket("C002", "opened", lambda ticket: ticket["Status"] == "open")
    wait_until(lambda: not day.letters(), PATIENCE, "the dead letter superseded by the delivered one")


def tracker_stopped(day):
    day.tracker.stop()
    day.insert("C005", "Quinta")
    day.sql("UPDATE customer SET credit = '1.00' WHERE code = 'C001'")
    day.wait_state("two deliveries waiting", lambda status: sum(status["pipelines"][0]["deliveries"].values()) == 2)
    day.tracker.start()
    day.wait_ticket("C005", "created once RT is back", lambda ticket: ticket["Subject"] == "Quinta, credit 100.00")
    day.wait_ticket("C001", "updated once RT is back", lambda ticket: ticket["Subject"] == "Prima & Figli, credit 1.00")


def database_unplugged(day):
    day.servers.unplug()
    day.wait_state("the table unreachable", lambda status: status["tables"][0]["state"] == "unreachable")
    day.servers.plug_in()
    day.sql("UPDATE customer SET credit = '2.00' WHERE code = 'C001'")
    day.wait_ticket("C001", "updated after the database came back", lambda ticket: ticket["Subject"].endswith("credit 2.00"))


def wrong_token(day):
    assert day.instance.stop() == 0
    day.configure("1-14-0123456789abcdef0123456789abcdef")
    day.instance.start()
    day.sql("UPDATE customer SET credit = '3.00' WHERE code = 'C001'")
    day.wait_state("the connection refused", lambda status: status["targets"][0]["state"] == "auth_refused")
    assert day.instance.stop() == 0
    assert not day.letters(), "credentials are no reason to give up a record"
    day.configure(day.tracker.token)
    day.instance.start()
    day.wait_ticket("C001", "updated with the right token", lambda ticket: ticket["Subject"].endswith("credit 3.00"))


def wrong_password(day):
    assert day.instance.stop() == 0
    day.instance.secret("erp", "not-the-password")
    refused = day.instance.verb("check")
    assert refused.returncode == 2 and "source.refused" in refused.stderr, refused.stderr
    assert "not-the-password" not in refused.stderr + refused.stdout
    day.instance.start()
    day.wait_state("the table refused", lambda status: status["tables"][0]["state"] == "refused")
    assert day.instance.stop() == 0


def nothing_leaked(day):
    journal = (day.instance.folder / "journal.db").read_bytes()
    for secret in (day.tracker.token, day.servers.password):
        assert secret.encode() not in journal, "a secret stands in the journal"
        assert secret not in day.instance.log_text(), "a secret stands in the log"


def main():
    day = Day()
    for step in (first_load, update_insert_delete, refused_value, tracker_stopped, database_unplugged, wrong_token, wrong_password,
                 nothing_leaked):
        step(day)
        print(f"ok {WHICH}: {step.__name__}", flush=True)


main()
