"""Random worlds: small graphs with every kind of edge, and their sources."""

import random

from graphs import DISCOVERS, Edge, Graph
from model import World

GENERATED_HEADER = "gen/made.h"
WORDS = "alpha beta gamma delta epsilon zeta eta theta iota kappa".split()


OPERATIONS = {  # with their weights
    "hash": 4, "head": 4, "shell": 3, "stamp": 2, "keep": 2, "gcc": 3, "file": 2, "msvc": 1,
    "rsp": 1, "list": 1, "phony": 3, "generator": 0.5,
}  # fmt: skip


def random_line(rng):
    return f"{rng.choice(WORDS)} {rng.randrange(1000):03d}"


def random_text(rng):
    return "".join(random_line(rng) + "\n" for _ in range(rng.randrange(1, 4)))


def random_variant(rng):
    """The text in a command; "messy" ones destroy their output when they fail."""
    return rng.choice(["t", "messy", "other"]) + str(rng.randrange(10))


class Maker:
    """Makes one random world."""

    def __init__(self, rng, slow=False):
        self.rng = rng
        self.slow = slow
        self.world = World(Graph())
        self.names = 0

    def make(self):
        rng = self.rng
        for i in range(rng.randrange(2, 5)):
            self.world.files[f"src/s{i}"] = random_text(rng).encode()
        if rng.random() < 0.2:
            self.world.files["src/a b$c"] = random_text(rng).encode()
        self.make_headers()
        if rng.random() < 0.3:
            for name in "xyz"[: rng.randrange(1, 4)]:
                self.world.files[f"src/dir/{name}"] = b"in a directory\n"
        if rng.random() < 0.2:
            self.world.links["src/link"] = rng.choice(self.plain_sources())
        for _ in range(rng.randrange(3, 10)):
            self.add(self.random_edge())
        if rng.random() < 0.2:
            self.make_modules()
        if rng.random() < 0.2:
            outs = [edge.outs[0] for edge in self.world.graph.edges.values()]
            self.world.graph.defaults = rng.sample(outs, rng.randrange(1, len(outs) + 1))
        return self.world

    def make_headers(self):
        rng = self.rng
        for i in range(rng.randrange(1, 4)):
            lines = [random_line(rng)]
            lines += [f"#include src/h{j}.h" for j in range(i) if rng.random() < 0.4]
            lines.append(random_line(rng))
            self.world.files[f"src/h{i}.h"] = ("\n".join(lines) + "\n").encode()
        if rng.random() < 0.4:
            self.add(Edge(self.new_name(), "head", [GENERATED_HEADER], ["src/s0"]))
        for i in range(rng.randrange(1, 4)):
            self.world.files[f"src/c{i}.c"] = self.random_unit().encode()

    def headers(self, below=None):
        """What `below` may include: a header those before it, a unit all and the generated one."""
        found = sorted(path for path in self.world.sources() if path.endswith(".h"))
        if below and below.endswith(".h"):
            return [path for path in found if path < below]
        if below and GENERATED_HEADER in self.world.graph.producers():
            found.append(GENERATED_HEADER)
        return found

    def plain_sources(self):
        return sorted(path for path in self.world.sources() if path[4:5] in "sa")

    def random_unit(self):
        rng = self.rng
        lines = [random_line(rng)]
        usable = self.headers(below="src/c.c")
        lines += [f"#include {header}" for header in usable if rng.random() < 0.5]
        lines.append(random_line(rng))
        return "\n".join(lines) + "\n"

    def new_name(self):
        self.names += 1
        return f"e{self.names}"

    def add(self, edge):
        if edge:
            self.world.graph.edges[edge.name] = edge

    def usable(self):
        """Files that a new edge may read: sources and outputs of edges."""
        outs = [
            out
            for edge in self.world.graph.edges.values()
            if not edge.phony() and edge.operation not in ("scan", "module") and not edge.generator
            for out in edge.all_outs()
        ]
        return self.plain_sources() + sorted(self.world.links) + outs

    def random_edge(self):
        rng = self.rng
        name = self.new_name()
        operation = rng.choices(list(OPERATIONS), OPERATIONS.values())[0]
        folder = rng.choice(["", "", "out/", "out/deep/"])
        out = f"{folder}{name}.o"
        usable = self.usable()
        ins = rng.sample(usable, min(len(usable), rng.randrange(1, 4)))
        if operation == "phony":
            return self.random_phony(name, ins)
        if operation in DISCOVERS:
            units = sorted(path for path in self.world.files if path.endswith(".c"))
            ins = [rng.choice(units)]
        if operation == "list":
            if not self.world.listing("src/dir"):
                return None
            ins = ["src/dir"]
        if operation == "generator":
            ins = rng.sample(self.plain_sources(), 1)
        edge = Edge(name, {"generator": "shell"}.get(operation, operation), [out], ins)
        edge.generator = operation == "generator"
        edge.restat = operation == "keep"
        if operation == "rsp":
            edge.ins = [path for path in ins if " " not in path] or ["src/s0"]
        if self.slow and operation == "hash" and rng.random() < 0.5:
            edge.operation = "slow"
        edge.file = rng.randrange(3)
        if edge.generator:
            return edge
        edge.text = random_variant(rng)
        if operation in ("hash", "head", "gcc", "keep") and rng.random() < 0.25:
            edge.implicit_outs = [f"{folder}{name}.more"]
        if operation in ("hash", "head") and rng.random() < 0.2:
            edge.outs.append(f"{folder}{name}.two")
        if rng.random() < 0.3:
            edge.implicit = [rng.choice(usable + self.phonies())]
        if rng.random() < 0.3:
            edge.order_only = [rng.choice(usable + self.phonies())]
        if operation in DISCOVERS and GENERATED_HEADER in usable:
            edge.order_only = list({*edge.order_only, GENERATED_HEADER})
        if rng.random() < 0.15:
            made = [path for path in usable if not path.startswith("src/")]
            edge.validations = [rng.choice(made or ["src/s0"])]
        if operation in ("hash", "head", "rsp") and self.phonies() and rng.random() < 0.4:
            self.read_through_phony(edge)
        if rng.random() < 0.15:
            edge.pool = "one"
        return edge

    def phonies(self):
        return [edge.outs[0] for edge in self.world.graph.edges.values() if edge.phony()]

    def read_through_phony(self, edge):
        """The edge depends on a file only through an alias of it, and reads the file."""
        phony = self.rng.choice([one for one in self.world.graph.edges.values() if one.phony()])
        files = [path for path in phony.ins if path in self.usable() and path not in edge.ins]
        if files:
            edge.implicit.append(phony.outs[0])
            edge.also = files[:1]

    def random_phony(self, name, ins):
        rng = self.rng
        kind = rng.random()
        if kind < 0.12:  # always new
            return Edge(name, "phony", [f"{name}.always"])
        if kind < 0.25:  # as CMake declares sources that it has no rule for
            header = rng.choice(self.headers())
            if header in self.world.graph.producers():
                return None
            return Edge(name, "phony", [header])
        edge = Edge(name, "phony", [f"{name}.alias"], ins)
        aliases = [one for one in self.phonies() if not one.startswith("src/")]
        if aliases and rng.random() < 0.5:
            edge.ins.append(rng.choice(aliases))
        if rng.random() < 0.2:
            edge.order_only = [rng.choice(self.usable())]
        edge.file = rng.randrange(3)
        return edge

    def make_modules(self):
        """A scanner, and edges whose further inputs and outputs it tells (dyndep)."""
        rng = self.rng
        scan = Edge(self.new_name(), "scan", ["modules.dd"])
        for i in range(rng.randrange(2, 4)):
            lines = [random_line(rng), f"provides m{i}.mod"]
            lines += [f"requires m{j}.mod" for j in range(i) if rng.random() < 0.5]
            self.world.files[f"src/m{i}.m"] = ("\n".join(lines) + "\n").encode()
            scan.ins.append(f"src/m{i}.m")
        self.add(scan)
        for path in scan.ins:
            edge = Edge(self.new_name(), "module", [path[4:-2] + ".mo"], [path])
            edge.order_only = ["modules.dd"]
            edge.dyndep = "modules.dd"
            self.add(edge)


def new_random(seed, number):
    return random.Random(f"{seed}/{number}")
