#!/usr/bin/env python3
"""A web API that anybody could have: it keeps customers and prints each request as it comes.

usage: web_api.py PORT_FILE LOG   (one JSON line a request goes to LOG)
"""
import datetime
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

customers = {}


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value):
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def arrived(self):
        now = time.time()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        clock = datetime.datetime.fromtimestamp(now).strftime("%H:%M:%S.%f")[:-3]
        sys.stdout.write(f"    {clock}  {self.command} {self.path} {body}\n")  # one write: requests come in parallel
        sys.stdout.flush()
        with open(sys.argv[2], "a", encoding="utf-8") as log:
            log.write(json.dumps({"time": round(now * 1000), "method": self.command, "path": self.path, "body": body,
                                  "key": self.headers.get("Idempotency-Key")}) + "\n")
        return body

    def do_PUT(self):
        known = self.path in customers
        customers[self.path] = json.loads(self.arrived())
        self.answer(200 if known else 201, {"ok": True})

    def do_DELETE(self):
        self.arrived()
        self.answer(200 if customers.pop(self.path, None) else 404, {"ok": True})

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
server.daemon_threads = True
with open(sys.argv[1] + ".new", "w", encoding="ascii") as file:
    file.write(str(server.server_port))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
