"""A source and two targets behind a wire that loses packets and falls silent for seconds, then the source is compared with the targets.

    lossy_network.py DATAPICKER STUB_SERVER [KEYS [SECONDS]]

What the wire does to TCP is what real networks do to it: segments that come late, twice or never, connections of which one end
does not know that the other gave up, answers that never arrive though the request had its effect."""
import os
import pathlib
import re
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "test/real"), str(ROOT / "test/support")]
from lossy_wire import FAR, NEAR, LossyWire, in_a_namespace  # noqa: E402

in_a_namespace()
from harness import Instance, Servers, Stub, Workplace, seeded  # noqa: E402
from two_apis import Writer, check_effects, check_nothing_left, configure, fill, until_equal  # noqa: E402

DATAPICKER, STUB_SERVER = sys.argv[1:3]
KEYS = int(sys.argv[3]) if len(sys.argv) > 3 else 500
SECONDS = int(sys.argv[4]) if len(sys.argv) > 4 else 20


def behind_the_wire(work, name, mode):
    stub = Stub(work, STUB_SERVER, name, "--mode", mode, "--address", NEAR)
    stub.url = f"http://{FAR}:{stub.port}"
    return stub


def give_up_soon(instance):
    """Seconds instead of half a minute: silence shall end calls here, and the test."""
    for path in instance.folder.glob("connections/*.yaml"):
        limit = "query_timeout: 5s\nconnect_timeout: 3s\n" if path.stem == "erp" else "timeout: 3s\n"
        path.write_text(path.read_text() + limit)


def be_a_bad_network(wire, random, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        wire.lost, wire.doubled, wire.late = random.uniform(0, 0.15), random.uniform(0, 0.1), random.uniform(0, 0.2)
        wire.silent = random.random() < 0.25
        time.sleep(random.uniform(0.5, 5 if wire.silent else 3))
    wire.silent = False
    wire.lost, wire.doubled, wire.late = 0.02, 0.02, 0.02


def main():
    os.environ["DATAPICKER_TEST_LISTEN"] = f"127.0.0.1,{NEAR}"
    random = seeded()
    work = Workplace("lossy")
    wire = LossyWire(random)
    servers = Servers(work, "postgresql")
    servers.odbc = re.sub(r"127\.0\.0\.1", FAR, servers.odbc)
    stubs = {"keyed": behind_the_wire(work, "keyed", "idempotent"), "searched": behind_the_wire(work, "searched", "lookup")}
    instance = Instance(work, DATAPICKER)
    configure(instance, servers, *stubs.values())
    give_up_soon(instance)
    fill(servers, KEYS)
    writer = Writer(servers, random, KEYS)
    writer.start()
    instance.start()
    be_a_bad_network(wire, random, SECONDS)
    writer.end.set()
    writer.join()
    assert writer.problem is None, writer.problem
    rows = until_equal(servers, instance, stubs)
    check_effects(stubs)
    assert instance.stop() == 0
    check_nothing_left(instance)
    assert wire.counts["lost"] and wire.counts["late"] and wire.counts["doubled"], wire.counts
    print(f"{wire.counts}, {writer.commits} commits, {len(rows)} rows at the end: all there, none double, in order")


main()
