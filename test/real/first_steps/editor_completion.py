#!/usr/bin/python3
"""What an editor shows with the YAML language server and the schemas of config/schema: keys and their meaning offered, a
wrong key underlined, and nothing said of files that are right.

usage: editor_completion.py [SERVER [MARKDOWN…]]   exits with 77 (skipped) where the server is not installed
"""
import json
import pathlib
import queue
import re
import subprocess
import sys
import tempfile
import threading

SOURCES = pathlib.Path(__file__).resolve().parents[3]
INSTALLED = SOURCES / ".cache/yaml-language-server/node_modules/yaml-language-server/bin/yaml-language-server"
WAIT_S = 60
NOT_YET = "not available in this version"
FILES = {"instance": "datapicker.yaml", "connection": "connections/*.yaml", "table": "tables/*.yaml",
         "pipeline": "pipelines/*/pipeline.yaml", "target_definition": "targets/*.yaml", "dialect": "dialects/*.yaml",
         "case": "pipelines/*/cases/*.yaml", "fragment": "fragments/*.yaml", "environment": "env/*.yaml"}


class Editor:
    """Speaks the language server protocol over pipes, as far as these tests need it."""

    def __init__(self, server):
        self.process = subprocess.Popen(["node", server, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.messages = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.number = 0
        schemas = {(SOURCES / f"config/schema/{kind}.schema.json").as_uri(): f"**/{files}" for kind, files in FILES.items()}
        self.settings = {"yaml": {"schemas": schemas, "validate": True, "completion": True, "hover": True,
                                  "schemaStore": {"enable": False}}}
        capabilities = {"textDocument": {"completion": {"completionItem": {"documentationFormat": ["markdown"]}}},
                        "workspace": {"configuration": True}}
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": self.settings}})

    def _send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _read(self):
        while True:
            length = 0
            while True:
                line = self.process.stdout.readline()
                if not line:
                    return
                if line == b"\r\n":
                    break
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.messages.put(json.loads(self.process.stdout.read(length)))

    def _next(self):
        """The next message that is for us; what the server asks is answered."""
        while True:
            message = self.messages.get(timeout=WAIT_S)
            if "id" not in message or "method" not in message:
                return message
            wanted = message.get("params", {}).get("items", [])
            result = [self.settings.get(item.get("section"), {}) for item in wanted] if wanted else None
            self._send({"id": message["id"], "result": result})

    def ask(self, method, params):
        self.number += 1
        self._send({"id": self.number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == self.number:
                return message["result"]

    def problems(self, path, text):
        """What the editor underlines once the file is open: (line, severity, message)."""
        uri = pathlib.Path(path).as_uri()
        self._send({"method": "textDocument/didOpen",
                    "params": {"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}}})
        while True:
            message = self._next()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                return [(item["range"]["start"]["line"], item["severity"], item["message"])
                        for item in message["params"]["diagnostics"]]

    def completions(self, path, line, column):
        result = self.ask("textDocument/completion", {"textDocument": {"uri": pathlib.Path(path).as_uri()},
                                                      "position": {"line": line, "character": column}})
        items = result["items"] if isinstance(result, dict) else result
        return {item["label"]: item.get("documentation") for item in items}


def check(holds, what):
    if not holds:
        sys.exit(f"failed: {what}")
    print("ok:", what)


def errors_of(problems):
    return [problem for problem in problems if problem[1] == 1]


def yaml_blocks(text):
    """(kind, text) of each YAML block that says what it is by its first key."""
    kinds = {"instance": "instance", "connection": "connection", "table": "table", "pipeline": "pipeline", "case": "case",
             "target": "target_definition"}
    for block in re.findall(r"```yaml\n(.*?)```", text, re.S):
        kind = kinds.get(block.split(":")[0])
        if kind:
            yield kind, block


def try_completion(editor, folder):
    path = f"{folder}/tables/anacli.yaml"
    editor.problems(path, "table: anacli\nconnection: erp\nfrom: a\nkey: [b]\ncapture:\n  \n")
    offered = editor.completions(path, 5, 2)
    check({"mode", "every", "full_every", "chunk_rows"} <= set(offered), "inside `capture:` its keys are offered")
    check("from the end of one reading" in json.dumps(offered["every"]), "each with what it means")
    check("dry_run" not in offered, "and no others")


def try_mistakes(editor, folder):
    found = editor.problems(f"{folder}/tables/b.yaml",
                            "table: b\nconnection: erp\nfrom: a\nkey: [b]\ncapture:\n  evry: 5s\n  every: 5 seconds\n")
    lines = {line for line, severity, _ in found if severity == 1}
    check(lines == {5, 6}, "a wrong key and a wrong duration are underlined, each at its line")
    found = editor.problems(f"{folder}/tables/c.yaml", "table: c\n")
    check(len(errors_of(found)) > 0, "a table without its connection is underlined")
    found = editor.problems(f"{folder}/tables/d.yaml", "table: d\nuse: [erp_tables]\nfrom: d\nkey: [a]\n")
    check(errors_of(found) == [], "a fragment may say the rest")


def try_right_files(editor, folder):
    for path in sorted(SOURCES.glob("examples/**/*.yaml")) + sorted(SOURCES.glob("test/engine/settings/sample/**/*.yaml")) + \
            sorted(SOURCES.glob("connectors/targets/*.yaml")) + sorted(SOURCES.glob("config/dialects/*.yaml")):
        found = errors_of(editor.problems(path, path.read_text()))
        check(found == [], f"{path.relative_to(SOURCES)} is right{'' if not found else f': {found}'}")


def try_documents(editor, folder, documents):
    """The YAML in Markdown; what this version does not carry out may be shown there."""
    for document in documents:
        for i, (kind, block) in enumerate(yaml_blocks(document.read_text())):
            path = f"{folder}/{FILES[kind].replace('*', f'{document.stem}{i}', 2)}"
            found = [each for each in errors_of(editor.problems(path, block)) if not each[2].startswith(NOT_YET)]
            check(found == [], f"block {i} of {document.name} is right{'' if not found else f': {found}'}")


def main():
    server = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else INSTALLED
    documents = [SOURCES / "README.md", *sorted(SOURCES.glob("docs/*.md")), *map(pathlib.Path, sys.argv[2:])]
    if not server.exists():
        print(f"skipped: {server} is not installed (config/debian/build-dependencies.sh --tests installs it where npm is reached)")
        sys.exit(77)
    editor = Editor(str(server))
    try:
        with tempfile.TemporaryDirectory() as folder:
            try_completion(editor, folder)
            try_mistakes(editor, folder)
            try_right_files(editor, folder)
            try_documents(editor, folder, documents)
    finally:
        editor.process.kill()


if __name__ == "__main__":
    main()
