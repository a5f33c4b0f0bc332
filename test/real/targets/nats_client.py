"""A private nats-server, and as much of its protocol as a test needs: requests, and the messages of a stream."""
import base64
import itertools
import json
import socket
import subprocess

from harness import free_port, wait_until


class NatsServer:
    def __init__(self, work):
        self.folder = work.folder / "nats"
        self.port = free_port()
        self.process = None
        self.start()
        work.closers.append(self.stop)

    def start(self):
        command = ["/usr/sbin/nats-server", "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", self.folder]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.answers, 20, "nats-server")

    def answers(self):
        try:
            return "error" not in self.api("INFO", {})
        except OSError:
            return False

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def api(self, name, request):
        """A request to JetStream's API; one connection each, which is slow and simple."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            stream = connection.makefile("rwb")
            stream.readline()  # INFO
            payload = json.dumps(request).encode()
            stream.write(b'CONNECT {"verbose":false,"headers":true}\r\nSUB answer 1\r\n'
                         b"PUB $JS.API.%s answer %d\r\n%s\r\n" % (name.encode(), len(payload), payload))
            stream.flush()
            for line in stream:
                if line.startswith((b"MSG", b"HMSG")):
                    return json.loads(stream.read(int(line.split()[-1])))
        raise OSError("the server closed the connection")

    def create_stream(self, name, subjects, window_s):
        made = self.api(f"STREAM.CREATE.{name}", {"name": name, "subjects": subjects, "storage": "file", "retention": "limits",
                                                  "duplicate_window": int(window_s * 1e9)})
        assert "error" not in made, made

    def messages(self, name):
        """(subject, id, value or None) of every message, in order."""
        state = self.api(f"STREAM.INFO.{name}", {})["state"]
        for sequence in itertools.count(state["first_seq"]):
            if sequence > state["last_seq"]:
                return
            message = self.api(f"STREAM.MSG.GET.{name}", {"seq": sequence})["message"]
            headers = base64.b64decode(message["hdrs"]).decode().splitlines()
            found = [line.split(":", 1)[1].strip() for line in headers if line.startswith("Nats-Msg-Id")]
            data = base64.b64decode(message.get("data", ""))
            yield message["subject"], found[0], json.loads(data) if data else None
