"""Each rule must catch its fixture and leave the good one alone: a rule that cannot fail proves nothing."""
import os
import tempfile

HEADER = "#pragma once\n"
README = {"engine/README.md": "Life of a change.\n", "engine/base/README.md": "Base.\n", "engine/journal/README.md": "Log.\n",
          "engine/map/README.md": "Map.\n", "connectors/http/README.md": "HTTP.\n", "connectors/odbc/README.md": "ODBC.\n",
          "engine/deliver/README.md": "Deliver.\n", "engine/cli/README.md": "Verbs: `act/`.\n"}
LONG_BODY = "  ++n;\n" * 80


def await_in(expression):
    return {"engine/deliver/a.cpp": "awaitable<void> run() {\n  co_await " + expression + ";\n}\n"}


# (what, files, rule that must speak — or None when nothing may)
FIXTURES = [
    ("a clean tree", {"engine/base/a.h": HEADER, "engine/base/a.cpp": '#include "engine/base/a.h"\n#include <string>\n'}, None),
    ("base uses the journal", {"engine/journal/a.h": HEADER, "engine/base/b.cpp": '#include "engine/journal/a.h"\n'}, "include"),
    ("capture's neighbour", {"engine/map/a.h": HEADER, "engine/deliver/b.cpp": '#include "engine/map/a.h"\n'}, "include"),
    ("a connector uses the journal", {"engine/journal/a.h": HEADER, "connectors/http/b.cpp": '#include "engine/journal/a.h"\n'},
     "include"),
    ("a connector uses another", {"connectors/odbc/a.h": HEADER, "connectors/http/b.cpp": '#include "connectors/odbc/a.h"\n'},
     "include"),
    ("deliver uses the journal", {"engine/journal/a.h": HEADER, "engine/deliver/b.cpp": '#include "engine/journal/a.h"\n'}, None),
    ("product uses a test", {"test/support/a.h": HEADER, "engine/base/b.cpp": '#include "test/support/a.h"\n'}, "include"),
    ("an include beside the file", {"engine/base/a.h": HEADER, "engine/base/b.cpp": '#include "a.h"\n'}, "include"),
    ("ODBC outside its folder", {"engine/journal/a.cpp": "#include <sql.h>\n"}, "include"),
    ("ODBC in a header", {"connectors/odbc/a.h": HEADER + "#include <sqlext.h>\n"}, "include"),
    ("ODBC at home", {"connectors/odbc/a.cpp": "#include <sql.h>\n"}, None),
    ("curl outside its folder", {"connectors/odbc/a.cpp": "#include <curl/curl.h>\n"}, "include"),
    ("yaml-cpp outside its folder", {"connectors/http/a.cpp": "#include <yaml-cpp/yaml.h>\n"}, "include"),
    ("SQLite outside its folders", {"engine/deliver/a.cpp": "#include <sqlite3.h>\n"}, "include"),
    ("SQLite in map", {"engine/map/a.cpp": "#include <sqlite3.h>\n"}, None),
    ("all of Asio", {"engine/deliver/a.cpp": "#include <boost/asio.hpp>\n"}, "include"),
    ("all of Beast, in a test", {"test/engine/base/a.cpp": "#include <boost/beast.hpp>\n"}, "include"),
    ("a header twice", {"engine/base/a.h": "int f();\n"}, "include"),
    ("a long file", {"engine/base/a.cpp": "int a;\n" * 401}, "size"),
    ("a long function", {"engine/base/a.cpp": "namespace x {\nint f(int n) {\n" + LONG_BODY + "}\n}\n"}, "size"),
    ("a long member", {"engine/base/a.h": HEADER + "struct A {\n int f() const {\n" + LONG_BODY + "}\n};\n"}, "size"),
    ("a long template", {"engine/base/a.h": HEADER + "template <class T>\nT f(T n) {\n" + LONG_BODY + "}\n"}, "size"),
    ("a long namespace", {"engine/base/a.cpp": "namespace x {\n" + "int f(char c = '{');\n" * 90 + "}\n"}, None),
    ("a long python function", {"test/a.py": "def f():\n" + "    g()\n" * 71}, "size"),
    ("a wide folder", {f"engine/base/a{n}.cpp": "int a;\n" for n in range(16)}, "size"),
    ("pairs", {f"engine/base/a{n}.{e}": HEADER for n in range(15) for e in ("h", "cpp")}, None),
    ("a catalogue", {f"config/dialects/a{n}.yaml": "a: 1\n" for n in range(30)}, None),
    ("an aggregate awaited", await_in("send(Options{.text = text})"), "coroutine"),
    ("a list awaited", await_in("send({a, b})"), "coroutine"),
    ("an owning closure awaited", await_in("post([text] { use(text); })"), "coroutine"),
    ("a moved closure awaited", await_in("post(pool, [t = std::move(t)]() mutable { use(t); })"), "coroutine"),
    ("a closure by reference", await_in("post([&] { use({a, b}); })"), None),
    ("a subscript awaited", await_in("send(list[index](1))"), None),
    ("a named closure", await_in("post(std::move(job))"), None),
    ("a capturing coroutine", {"engine/deliver/a.cpp": "auto f = [this]() -> awaitable<void> { co_return; };\n"}, "coroutine"),
    ("a plain coroutine", {"engine/deliver/a.cpp": "auto f = [](int n) -> awaitable<void> { co_return; };\n"}, None),
    ("a detached task", {"engine/deliver/a.cpp": "void f() { co_spawn(ex, run(), detached); }\n"}, "detached"),
    ("the word in a comment", {"engine/deliver/a.cpp": "// detached is banned\n"}, None),
    ("a sleeping unit test", {"test/engine/base/a.cpp": "void f() { std::this_thread::sleep_for(1s); }\n"}, "sleep"),
    ("a file that says nothing", {"engine/base/json_util.cpp": "int a;\n"}, "name"),
    ("a folder that says nothing", {"test/common/a.py": "a = 1\n"}, "name"),
    ("a file of data", {"engine/base/row_data.cpp": "int a;\n"}, "name"),
    ("a file of YAML's core schema", {"engine/base/core_scalar.cpp": "int a;\n"}, None),
    ("a type that says nothing", {"engine/base/a.h": HEADER + "class RowManager {};\n"}, "name"),
    ("a stray file", {"notes.md": "a\n"}, "layout"),
    ("something unfinished", {"engine/base/a.cpp": "// TO" "DO: later\n"}, "unfinished"),
    ("a path of a machine", {"test/a.sh": "cd /home/" "me/x\n"}, "machine"),
    ("beside the checkout", {"docs/a.md": "see ../sha" "red/x\n"}, "machine"),
    ("another language", {"engine/base/a.cpp": "// Lies die Zeile und wird nicht gespeichert.\n"}, "language"),
    ("no README", {"engine/guard/a.cpp": "int a;\n"}, "readme"),
    ("a subfolder that nobody describes", {"engine/base/deep/a.cpp": "int a;\n"}, "readme"),
    ("a subfolder that its parent describes", {"engine/cli/act/a.cpp": "int a;\n"}, None),
    ("a long README", {"engine/base/README.md": "a\n" * 41, "engine/base/a.cpp": "int a;\n"}, "readme"),
    ("YAML in the docs", {"docs/a.md": "x\n```yaml\na: [1\n```\n"}, "yaml"),
    ("YAML in a list", {"docs/a.md": "- x\n  ```yaml\n  a: 1\n  b: 2\n  ```\n"}, None),
    ("YAML in an example", {"examples/a.yaml": "a: 'x\n"}, "yaml"),
]


def write(root, files):
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


def run(problems_of):
    failed = 0
    for what, files, rule in FIXTURES:
        with tempfile.TemporaryDirectory() as root:
            write(root, {**README, **files})
            spoken = {p.rule: str(p) for p in problems_of(root)[1]}
        if set(spoken) != ({rule} if rule else set()):
            failed += 1
            print(f"{what}: expected {rule or 'nothing'}, got {list(spoken.values()) or 'nothing'}")
    print(f"{len(FIXTURES)} fixtures, {failed} failed")
    return 1 if failed else 0
