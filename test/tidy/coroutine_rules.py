"""The co_await expressions that g++ 12 miscompiles, tasks nobody supervises, and sleeping unit tests."""
import re

from project_files import Problem, code_of, line_of

_LAMBDA = re.compile(r"\[(?P<captures>[^\[\]{}();]*)\]\s*(?:\([^{};]*?\)|(?=\{))[^{};()]*(?:->[^{};]*)?\{")
_SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(")
_DETACHED = re.compile(r"\bdetached\b|\.detach\s*\(")


def expression_from(code, start):
    """The rest of the full expression that begins at `start`."""
    depth = 0
    for i in range(start, len(code)):
        if code[i] in "({[":
            depth += 1
        elif code[i] in ")}]":
            depth -= 1
            if depth < 0:
                return code[start:i]
        elif code[i] == ";" and depth == 0:
            return code[start:i]
    return code[start:]


def body_from(code, brace):
    depth = 0
    for i in range(brace, len(code)):
        depth += {"{": 1, "}": -1}.get(code[i], 0)
        if depth == 0:
            return code[brace:i]
    return code[brace:]


def owns(captures):
    """True when a capture list copies or moves something into the closure."""
    parts = [p.strip() for p in captures.split(",") if p.strip()]
    return any(not p.startswith("&") and p != "this" for p in parts)


def is_capture_list(code, position):
    """A '[' that follows a name, ')' or ']' is a subscript."""
    before = code[:position].rstrip()
    return not before or not (before[-1].isalnum() or before[-1] in "_)]") or before.endswith(("return", "co_return"))


def without_inner_bodies(text):
    """Lambda bodies are statements of their own: only what stands in the awaited expression itself counts."""
    out, depth = [], 0
    for i, c in enumerate(text):
        opens_body = c == "{" and re.search(r"(\)|\]|mutable|noexcept|->[^(){};]*)\s*$", text[:i])
        if depth == 0 and not opens_body:
            out.append(c)
        elif c == "{":
            depth += 1
            out.append("\0" if depth == 1 else "")
        elif c == "}":
            depth -= 1
    return "".join(out)


def traps(code):
    for match in re.finditer(r"\bco_await\b", code):
        awaited = without_inner_bodies(expression_from(code, match.end()))
        line = line_of(code, match.start())
        if re.search(r"[(,]\s*[\w:<>]*\s*\{\s*\.", awaited):
            yield line, "an aggregate is built inside a co_await expression: name it before"
        elif re.search(r"[(,]\s*\{", awaited):
            yield line, "a braced list stands inside a co_await expression: name it before"
        for closure in re.finditer(r"\[([^\[\]]*)\]\s*(?:\(|\0|mutable)", awaited):
            if is_capture_list(awaited, closure.start()) and owns(closure.group(1)):
                yield line, "a closure that owns something is built inside a co_await expression: name it before"
    for match in _LAMBDA.finditer(code):
        if match.group("captures").strip() and is_capture_list(code, match.start()):
            body = body_from(code, match.end() - 1)
            inner = _LAMBDA.sub("{", body[1:])
            if re.search(r"\bco_(await|return|yield)\b", without_inner_bodies(inner)):
                yield line_of(code, match.start()), "a capturing lambda is itself a coroutine: pass what it needs"


def check(project):
    for path in project.cpp():
        code = code_of(project.text(path))
        if re.search(r"\bco_(await|return)\b", code):
            for line, message in traps(code):
                yield Problem(path, line, "coroutine", message)
        if path.startswith(("engine/", "connectors/")):
            for match in _DETACHED.finditer(code):
                yield Problem(path, line_of(code, match.start()), "detached", "nobody sees a detached task fail: supervise it")
        if path.startswith(("test/engine/", "test/connectors/", "test/properties/")):
            for match in _SLEEP.finditer(code):
                yield Problem(path, line_of(code, match.start()), "sleep", "a unit test does not sleep: turn a clock by hand")
