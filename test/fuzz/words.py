"""The words that mean something in configurations, SQL and answers, as a dictionary of libFuzzer.

    words.py SCHEMA.json… DEFINITION.yaml…"""
import json
import re
import sys

SQL = """CASE WHEN THEN ELSE END CAST AS INTEGER TEXT REAL LIKE GLOB REGEXP BETWEEN IN IS NULL NOT AND OR EXISTS SELECT FROM WHERE COLLATE
    printf( substr( trim( json( json_object( json_group_array( char( hex( zeroblob( randomblob( replace( group_concat( now() change_time( remote_id(
    e164( title_case( old. coalesce( strftime( codcli ragsoc fido dtult 'C001' x'00' || << >> <> -- /* */ """.split()
JSON = ['{"', '":', '[]', '{}', '\\u0000', '\\ud800', '1e999', '-0', 'null', 'true', '"errors"', '"id"', '"results"', '"status"', '"code"']


def names(schema):
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        yield from (value for value in schema.get("enum", []) if isinstance(value, str))
        for value in schema.values():
            yield from names(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from names(value)


def words():
    yield from SQL
    yield from JSON
    yield from ("=== tables/orders.yaml\\x0a", "=== connections/shop.yaml\\x0a", "&a", "*a", "<<: ", "${var:", "${secret:", "{{options.", "\\x00", "|\\x0a")
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        yield from (name + ":" for name in names(json.loads(text))) if path.endswith(".json") else re.findall(r"\{[a-z_.]+\}", text)


def quoted(word):
    if "\\x" in word:
        return f'"{word}"'
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


for each in sorted(set(words())):
    print(quoted(each))
