"""The files that the rules look at, and C++ text without comments and literals."""
import os
import re
import subprocess

CPP = (".h", ".cpp")


class Problem:
    def __init__(self, path, line, rule, message):
        self.path, self.line, self.rule, self.message = path, line, rule, message

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


class Project:
    """All files below `root` that are in git or could be added, as relative paths."""

    def __init__(self, root):
        self.root = root
        self.paths = sorted(p for p in self._listed() if os.path.isfile(os.path.join(root, p)))
        self._texts = {}

    def _listed(self):
        if os.path.exists(os.path.join(self.root, ".git")):
            command = ["git", "-c", "safe.directory=*", "-C", self.root, "ls-files", "-z", "-co", "--exclude-standard"]
            listed = subprocess.run(command, check=True, capture_output=True).stdout.decode()
            return [p for p in listed.split("\0") if p]
        return [os.path.relpath(os.path.join(folder, name), self.root)
                for folder, _, names in os.walk(self.root) for name in names]

    def text(self, path):
        if path not in self._texts:
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
                self._texts[path] = file.read()
        return self._texts[path]

    def cpp(self, *folders):
        return [p for p in self.paths if p.endswith(CPP) and (not folders or p.startswith(folders))]

    def folders(self):
        """folder -> names of the files and folders directly in it"""
        entries = {}
        for path in self.paths:
            parts = path.split("/")
            for depth in range(len(parts)):
                entries.setdefault("/".join(parts[:depth]), set()).add(parts[depth])
        return entries


_TOKENS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<mark>[^()\\\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'""", re.DOTALL)


def _blanked(match):
    text = match.group(0)
    kept = "\n" * text.count("\n")
    return ('""' + kept) if text.startswith(('"', "R")) else ("' '" if text.startswith("'") else kept)


def code_of(text):
    """C++ without comments, and with empty literals; lines stay where they were."""
    return _TOKENS.sub(_blanked, text)


def comment_lines(text):
    """(line number, text) of each comment line."""
    found = []
    for match in _TOKENS.finditer(text):
        if match.group(0).startswith("/"):
            first = text.count("\n", 0, match.start()) + 1
            found += [(first + i, line) for i, line in enumerate(match.group(0).split("\n"))]
    return found


def line_of(text, position):
    return text.count("\n", 0, position) + 1
