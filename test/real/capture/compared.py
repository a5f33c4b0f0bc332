"""Rows of a source and records of a target, compared: what the tests of a database's own logs share."""
import sqlite3

from harness import wait_until

SHOP = """connection: shop
target: webhook
url: {url}
limits: {{ in_flight: 32 }}
repeat_safe: true
idempotency_header: Idempotency-Key
requests:
  upsert: {{ method: PUT, path: "/records/{{match.id}}", body: fields }}
  delete: {{ method: DELETE, path: "/records/{{match.id}}", gone: [404] }}
"""


def configure(instance, odbc, dialect, stub, pipelines):
    """`pipelines`: name, table, SQL of the record's id, other fields."""
    instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{odbc}"\ndialect: {dialect}\nreaders: 4\n')
    instance.write("connections/shop.yaml", SHOP.format(url=stub.url))
    for name, table, id_, fields in pipelines:
        instance.write(f"pipelines/{name}/pipeline.yaml", f"""pipeline: {name}
table: {table}
owner: rows
map: {{ id: "{id_}", {fields} }}
target: {{ connection: shop, object: record, match: {{ id: "{id_}" }} }}
""")


def held(stub):
    rows = {}
    for effect in stub.effects():
        if effect["what"] != "effect":
            continue
        if effect["method"] == "DELETE":
            rows.pop(effect["path"], None)
        else:
            rows[effect["path"]] = {**rows.get(effect["path"], {}), **effect["body"]}
    return {row["id"]: row for row in rows.values()}


def wait_equal(wanted, stub, instance, what):
    try:
        wait_until(lambda: wanted() == held(stub), 60, what, pause=0.2)
    except AssertionError:
        source, target = wanted(), held(stub)
        differing = sorted(id for id in source.keys() | target.keys() if source.get(id) != target.get(id))
        raise AssertionError(f"{what}: {len(differing)} differ: {[(id, source.get(id), target.get(id)) for id in differing[:3]]}\n"
                             f"{instance.verb('status').stdout}{instance.log_text()[-3000:]}")


def journaled(instance, value):
    """How many images have this number in their last column, n."""
    with sqlite3.connect(f"file:{instance.folder}/journal.db?mode=ro", uri=True) as journal:
        return journal.execute("SELECT count(*) FROM row_image WHERE image LIKE ?", (f'%"n":{value}}}%',)).fetchone()[0]


def checked(instance, words):
    done = instance.verb("check", "--json")
    assert done.returncode == 2 and "table.change_log" in done.stdout and words in done.stdout, done.stdout + done.stderr
