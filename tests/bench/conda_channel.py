#!/usr/bin/env python3
"""A channel of conda packages as people use them, made of Debian's packages.

  conda_channel.py <directory with .deb files> <channel> [--level N]

Each .deb becomes one package, and those of the interpreter become one `python`. usr/ is the prefix;
Python packages for any architecture become `noarch: python` with entry points, unless Debian only splits
them from their compiled part, which nobody else does: these, as the others, are for one architecture and
bring their compiled modules, as conda-build makes them. Scripts, .pc, *-config and .cmake files have a text prefix, a third of
the programs and libraries a binary one. Some packages, with about a third of all bytes, are .tar.bz2.

The channel gets linux-64/, noarch/ and two locks: `all.txt` and `conda.txt`, which has the .conda packages
only. The same .deb files give the same channel.
"""

import argparse
import bz2
import concurrent.futures
import glob
import hashlib
import importlib._bootstrap_external as bootstrap
import io
import json
import os
import posixpath
import re
import subprocess
import sys
import tarfile
import zipfile
import zlib

PLACEHOLDER = ("/home/builder/work/environment" + "_placehold" * 30)[:255]
TIME = 1700000000
INTERPRETER = ("libpython3.11-minimal", "libpython3.11-stdlib", "python3.11-minimal", "libpython3.11")
NAMES = {"python3-pip": "pip", "python3-setuptools": "setuptools", "python3-wheel": "wheel"}
LEFT_OUT = re.compile(r"(share/(doc|man|lintian|doc-base|bug|info|menu|python3)|etc|var|boot|sbin|local)/")
# Where Debian keeps modules, and where Python looks for them when it is not Debian's.
SITE = """import os, sys
path = os.path.join(sys.prefix, "lib/python3.11/site-packages")
if path not in sys.path:
    sys.path.append(path)
"""


class File:
    """What a path of a package is: bytes or the target of a symbolic link."""

    def __init__(self, content, mode=0o644, is_link=False):
        self.content, self.mode, self.is_link = content, mode, is_link


def prefix_path(path):
    """Where a path of Debian lies in the prefix; None for what a conda package would not have."""
    path = posixpath.normpath(path).lstrip("/")
    path = path.removeprefix("usr/")
    for theirs in ("lib/x86_64-linux-gnu/", "lib64/"):
        if path.startswith(theirs):
            path = "lib/" + path.removeprefix(theirs)
    return None if LEFT_OUT.match(path) else path


def link_target(link, path):
    """The relative target of Debian's link, when it lies at `path`; None when it leads out."""
    there = link.linkname
    if not there.startswith("/"):
        there = posixpath.join(posixpath.dirname(posixpath.normpath(link.name)), there)
    to = prefix_path(there)
    return to and posixpath.relpath(to, posixpath.dirname(path) or ".")


def read_deb(deb):
    """Its files, by their path in the prefix."""
    files = {}
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as process:
        with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
            for member in archive:
                path = prefix_path(member.name)
                if not path or member.isdir():
                    continue
                if member.isfile():
                    files[path] = File(archive.extractfile(member).read(), member.mode & 0o777 | 0o200)
                elif member.issym() and link_target(member, path):
                    files[path] = File(link_target(member, path), is_link=True)
                elif member.islnk() and prefix_path(member.linkname) in files:
                    files[path] = files[prefix_path(member.linkname)]
    return files


def entry_points(files):
    """Lines of info/link.json of the console scripts that the package's metadata has."""
    out = []
    for path, file in files.items():
        if not path.endswith("/entry_points.txt") or file.is_link:
            continue
        section = ""
        for line in file.content.decode("utf-8", "replace").splitlines():
            match = re.match(r"\s*([\w.-]+)\s*=\s*([\w.]+:[\w.]+)\s*(\[.*)?$", line)
            if line.startswith("["):
                section = line.strip()
            elif section == "[console_scripts]" and match:
                out.append(f"{match[1]} = {match[2]}")
    return sorted(set(out))


def compiled(path, source):
    """The .pyc of a module, as conda-build adds it; None when it does not compile."""
    try:
        code = compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    return File(bytes(bootstrap._code_to_timestamp_pyc(code, TIME, len(source))))


def lay_out(name, files, noarch, points):
    """The files where a conda package has them."""
    out = {}
    for path, file in files.items():
        for theirs in ("lib/python3/dist-packages/", "lib/python3.11/dist-packages/"):
            if path.startswith(theirs):
                place = "site-packages/" if noarch else "lib/python3.11/site-packages/"
                path = place + path.removeprefix(theirs)
        if noarch and path.startswith("bin/"):
            path = "python-scripts/" + path.removeprefix("bin/")
        out[path] = file
    for point in points:
        out.pop("python-scripts/" + point.split(" =")[0], None)
    if name == "python":
        out["bin/python3"] = out["bin/python"] = File("python3.11", is_link=True)
        out["lib/python3.11/sitecustomize.py"] = File(SITE.encode())
    for path in [path for path in out if path.startswith("lib/python3.11/") and path.endswith(".py")]:
        module = None if out[path].is_link else compiled(path, out[path].content)
        if module:
            folder, stem = posixpath.split(path)
            out.setdefault(f"{folder}/__pycache__/{stem[:-3]}.cpython-311.pyc", module)
    return out


def with_prefix(path, content):
    """The content with a placeholder in it, and the mode in which it is to be replaced."""
    place = PLACEHOLDER.encode()
    shebang = re.match(rb"#! ?/usr/bin/(?:env )?(python3?(?:\.\d+)?|perl)\b", content)
    if shebang and path.startswith(("bin/", "python-scripts/")):
        program = b"perl" if shebang[1] == b"perl" else b"python3.11"
        return b"#!" + place + b"/bin/" + program + content[shebang.end():], "text"
    if path.endswith((".pc", "-config", ".cmake")) and "share/cmake-" not in path and b"/usr" in content:
        return content.replace(b"/usr", place), "text"
    is_program = path.startswith("bin/") or re.fullmatch(r"lib/[^/]*\.so[^/]*", path)
    if content[:4] == b"\x7fELF" and is_program and zlib.crc32(path.encode()) % 3 == 0:
        return content + b"\0" + place + b"/share:" + place + b"/lib\0\0", "binary"
    return content, None


def list_paths(files):
    """The entries of paths.json; puts the placeholders into the files."""
    out = []
    for path in sorted(files):
        file = files[path]
        if file.is_link:
            out.append({"_path": path, "path_type": "softlink", "size_in_bytes": 0,
                        "sha256": hashlib.sha256(b"").hexdigest()})
            continue
        content, mode = with_prefix(path, file.content)
        files[path] = File(content, file.mode)
        entry = {"_path": path, "path_type": "hardlink", "size_in_bytes": len(content),
                 "sha256": hashlib.sha256(content).hexdigest()}
        if mode:
            entry.update(file_mode=mode, prefix_placeholder=PLACEHOLDER)
        out.append(entry)
    return out


def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path, file in files:
            member = tarfile.TarInfo(path)
            member.mtime, member.mode = TIME, file.mode
            if file.is_link:
                member.type, member.linkname = tarfile.SYMTYPE, file.content
                archive.addfile(member)
            else:
                member.size = len(file.content)
                archive.addfile(member, io.BytesIO(file.content))
    return out.getvalue()


def zstd(content, level):
    command = ["zstd", f"-{level}", "-T1", "-q", "-c", f"--stream-size={len(content)}"]
    return subprocess.run(command, input=content, stdout=subprocess.PIPE, check=True).stdout


def conda_archive(base, info, payload, level):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in (("metadata.json", b'{"conda_pkg_format_version": 2}'),
                              (f"pkg-{base}.tar.zst", zstd(tar(payload), level)),
                              (f"info-{base}.tar.zst", zstd(tar(info), level))):
            archive.writestr(zipfile.ZipInfo(name, (2023, 11, 14, 0, 0, 0)), content)
    return out.getvalue()


def make_package(name, version, debs, noarch, channel, level):
    """Its path in the channel, sum, count of files and bytes; None when there is nothing in it."""
    files = {}
    for deb in debs:
        files.update(read_deb(deb))
    points = entry_points(files) if noarch else []
    files = lay_out(name, files, noarch, points)
    if not files:
        return None
    paths = list_paths(files)
    build, subdir = ("py_0", "noarch") if noarch else ("h0_0", "linux-64")
    needs_python = name != "python" and (noarch or any(p.startswith("lib/python3.11/") for p in files))
    index = {"name": name, "version": version, "build": build, "build_number": 0, "subdir": subdir,
             "depends": ["python >=3.11,<3.12.0a0"] if needs_python else [],
             **({"noarch": "python"} if noarch else {})}
    info = {"info/index.json": index, "info/paths.json": {"paths": paths, "paths_version": 1}}
    if noarch:
        info["info/link.json"] = {"noarch": {"type": "python", "entry_points": points},
                                  "package_metadata_version": 1}
    texts = [(path, File(json.dumps(info[path], indent=1, sort_keys=True).encode())) for path in sorted(info)]
    # As conda-build does, so that what is alike stands together.
    payload = sorted(files.items(), key=lambda item: (posixpath.splitext(item[0])[1], item[0]))
    base = f"{name}-{version}-{build}"
    if name != "python" and zlib.crc32(name.encode()) % 8 == 0:
        path, content = f"{subdir}/{base}.tar.bz2", bz2.compress(tar(texts + payload), 9)
    else:
        path, content = f"{subdir}/{base}.conda", conda_archive(base, texts, payload, level)
    with open(os.path.join(channel, path), "wb") as file:
        file.write(content)
    return path, hashlib.sha256(content).hexdigest(), len(paths), sum(p["size_in_bytes"] for p in paths)


def has_modules(deb):
    listing = subprocess.run(["dpkg-deb", "-c", deb], stdout=subprocess.PIPE, check=True).stdout
    return b"dist-packages" in listing


def is_split(package, directory):
    """Whether the compiled part of it is in another package of Debian's."""
    return any(glob.glob(f"{directory}/{package}-{part}_*.deb") for part in ("lib", "serial", "backend"))


def packages_of(directory):
    """What to make: name, version, .deb files, and whether it is for any architecture."""
    out, interpreter = [], []
    for file in sorted(os.listdir(directory)):
        deb = os.path.join(directory, file)
        fields = subprocess.run(["dpkg-deb", "-f", deb, "Package", "Version", "Architecture"],
                                stdout=subprocess.PIPE, text=True, check=True).stdout
        field = dict(line.split(": ", 1) for line in fields.splitlines())
        if field["Package"] in INTERPRETER:
            interpreter.append(deb)
            continue
        name = NAMES.get(field["Package"], field["Package"])
        version = re.sub(r"[^0-9A-Za-z.]", ".", re.split("[-+~]", field["Version"].split(":")[-1])[0])
        noarch = (field["Architecture"] == "all" and has_modules(deb)
                  and not is_split(field["Package"], directory))
        out.append((name, version, [deb], noarch))
    if interpreter:
        out.append(("python", "3.11.2", interpreter, False))
    return sorted(out, key=lambda package: -sum(os.path.getsize(deb) for deb in package[2]))


def write_lock(path, channel, packages):
    with open(path, "w") as lock:
        lock.write("# platform: linux-64\n@EXPLICIT\n")
        for package, digest, _, _ in packages:
            lock.write(f"file://{os.path.abspath(channel)}/{package}#sha256:{digest}\n")


def make_channel(debs, channel, level):
    for subdir in ("linux-64", "noarch"):
        os.makedirs(os.path.join(channel, subdir), exist_ok=True)
    with concurrent.futures.ProcessPoolExecutor() as pool:
        work = [pool.submit(make_package, *package, channel, level) for package in packages_of(debs)]
        packages = sorted(task.result() for task in work if task.result())
    write_lock(os.path.join(channel, "all.txt"), channel, packages)
    conda = [package for package in packages if package[0].endswith(".conda")]
    write_lock(os.path.join(channel, "conda.txt"), channel, conda)
    for name, some in (("all", packages), ("conda", conda)):
        print(f"{name}: {len(some)} packages, {sum(p[2] for p in some)} files, "
              f"{sum(p[3] for p in some) / 1e9:.2f} GB", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("debs")
    parser.add_argument("channel")
    parser.add_argument("--level", type=int, default=9)
    arguments = parser.parse_args()
    sys.exit(make_channel(arguments.debs, arguments.channel, arguments.level))
