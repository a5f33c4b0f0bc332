"""Names, words, folders' READMEs, and YAML that must parse."""
import os
import re
import textwrap

import yaml

from project_files import Problem, comment_lines, line_of

TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "CHANGELOG.md", "docs", "engine", "connectors",
             "pipelines", "config", "examples", "test", ".ci", ".clang-format", ".clang-tidy", ".gitignore", ".gitattributes"}
BANNED_WORDS = re.compile(r"^(common|utils?|helpers?|managers?|impl)$")
# These say something only in front of a noun ("core_scalar" is YAML's term).
BANNED_LAST_WORDS = re.compile(r"^(core|data|info)$")
BANNED_TYPES = re.compile(r"\b(?:class|struct)\s+(\w*(?:Manager|Helper|Utils?|Impl|Info|Data))\b(?=\s*(?:final\s*)?[:{;])")
TEXT = (".h", ".cpp", ".py", ".sh", ".sql", ".md", ".yaml", ".yml", ".txt", ".json", ".cmake", ".service", ".csv", "run")
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
MACHINE_PATH = re.compile(r"(?<![\w./-])/(?:work|home/\w+|root|tmp/w)(?:/|\b)(?!\.)")
SHARED_PATH = re.compile(r"\.\./sha" r"red\b")
OUTSIDERS = re.compile(r"\b(cla" r"ude|anth" r"ropic|chat" r"gpt|co" r"pilot|sub" r"agent|language mo" r"del)\b", re.IGNORECASE)
FOREIGN_WORDS = {"della", "delle", "degli", "perché", "sono", "anche", "quindi", "und", "nicht", "oder", "aber", "wird",
                 "avec", "dans", "est", "très", "también", "porque", "cuando", "esto"}
README_LINES_MAX = 40
YAML_BLOCK = re.compile(r"^(?P<indent>[ \t]*)```ya?ml[^\n]*\n(?P<text>.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)
MEANT_TO_BREAK = {"broken", "golden", "fuzz"}


def check_names(project):
    for folder, names in project.folders().items():
        for name in sorted(names):
            path = f"{folder}/{name}".lstrip("/")
            if not folder and name not in TOP_LEVEL:
                yield Problem(path, 1, "layout", "not one of the entries that stand at the top level")
            words = re.split(r"[_\-]", name.split(".")[0].lower())
            for word in words:
                if BANNED_WORDS.match(word) or (word == words[-1] and BANNED_LAST_WORDS.match(word)):
                    yield Problem(path, 1, "name", f"'{word}' says nothing: name what it holds")
    for path in project.cpp():
        for match in BANNED_TYPES.finditer(project.text(path)):
            yield Problem(path, line_of(project.text(path), match.start()), "name", f"{match.group(1)}: name what it is")


def prose_of(path, text):
    if path.endswith((".h", ".cpp")):
        return comment_lines(text)
    return list(enumerate(text.split("\n"), 1)) if path.endswith(".md") else []


def check_words(project):
    for path in project.paths:
        if not path.endswith(TEXT):
            continue
        text = project.text(path)
        for rule, pattern, message in (("unfinished", UNFINISHED, "finish it, or write an issue"),
                                       ("machine", MACHINE_PATH, "a path of one machine"),
                                       ("machine", OUTSIDERS, "the project speaks of itself alone")):
            for match in pattern.finditer(text):
                yield Problem(path, line_of(text, match.start()), rule, f"{match.group(0)}: {message}")
        if not path.startswith("test/"):
            for match in SHARED_PATH.finditer(text):
                yield Problem(path, line_of(text, match.start()), "machine", "only tests look beside the checkout")
        for line, prose in prose_of(path, text):
            foreign = FOREIGN_WORDS & set(re.findall(r"\w+", re.sub(r"[`\"'][^`\"']*[`\"']", "", prose.lower())))
            if len(foreign) > 1:
                yield Problem(path, line, "language", f"not English: {', '.join(sorted(foreign))}")


def check_readmes(project):
    with_sources = {os.path.dirname(p) for p in project.cpp("engine/", "connectors/")}
    for folder in sorted(with_sources | {"engine"} if with_sources else with_sources):
        readme, parent = f"{folder}/README.md", f"{os.path.dirname(folder)}/README.md"
        if readme in project.paths:
            lines = project.text(readme).count("\n")
            if lines > README_LINES_MAX:
                yield Problem(readme, 1, "readme", f"{lines} lines; at most {README_LINES_MAX}")
        elif folder.count("/") < 2 or f"{os.path.basename(folder)}/" not in \
                (project.text(parent) if parent in project.paths else ""):
            yield Problem(folder, 1, "readme", "no README.md here, nor is the folder described in its parent's")


def check_yaml(project):
    for path in project.paths:
        if MEANT_TO_BREAK & set(path.split("/")):
            continue
        blocks = []
        if path == "README.md" or (path.startswith("docs/") and path.endswith(".md")):
            blocks = [(line_of(project.text(path), m.start()), textwrap.dedent(m.group("text")))
                      for m in YAML_BLOCK.finditer(project.text(path))]
        elif path.endswith(".yaml") and path.startswith(("config/", "connectors/", "examples/", "pipelines/")):
            blocks = [(0, project.text(path))]
        for line, block in blocks:
            try:
                list(yaml.safe_load_all(block))
            except yaml.YAMLError as error:
                yield Problem(path, line, "yaml", " ".join(str(error).split()))


def check(project):
    yield from check_names(project)
    yield from check_words(project)
    yield from check_readmes(project)
    yield from check_yaml(project)
