"""The real files of a world, for a program to build."""

import os

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "tool.sh"), "rb") as tool:
    TOOL = tool.read()


class Tree:
    """A world on disk."""

    def __init__(self, root, always_new=False):
        self.root = root
        self.always_new = always_new  # every change gets a new modification time

    def path(self, path):
        return os.path.join(self.root, path)

    def write_all(self, world):
        os.makedirs(self.root)
        for path, content in world.sources().items():
            self.put(path, content)
        for path, target in world.links.items():
            self.link(path, target)
        self.write_manifests(world)
        self.write_tool(world)

    def put(self, path, content):
        full = self.path(path)
        try:
            with open(full, "wb") as file:
                file.write(content)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "wb") as file:
                file.write(content)

    def link(self, path, target):
        full = self.path(path)
        if os.path.lexists(full):
            os.unlink(full)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        os.symlink(os.path.basename(target), full)

    def write_manifests(self, world):
        for path, text in world.graph.manifests().items():
            try:
                with open(self.path(path), "rb") as file:
                    if file.read() == text.encode():
                        continue
            except FileNotFoundError:
                pass
            self.put(path, text.encode())

    def write_tool(self, world):
        self.put("tool.new", TOOL.replace(b"@SALT@", str(world.salt).encode()))
        os.chmod(self.path("tool.new"), 0o755)
        os.rename(self.path("tool.new"), self.path("tool"))

    def change(self, action, world):
        kind, path = action[0], action[1] if len(action) > 1 else ""
        full = self.path(path)
        if kind == "write":
            how = "new" if self.always_new else action[3]
            old = os.stat(full) if os.path.exists(full) else None
            if how == "renamed" and not os.path.islink(full):
                self.put(path + ".new", action[2])
                os.rename(full + ".new", full)
            else:
                self.put(path, action[2])
            if old and how in ("old", "renamed"):
                os.utime(full, ns=(old.st_atime_ns, old.st_mtime_ns))
            elif old and how == "older":
                os.utime(full, ns=(old.st_atime_ns, old.st_mtime_ns - 3600 * 10**9))
        elif kind == "touch":
            if os.path.exists(full):
                if action[2] == "future":
                    future = os.stat(full).st_mtime_ns + 86400 * 10**9
                    os.utime(full, ns=(future, future))
                else:
                    os.utime(full)
        elif kind == "delete":
            if os.path.lexists(full):
                os.unlink(full)
        elif kind == "rename":
            os.rename(full, self.path(action[2]))
            if self.always_new:
                os.utime(self.path(action[2]))
        elif kind == "link":
            self.link(path, action[2])
            if self.always_new:
                os.utime(full)
        elif kind == "tool":
            self.write_tool(world)

    def read(self, path):
        try:
            with open(self.path(path), "rb") as file:
                return file.read()
        except (FileNotFoundError, IsADirectoryError):
            return None

    def newer_than_output(self, edge):
        """Of a generator edge: is an output missing, or older than an input?"""
        try:
            oldest = min(os.stat(self.path(out)).st_mtime_ns for out in edge.all_outs())
            return any(os.stat(self.path(path)).st_mtime_ns > oldest for path in edge.ins)
        except FileNotFoundError:
            return True
