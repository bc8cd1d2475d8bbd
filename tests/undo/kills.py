"""Kills a program that changes files in place at each of its system calls that change something or open a file. After
each kill the next opening for writing must find the old file or the new one, whole, and leave no record beside it. Only
a program that is killed while it replaces a file may leave the new one under a temporary name. A reader of a bloscpack
file must see the old or the new content even before that opening.

    kills.py PROGRAM FOLDER        PROGRAM: change_in_place or append_in_place
"""
import os
import shutil
import subprocess
import sys

CALLS = ["openat", "write", "pwrite64", "pwritev", "ftruncate", "fsync", "fdatasync", "flock", "fchown", "fchmod",
         "linkat", "renameat", "renameat2", "unlinkat", "close"]
CHANGES = {"a.mrc": ("edit", "metadata", "slice"), "a.mrcz": ("edit", "metadata", "slice"),
           "part.blp": ("append", "metadata", "both", "renamed"), "whole.blp": ("append", "both")}
REPLACING = ("replace", "renamed")
TEARING = ("slice", "append")  # they change several places: undoing and replacing the file are killed as well
MOST_KILLS = 1000  # of one call in one run; a program that ends makes far fewer


def content(path):
    with open(path, "rb") as f:
        return f.read()


def run(program, change, path, inject=()):
    """The exit status, negative for a signal, and what the program said."""
    command = ["strace", "-f", "-qq", "-o", os.devnull, *inject] if inject else []
    done = subprocess.run([*command, program, change, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    return done.returncode, done.stdout


def succeed(program, change, path):
    status, said = run(program, change, path)
    if status != 0:
        raise AssertionError(f"{change} ended with {status}: {said}")
    return said


class Case:
    """One change of one file. The folder `begin` holds everything before the change."""

    def __init__(self, program, change, begin, name, work):
        self.program, self.change, self.begin, self.name, self.work = program, change, begin, name, work
        self.path = os.path.join(work, name)
        self.both_seen = ()

    def start(self):
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.begin, self.work)

    def kill(self, call, number):
        """Whether the program was killed at this call. Otherwise it had ended before."""
        self.start()
        status, said = run(self.program, self.change, self.path,
                           ("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}"))
        if status not in (0, -9, 137):
            raise AssertionError(f"{self.change} ended with {status}: {said}")
        return status != 0

    def seen(self):
        """What a reader sees in a bloscpack file."""
        return succeed(self.program, "content", self.path) if self.name.endswith(".blp") else None

    def check(self, old, new, where):
        """Which of the two the next opening for writing finds."""
        seen = self.seen()
        torn = content(self.path) not in (old, new)
        if torn and "undo record" not in succeed(self.program, "validate", self.path):
            raise AssertionError(f"{where}: the file is neither old nor new, and validate does not say why")
        succeed(self.program, "undo", self.path)
        after = content(self.path)
        if after not in (old, new):
            raise AssertionError(f"{where}: the file is neither old nor new after the next opening")
        if seen is not None and seen not in self.both_seen:
            raise AssertionError(f"{where}: a reader has seen neither the old content nor the new one")
        left = [name for name in os.listdir(self.work) if self.change not in REPLACING or not name.endswith(".partial")]
        if left != [self.name]:
            raise AssertionError(f"{where}: there is {sorted(os.listdir(self.work))}")
        if succeed(self.program, "validate", self.path) != "":
            raise AssertionError(f"{where}: the file is not valid")
        return "old" if after == old else "new"

    def kill_everywhere(self, old, new):
        """How many kills there were, what they left, and a folder with a torn file and its record, if there is one."""
        kills, ends, torn_folder = 0, {"old": 0, "new": 0}, None
        for call in CALLS:
            for number in range(1, MOST_KILLS):
                if not self.kill(call, number):
                    break
                kills += 1
                if torn_folder is None and content(self.path) not in (old, new):
                    torn_folder = self.work + ".torn"
                    shutil.rmtree(torn_folder, ignore_errors=True)
                    shutil.copytree(self.work, torn_folder)
                ends[self.check(old, new, f"{self.change} of {self.name}, killed at {call} {number}")] += 1
            else:
                raise AssertionError(f"{self.change} of {self.name} does not end")
        print(f"{self.change:10} {self.name:7} {kills:4} kills: {ends['old']:4} times the old file, "
              f"{ends['new']:3} times the new one")
        return kills, ends, torn_folder


def check(program, change, begin, name, work):
    case = Case(program, change, begin, name, work)
    case.start()
    old, old_seen = content(case.path), case.seen()
    succeed(program, change, case.path)
    new = content(case.path)
    case.both_seen = (old_seen, case.seen())
    if old == new:
        raise AssertionError(f"{change} of {name} changes nothing")
    kills, ends, torn = case.kill_everywhere(old, new)
    if not ends["old"] or not ends["new"]:
        raise AssertionError(f"{change} of {name}: the kills are not before and after the change")
    if change in TEARING:
        if torn is None:
            raise AssertionError(f"no kill leaves a torn {name}")
        undoing = Case(program, "undo", torn, name, work)
        undoing.start()
        undoing.both_seen = (old_seen,)
        more, _, _ = undoing.kill_everywhere(old, old)
        replacing = Case(program, "replace", torn, name, work)
        replacing.start()
        succeed(program, "replace", replacing.path)
        replacing.both_seen = (old_seen, replacing.seen())
        even_more, _, _ = replacing.kill_everywhere(old, content(replacing.path))
        kills += more + even_more
    return kills


def main(program, folder):
    if shutil.which("strace") is None:
        print("skipped: there is no strace")
        return 77
    shutil.rmtree(folder, ignore_errors=True)
    kills = 0
    prepared = os.path.join(folder, "prepared")
    os.makedirs(prepared)
    succeed(program, "prepare", prepared)
    for name in sorted(os.listdir(prepared)):
        begin = os.path.join(folder, "begin", name)
        os.makedirs(begin)
        shutil.copy(os.path.join(prepared, name), begin)
        for change in CHANGES[name]:
            kills += check(program, change, begin, name, os.path.join(folder, "work"))
        if "slice" in CHANGES[name]:
            succeed(program, "slice", os.path.join(begin, name))  # now there are statistics to determine
            kills += check(program, "statistics", begin, name, os.path.join(folder, "work"))
    print(f"{kills} kills, and each left the old file or the new one")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
