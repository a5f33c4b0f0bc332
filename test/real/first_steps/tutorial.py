"""Runs every command of docs/tutorial.md against a private PostgreSQL and compares what it prints with what the page shows.

    tutorial.py DATAPICKER          UPDATE_GOLDEN=1 writes the output into the page instead"""
import difflib
import os
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import ROOT, Servers, Workplace, free_port  # noqa: E402

PAGE = ROOT / "docs/tutorial.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATIENCE = 60
END = "-- end of output --"
# What only looks may be repeated until the daemon has done what the page shows.
LOOKS = re.compile(r"^(sort|tail|cat|datapicker (check|status|story|changes)) ")
VARYING = [
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?"), "TIME"),
    (re.compile(r"\b[0-9a-f]{32}(-\d+)*\b"), "ID"),
    (re.compile(r"\b\d+(\.\d+)? ?(ms|s)\b"), "DURATION"),
    (re.compile(r"# yaml-language-server:.*\n"), ""),
    (re.compile(r"PostgreSQL [\d.]+ through psqlodbcw?\.so [\d.]+"), "SERVER"),
    (re.compile(r"process \d+"), "process N"),
    (re.compile(r"127\.0\.0\.1:\d+"), "ADDRESS"),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
    (re.compile(r"[ \t]+"), " "),
]


class Shell:
    """One bash for the whole page: variables and background jobs live on, as they do for the reader."""

    def __init__(self, folder, environment):
        self.process = subprocess.Popen(["bash", "--norc"], cwd=folder, env=environment, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    def run(self, command):
        self.process.stdin.write(f"{command}\necho '{END}'\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.endswith(END + "\n"):
                return "".join(lines) + line.removesuffix(END + "\n")
            lines.append(line)
        raise AssertionError(f"the shell ended in: {command}")

    def close(self):
        self.process.stdin.write("kill $(jobs -p); wait\n")
        self.process.stdin.close()
        self.process.wait()


def steps(block):
    """[(command, shown output)]; a command goes on in lines that start with '> '."""
    found = []
    for line in block.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append([line[2:], ""])
        elif line.startswith("> ") and not found[-1][1]:
            found[-1][0] += line[2:]
        else:
            found[-1][1] += line
    return [(command.rstrip("\n"), output) for command, output in found]


def normal(text, port):
    text = text.replace(str(port), "8088")
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return text.strip()


def shown(command):
    first, *rest = command.split("\n")
    return "\n".join([f"$ {first}"] + [f"> {line}" for line in rest]) + "\n"


def run_step(shell, command, expected, port):
    # The API's port is a free one here.
    real = command.replace("8088", str(port))
    if os.environ.get("UPDATE_GOLDEN") and LOOKS.match(command):
        time.sleep(8)  # nobody says what to wait for: longer than a cycle of the table
        return shell.run(real)
    end = time.monotonic() + PATIENCE
    output = shell.run(real)
    while LOOKS.match(command) and normal(output, port) != normal(expected, port) and time.monotonic() < end:
        time.sleep(0.2)
        output = shell.run(real)
    return output


def main():
    datapicker = pathlib.Path(sys.argv[1]).resolve()
    work = Workplace("tutorial")
    servers = Servers(work, "postgresql")
    environment = dict(os.environ, PGHOST=servers.host, PGPORT=str(servers.port), PGDATABASE=servers.database, PGUSER=servers.user,
                       PGPASSWORD=servers.password, PATH=f"{datapicker.parent}:{os.environ['PATH']}", LC_ALL="C.UTF-8", NO_COLOR="1", TZ="UTC")
    shell = Shell(work.folder, environment)
    work.closers.append(shell.close)
    port, page, wrong = free_port(), PAGE.read_text(), []

    def replay(match):
        text = ""
        for command, expected in steps(match.group(1)):
            output = run_step(shell, command, expected, port)
            text += shown(command) + re.sub(r"# yaml-language-server:.*\n|[ \t]+$", "", output.replace(str(port), "8088"), flags=re.MULTILINE)
            if normal(output, port) != normal(expected, port):
                wrong.append(f"$ {command}\n" + "\n".join(difflib.unified_diff(
                    normal(expected, port).splitlines(), normal(output, port).splitlines(), "shown", "printed", lineterm="")))
        return f"```console\n{text}```"

    updated = BLOCK.sub(replay, page)
    assert page.count("```console") > 5, "the page has lost its blocks"
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(updated.replace(str(servers.port), "5432"))
    elif wrong:
        sys.exit("docs/tutorial.md shows something else (UPDATE_GOLDEN=1 writes what is printed):\n" + "\n".join(wrong))


main()
