"""Who may include whom: the table of the libraries, and which library headers stay behind one folder's walls."""
import re

from project_files import Problem

GROUND = {"engine/base", "engine/model", "engine/settings"}
STAGES = {"engine/capture", "engine/map", "engine/guard", "engine/deliver", "engine/inbound"}

# The library of a file is the longest of these prefixes; it may include itself and what stands here.
MAY_USE = {
    "engine/base": set(),
    "engine/model": {"engine/base"},
    "engine/settings": {"engine/base", "engine/model"},
    "engine/journal": GROUND,
    "engine/map": GROUND,
    "engine/capture": GROUND | {"engine/journal"},
    "engine/guard": GROUND | {"engine/journal"},
    "engine/deliver": GROUND | {"engine/journal"},
    "engine/inbound": GROUND | {"engine/journal"},
    "engine/pipeline": GROUND | STAGES | {"engine/journal", "connectors"},
    "engine/operate": GROUND | {"engine/pipeline", "engine/journal", "engine/map", "engine/guard", "connectors"},
    "engine/cli": GROUND | {"engine/operate"},
    "engine/console": GROUND | {"engine/operate", "engine/inbound"},
    "connectors": GROUND,
}

# (header, folders, only .cpp): tests may include them, too.
CONFINED = [
    (re.compile(r"^(sql|sqlext|sqltypes|sqlucode|odbcinst)\.h$"), ("connectors/odbc/",)),
    (re.compile(r"^curl/"), ("connectors/http/",)),
    (re.compile(r"^yaml-cpp/"), ("engine/settings/",)),
    (re.compile(r"^nats/"), ("connectors/targets/nats/",)),
    (re.compile(r"^librdkafka/"), ("connectors/targets/kafka/",)),
    (re.compile(r"^sqlite3\.h$"), ("engine/journal/", "engine/map/")),
]
BANNED = re.compile(r"^boost/(asio|beast)\.hpp$")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.MULTILINE)


def library_of(path):
    if path.startswith("connectors/"):
        return "connectors"
    return "/".join(path.split("/")[:2])


def connector_of(path):
    return path.split("/")[1]


def check_own(project, path, line, name):
    if name not in project.paths:
        return Problem(path, line, "include", f'"{name}" is not a file counted from the root')
    mine, theirs = library_of(path), library_of(name)
    if path.startswith("test/"):
        return None
    if theirs != mine and theirs not in MAY_USE.get(mine, set()):
        return Problem(path, line, "include", f"{mine} may not use {theirs}")
    if mine == "connectors" == theirs and connector_of(path) not in (connector_of(name), "catalog"):
        return Problem(path, line, "include", f"one connector may not use another ({connector_of(name)})")
    return None


def check_foreign(path, line, name):
    if BANNED.match(name):
        return Problem(path, line, "include", f"<{name}> as a whole costs 5 seconds a file: include its parts")
    for header, folders in CONFINED:
        if header.match(name) and not path.startswith("test/"):
            if not path.startswith(folders) or not path.endswith(".cpp"):
                return Problem(path, line, "include", f"<{name}> belongs into .cpp files of {' and '.join(folders)}")
    return None


def check(project):
    for path in project.cpp():
        text = project.text(path)
        for match in INCLUDE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            own = match.group(1) == '"'
            problem = check_own(project, path, line, match.group(2)) if own else check_foreign(path, line, match.group(2))
            if problem:
                yield problem
        if path.endswith(".h") and "#pragma once" not in text:
            yield Problem(path, 1, "include", "a header without #pragma once")
