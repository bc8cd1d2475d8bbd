"""Replays stored terminal sessions of the programs mrcz and blpk and compares what it prints, to the letter.

    run_session.py --program DIR --golden DIR [--emdb DIR] [--update] SESSION...

A session is a text file. Lines that begin with "$ " are commands for bash, run one after the other in a fresh folder
that holds a copy of the folder of golden files; what follows is the output to expect, stdout and stderr as they come, and
a last line "[exit N]" unless the exit code is 0. Blank lines at the end of an output do not count; lines that begin with "# "
are comments. A session with the line "# needs EMDB" finds the folder of those maps in $EMDB and is skipped without it.

Two commands help: `fields KEY...` prints some of the JSON of `mrcz info --json`, `poke FILE OFFSET CODE VALUE...`
overwrites numbers or text in a file. With --update the session is rewritten with what was printed.
"""
import argparse
import difflib
import os
import shutil
import subprocess
import sys
import tempfile

HELPERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin")
SKIPPED = 77


def run(command, folder, environment):
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, env=environment, text=True,
                          errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = done.stdout.rstrip("\n").splitlines()
    return output + ([f"[exit {done.returncode}]"] if done.returncode else [])


def replay(text, folder, environment):
    """The session as it should read: the same commands and comments with what is printed now."""
    lines = []
    for line in text.splitlines():
        if line.startswith("$ "):
            lines += [line] + run(line[2:], folder, environment)
        elif line.startswith("# "):
            if lines and not lines[-1].startswith("# "):
                lines.append("")
            lines.append(line)
    return "\n".join(lines) + "\n"


def without_blank_lines(text):
    """Blank lines before a command or a comment are only there for the eye."""
    kept = []
    for line in text.splitlines():
        if line.startswith(("$ ", "# ")):
            while kept and not kept[-1]:
                kept.pop()
        kept.append(line)
    return kept


def play(session, arguments):
    """0 if all is as it was, 1 if not, SKIPPED if it cannot be played."""
    with open(session, encoding="utf-8") as f:
        expected = f.read()
    if "# needs EMDB" in expected and not os.path.isdir(arguments.emdb):
        print(f"skipped: {session} needs maps of EMDB")
        return SKIPPED
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "EMDB": os.path.abspath(arguments.emdb), "PATH": os.pathsep.join(
        [os.path.abspath(arguments.program), HELPERS, os.path.dirname(sys.executable), os.environ["PATH"]])}
    with tempfile.TemporaryDirectory(prefix="mrcz-session-") as folder:
        shutil.copytree(arguments.golden, folder, copy_function=shutil.copyfile, dirs_exist_ok=True)
        found = replay(expected, folder, environment)
    if arguments.update:
        with open(session, "w", encoding="utf-8") as f:
            f.write(found)
        return 0
    difference = list(difflib.unified_diff(without_blank_lines(expected), without_blank_lines(found), "expected",
                                           "found", lineterm=""))
    print("\n".join([f"{session}: {expected.count(chr(10) + '$ ')} commands"] + difference))
    return 1 if difference else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True, help="the folder of mrcz and blpk")
    parser.add_argument("--golden", required=True)
    parser.add_argument("--emdb", default="")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("session", nargs="+")
    arguments = parser.parse_args()
    return max(play(session, arguments) for session in arguments.session)


if __name__ == "__main__":
    sys.exit(main())
