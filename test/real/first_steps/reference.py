"""Manual pages and shell completions name every verb and every option that --help names, and shells take them.

    reference.py DATAPICKER GENERATED_FOLDER"""
import json
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import as_published  # noqa: E402

DATAPICKER, GENERATED = sys.argv[1], pathlib.Path(sys.argv[2])


def help_of(*verb):
    return subprocess.run([DATAPICKER, *verb, "--help"], check=True, capture_output=True, text=True).stdout


def verbs_below(*verb):
    """Every verb with its words, as --help lists them."""
    section = help_of(*verb).partition("Subcommands:\n")[2].partition("\n\n")[0]
    for name in re.findall(r"^  ([a-z][\w-]*)", section, re.MULTILINE):
        yield (*verb, name)
        yield from verbs_below(*verb, name)


def options_of(verb):
    lines = re.findall(r"^  (-[^ ].*)$", help_of(*verb), re.MULTILINE)
    return sorted({name for line in lines for name in re.findall(r"(?:^|,)(--?[a-z][\w-]*)", line)})


def completed(shell_words):
    """What bash offers for the last of the words."""
    script = f"""source {GENERATED}/datapicker.bash
COMP_WORDS=({' '.join(repr(word) for word in shell_words)}); COMP_CWORD={len(shell_words) - 1}
_datapicker; printf '%s\\n' "${{COMPREPLY[@]}}\""""
    return subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout.split()


def everything_is_named():
    verbs = [(), *verbs_below()]
    assert len(verbs) > 5, verbs
    shells = {name: (GENERATED / name).read_text() for name in ("_datapicker", "datapicker.fish")}
    for verb in verbs:
        page = (GENERATED / "man1" / ("-".join(("datapicker", *verb)) + ".1")).read_text()
        page = re.sub(r"\\f[BIR]", "", page).replace("\\-", "-")
        offered = completed(["datapicker", *verb, ""])
        for option in options_of(verb):
            assert re.search(rf"^\.TP\n.*(?<![\w-]){option}(?![\w-])", page, re.MULTILINE), f"{verb} {option} is not in its page"
            assert option in offered, f"bash does not offer {option} after {verb}: {offered}"
            assert f"{option}[" in shells["_datapicker"], f"zsh does not know {option}"
            assert option.lstrip("-") in shells["datapicker.fish"], f"fish does not know {option}"
        if verb:
            assert verb[-1] in completed(["datapicker", *verb[:-1], verb[-1][:1]]), f"bash does not offer {verb}"
            assert f"'{verb[0]}:" in shells["_datapicker"] and f"-a {verb[-1]} " in shells["datapicker.fish"]
    print(f"ok {len(verbs) - 1} verbs and their options are named everywhere")


def values_are_offered():
    assert completed(["datapicker", "run", "--log-level", "w"]) == ["warning"]
    assert completed(["datapicker", "check", "--instance", "/us"]) == ["/usr"]
    assert "check" in completed(["datapicker", "c"]) and "run" not in completed(["datapicker", "c"])
    print("ok bash offers choices, folders and verbs")


def shells_and_man_take_them():
    for program, file in (("bash", "datapicker.bash"), ("zsh", "_datapicker"), ("fish", "datapicker.fish")):
        if shutil.which(program):
            subprocess.run([program, "-n", GENERATED / file], check=True)
    if shutil.which("groff"):
        for page in sorted((GENERATED / "man1").glob("*.1")):
            done = subprocess.run(["groff", "-Kutf8", "-man", "-ww", "-Tutf8", "-z", page], capture_output=True, text=True)
            assert done.returncode == 0 and not done.stderr, f"{page.name}: {done.stderr}"
    print("ok the shells and groff that are here take them")


def targets_are_told_as_published():
    def told(*words):
        done = subprocess.run([DATAPICKER, *words, "--json"], check=True, capture_output=True, text=True, cwd="/")
        return as_published(words, json.loads(done.stdout))

    listed = told("targets")
    assert told("targets", "list") == listed
    assert {"webhook", "request_tracker", "file"} <= {each["target"] for each in listed}, listed
    assert told("targets", "show", "webhook")["page"].startswith("# webhook\n")
    refused = subprocess.run([DATAPICKER, "targets", "show", "webhok"], capture_output=True, text=True, cwd="/", check=False)
    assert refused.returncode == 2 and "did you mean 'webhook'?" in refused.stderr, refused
    print("ok targets are listed and shown as published")


everything_is_named()
targets_are_told_as_published()
values_are_offered()
shells_and_man_take_them()
