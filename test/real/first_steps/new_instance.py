"""From an empty folder to a row at its target, with the real program and a real database: init, inspect, check, run.

    new_instance.py DATAPICKER postgresql|mariadb [TEST…]"""
import json
import os
import pathlib
import stat
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Servers, Workplace, main, wait_until  # noqa: E402

DATAPICKER, DATABASE = sys.argv[1:3]
WORK = Workplace("new-instance")
SERVERS = Servers(WORK, DATABASE)


def sql(*statements):
    connection = SERVERS.connect()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def verb(*arguments, **more):
    return subprocess.run([DATAPICKER, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, **more)


def started(name, table, *options):
    """A new instance; the password comes by the environment."""
    folder = WORK.folder / name
    done = verb("init", folder, "--yes", "--source", DATABASE, "--host", SERVERS.host, "--port", SERVERS.port, "--database", SERVERS.database,
                "--user", SERVERS.user, "--table", table, *options, env=dict(os.environ, DATAPICKER_PASSWORD=SERVERS.password))
    assert done.returncode == 0, done
    return folder


def init_then_check_then_run_moves_a_row():
    sql("CREATE TABLE customer (code char(6) PRIMARY KEY, name varchar(40), credit decimal(10,2))",
        "INSERT INTO customer VALUES ('C001', 'Rossi', 10.50)")
    folder = started("moves", "customer", "--deliver-all")
    assert stat.S_IMODE((folder / "secrets/erp_password").stat().st_mode) == 0o600
    assert SERVERS.password not in (folder / "connections/erp.yaml").read_text()
    checked = verb("check", "-i", folder)
    assert checked.returncode == 0 and not checked.stderr, checked
    daemon = subprocess.Popen([DATAPICKER, "run", "-i", folder], stderr=open(WORK.folder / "daemon.log", "w"))
    WORK.closers.append(daemon.kill)
    lines = wait_until(lambda: (folder / "lines.jsonl").exists() and (folder / "lines.jsonl").read_text(), 60, "a row at the target")
    row = json.loads(lines.splitlines()[0])
    assert row["match"] == {"code": "C001"} and row["fields"] == {"name": "Rossi", "credit": "10.50"}, row
    daemon.terminate()
    assert daemon.wait(timeout=60) == 0


def inspect_lists_tables_and_hides_persons():
    sql("CREATE TABLE person (id int PRIMARY KEY, mail varchar(60), modified timestamp NULL)",
        "INSERT INTO person VALUES (1, 'mario.rossi@example.com', '2026-01-02 03:04:05')")
    folder = started("inspects", "person")
    tables = json.loads(verb("inspect", "-i", folder, "erp", "--json").stdout)["tables"]
    person = next(table for table in tables if table["from"].split(".")[-1] == "person")
    assert person["rows"] == 1, tables
    seen = json.loads(verb("inspect", "-i", folder, "erp", "person", "--json").stdout)
    assert seen["key"] == {"basis": "primary_key", "columns": ["id"], "indexed": True, "remark": ""}, seen["key"]
    assert seen["modified_columns"] == (["modified"]), seen
    capture = seen["capture"]
    assert capture["mode"] == "diff" and "1 rows were read in" in capture["reasons"][0], capture
    assert any("change-log install" in each for each in capture["alternatives"]), capture
    assert "capture: { mode: diff, every: " in (folder / "tables/person.yaml").read_text()
    assert seen["columns"][1]["samples"] == ["xxxxx.xxxxx@xxxxxxx.xxx"], seen["columns"][1]
    again = verb("inspect", "-i", folder, "erp", "person", "--write")
    assert again.returncode == 1 and "kept as it is" in again.stdout, again
    told = verb("inspect", "-i", folder, "erp", "person", "--write", "--json")
    assert told.returncode == 1 and json.loads(told.stdout)["written"] == [], told
    (folder / "tables/person.yaml").unlink()
    told = verb("inspect", "-i", folder, "erp", "person", "--write", "--json")
    assert told.returncode == 0 and json.loads(told.stdout)["written"] == ["tables/person.yaml"], told
    missing = verb("inspect", "-i", folder, "erp", "persn")
    assert missing.returncode == 1 and "'person'" in missing.stderr and "[source.refused]" in missing.stderr, missing


def check_names_the_missing_grant():
    sql("CREATE TABLE hidden (id int PRIMARY KEY)")
    folder = started("poor", "hidden")
    create = "CREATE ROLE poor LOGIN PASSWORD 'poor-Pa55'"
    if DATABASE == "mariadb":
        socket = {"unix_socket": wait_until(lambda: env_of("DATAPICKER_TEST_MARIADB_SOCKET"), 1, "the socket")}
        import pymysql
        root = pymysql.connect(user="root", autocommit=True, **socket)
        root.cursor().execute("CREATE USER 'poor'@'%' IDENTIFIED BY 'poor-Pa55'")
        root.cursor().execute(f"GRANT CREATE ON {SERVERS.database}.nothing TO 'poor'@'%'")
        root.close()
    else:
        import psycopg2
        root = psycopg2.connect(host=env_of("DATAPICKER_TEST_PG_SOCKET_DIR"), port=SERVERS.port, user="postgres", dbname=SERVERS.database)
        root.autocommit = True
        root.cursor().execute(create)
        root.close()
    connection = folder / "connections/erp.yaml"
    connection.write_text(connection.read_text().replace(f"UID={SERVERS.user}", "UID=poor"))
    (folder / "secrets/erp_password").write_text("poor-Pa55")
    refused = verb("check", "-i", folder)
    assert refused.returncode == 2, refused
    assert "[table.permission]" in refused.stderr and "GRANT SELECT ON hidden TO poor" in refused.stderr, refused.stderr
    (folder / "secrets/erp_password").write_text("wrong-Pa55")
    refused = verb("check", "-i", folder)
    assert refused.stderr.count("error:") == 1 and "connections/erp.yaml" in refused.stderr, refused.stderr
    assert verb("check", "-i", folder, "--offline").returncode == 0


def env_of(name):
    text = subprocess.run(["bash", "-c", f". {SERVERS.folder}/env && echo ${name}"], check=True, capture_output=True, text=True).stdout
    return text.strip()


main([init_then_check_then_run_moves_a_row, inspect_lists_tables_and_hides_persons, check_names_the_missing_grant])
