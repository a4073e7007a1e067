"""Random edits of a world.

An edit is the name of a method of Edits and its arguments, so that a history can be printed, played
again and made smaller; the method returns False where the edit makes no sense.
"""

import copy
import re

from random_graphs import GENERATED_HEADER, random_line, random_variant


class Edits:
    """Applies edits to a world, and notes what has to be done to the real tree."""

    def __init__(self, world, snapshots):
        self.world = world
        self.snapshots = snapshots  # number of an edit -> World.snapshot()
        self.disk = []  # for Tree.change()

    def apply(self, edit):
        return getattr(self, edit[0])(*edit[1:])

    def nothing(self):
        return True

    # --- files

    def write(self, path, text, how):
        if path not in self.world.files:
            return False
        self.world.files[path] = text.encode()
        self.disk.append(("write", path, text.encode(), how))
        return True

    def create(self, path, text):
        if self.world.exists(path):
            return False
        self.world.files[path] = text.encode()
        self.disk.append(("write", path, text.encode(), "new"))
        return True

    def touch(self, path, how):
        if path not in self.world.files:
            return False
        self.disk.append(("touch", path, how))
        return True

    def delete(self, path):
        if path not in self.world.files:
            return False
        if path.startswith("src/dir/") and len(self.world.listing("src/dir")) == 1:
            return False
        if any(target == path for target in self.world.links.values()):
            return False
        if path in self.world.graph.producers() and path.startswith("src/"):
            return False
        # ninja notices a missing order-only input only when it looks at the edge for another reason
        edges = self.world.graph.edges.values()
        if path.startswith("src/") and any(path in edge.order_only for edge in edges):
            return False
        del self.world.files[path]
        self.disk.append(("delete", path))
        return True

    def swap(self, one, other):
        files = self.world.files
        if one not in files or other not in files:
            return False
        files[one], files[other] = files[other], files[one]
        self.disk.append(("write", one, files[one], "renamed"))
        self.disk.append(("write", other, files[other], "renamed"))
        return True

    def relink(self, path, target):
        if path not in self.world.links or target not in self.world.files:
            return False
        self.world.links[path] = target
        self.disk.append(("link", path, target))
        return True

    def tool(self, salt):
        self.world.salt = salt
        self.disk.append(("tool",))
        return True

    def rename(self, path, new_path):
        """A source gets another name, in the manifest too."""
        world = self.world
        if path not in world.files or world.exists(new_path):
            return False
        if path in world.links.values():
            return False
        if path in world.graph.watched():
            return False
        world.files[new_path] = world.files.pop(path)
        for edge in world.graph.edges.values():
            for paths in (edge.ins, edge.implicit, edge.order_only, edge.also):
                paths[:] = [new_path if one == path else one for one in paths]
        self.disk.append(("rename", path, new_path))
        return True

    def revert(self, number):
        world = self.world
        if number not in self.snapshots:
            return False
        graph, sources, links, salt = copy.deepcopy(self.snapshots[number])
        watched = world.graph.watched() | graph.watched()
        for path in [path for path in world.sources() if path not in sources]:
            del world.files[path]
            self.disk.append(("delete", path))
        for path, content in sources.items():
            if world.files.get(path) != content:
                how = "new" if path in watched or path not in world.files else "renamed"
                world.files[path] = content
                self.disk.append(("write", path, content, how))
        for path, target in links.items():
            self.disk.append(("link", path, target))
        world.graph, world.links, world.salt = graph, links, salt
        self.disk.append(("tool",))
        return True

    # --- the manifest

    def edge(self, name):
        return self.world.graph.edges.get(name)

    def text(self, name, text):
        edge = self.edge(name)
        if not edge or edge.phony() or edge.generator:
            return False
        edge.text = text
        return True

    def add_input(self, name, kind, path):
        edge = self.edge(name)
        if not edge or edge.generator or path in getattr(edge, kind):
            return False
        if not self.comes_before(path, name):
            return False
        if kind == "ins" and edge.operation not in ("hash", "head", "shell", "phony"):
            return False
        if edge.phony() and not edge.ins:
            return False
        getattr(edge, kind).append(path)
        return True

    def comes_before(self, path, name):
        edges = list(self.world.graph.edges)
        producer = self.world.graph.producers().get(path)
        if not producer:
            return path in self.world.sources() or path in self.world.links
        return edges.index(producer.name) < edges.index(name)

    def remove_input(self, name, kind, path):
        edge = self.edge(name)
        if not edge or path not in getattr(edge, kind) or edge.dyndep or edge.generator:
            return False
        if edge.operation == "scan":
            return False
        if kind == "ins" and len(edge.ins) == 1:
            return False
        if edge.phony() and any(path in one.also for one in self.world.graph.edges.values()):
            return False
        if (kind == "implicit" and edge.also) or path == GENERATED_HEADER:
            return False
        getattr(edge, kind).remove(path)
        return True

    def add_edge(self, edge):
        graph = self.world.graph
        if edge.name in graph.edges:
            return False
        known = graph.producers()
        if any(out in known for out in edge.all_outs()):
            return False
        if not all(
            path in known or self.world.exists(path)
            for path in edge.ins + edge.implicit + edge.order_only + edge.validations + edge.also
        ):
            return False
        graph.edges[edge.name] = copy.deepcopy(edge)
        return True

    def remove_edge(self, name):
        graph = self.world.graph
        edge = self.edge(name)
        if not edge or len(graph.edges) == 1 or edge.operation in ("scan", "module"):
            return False
        outs = set(edge.all_outs())
        if outs & set(graph.defaults):
            return False
        for one in graph.edges.values():
            if outs & set(one.ins + one.implicit + one.order_only + one.validations + one.also):
                return False
        del graph.edges[name]
        return True


class NothingToEdit(Exception):
    """The kind of edit that was drawn finds nothing that it could be made to."""


class RandomEdit:
    """Makes one edit. `by_time`: only what ninja's timestamps can notice."""

    KINDS = {  # with their weights; the names are those of methods
        "text": 5, "tail": 3, "touch": 3, "delete_output": 2, "statement": 6, "includes": 3,
        "swap": 1, "nothing": 1, "revert": 3, "delete_source": 0.5, "listing": 1, "link": 1,
        "rename": 1, "fail": 1, "module": 1.5, "new_edge": 1,
    }  # fmt: skip
    NOT_BY_TIME = {"overwrite": 2, "tool": 0.5, "equal_size": 3}

    def __init__(self, rng, maker, number, by_time):
        self.rng = rng
        self.maker = maker
        self.world = maker.world
        self.number = number  # of the edit; those before can be reverted
        self.by_time = by_time
        self.sources = sorted(self.world.sources())
        self.watched = self.world.graph.watched()
        self.path = rng.choice(self.sources)
        self.how = "new"
        if not by_time and self.path not in self.watched:
            self.how = rng.choice(["new", "new", "old", "renamed"])

    def make(self):
        """None where the kind that was drawn has nothing to work on."""
        kinds = dict(self.KINDS, **({} if self.by_time else self.NOT_BY_TIME))
        try:
            return getattr(self, self.rng.choices(list(kinds), kinds.values())[0])()
        except NothingToEdit:
            return None

    def choose(self, things):
        if not things:
            raise NothingToEdit
        return self.rng.choice(things)

    def write(self, path, lines):
        return ("write", path, "\n".join(lines) + "\n", self.how)

    def lines(self):
        return self.world.files[self.path].decode().split("\n")[:-1]

    def made(self, by_content_only=False):
        by_time = {out for edge in self.world.graph.generators() for out in edge.all_outs()}
        made = [out for out in self.world.graph.made() if out in self.world.files]
        return [out for out in made if not by_content_only or out not in by_time]

    # --- sources

    def text(self):
        words = ("#include", "provides", "requires")
        kept = [line for line in self.lines() if line.startswith(words)]
        if self.path.endswith(".m"):
            return self.tail()
        return self.write(self.path, [random_line(self.rng)] + kept + [random_line(self.rng)])

    def tail(self):
        """Where only the first line counts, nothing comes of it."""
        lines = self.lines()
        if self.path.endswith(".m"):
            return self.write(self.path, [random_line(self.rng)] + lines[1:])
        return self.write(self.path, (lines[:-1] or lines) + [random_line(self.rng)])

    def equal_size(self):
        text = self.world.files[self.path].decode()
        digits = [match.end() - 1 for match in re.finditer(r"^\w+ \d+", text, re.M)]
        if not digits or self.path.endswith(".m"):
            return None
        i = self.rng.choice(digits)
        how = "new" if self.path in self.watched else self.rng.choice(["old", "renamed", "older"])
        return ("write", self.path, text[:i] + str((int(text[i]) + 1) % 10) + text[i + 1 :], how)

    def fail(self):
        return self.write(self.path, ["FAIL"]) if self.path.startswith(("src/s", "src/c")) else None

    def includes(self):
        units = [path for path in self.sources if path.endswith((".c", ".h"))]
        path = self.choose(units)
        usable = self.maker.headers(below=path)
        lines = [f"#include {header}" for header in usable if self.rng.random() < 0.5]
        return self.write(path, [random_line(self.rng)] + lines)

    def module(self):
        modules = [path for path in self.sources if path.endswith(".m")]
        if not modules:
            return None
        path = self.choose(modules)
        mine = int(path[5:-2])
        lines = [random_line(self.rng), f"provides m{mine}.mod"]
        lines += [f"requires m{i}.mod" for i in range(mine) if self.rng.random() < 0.5]
        return self.write(path, lines)

    def swap(self):
        plain = [path for path in self.maker.plain_sources() if path not in self.watched]
        return ("swap", *self.rng.sample(plain, 2)) if len(plain) > 1 else None

    def rename(self):
        new_path = f"src/s{self.rng.randrange(10, 99)}"
        return ("rename", self.choose(self.maker.plain_sources()), new_path)

    def delete_source(self):
        return ("delete", self.path)

    def listing(self):
        if not self.world.listing("src/dir"):
            return None
        path = f"src/dir/{self.rng.choice('uvwxyz')}"
        if path in self.world.files:
            return ("delete", path)
        return ("create", path, "in a directory\n")

    def link(self):
        return ("relink", "src/link", self.choose(self.maker.plain_sources()))

    # --- anything

    def touch(self):
        paths = self.made(by_content_only=True)
        paths += [path for path in self.sources if path not in self.watched]
        how = "now" if self.by_time else self.rng.choice(["now", "future"])
        return ("touch", self.rng.choice(paths), how) if paths else None

    def delete_output(self):
        made = self.made()
        return ("delete", self.choose(made)) if made else None

    def overwrite(self):
        made = self.made(by_content_only=True)
        if not made:
            return None
        text = self.rng.choice(["", "overwritten\n"])
        return ("write", self.choose(made), text, self.rng.choice(["new", "old"]))

    def tool(self):
        return ("tool", self.rng.randrange(3))

    def revert(self):
        return ("revert", self.rng.randrange(self.number)) if self.number else None

    def nothing(self):
        return ("nothing",)

    # --- the manifest

    def new_edge(self):
        edge = self.maker.random_edge()
        return ("add_edge", edge) if edge else None

    def statement(self):
        name = self.choose(list(self.world.graph.edges))
        kinds = {"text": 7, "add_input": 6, "remove_input": 5, "remove_edge": 2}
        what = self.rng.choices(list(kinds), kinds.values())[0]
        field = self.rng.choice(["ins", "implicit", "order_only", "validations"])
        if what == "text":
            return ("text", name, random_variant(self.rng))
        if what == "remove_edge":
            return ("remove_edge", name)
        if what == "remove_input":
            paths = getattr(self.world.graph.edges[name], field)
            return ("remove_input", name, field, self.rng.choice(paths)) if paths else None
        usable = self.maker.usable()
        if field == "validations":
            usable = [path for path in usable if not path.startswith("src/")]
        return ("add_input", name, field, self.rng.choice(usable)) if usable else None
