"""A WhatsApp Cloud API of our own: it remembers every message that took effect, posts what became of them, cuts connections at a
byte on cue, and has the limits of a number and of a pair. What it says is shaped as Meta's own examples are."""
import collections
import hashlib
import hmac
import json
import queue
import socket
import struct
import threading
import time
import urllib.error
import urllib.request

NUMBER = "106540352242922"
APP_SECRET = "the-app-secret-of-this-test"
VERIFY_TOKEN = "the-verify-token-of-this-test"

Effect = collections.namedtuple("Effect", "key to wamid body")


def error(code, title, details="", status=400):
    return status, {"error": {"message": f"(#{code}) {title}", "type": "OAuthException", "code": code,
                              "error_data": {"messaging_product": "whatsapp", "details": details}, "fbtrace_id": "AbCdEf"}}


def signed(body, secret=APP_SECRET):
    return {"Content-Type": "application/json",
            "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def envelope(**value):
    # Escaped as Meta escapes: what is signed are these bytes.
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [
        {"value": {"messaging_product": "whatsapp", "metadata": {"display_phone_number": "15550783881", "phone_number_id": NUMBER},
                   **value}, "field": "messages"}]}]}).encode()


def status_of(effect, status, errors=None, at=None):
    each = {"id": effect.wamid, "status": status, "timestamp": str(int(at or time.time())), "recipient_id": effect.to.lstrip("+"),
            "biz_opaque_callback_data": effect.key}
    return {**each, **({"errors": errors} if errors else {})}


def message_from(sender, text, message_id):
    return envelope(contacts=[{"profile": {"name": "Anna"}, "wa_id": sender}],
                    messages=[{"from": sender, "id": message_id, "timestamp": str(int(time.time())), "type": "text",
                               "text": {"body": text}}])


def post(url, body, headers=None):
    """The status of our answer; None when nobody listens."""
    request = urllib.request.Request(url, body, headers if headers is not None else signed(body), method="POST")
    try:
        return urllib.request.urlopen(request, timeout=30).status
    except urllib.error.HTTPError as refused:
        return refused.code
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


class Graph:
    """`cut(n)` says after how many bytes of request and answer together the nth connection is cut; None: never.
    `answer(n, message)` may refuse: a status and a body."""

    def __init__(self, work):
        self.cut = lambda n: None
        self.answer = lambda n, message: None
        self.delay = lambda: 0
        self.effects, self.requests, self.sizes = [], [], None
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self.accept, daemon=True).start()
        work.closers.append(self.listener.close)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                number, self.connections = self.connections, self.connections + 1
            threading.Thread(target=self.serve, args=(connection, number), daemon=True).start()

    def serve(self, connection, number):
        try:
            self.serve_one(connection, number, self.cut(number))
        except OSError:
            pass  # the daemon was killed
        finally:
            connection.close()

    def serve_one(self, connection, number, cut):
        request = b""
        while (size := whole(request)) is None or len(request) < size:
            # A cut request is not even read to its end: what is left makes the kernel reset the connection.
            more = connection.recv(65536 if cut is None else max(1, min(65536, cut - len(request))))
            if not more:
                return
            request += more
            if cut is not None and len(request) >= cut and ((size := whole(request)) is None or len(request) < size):
                return abort(connection) if cut % 2 else None
        answer = self.take(number, json.loads(request[request.index(b"\r\n\r\n") + 4:size]))
        with self.lock:
            self.sizes = self.sizes or (size, len(answer))
        time.sleep(self.delay())
        connection.sendall(answer if cut is None else answer[:max(0, cut - size)])
        if cut is not None and cut % 2:
            abort(connection)

    def take(self, number, message):
        refusal = self.answer(number, message)
        with self.lock:
            self.requests.append(message)
            if refusal is None:
                # As wide for the first as for the last, so that every answer has the same length.
                wamid = f"wamid.{len(self.effects):08}"
                self.effects.append(Effect(message["biz_opaque_callback_data"], message["to"], wamid, message))
        status, body = refusal or (200, {"messaging_product": "whatsapp",
                                         "contacts": [{"input": message["to"], "wa_id": message["to"].lstrip("+")}],
                                         "messages": [{"id": wamid, "message_status": "accepted"}]})
        text = json.dumps(body).encode()
        return (f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n"
                "Connection: close\r\n\r\n").encode() + text


def whole(request):
    """The size of the request once its head is there."""
    end = request.find(b"\r\n\r\n")
    if end < 0:
        return None
    for line in request[:end].split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return end + 4 + int(line.split(b":")[1])
    return end + 4


def abort(connection):
    """A reset instead of an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Reporter(threading.Thread):
    """Posts `sent` for every effect until it is taken, as Meta does; some twice."""

    def __init__(self, graph, url):
        super().__init__(daemon=True)
        self.graph, self.url, self.waiting = graph, url, queue.Queue()
        self.posted, self.end = 0, threading.Event()

    def run(self):
        done = 0
        while not (self.end.is_set() and done == len(self.graph.effects)):
            with self.graph.lock:
                effects = self.graph.effects[done:done + 100]
            if not effects:
                time.sleep(0.02)
                continue
            body = envelope(statuses=[status_of(effect, "sent") for effect in effects])
            if post(self.url, body) != 200:
                time.sleep(0.05)
                continue
            if done % 3 == 0:
                post(self.url, body)
            done += len(effects)
            self.posted = done
