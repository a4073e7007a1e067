#!/usr/bin/env python3
"""conda_packages.py DIRECTORY: writes packages with what the real ones at hand do not have, and
DIRECTORY/<name>.txt, a lock of each and of all of them (all.txt).

binary    NUL-padded prefixes in a binary: one, several in a string, several strings, UTF-16, none
text      shebangs that grow too long, with options, without a newline; several prefixes
old       .tar.bz2, info/ last, GNU format, has_prefix and no paths.json
v7        .tar.bz2 in the format of the seventh edition of Unix
paxlong   .tar.bz2 with pax headers for a name of 180 characters, and paths that begin with ./
links     hard links: with the same rule, with another rule, to an unlisted file
modes     permissions: 0600, 0444, 0775, 04755, 0640
python    a Python that is a shell script, version 3.11
noarch    noarch: python, with entry points, python-scripts and a prefix in a module
moved     two modules of a Python's library with their compiled forms: one with a prefix, one without

Not in all.txt: realpython, a package "python" of what the Python that runs this needs to start.
"""
import glob
import hashlib
import io
import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile

PLACE = "/home/packer/build/_h_env" + "_placehold" * 23
PLACE = PLACE[:255]
TIME = 1600000000


def archive(members, form=tarfile.GNU_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for name, content, mode in members:
            info = tarfile.TarInfo(name)
            info.mode, info.mtime = mode, TIME
            if isinstance(content, tuple):
                info.type, info.linkname = content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def plain_v7(members):
    """Without a magic number, as the first tar wrote them."""
    data = bytearray(archive(members, tarfile.USTAR_FORMAT))
    at = 0
    while any(data[at : at + 512]):
        size = int(bytes(data[at + 124 : at + 135]).strip(b"\0 ") or b"0", 8)
        data[at + 257 : at + 512] = bytes(255)
        data[at + 148 : at + 156] = b" " * 8
        data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])
        at += 512 + (size + 511) // 512 * 512
    return bytes(data)


def metadata(name, paths, index=None, link=None, older=False, version="1.0"):
    index = dict(name=name, version=version, build="0", build_number=0, subdir="linux-64", depends=[]) | (index or {})
    files = {"info/index.json": json.dumps(index)}
    if older:
        files["info/files"] = "".join(path + "\n" for path, *_ in paths)
        prefixes = [f"{PLACE} {how} {path}\n" for path, how, *_ in paths if how]
        files["info/has_prefix"] = "".join(prefixes)
    else:
        entries = []
        for path, how, kind in paths:
            entry = {"_path": path, "path_type": kind}
            if how:
                entry |= {"prefix_placeholder": PLACE, "file_mode": how}
            entries.append(entry)
        files["info/paths.json"] = json.dumps({"paths": entries, "paths_version": 1})
    if link:
        files["info/link.json"] = json.dumps(link)
    return [(path, text.encode(), 0o644) for path, text in files.items()]


class Channel:
    def __init__(self, directory):
        self.directory = directory
        self.lines = []
        os.makedirs(directory + "/linux-64")
        os.makedirs(directory + "/noarch")

    def add(self, name, data, subdir="linux-64", version="1.0", build="0", form="conda", lock=None):
        file = f"{self.directory}/{subdir}/{name}-{version}-{build}.{form}"
        with open(file, "wb") as out:
            out.write(data)
        line = f"file://{file}#sha256:{hashlib.sha256(data).hexdigest()}"
        self.lines.append(line)
        self.lock(lock or name, [line])

    def conda(self, name, payload, paths, **more):
        def zst(data):
            return subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout

        out = io.BytesIO()
        version = more.get("version", "1.0")
        with zipfile.ZipFile(out, "w") as whole:
            whole.writestr(f"pkg-{name}-{version}-0.tar.zst", zst(archive(payload)))
            info = metadata(name, paths, more.get("index"), more.get("link"), version=version)
            whole.writestr(f"info-{name}-{version}-0.tar.zst", zst(archive(info)))
        build = more.get("index", {}).get("build", "0")
        self.add(name, out.getvalue(), more.get("subdir", "linux-64"), version, build, lock=more.get("lock"))

    def old(self, name, data):
        bz2 = subprocess.run(["bzip2", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
        self.add(name, bz2, form="tar.bz2")

    def lock(self, name, lines):
        with open(f"{self.directory}/{name}.txt", "w") as out:
            out.write("@EXPLICIT\n" + "\n".join(lines) + "\n")


def real_python(channel, library):
    """What the running interpreter needs, as a conda package."""
    source = sysconfig.get_path("stdlib")
    files = {f"bin/{os.path.basename(library)}": os.path.realpath(sys.executable)}
    for pattern in ("*.py", "encodings/*.py", "collections/*.py", "importlib/*.py", "re/*.py"):
        for path in sorted(glob.glob(f"{source}/{pattern}")):
            files[f"{library}/{os.path.relpath(path, source)}"] = path
    for path in glob.glob(f"{source}/lib-dynload/unicodedata.*"):
        files[f"{library}/lib-dynload/{os.path.basename(path)}"] = path
    channel.conda(
        "python",
        [(name, open(path, "rb").read(), 0o755) for name, path in files.items()],
        [(name, None, "hardlink") for name in files],
        version="%d.%d.%d" % sys.version_info[:3],
        lock="realpython",
        index={"build": "1"},
    )


def main():
    channel = Channel(os.path.abspath(sys.argv[1]))
    place = PLACE.encode()
    hard, soft = "hardlink", "softlink"

    binaries = {
        "one": b"\x7fELF\0" + place + b"/lib\0rest",
        "several": b"\x7fELF\0" + place + b"/lib:" + place + b"/share:" + place + b"\0\0" + place + b"\0",
        "wide": b"\0\0" + (PLACE + "/lib\0tail\0").encode("utf-16-le") + (PLACE + "/x\0").encode("utf-32-be"),
        "open": b"\0text " + place + b"/no nul behind it",
        "none": b"\x7fELF nothing of the kind\0",
        "large": bytes(300000) + place + b"\0" + bytes(range(256)) * 2000 + place + b"/z\0end",
    }
    channel.conda(
        "binary",
        [(f"lib/{name}.so", data, 0o755) for name, data in binaries.items()],
        [(f"lib/{name}.so", "binary", hard) for name in binaries],
    )
    texts = {
        "perl": b"#!" + place + b"/bin/perl -w\nprint 1;\n",
        "bare": b"#!" + place + b"/bin/sh",
        "many": b"a=" + place + b"/a:" + place + b"/b\n# " + place,
        "again": b"#! " + place + b"/bin/python3.11 -I\n'#! " + place + b"/bin/python3.11 -I'\n",
        "dos": b"#!" + place + b"/bin/sh\r\n" + place + b"\r\n",
    }
    channel.conda(
        "text",
        [(f"bin/{name}", data, 0o755) for name, data in texts.items()],
        [(f"bin/{name}", "text", hard) for name in texts],
    )
    old = [("etc/old.conf", place + b"/etc\n", 0o644), ("lib/l", (tarfile.SYMTYPE, "../etc/old.conf"), 0o777)]
    paths = [("etc/old.conf", "text"), ("lib/l", None)]
    channel.old("old", archive(old + metadata("old", paths, older=True)))
    v7 = [("share/v7", b"seventh\n", 0o644)]
    channel.old("v7", plain_v7(metadata("v7", [("share/v7", None, hard)]) + v7))
    deep = "share/" + "/".join(["directory"] * 17) + "/file"
    members = metadata("paxlong", [(deep, None, hard)]) + [("./" + deep, b"far down\n", 0o644)]
    channel.old("paxlong", archive([("./" + n.removeprefix("./"), c, m) for n, c, m in members], tarfile.PAX_FORMAT))
    channel.conda(
        "links",
        [
            ("hidden", b"unlisted " + place, 0o644),
            ("bin/a", b"#!/bin/sh\n" + place + b"\n", 0o755),
            ("bin/same", (tarfile.LNKTYPE, "bin/a"), 0o755),
            ("bin/other", (tarfile.LNKTYPE, "bin/a"), 0o755),
            ("bin/shown", (tarfile.LNKTYPE, "hidden"), 0o755),
            ("bin/soft", (tarfile.SYMTYPE, "a"), 0o777),
        ],
        [("bin/a", "text", hard), ("bin/same", "text", hard), ("bin/other", None, hard)]
        + [("bin/shown", "text", hard), ("bin/soft", None, soft)],
    )
    modes = (0o600, 0o444, 0o775, 0o4755, 0o640, 0o711)
    channel.conda(
        "modes",
        [(f"m/{mode:o}", b"x", mode) for mode in modes],
        [(f"m/{mode:o}", None, hard) for mode in modes],
    )
    channel.conda(
        "python",
        [("bin/python3.11", b'#!/bin/sh\necho "python $@"\n', 0o755), ("bin/python", (tarfile.SYMTYPE, "python3.11"), 0o777)],
        [("bin/python3.11", None, hard), ("bin/python", None, soft)],
        version="3.11.4",
    )
    channel.conda(
        "noarch",
        [
            ("site-packages/demo/__init__.py", b"def main(): pass\n", 0o644),
            ("site-packages/demo/place.py", b"PREFIX = '" + place + b"'\n", 0o644),
            ("python-scripts/demo-script", b"#!" + place + b"/bin/python\n", 0o755),
            ("site-packages/demo/wrong.py", b"def (:\n", 0o644),
            ("share/demo", b"data\n", 0o644),
        ],
        [
            ("site-packages/demo/__init__.py", None, hard),
            ("site-packages/demo/place.py", "text", hard),
            ("python-scripts/demo-script", "text", hard),
            ("site-packages/demo/wrong.py", None, hard),
            ("share/demo", None, hard),
        ],
        index={"noarch": "python", "subdir": "noarch", "depends": ["python"]},
        link={
            "noarch": {"type": "python", "entry_points": ["demo = demo:main", "demo-run = demo.cli:App.run"]},
            "package_metadata_version": 1,
        },
        subdir="noarch",
    )
    library = f"lib/python{sys.version_info.major}.{sys.version_info.minor}"
    tag = sys.implementation.cache_tag
    moved = {
        f"{library}/moved.py": b"PREFIX = '" + place + b"'\n",
        f"{library}/__pycache__/moved.{tag}.pyc": b"out of date",
        f"{library}/kept.py": b"",
        f"{library}/__pycache__/kept.{tag}.pyc": b"as it was",
    }
    channel.conda(
        "moved",
        [(path, data, 0o644) for path, data in moved.items()],
        [(path, "text" if path.endswith("moved.py") else None, hard) for path in moved],
    )
    channel.lock("all", channel.lines)
    real_python(channel, library)


if __name__ == "__main__":
    main()
