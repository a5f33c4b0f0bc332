#!/usr/bin/env python3
"""Holds the layout, the sizes, the include table and the traps of this code base.

usage: tidy.py [ROOT]      checks the checkout (or ROOT); exit 1 when something is wrong
       tidy.py --self-test  checks the rules: each must catch its own fixture
"""
import os
import sys

sys.dont_write_bytecode = True

import coroutine_rules  # noqa: E402
import include_rules  # noqa: E402
import size_rules  # noqa: E402
import text_rules  # noqa: E402
from project_files import Project  # noqa: E402

RULES = (include_rules, size_rules, coroutine_rules, text_rules)


def problems_of(root):
    project = Project(root)
    found = [problem for rules in RULES for problem in rules.check(project)]
    return project, sorted(found, key=lambda p: (p.path, p.line))


def main(arguments):
    if arguments == ["--self-test"]:
        import self_test
        return self_test.run(problems_of)
    here = os.path.dirname(os.path.abspath(__file__))
    project, problems = problems_of(arguments[0] if arguments else os.path.dirname(os.path.dirname(here)))
    for problem in problems:
        print(problem)
    for line in size_rules.figures(project):
        print(line)
    print(f"{len(project.paths)} files looked at, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
