"""Alerts by mail and webhook, with the real program: an SMTP server of this test, the stub web API as the chat.

    alerts.py DATAPICKER STUB_SERVER [TEST…]"""
import base64
import email
import json
import socketserver
import sqlite3
import sys
import threading

from harness import Instance, Stub, Workplace, free_port, main, wait_until

DATAPICKER, STUB_SERVER = sys.argv[1:3]
PATIENCE = 60


class MailServer(socketserver.ThreadingTCPServer):
    """Takes every mail. As much of SMTP as a client needs that neither logs in nor wants TLS."""
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, work, port):
        super().__init__(("127.0.0.1", port), Dialogue)
        self.mails = []
        threading.Thread(target=self.serve_forever, daemon=True).start()
        work.closers.append(self.shutdown)


class Dialogue(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 test")
        envelope = []
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            verb = line.split(" ")[0].upper()
            if verb == "DATA":
                self.say("354 go on")
                lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
                self.server.mails.append((envelope, email.message_from_string("".join(lines))))
            elif verb == "QUIT":
                return self.say("221 bye")
            else:
                envelope.append(line)
            self.say("250 ok")


def instance_with_alerts(work, chat_url, mail_port):
    database = work.folder / "erp.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE customer (code CHAR(6) PRIMARY KEY, terms TEXT)")
    connection.close()
    instance = Instance(work, DATAPICKER, "alerts")
    instance.secret("hook", "hook-token-1")
    instance.write("datapicker.yaml", f"""instance: alerts
journal: {{ path: journal.db }}
alerts:
  - mail: {{ to: [edp@example.com, boss@example.com], smtp: "smtp://127.0.0.1:{mail_port}", from: datapicker@example.com }}
  - webhook: {{ url: "{chat_url}/hooks/${{secret:hook}}" }}
""")
    instance.write("connections/erp.yaml",
                   f'connection: erp\nodbc: "Driver=SQLite3;Database={database};Timeout=5000"\ndialect: sqlite\n')
    instance.write("connections/lines.yaml", f"connection: lines\ntarget: file\npath: {work.folder}/lines.jsonl\n")
    instance.write("tables/customer.yaml", "table: customer\nconnection: erp\nfrom: customer\nkey: [code]\n"
                   "capture: { mode: diff, every: 100ms }\ninitial: deliver\n")
    instance.write("pipelines/to_lines/pipeline.yaml", """pipeline: to_lines
table: customer
values:
  terms: { of: terms, in: { "01": net30 }, otherwise: dead_letter }
target: { connection: lines, object: customers, match: { code: trim(code) } }
""")

    def insert(code, terms):
        with sqlite3.connect(database, timeout=30) as connection:
            connection.execute("INSERT INTO customer VALUES (?, ?)", (code, terms))
        connection.close()
    return instance, insert


def what_is_wrong_is_told_once_over_restarts_and_a_dead_mail_server_holds_up_nothing():
    work = Workplace("alerts")
    chat = Stub(work, STUB_SERVER, "chat", "--mode", "plain")
    mail_port = free_port()  # nobody listens there yet
    instance, insert = instance_with_alerts(work, chat.url, mail_port)
    instance.start()
    insert("C1", "99")
    told = wait_until(chat.effects, PATIENCE, "the chat to be told")
    assert told[0]["path"] == "/hooks/hook-token-1"
    body = told[0]["body"] if isinstance(told[0]["body"], dict) else json.loads(told[0]["body"])
    assert (body["kind"], body["subject"], body["state"]) == ("dead_letters", "to_lines", "begun"), body
    assert "[datapicker alerts] dead letters of to_lines" in body["text"], body
    wait_until(lambda: "alert.not_told" in instance.log_text(), PATIENCE, "a try to reach the mail server")
    insert("C2", "01")
    lines = work.folder / "lines.jsonl"
    wait_until(lambda: lines.exists() and '"C2"' in lines.read_text(), PATIENCE, "deliveries to go on")
    assert instance.stop() == 0
    assert "hook-token-1" not in instance.log_text() + (instance.folder / "journal.db.alerts").read_text()

    mails = MailServer(work, mail_port).mails
    instance.start()
    envelope, mail = wait_until(lambda: mails and mails[0], PATIENCE, "the mail that was owed")
    assert any("MAIL FROM:<datapicker@example.com>" in line for line in envelope), envelope
    assert sum("RCPT TO:" in line for line in envelope) == 2, envelope
    assert mail["Subject"] == "[datapicker alerts] dead letters of to_lines"
    assert mail["Message-ID"].endswith("@example.com>") and mail["Date"] and mail["Auto-Submitted"]
    assert "wait for a person" in base64.b64decode(mail.get_payload()).decode()
    insert("C3", "99")
    offset = instance.log_path.stat().st_size
    wait_until(lambda: b"dead_letter" in instance.log_since(offset) or instance.json("status")["pipelines"][0]["deliveries"].get("dead") == 2,
               PATIENCE, "a second dead letter")
    instance.stop()
    instance.start()
    wait_until(lambda: instance.json("status")["daemon_running"], PATIENCE, "the daemon")
    insert("C4", "01")
    wait_until(lambda: '"C4"' in lines.read_text(), PATIENCE, "deliveries to go on")
    instance.stop()
    assert len(mails) == 1 and len(chat.effects()) == 1, "a second dead letter is no second alert"


if __name__ == "__main__":
    main([what_is_wrong_is_told_once_over_restarts_and_a_dead_mail_server_holds_up_nothing])
