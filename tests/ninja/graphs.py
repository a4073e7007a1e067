"""Ninja graphs of differential.py and kill.py, and the manifests that say them."""

import shlex

DISCOVERS = ("gcc", "file", "msvc")  # operations that tell headers: depfiles, /showIncludes


class Edge:
    """A build statement. Paths have no blanks but in `explicit` of plain operations."""

    def __init__(self, name, operation, outs, ins=()):
        self.name = name
        self.operation = operation  # of the tool, "shell", or "phony"
        self.outs = list(outs)
        self.implicit_outs = []
        self.ins = list(ins)
        self.implicit = []
        self.order_only = []
        self.validations = []
        self.also = []  # read, but stands in the manifest only behind a phony
        self.text = "t"
        self.restat = False
        self.generator = False
        self.pool = ""
        self.dyndep = ""
        self.file = 0  # which manifest

    def all_outs(self):
        return self.outs + self.implicit_outs

    def phony(self):
        return self.operation == "phony"

    def reads(self):
        return [] if self.phony() else self.ins + self.also

    def command(self):
        if self.operation == "shell":
            inputs = " ".join(shlex.quote(path) for path in self.reads())
            log = f'echo {self.name} >>"$EDGE_LOG"'
            return f"{log} && b2sum {inputs} >{self.outs[0]} && : {self.text}"
        words = ["./tool", self.operation, self.name, self.text, str(len(self.all_outs()))]
        words += self.all_outs() + self.reads()
        return " ".join(shlex.quote(word) for word in words)

    def action(self, salt):
        content = f"{self.text} {' '.join(self.ins)}" if self.operation == "rsp" else ""
        tool = salt if self.operation != "shell" else ""
        return f"{self.command()}\n{content}\n{tool}"


def manifest_path(path):
    return path.replace("$", "$$").replace(" ", "$ ").replace(":", "$:")


def statement(edge, rule):
    def paths(mark, names):
        return (mark + " ".join(map(manifest_path, names))) if names else ""

    line = "build " + " ".join(map(manifest_path, edge.outs)) + paths(" | ", edge.implicit_outs)
    line += f": {rule} " + " ".join(map(manifest_path, edge.ins)) + paths(" | ", edge.implicit)
    line += paths(" || ", edge.order_only) + paths(" |@ ", edge.validations)
    lines = [line]
    if edge.dyndep:
        lines.append("  dyndep = " + edge.dyndep)
    if edge.pool:
        lines.append("  pool = " + edge.pool)
    return lines


def rule_of(edge):
    lines = [f"rule {edge.name}", "  command = " + edge.command().replace("$", "$$")]
    if edge.operation in ("gcc", "file"):
        lines.append("  depfile = $out.d")
        if edge.operation == "gcc":
            lines.append("  deps = gcc")
    if edge.operation == "msvc":
        lines.append("  deps = msvc")
    if edge.operation == "rsp":
        lines += ["  rspfile = $out.rsp", f"  rspfile_content = {edge.text} {' '.join(edge.ins)}"]
    if edge.restat:
        lines.append("  restat = 1")
    if edge.generator:
        lines.append("  generator = 1")
    return lines


class Graph:
    def __init__(self):
        self.edges = {}  # name -> Edge; an edge only uses outputs of those before it
        self.defaults = []

    def all_outs(self):
        return [out for edge in self.edges.values() for out in edge.all_outs()]

    def made(self):
        """Outputs of commands."""
        return [out for edge in self.edges.values() if not edge.phony() for out in edge.all_outs()]

    def generators(self):
        return [edge for edge in self.edges.values() if edge.generator]

    def watched(self):
        """Files whose times count, because a generator edge reads them."""
        return {path for edge in self.generators() for path in edge.ins}

    def producers(self):
        return {out: edge for edge in self.edges.values() for out in edge.all_outs()}

    def manifests(self):
        """path -> text"""
        texts = {"build.ninja": ["pool one", "  depth = 1"], "sub.ninja": [], "part.ninja": []}
        names = list(texts)
        for edge in self.edges.values():
            lines = texts[names[edge.file]]
            rule = "phony"
            if not edge.phony():
                lines += rule_of(edge)
                rule = edge.name
            lines += statement(edge, rule)
        main = texts["build.ninja"]
        main += ["subninja sub.ninja", "include part.ninja"]
        if self.defaults:
            main.append("default " + " ".join(map(manifest_path, self.defaults)))
        return {path: "\n".join(lines) + "\n" for path, lines in texts.items()}
