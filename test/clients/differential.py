"""The same record sent by the client that most people use and by us, both to a server that keeps what arrives: same method, same
path, same JSON, or a reason why not.

    differential.py DATAPICKER [API…]     exits with 77 (skipped) where the clients are not installed"""
import difflib
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema
import yaml

from capture import Capture, Request
from pairs import PAIRS

SOURCES = pathlib.Path(__file__).resolve().parents[2]
MODULES = SOURCES / ".cache/api-clients/node_modules"
GOLDEN = SOURCES / "test/golden/targets"
OUTPUT = json.loads((SOURCES / "config/schema/output.schema.json").read_text())


def instance(folder, capture, target):
    """An instance with the connection of the goldens, which stands before the server."""
    folder = pathlib.Path(folder)
    connection = yaml.safe_load((GOLDEN / target / "connection.yaml").read_text())
    connection["url"] = capture.url
    (folder / "connections").mkdir()
    (folder / "datapicker.yaml").write_text("instance: clients\n")
    (folder / "connections/api.yaml").write_text(yaml.safe_dump(connection))
    return connection["connection"]


def arguments_of(pair):
    for option, fields in (("--set", pair.get("set", {})), ("--match", pair.get("match", {}))):
        for name, value in fields.items():
            yield from (option, f"{name}:={json.dumps(value)}")
    for option in ("call", "remote_id", "comment"):
        if option in pair:
            yield from (f"--{option.replace('_', '-')}", pair[option])


def our_requests(datapicker, capture, target, pair):
    with tempfile.TemporaryDirectory() as folder:
        connection = instance(folder, capture, target)
        capture.begin("ours")
        done = subprocess.run([datapicker, "targets", "try", connection, "-i", folder, "--object", pair["object"], "--yes", "--json",
                               *arguments_of(pair)], capture_output=True, text=True, check=False)
        assert done.returncode in (0, 4), f"{pair}: {done.stdout}{done.stderr}"
        jsonschema.validate(json.loads(done.stdout), {**OUTPUT["definitions"]["targets try"], "definitions": OUTPUT["definitions"]})
        return capture.named["ours"]


def golden_request(target, pair):
    """A batch: what we send is proved by the unit tests against the golden file, so that file speaks for us."""
    name, case = pair["golden"]
    for each in yaml.safe_load((GOLDEN / target / name).read_text())["cases"]:
        if each["case"] == case:
            request = each["request"]
            return [Request(request["method"], request["path"], {}, json.dumps(request.get("body")))]
    raise AssertionError(f"{name} has no case '{case}'")


def compared(pair, theirs, ours):
    """Both as text, with the differences that have a reason taken out."""
    for reason, change in pair.get("differs", {}).items():
        before = [request.lines() for request in theirs + ours]
        for request in theirs + ours:
            change(request)
        changed = before != [request.lines() for request in theirs + ours]
        assert changed, f"this difference is gone, and its reason with it: {reason}"
    return ["\n".join(request.lines() for request in side).splitlines() for side in (theirs, ours)]


def try_api(datapicker, api):
    capture = Capture()
    subprocess.run(["node", SOURCES / "test/clients/clients.mjs", MODULES, capture.url, api], check=True, timeout=60)
    theirs = dict(capture.named)
    target = PAIRS[api]["target"]
    for name, pair in PAIRS[api]["pairs"].items():
        assert theirs.get(name), f"{api}: the client sent nothing for '{name}'"
        ours = golden_request(target, pair) if "golden" in pair else our_requests(datapicker, capture, target, pair)
        left, right = compared(pair, theirs[name], ours)
        assert left == right, f"{api}, {name}:\n" + "\n".join(difflib.unified_diff(left, right, "the client", "datapicker", lineterm=""))
        print(f"ok {api}: {name}" + "".join(f"\n   but: {reason}" for reason in pair.get("differs", {})), flush=True)
    unpaired = set(theirs) - set(PAIRS[api]["pairs"]) - {""}
    assert not unpaired, f"{api}: nothing of ours is compared with {unpaired}"
    capture.stop()


def main():
    datapicker, *apis = sys.argv[1:]
    if not MODULES.exists():
        print(f"skipped: {MODULES} is not there (config/debian/build-dependencies.sh --tests installs it where npm is reached)")
        sys.exit(77)
    for api in apis or PAIRS:
        if (GOLDEN / PAIRS[api]["target"]).exists():
            try_api(datapicker, api)
        else:
            print(f"not compared: there is no definition of {api} here", flush=True)


if __name__ == "__main__":
    main()
