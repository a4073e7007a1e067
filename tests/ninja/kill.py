#!/usr/bin/env python3
"""kill -9 at random moments of builds; the next build must come to the same tree as any other.

  kill.py --program PATH [--seed N] [--moments N]

Random graphs and edits as in differential.py, with commands that write half of an output first.
After an edit the program is killed once or more, alone or with its commands; the build after that
must succeed or fail as the model says, leave the outputs that the model predicts, and be followed
by one that has nothing to do.
"""

import argparse
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import types

import differential
import random_graphs
from random_edits import Edits, RandomEdit

PR_SET_CHILD_SUBREAPER = 36


def become_subreaper():
    """Orphans of a killed program become children of this process, which can wait for them."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def descendants():
    """Ids of the children of this process and of theirs."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                pass
    found, todo = [], [os.getpid()]
    while todo:
        parent = todo.pop()
        children = [child for child, its_parent in parents.items() if its_parent == parent]
        found += children
        todo += children
    return found


def wait_for_all():
    """Waits for every child, adopted ones too; those of a killed command end by themselves."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def kill_during_build(program, tree, jobs, delay, with_commands):
    """False when the build was over before."""
    environment = dict(os.environ, EDGE_LOG=tree.root + ".log", LC_ALL="C")
    environment.pop("MAKEFLAGS", None)
    child = subprocess.Popen(
        [program, "-k", "0", "-j", str(jobs)],
        cwd=tree.root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        close_fds=False,
    )
    time.sleep(delay)
    was_running = child.poll() is None
    if was_running:
        if with_commands:
            # Stopped first, so that it starts nothing while its commands are looked for.
            os.kill(child.pid, signal.SIGSTOP)
            for process in reversed(descendants()):
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        else:
            child.kill()
    child.wait()
    wait_for_all()
    return was_running


class Hunt:
    """One world: edits, kills, and the builds after them."""

    def __init__(self, options, number):
        self.options = options
        self.rng = random_graphs.new_random(options.seed, number)
        self.maker = random_graphs.Maker(self.rng, slow=True)
        self.world = self.maker.make()
        self.place = os.path.join(options.scratch, f"graph{number}")
        rules = types.SimpleNamespace(program=options.program, reference="", trees_only=True)
        self.game = differential.Game(self.world, self.place, rules)
        self.game.tree.always_new = options.stock
        self.history = []
        self.killed = 0
        self.duration = 0.05  # of a whole build, in seconds

    def edit(self, number):
        """Random edits, applied to the tree."""
        world = self.world
        edits = Edits(world, self.game.snapshots)
        for _ in range(self.rng.randrange(0, 3) if number else 0):
            edit = RandomEdit(self.rng, self.maker, number, by_time=self.options.stock).make()
            if edit:
                self.game.snapshots.setdefault(number, world.snapshot())
                edits.apply(edit)
                self.history.append(edit)
        time.sleep(differential.CLOCK_TICK)
        for action in edits.disk:
            self.game.tree.change(action, world)
        self.game.tree.write_manifests(world)

    def kill(self):
        delay = self.rng.random() * self.duration
        with_commands = self.rng.random() < 0.5
        jobs = self.rng.randrange(1, 4)
        tree = self.game.tree
        if kill_during_build(self.options.program, tree, jobs, delay, with_commands):
            self.killed += 1
            what = "kill with its commands" if with_commands else "kill"
            self.history.append(f"{what} after {delay * 1000:.1f} ms")

    def build(self):
        """Throws Mismatch."""
        self.history.append("build")
        begin = time.monotonic()
        # Kills may have left a generator's output newer than what it was made of: it is made anew.
        for edge in self.world.graph.generators():
            for out in edge.all_outs():
                if os.path.exists(self.game.tree.path(out)):
                    os.unlink(self.game.tree.path(out))
        step = differential.Step([], [], jobs=2, hurried=False, with_reference=False)
        self.game.compare([], step)
        self.duration = max(0.02, time.monotonic() - begin)
        if not self.options.stock:
            self.build_again()

    def build_again(self):
        """Only what always runs, and what failed, may run again."""
        tree = self.game.tree
        code, ran, output = differential.run_program(self.options.program, tree.root, [], 2)
        outcome = self.world.build(
            self.world.all_targets(),
            program_ran=lambda name: name in ran,
            newer_than_output=lambda edge: False,
        )
        needless = [name for name in ran if name not in outcome.must and name not in outcome.may]
        if needless:
            raise differential.Mismatch(
                f"the build after it ran {needless} once more (exit code {code})\n{output}"
            )

    def run(self, rounds):
        for number in range(rounds):
            self.edit(number)
            for _ in range(self.rng.choice([1, 1, 2, 3])):
                self.kill()
            self.build()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    option = parser.add_argument
    option("--program", default=os.environ.get("NINJA"), help="what is tested [$NINJA]")
    option("--seed", type=int, default=1)
    option("--first", type=int, default=0, help="number of the first graph")
    option("--moments", type=int, default=500, help="kills while a build runs")
    option("--rounds", type=int, default=5, help="edits of a graph")
    option("--stock", action="store_true", help="the program is ninja: edits get new timestamps")
    options = parser.parse_args()
    if not options.program:
        parser.error("--program is needed")
    become_subreaper()
    options.scratch = tempfile.mkdtemp(prefix="kill.")
    killed = 0
    number = options.first
    while killed < options.moments:
        hunt = Hunt(options, number)
        try:
            hunt.run(options.rounds)
        except differential.Mismatch as mismatch:
            rng = random_graphs.new_random(options.seed, number)
            beginning = random_graphs.Maker(rng, slow=True).make()
            print(f"graph {number} of seed {options.seed} fails; its tree is kept: {hunt.place}")
            print(differential.describe(beginning, [], str(mismatch)))
            for event in hunt.history:
                print("  " + differential.words_of(event))
            return 1
        shutil.rmtree(hunt.place, ignore_errors=True)
        killed += hunt.killed
        number += 1
    shutil.rmtree(options.scratch, ignore_errors=True)
    print(f"{number - options.first} graphs, {killed} builds killed, every next build was right")
    return 0


if __name__ == "__main__":
    sys.exit(main())
