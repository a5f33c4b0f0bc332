"""A JetStream that is written, compared with the table it tells of.

    nats_target.py DATAPICKER [KILLS]

The daemon is killed with SIGKILL again and again while rows change, and once for longer than the stream remembers ids; nats-server is
killed and started. In the stream no id stands twice, the messages of a record are in order, and read in order they leave the table."""
import collections
import sys
import time

from rows import Writer, fill, open_database
from harness import Instance, Workplace, seeded, wait_until
from nats_client import NatsServer

DATAPICKER = sys.argv[1]
KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 8
KEYS = 200


def configure(instance, odbc, port, envelope):
    instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{odbc}"\ndialect: sqlite\n')
    instance.write("connections/stream.yaml", f"connection: stream\ntarget: nats\nservers: 127.0.0.1:{port}\n"
                   f'subject: "erp.{{object}}.{{match.code}}"\nenvelope: {envelope}\nlimits: {{ in_flight: 32 }}\n')
    instance.write("tables/customer.yaml", "table: customer\nconnection: erp\nfrom: customer\nkey: [code]\n"
                   "capture: { mode: diff, every: 100ms }\ninitial: deliver\n")
    instance.write("pipelines/to_stream/pipeline.yaml", "pipeline: to_stream\ntable: customer\nguard: { mass_change: off }\nmap: { name: name, version: version }\n"
                   "target: { connection: stream, object: customers, match: { code: code } }\n")


def left_by(messages):
    """The last state of each record; complains about doubles and disorder."""
    ids = collections.Counter(message_id for _, message_id, _ in messages)
    doubles = [message_id for message_id, times in ids.items() if times > 1]
    assert not doubles, f"in the stream twice: {doubles[:5]}"
    state = {}
    for subject, _, value in messages:
        code = subject.rsplit(".", 1)[1]
        if value is None:
            state.pop(code, None)
            continue
        assert value["version"] >= state.get(code, {"version": -1})["version"], f"{code} goes back to {value}"
        state[code] = value
    return state


def wanted(database):
    return {code: {"name": name, "version": version} for code, name, version in database.sql("SELECT code, name, version FROM customer")}


def until_equal(instance, database, server):
    try:
        wait_until(lambda: not any(row["deliveries"] for row in instance.json("status")["pipelines"])
                   and left_by(list(server.messages("ERP"))) == wanted(database), 60, "stream and table equal", pause=0.5)
    except AssertionError as problem:
        raise AssertionError(f"{problem}\n{instance.verb('status').stdout}\n{instance.log_text()[-2000:]}")


def main():
    random = seeded()
    work = Workplace("nats-target")
    database = open_database(work, "sqlite")
    fill(database, KEYS)
    server = NatsServer(work)
    server.create_stream("ERP", ["erp.>"], window_s=1)
    instance = Instance(work, DATAPICKER)
    configure(instance, database.servers.odbc, server.port, "plain")
    writer = Writer(database, random, KEYS)
    writer.start()
    for turn in range(KILLS):
        instance.start(ready=False)
        time.sleep(random.uniform(0.05, 0.8))
        instance.kill()
        if turn % 3 == 0:
            time.sleep(1.2)  # the stream forgets the ids
    writer.finish()
    instance.start()
    until_equal(instance, database, server)
    server.stop()
    database.sql("UPDATE customer SET version = 10000000 WHERE code = 'C00003'")
    time.sleep(0.5)
    server.start()
    until_equal(instance, database, server)
    before = len(list(server.messages("ERP")))
    assert instance.stop() == 0
    configure(instance, database.servers.odbc, server.port, "debezium")
    instance.start()
    row = database.sql("SELECT code, name, version FROM customer WHERE version < 10000000")[0]
    database.sql("UPDATE customer SET version = 10000001 WHERE code = %s", row[0])
    wait_until(lambda: len(list(server.messages("ERP"))) > before, 30, "a message in an envelope")
    value = list(server.messages("ERP"))[-1][2]
    assert value["op"] == "u" and value["after"] == {"code": row[0], "name": row[1], "version": 10000001}, value
    assert value["before"] == {"code": row[0], "name": row[1], "version": row[2]}, value
    assert instance.stop() == 0
    print(f"nats: {KILLS} kills, {writer.version - KEYS} changes, {before} messages: all there, none double, in order")


main()
