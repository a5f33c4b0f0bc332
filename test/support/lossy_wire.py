"""A network that loses packets, sends them twice, holds them back, and falls silent: a TUN device of a network namespace of our own.

A packet to 10.99.0.2 comes back as one from there to 10.99.0.1, as if the machine behind it were a mirror: who connects to the
far address reaches what listens at the near one, over both directions of the wire. TCP's checksum sums both addresses, so it holds."""
import fcntl
import heapq
import os
import select
import socket
import struct
import sys
import threading
import time

NEAR, FAR = "10.99.0.1", "10.99.0.2"
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK, IFF_UP = 0x8913, 0x8914, 0x8916, 0x891C, 0x1  # linux/sockios.h


def in_a_namespace():
    """Starts the script again in a network namespace of its own. Needs root or user namespaces."""
    if os.environ.get("DATAPICKER_TEST_NAMESPACE") == "1":
        return
    os.environ["DATAPICKER_TEST_NAMESPACE"] = "1"
    own = ["--net"] if os.geteuid() == 0 else ["--net", "--user", "--map-root-user"]
    os.execvp("unshare", ["unshare", *own, sys.executable, *sys.argv])


def named(name, rest):
    return struct.pack("16s", name.encode()) + rest


def address_of(text):
    return struct.pack("H2x4s8x", socket.AF_INET, socket.inet_aton(text))


def bring_up(name, address=None):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        if address:
            fcntl.ioctl(any_socket, SIOCSIFADDR, named(name, address_of(address)))
            fcntl.ioctl(any_socket, SIOCSIFNETMASK, named(name, address_of("255.255.255.0")))
        flags = struct.unpack_from("H", fcntl.ioctl(any_socket, SIOCGIFFLAGS, named(name, bytes(24))), 16)[0]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, named(name, struct.pack("H22x", flags | IFF_UP)))


class LossyWire(threading.Thread):
    """`lost`, `doubled` and `late` are shares of the packets; `silent` loses all. They may be changed at any time."""

    def __init__(self, random):
        super().__init__(daemon=True)
        self.random = random
        self.lost = self.doubled = self.late = 0.0
        self.silent = False
        self.counts = {"sent": 0, "lost": 0, "doubled": 0, "late": 0}
        self.held = []
        bring_up("lo")
        self.device = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(self.device, TUNSETIFF, named("wire0", struct.pack("H22x", IFF_TUN | IFF_NO_PI)))
        bring_up("wire0", NEAR)
        self.start()

    def run(self):
        while True:
            wait = max(0, self.held[0][0] - time.monotonic()) if self.held else None
            if select.select([self.device], [], [], wait)[0]:
                self.take(os.read(self.device, 65536))
            while self.held and self.held[0][0] <= time.monotonic():
                os.write(self.device, heapq.heappop(self.held)[2])

    def take(self, packet):
        if packet[0] >> 4 != 4:
            return
        mirrored = packet[:12] + packet[16:20] + packet[12:16] + packet[20:]
        self.counts["sent"] += 1
        if self.silent or self.random.random() < self.lost:
            self.counts["lost"] += 1
            return
        if self.random.random() < self.late:
            self.counts["late"] += 1
            heapq.heappush(self.held, (time.monotonic() + self.random.uniform(0.001, 0.3), self.counts["sent"], mirrored))
            return
        os.write(self.device, mirrored)
        if self.random.random() < self.doubled:
            self.counts["doubled"] += 1
            os.write(self.device, mirrored)
