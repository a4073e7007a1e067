#!/usr/bin/env python3
"""Random graphs, built again and again while they are edited, by a program and by stock ninja.

  differential.py --program PATH [--reference PATH] [--seed N] [--graphs N] [--edits N]

After every edit the program builds in the tree that it has, and the reference builds from scratch
beside it: the outputs must have the same bytes, and the commands that the program ran must be
exactly those that model.py predicts. A failing case is made smaller and
printed. With --trees-only (for ninja itself, whose timestamps miss some edits) edits get new
timestamps, and only the outputs are compared.
"""

import argparse
import copy
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

import random_graphs
from random_edits import Edits, RandomEdit
from source_tree import Tree


# Of the clock that stamps files.
CLOCK_REALTIME_COARSE = 5
CLOCK_TICK = time.clock_getres(CLOCK_REALTIME_COARSE) + 0.001


class Step:
    """Edits, and then a build."""

    def __init__(self, edits, targets, jobs, hurried, with_reference):
        self.edits = edits  # (number, edit)
        self.targets = targets
        self.jobs = jobs
        self.hurried = hurried
        self.with_reference = with_reference


class Mismatch(Exception):
    pass


def run_program(program, directory, targets, jobs):
    """(exit code, names of the edges that ran, output)"""
    log = directory + ".log"
    if os.path.exists(log):
        os.unlink(log)
    environment = dict(os.environ, EDGE_LOG=log, LC_ALL="C")
    for name in ("NINJA_STATUS", "MAKEFLAGS"):
        environment.pop(name, None)
    done = subprocess.run(
        [program, "-k", "0", "-j", str(jobs), *targets],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        close_fds=False,
        timeout=120,
    )
    try:
        with open(log, encoding="utf-8") as file:
            ran = file.read().split()
    except FileNotFoundError:
        ran = []
    return done.returncode, ran, done.stdout.decode(errors="replace")


class Game:
    """One world, its tree, and the program that builds it."""

    def __init__(self, world, place, options):
        self.world = world
        self.options = options
        self.place = place
        self.tree = Tree(os.path.join(place, "tree"), always_new=options.trees_only)
        self.tree.write_all(world)
        self.snapshots = {}
        self.ran = []

    def play(self, step):
        """Throws Mismatch."""
        world = self.world
        edits = Edits(world, self.snapshots)
        for number, edit in step.edits:
            self.snapshots.setdefault(number, world.snapshot())
            edits.apply(edit)
        if edits.disk and (self.options.trees_only or world.graph.watched()):
            time.sleep(CLOCK_TICK)
        for action in edits.disk:
            self.tree.change(action, world)
        self.tree.write_manifests(world)
        world.hurried = step.hurried
        if not step.hurried:
            time.sleep(CLOCK_TICK)
        producers = world.graph.producers()
        targets = [target for target in step.targets if target in producers]
        self.compare(targets, step)

    def compare(self, targets, step):
        world = self.world
        generators = world.graph.generators()
        newer = {edge.name: self.tree.newer_than_output(edge) for edge in generators}
        code, ran, output = run_program(self.options.program, self.tree.root, targets, step.jobs)
        self.ran.append(ran)
        outcome = world.build(
            targets or world.all_targets(),
            program_ran=lambda name: name in ran,
            newer_than_output=lambda edge: newer[edge.name],
        )
        said = f"\n--- the program said (exit code {code})\n{output}"
        if (code == 0) != (not outcome.error and not outcome.failed):
            raise Mismatch(f"expected {outcome.error or outcome.failed or 'success'}{said}")
        if not self.options.trees_only:
            self.compare_runs(outcome, ran, said)
        for path in outcome.outputs:
            if self.tree.read(path) != world.files[path]:
                expected = world.files[path]
                raise Mismatch(f"{path} is {self.tree.read(path)}, expected {expected}{said}")
        if self.options.reference and step.with_reference:
            self.compare_with_reference(outcome, targets)

    def compare_runs(self, outcome, ran, said):
        missed = [name for name in outcome.must if name not in ran]
        needless = [name for name in ran if name not in outcome.must and name not in outcome.may]
        if missed or needless or len(ran) != len(set(ran)):
            raise Mismatch(
                f"ran {ran}, expected {outcome.must}, or also {sorted(outcome.may)}; "
                f"missed {missed}, needless {needless}{said}"
            )

    def compare_with_reference(self, outcome, targets):
        fresh = Tree(os.path.join(self.place, "fresh"))
        shutil.rmtree(fresh.root, ignore_errors=True)
        fresh.write_all(self.world)
        code, _, output = run_program(self.options.reference, fresh.root, targets, 2)
        if (code == 0) != (not outcome.error and not outcome.failed):
            raise Mismatch(
                f"the model is wrong: {outcome.error or outcome.failed or 'success'}; "
                f"the reference said (exit code {code})\n{output}"
            )
        for path in outcome.outputs:
            if fresh.read(path) != self.tree.read(path):
                found = self.tree.read(path)
                raise Mismatch(f"{path} is {found}, from scratch {fresh.read(path)}")


def replay(world, steps, options):
    """The message of the first mismatch, and its step; None when there is none."""
    place = tempfile.mkdtemp(prefix="replay.", dir=options.scratch)
    try:
        game = Game(copy.deepcopy(world), place, options)
        for number, step in enumerate(steps):
            try:
                game.play(step)
            except Mismatch as mismatch:
                return str(mismatch), number
            except (KeyError, IndexError):
                return None  # what was left out is needed
        return None
    finally:
        shutil.rmtree(place, ignore_errors=True)


def smaller(world, steps, options, seconds=8):
    """A smaller case that still fails."""
    end = time.monotonic() + seconds

    def fails(a_world, some_steps):
        if time.monotonic() > end:
            return False
        return replay(a_world, some_steps, options) is not None

    changed = True
    while changed and time.monotonic() < end:
        changed = False
        for i in reversed(range(len(steps) - 1)):
            fewer = steps[:i] + steps[i + 1 :]
            if fails(world, fewer):
                steps, changed = fewer, True
        for i, step in enumerate(steps):
            for j in reversed(range(len(step.edits))):
                less = copy.copy(step)
                less.edits = step.edits[:j] + step.edits[j + 1 :]
                fewer = steps[:i] + [less] + steps[i + 1 :]
                if fails(world, fewer):
                    steps, changed, step = fewer, True, less
        for name in reversed(list(world.graph.edges)):
            less = copy.deepcopy(world)
            if Edits(less, {}).remove_edge(name) and fails(less, steps):
                world, changed = less, True
    return world, steps


def describe(world, steps, message):
    lines = [message, "--- sources"]
    for path, content in world.sources().items():
        lines.append(f"{path}: {content}")
    lines += [f"{path} -> {target}" for path, target in world.links.items()]
    for path, text in world.graph.manifests().items():
        lines += [f"--- {path}", text]
    lines.append("--- history")
    for step in steps:
        lines += ["  " + words_of(edit) for _, edit in step.edits]
        build = "build at once" if step.hurried else "build"
        lines.append(f"{build} -j{step.jobs} {' '.join(step.targets)}")
    return "\n".join(lines)


def words_of(edit):
    """An edit as text."""
    if isinstance(edit, str):
        return edit
    return " ".join(repr(vars(word)) if hasattr(word, "__dict__") else repr(word) for word in edit)


def random_step(rng, maker, game, number, options):
    edits = []
    for _ in range(rng.choice([0, 1, 1, 1, 1, 2, 3]) if number else 0):
        edit = RandomEdit(rng, maker, number, by_time=options.trees_only).make()
        if edit:
            edits.append((number, edit))
    targets = []
    outputs = game.world.graph.made()
    if outputs and rng.random() < 0.25:
        targets = rng.sample(outputs, rng.randrange(1, len(outputs) + 1))
    return Step(
        edits,
        targets,
        jobs=rng.choice([1, 2, 2, 3]),
        hurried=rng.random() < 0.2,
        with_reference=number == options.edits or rng.random() < options.reference_share,
    )


def play_graph(seed, number, options):
    """None, or the description of a failure. Counts in options.counts."""
    rng = random_graphs.new_random(seed, number)
    maker = random_graphs.Maker(rng)
    world = maker.make()
    beginning = copy.deepcopy(world)
    place = os.path.join(options.scratch, f"graph{number}")
    game = Game(world, place, options)
    steps = []
    try:
        for i in range(options.edits + 1):
            steps.append(random_step(rng, maker, game, i, options))
            game.play(steps[-1])
            options.counts["builds"] += 1
            options.counts["commands"] += len(game.ran[-1])
    except Mismatch as mismatch:
        shutil.rmtree(place, ignore_errors=True)
        found = replay(beginning, steps, options)
        again = "" if found else "\n(This did not happen again with the same history.)"
        small, fewer = smaller(beginning, steps, options) if found else (beginning, steps)
        message = (replay(small, fewer, options) or (str(mismatch), 0))[0] + again
        return f"graph {number} of seed {seed} fails\n" + describe(small, fewer, message)
    shutil.rmtree(place, ignore_errors=True)
    return None


def work(worker, options):
    """The share of one worker process. Exit code 1 when a graph fails."""
    options.counts = {"builds": 0, "commands": 0}
    begin = time.monotonic()
    failures = 0
    played = 0
    for number in range(options.first + worker, options.first + options.graphs, options.workers):
        if options.seconds and time.monotonic() - begin > options.seconds:
            break
        played += 1
        failure = play_graph(options.seed, number, options)
        if failure:
            failures += 1
            print(failure, flush=True)
            if failures >= options.failures:
                break
    counts = options.counts
    print(
        f"worker {worker}: {played} graphs, {counts['builds']} builds, "
        f"{counts['commands']} commands, {failures} failures",
        flush=True,
    )
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    option = parser.add_argument
    option("--program", default=os.environ.get("NINJA"), help="what is tested [$NINJA]")
    option("--reference", default=shutil.which("ninja"), help="stock ninja; '' for none")
    option(
        "--reference-share",
        type=float,
        default=1,
        help="of the builds that are compared with the reference, besides the last of a graph; "
        "all are compared with the model",
    )
    option("--seed", type=int, default=1)
    option("--graphs", type=int, default=1000)
    option("--first", type=int, default=0, help="number of the first graph")
    option("--edits", type=int, default=4, help="builds after the first one, a graph")
    option("--workers", type=int, default=2)
    option("--seconds", type=float, default=0, help="begin no graph after that long")
    option("--failures", type=int, default=1, help="stop after so many, a worker")
    option("--trees-only", action="store_true", help="do not compare which commands ran")
    options = parser.parse_args()
    if not options.program:
        parser.error("--program is needed")
    if not options.reference and options.reference != "":
        print("SKIPPED: ninja is missing")
        return 77
    options.scratch = tempfile.mkdtemp(prefix="differential.")
    children = []
    for worker in range(options.workers):
        child = os.fork()
        if child == 0:
            code = 2
            try:
                code = work(worker, options)
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(code)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    shutil.rmtree(options.scratch, ignore_errors=True)
    return max(abs(code) for code in codes)


if __name__ == "__main__":
    sys.exit(main())
