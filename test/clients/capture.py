"""A server that keeps every request it gets and answers something that each side can live with."""
import base64
import http.server
import json
import threading
import urllib.parse

ANSWER = {"id": "42", "success": True, "errors": [], "results": [], "status": "COMPLETE", "messages": [{"id": "wamid.x"}],
          "ticket": {"id": 42}, "user": {"id": 42}, "organization": {"id": 42}, "total": 0, "properties": {}, "archived": False,
          "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z", "startedAt": "2026-01-01T00:00:00Z",
          "completedAt": "2026-01-01T00:00:00Z", "access_token": "dummy-token", "expires_in": 3600}


class Request:
    """One request as the other side would understand it: the path decoded, the query as pairs, the body as JSON."""

    def __init__(self, method, target, headers, body):
        split = urllib.parse.urlsplit(target)
        self.method = method
        self.path = urllib.parse.unquote(split.path)
        self.query = sorted(urllib.parse.parse_qsl(split.query, keep_blank_values=True))
        self.authorization = headers.get("Authorization", "")
        try:
            self.body = json.loads(body) if body else None
        except ValueError:
            self.body = body

    def lines(self):
        """One fact a line, for a comparison that a person can read."""
        text = f"{self.method} {self.path}\n" + "".join(f"? {name} = {value}\n" for name, value in self.query)
        return text + (json.dumps(self.body, indent=1, sort_keys=True, ensure_ascii=False) if self.body is not None else "(no body)")


class Capture:
    """Listens on a free port until `stop`; `answers` maps (method, beginning of the path) to (status, body)."""

    def __init__(self):
        self.named = {}
        self.name = ""
        self.answers = {}
        capture = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                status, answer = capture.take(Request(self.command, self.path, self.headers, body))
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def begin(self, name):
        self.name = name
        self.named[name] = []

    def take(self, request):
        if request.path.startswith("/__begin/"):
            self.begin(request.path.removeprefix("/__begin/"))
            return 200, {}
        self.named.setdefault(self.name, []).append(request)
        for (method, path), answer in self.answers.items():
            if request.method == method and request.path.startswith(path):
                return answer
        return 200, [ANSWER, ANSWER] if "/composite/" in request.path else ANSWER

    def stop(self):
        self.server.shutdown()


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
