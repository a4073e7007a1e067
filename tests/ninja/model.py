"""What a build by content has to do: the model that differential.py and kill.py compare with.

A World is one build tree as the model knows it: the files, the graph, and what is remembered of
every output. World.build() says which commands must run, and writes what they write. Every command
is a deterministic function of the bytes it reads (tool.sh), appends the name of its edge to the
file $EDGE_LOG, and costs a few milliseconds.
"""

import copy
import hashlib

from graphs import DISCOVERS


def digest(content):
    """As b2sum prints it."""
    return hashlib.blake2b(content).hexdigest()


class Failure(Exception):
    """A command fails."""


class Missing(Exception):
    """A source is missing: the build does not begin."""


class Outcome:
    """What a build has to do, and leaves behind."""

    def __init__(self):
        self.must = []  # edges that have to run, in an order that is possible
        self.may = set()  # those that may run or not
        self.failed = set()  # edges that fail, and those that need them
        self.outputs = []  # those that are right after the build
        self.error = ""  # of a build that does not begin


class Record:
    """What is remembered of an output."""

    def __init__(self, action, inputs, discovered, content):
        self.action = action
        self.inputs = inputs  # path -> value; all of them
        self.discovered = discovered
        self.declared = set()  # those of the inputs that the manifest or a dyndep file names
        self.content = content
        self.doubtful = False  # a program may run the edge once more, to be sure

    def signature(self):
        return digest(repr((self.action, sorted(self.inputs.items()))).encode())


class World:
    """A build tree as the model knows it."""

    def __init__(self, graph):
        self.graph = graph
        self.files = {}  # path -> bytes; all files
        self.links = {}  # path -> target; symbolic links
        self.salt = 0
        self.records = {}  # output -> Record
        self.builds = 0
        # The sources were written so shortly before the build that their times cannot tell whether
        # they were written again while a command ran.
        self.hurried = False

    # --- files

    def content(self, path):
        return self.files.get(self.links.get(path, path))

    def listing(self, directory):
        inside = [path for path in self.files if path.startswith(directory + "/")]
        return sorted({path[len(directory) + 1 :].split("/")[0] for path in inside})

    def exists(self, path):
        return self.content(path) is not None or bool(self.listing(path))

    # --- commands

    def contents(self, edge, paths):
        lines = []
        for path in paths:
            for part in (path, path + ".side"):
                if self.content(part) is not None:
                    lines.append(part + ":")
                    lines += self.content(part).decode().split("\n")[:-1][:40]
        return "\n".join(lines + [f"{self.salt} {edge.text}\n"])

    def first_lines(self, paths):
        contents = [self.content(path) for path in paths]
        firsts = [content.decode().split("\n")[0] for content in contents if content is not None]
        return "".join(first + "\n" for first in firsts)

    def includes(self, path, seen):
        for line in self.content(path).decode().split("\n"):
            if line.startswith("#include "):
                header = line[9:]
                if header in seen:
                    continue
                if self.content(header) is None:
                    raise Failure(header)
                seen.append(header)
                self.includes(header, seen)
        return seen

    def module(self, path):
        lines = self.content(path).decode().split("\n")
        provides = [line[9:] for line in lines if line.startswith("provides ")]
        return provides[-1:], [line[9:] for line in lines if line.startswith("requires ")]

    def run(self, edge):
        """Writes the outputs of an edge; what the command discovers is returned."""
        discovered = self.check(edge)
        text = getattr(self, "run_" + edge.operation)(edge, discovered)
        self.files[edge.outs[0]] = text.encode()
        if edge.operation != "shell":
            first = text.split("\n")[0]
            for other in edge.all_outs()[1:]:
                self.files[other] = f"{other}\n{first}\n".encode()
        return discovered

    def check(self, edge):
        """Throws Failure where the command fails; else returns what it discovers."""
        try:
            for path in edge.reads():
                if not self.exists(path):
                    raise Failure(path)
                if edge.operation != "shell" and self.first_lines([path]).startswith("FAIL"):
                    raise Failure(path)
            return self.includes(edge.ins[0], []) if edge.operation in DISCOVERS else []
        except Failure:
            if "messy" in edge.text and edge.operation != "shell":
                self.files[edge.outs[0]] = b"partial\n"
            raise

    def run_shell(self, edge, _):
        sums = [f"{digest(self.content(path))}  {path}\n" for path in edge.reads()]
        return "".join(sums)

    def run_hash(self, edge, _):
        return self.contents(edge, edge.reads())

    run_slow = run_hash

    def run_head(self, edge, _):
        return self.first_lines(edge.reads()) + f"{self.salt}\n"

    def run_keep(self, edge, _):
        return self.first_lines(edge.reads()) + ".\n"

    def run_stamp(self, edge, _):
        self.files[edge.outs[0] + ".side"] = self.contents(edge, edge.reads()).encode()
        return ""

    def run_list(self, edge, _):
        return " ".join(self.listing(edge.ins[0])) + "\n"

    def run_gcc(self, edge, discovered):
        return self.contents(edge, edge.ins[:1] + discovered)

    run_file = run_gcc
    run_msvc = run_gcc

    def run_rsp(self, edge, _):
        return f"{edge.text} {' '.join(edge.ins)}\n" + self.contents(edge, edge.reads())

    def run_scan(self, edge, _):
        text = "ninja_dyndep_version = 1\n"
        for path in edge.ins:
            provides, requires = self.module(path)
            text += f"build {path[4:-2]}.mo" + (f" | {provides[0]}" if provides else "")
            text += ": dyndep" + (" | " + " ".join(requires) if requires else "") + "\n"
        return text

    def run_module(self, edge, _):
        provides, requires = self.module(edge.ins[0])
        for path in provides:
            self.files[path] = self.first_lines(edge.ins[:1]).encode()
        return self.contents(edge, edge.ins[:1] + requires)

    # --- builds

    def build(self, targets, program_ran, newer_than_output):
        """Does what a build of the targets does, and returns its Outcome. program_ran(name):
        whether the program ran an edge that may run or not. newer_than_output(edge): of a generator
        edge, whether an output is missing or older than an input."""
        self.builds += 1
        return Build(self, program_ran, newer_than_output).build(targets)

    def all_targets(self):
        """What a program builds when nothing is said."""
        if self.graph.defaults:
            return self.graph.defaults
        used = set()
        for edge in self.graph.edges.values():
            used.update(edge.ins + edge.implicit + edge.order_only)
        return [out for out in self.graph.all_outs() if out not in used]

    # --- sources

    def sources(self):
        """path -> bytes of the files that no edge makes, now or before."""
        return {path: content for path, content in self.files.items() if path.startswith("src/")}

    def snapshot(self):
        return copy.deepcopy((self.graph, self.sources(), self.links, self.salt))


# --- what a build has to do -----------------------------------------------------------------------


class Build:
    """The rules: an edge runs when its action, a value of an input or the content of an output is
    not as recorded."""

    def __init__(self, world, program_ran, newer_than_output):
        self.world = world
        self.program_ran = program_ran
        self.newer_than_output = newer_than_output
        self.outcome = Outcome()
        self.producers = world.graph.producers()
        self.dyndep = {}  # edge name -> (outputs, inputs)
        for edge in world.graph.edges.values():
            if edge.dyndep and world.content(edge.ins[0]) is not None:
                self.dyndep[edge.name] = world.module(edge.ins[0])
                for path in self.dyndep[edge.name][0]:
                    self.producers[path] = edge

    def build(self, targets):
        closure = []
        try:
            seen = set()
            for target in targets:
                self.collect(target, seen, closure)
        except Missing as missing:
            self.outcome.error = f"{missing} is missing"
            return self.outcome
        for edge in closure:
            if self.needs_a_failed_one(edge):
                self.outcome.failed.add(edge.name)
            elif not edge.phony():
                self.decide(edge)
                if edge.name not in self.outcome.failed:
                    self.outcome.outputs += self.outs(edge)
        return self.outcome

    def outs(self, edge):
        return edge.all_outs() + self.dyndep.get(edge.name, ([], []))[0]

    def dependencies(self, edge):
        return edge.ins + edge.implicit + self.dyndep.get(edge.name, ([], []))[1]

    def collect(self, path, seen, closure):
        """The edges that a target needs, each after those that it needs."""
        edge = self.producers.get(path)
        if not edge:
            if not self.world.exists(path):
                raise Missing(path)
            return
        if edge.name in seen:
            return
        seen.add(edge.name)
        for one in self.dependencies(edge) + edge.order_only:
            self.collect(one, seen, closure)
        closure.append(edge)
        for one in edge.validations:
            if one in self.producers:
                self.collect(one, seen, closure)

    def needs_a_failed_one(self, edge):
        inputs = self.dependencies(edge) + edge.order_only
        producers = [self.producers[path] for path in inputs if path in self.producers]
        return any(producer.name in self.outcome.failed for producer in producers)

    def decide(self, edge):
        verdict = self.verdict(edge)
        if verdict == "must":
            self.outcome.must.append(edge.name)
        elif verdict == "may":
            self.outcome.may.add(edge.name)
        if verdict == "must" or (verdict == "may" and self.program_ran(edge.name)):
            self.run(edge)

    def verdict(self, edge):
        if edge.generator:
            return "must" if self.newer_than_output(edge) else "clean"
        verdict = "clean"
        for out in self.outs(edge):
            record = self.world.records.get(out)
            if record is None or record.content != self.world.content(out):
                return "must"
            if record.action != edge.action(self.world.salt):
                return "must"
            declared = self.values(self.dependencies(edge))
            if record.inputs != {**self.values(record.discovered), **declared}:
                return "must"
            # What was discovered may now be declared, or the other way round.
            if record.doubtful or record.declared != set(declared):
                verdict = "may"
        return verdict

    def run(self, edge):
        records = self.world.records
        try:
            discovered = self.world.run(edge)
        except Failure:
            self.outcome.failed.add(edge.name)
            for out in self.outs(edge):
                if out in records:
                    records[out].doubtful = True
            return
        declared = self.values(self.dependencies(edge))
        values = {**self.values(discovered), **declared}
        action = edge.action(self.world.salt)
        for out in self.outs(edge):
            record = Record(action, values, discovered, self.world.content(out))
            record.declared = set(declared)
            record.doubtful = self.world.hurried
            records[out] = record

    def values(self, paths):
        """What inputs stand for: path -> value. Phony ones stand for their own inputs."""
        values = {}
        for path in paths:
            edge = self.producers.get(path)
            if not edge or not edge.phony():
                values[path] = self.value(path, edge)
            elif edge.ins or edge.implicit:
                values.update(self.values(edge.ins + edge.implicit))
            else:
                always_new = ("new", self.world.builds)
                values[path] = self.value(path, None) if self.world.exists(path) else always_new
        return values

    def value(self, path, producer):
        content = self.world.content(path)
        if content is None:
            names = self.world.listing(path)
            return ("directory", tuple(names)) if names else ("missing",)
        if content == b"" and producer and path in self.world.records:
            return ("stamp", self.world.records[path].signature())
        return ("file", content)
