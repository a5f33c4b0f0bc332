"""How long files, functions and folders may be."""
import ast
import re
import statistics

from project_files import Problem, code_of, comment_lines, line_of

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
FOLDER_ENTRIES_MAX = 15
CODE = (".h", ".cpp", ".py", ".sh", ".sql", ".cmake", "CMakeLists.txt")
FREE_FOLDERS = {"golden", "cases", "broken"}
CATALOGUES = {"dialects", "targets"}
_TEMPLATE = re.compile(r"\btemplate\s*<[^{};]*?>\s*(?=[\w\[:~])")
_SCOPE = re.compile(r"^\s*(?:inline\s+)?(?:namespace|extern)\b|^[^()=]*\b(?:class|struct|union|enum)\b[^()=]*$")


def cpp_functions(text):
    """(first line, lines) of each function body at namespace or class level, by matching braces."""
    code = re.sub(r"(?m)^[ \t]*#.*?(?<!\\)$", "", code_of(text))
    found, statement, depth, body_depth, body_line = [], 0, 0, None, 0
    for i, c in enumerate(code):
        if c == "{":
            if body_depth is None:
                head = _TEMPLATE.sub("", code[statement:i])
                if "(" in head and not _SCOPE.search(head):
                    body_depth = depth
                    body_line = line_of(code, statement + len(code[statement:i]) - len(code[statement:i].lstrip()))
                statement = i + 1
            depth += 1
        elif c == "}":
            depth -= 1
            if body_depth is not None and depth == body_depth:
                found.append((body_line, line_of(code, i) - body_line + 1))
                body_depth = None
            if body_depth is None:
                statement = i + 1
        elif c == ";" and body_depth is None:
            statement = i + 1
    return found


def python_functions(text):
    return [(node.lineno, node.end_lineno - node.lineno + 1) for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef)]


def functions(project, path):
    text = project.text(path)
    return python_functions(text) if path.endswith(".py") else cpp_functions(text)


def entries_of(folder, names):
    """A .h/.cpp pair is one entry; a folder's README and CMakeLists.txt describe it and are none."""
    if folder.split("/")[-1] in CATALOGUES:
        names = {n for n in names if not n.endswith((".yaml", ".md"))}
    return {re.sub(r"\.(h|cpp)$", "", n) for n in names if n not in ("README.md", "CMakeLists.txt")}


def check(project):
    for path in project.paths:
        lines = project.text(path).count("\n")
        if path.endswith(CODE) and lines > FILE_LINES_MAX:
            yield Problem(path, 1, "size", f"{lines} lines; a file has at most {FILE_LINES_MAX}")
        if path.endswith((".h", ".cpp", ".py")):
            for line, length in functions(project, path):
                if length > FUNCTION_LINES_MAX:
                    yield Problem(path, line, "size", f"{length} lines; a function has at most {FUNCTION_LINES_MAX}")
    for folder, names in project.folders().items():
        if not folder or FREE_FOLDERS & set(folder.split("/")):
            continue
        count = len(entries_of(folder, names))
        if count > FOLDER_ENTRIES_MAX:
            yield Problem(folder, 1, "size", f"{count} entries; a folder has at most {FOLDER_ENTRIES_MAX}")


def percentile(numbers, share):
    return sorted(numbers)[min(len(numbers) - 1, int(len(numbers) * share))] if numbers else 0


def figures(project):
    """The sizes that style asks for, as lines of text."""
    for title, folders in (("product", ("engine/", "connectors/")), ("tests", ("test/",))):
        paths = project.cpp(*folders)
        if not paths:
            continue
        lines = [project.text(p).count("\n") for p in paths]
        lengths = [length for p in paths for _, length in functions(project, p)]
        comments = sum(len(comment_lines(project.text(p))) for p in paths)
        yield (f"{title}: {len(paths)} files, {sum(lines)} lines; file median {statistics.median(lines):.0f}, "
               f"p90 {percentile(lines, 0.9)}, longest {max(lines)}; function p90 {percentile(lengths, 0.9)}, "
               f"longest {max(lengths, default=0)}; comments {100 * comments // max(1, sum(lines))} %")
