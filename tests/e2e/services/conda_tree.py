#!/usr/bin/env python3
"""An environment of conda packages, put together by the rules as they are written down (CEP 34, 17,
20) and as conda follows them, with nothing of Cntr: what Cntr's environments are compared with.

  conda_tree.py link DIRECTORY PREFIX PACKAGE...   unpacks the packages, in this order
  conda_tree.py list DIRECTORY                     one line a path: kind, mode, SHA-256 or target

Python's own zipfile and tarfile and the program zstd read the packages. conda-meta/ and compiled
Python files are left out of the list.
"""
import hashlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile

OLD_PLACEHOLDER = "/opt/anaconda1anaconda2anaconda3"
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


def archives(path):
    if path.endswith(".tar.bz2"):
        yield tarfile.open(path)
        return
    with zipfile.ZipFile(path) as whole:
        for member in whole.namelist():
            if member.endswith(".tar.zst"):
                packed = whole.read(member)
                plain = subprocess.run(["zstd", "-dcq"], input=packed, stdout=subprocess.PIPE, check=True)
                yield tarfile.open(fileobj=io.BytesIO(plain.stdout))


def unpack(path):
    """{path: (kind, mode, bytes or target)}"""
    files = {}
    for archive in archives(path):
        for member in archive:
            name = os.path.normpath(member.name)
            if member.issym():
                files[name] = ("link", 0o777, member.linkname)
            elif member.islnk():
                files[name] = files[os.path.normpath(member.linkname)]
            elif member.isfile():
                files[name] = ("file", member.mode, archive.extractfile(member).read())
    return files


def manifest(files):
    """[(path, placeholder, mode)]"""
    if "info/paths.json" in files:
        for entry in json.loads(files["info/paths.json"][2])["paths"]:
            is_file = entry["path_type"] == "hardlink"
            placeholder = entry.get("prefix_placeholder") if is_file else None
            yield os.path.normpath(entry["_path"]), placeholder, entry.get("file_mode", "text")
        return
    prefixes = {}
    for line in files.get("info/has_prefix", ("", 0, b""))[2].decode().splitlines():
        words = line.split()
        prefixes[words[-1]] = words[:2] if len(words) == 3 else (OLD_PLACEHOLDER, "text")
    for line in files["info/files"][2].decode().splitlines():
        yield (line, *prefixes.get(line, (None, "text")))


def replaced(data, placeholder, prefix, mode):
    for encoding in ENCODINGS:
        old, new = placeholder.encode(encoding), prefix.encode(encoding)
        if mode == "text":
            data = data.replace(old, new)
            continue
        end = re.escape("\0".encode(encoding))

        def shorter(found):
            text = found.group(0)
            return text.replace(old, new).ljust(len(text), b"\0")

        data = re.sub(re.escape(old) + b"(?s:.*?)" + end, shorter, data)
    if mode == "text":
        found = re.match(rb"#! *(/(?:\\ |[^ \n\r\t])*)(.*)", data)
        if found and len(found.group(0)) > 127:
            name = found.group(1).rsplit(b"/", 1)[1]
            data = data.replace(found.group(0), b"#!/usr/bin/env " + name + found.group(2))
    return data


def put(root, path, kind, mode, content):
    target = os.path.join(root, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.lexists(target):
        if os.path.isdir(target) and not os.path.islink(target):
            shutil.rmtree(target)
        else:
            os.unlink(target)
    if kind == "link":
        os.symlink(content, target)
        return
    with open(target, "wb") as out:
        out.write(content)
    runs = 0o111 if mode & 0o111 else 0
    os.chmod(target, mode & 0o200 | 0o444 | runs)


def entry_point(definition, prefix, minor):
    command, rest = (part.strip() for part in definition.split("="))
    module, function = (part.strip() for part in rest.split(":"))
    interpreter = f"{prefix}/bin/python{minor}"
    shebang = f"#!{interpreter}\n"
    if len(shebang) > 127:
        shebang = f"#!/bin/sh\n'''exec' \"{interpreter}\" \"$0\" \"$@\" #'''\n"
    script = shebang + f"""# -*- coding: utf-8 -*-
import re
import sys

from {module} import {function.split(".")[0]}

if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw?|\\.exe)?$', '', sys.argv[0])
    sys.exit({function}())
"""
    return f"bin/{command}", script.encode()


def link(root, prefix, packages):
    minor, site = None, None
    unpacked = [unpack(path) for path in packages]
    for files in unpacked:
        index = json.loads(files["info/index.json"][2])
        if index["name"] == "python":
            minor = ".".join(index["version"].split(".")[:2])
            site = index.get("python_site_packages_path") or f"lib/python{minor}/site-packages"
    os.makedirs(root)
    scripts = []
    for files in unpacked:
        index = json.loads(files["info/index.json"][2])
        links = json.loads(files.get("info/link.json", ("", 0, b"{}"))[2]).get("noarch", {})
        noarch = index.get("noarch") or links.get("type")
        for path, placeholder, how in manifest(files):
            kind, mode, content = files[path]
            if placeholder and kind == "file":
                content = replaced(content, placeholder, prefix, how)
            if noarch == "python":
                path = re.sub("^site-packages/", site + "/", path)
                path = re.sub("^python-scripts/", "bin/", path)
            put(root, path, kind, mode, content)
        scripts += links.get("entry_points", [])
    for definition in scripts:
        path, content = entry_point(definition, prefix, minor)
        put(root, path, "file", 0o755, content)


def listing(root):
    for directory, directories, names in os.walk(root):
        for name in sorted(directories + names):
            path = os.path.join(directory, name)
            shown = os.path.relpath(path, root)
            if shown.split("/")[0] == "conda-meta" or "__pycache__" in shown:
                continue
            info = os.lstat(path)
            if stat.S_ISLNK(info.st_mode):
                yield f"{shown} link {os.readlink(path)}"
            elif stat.S_ISDIR(info.st_mode):
                yield f"{shown} directory {stat.S_IMODE(info.st_mode):o}"
            else:
                with open(path, "rb") as file:
                    digest = hashlib.sha256(file.read()).hexdigest()
                yield f"{shown} file {stat.S_IMODE(info.st_mode):o} {digest}"


if sys.argv[1] == "link":
    os.umask(0o022)
    link(sys.argv[2], sys.argv[3], sys.argv[4:])
else:
    print("\n".join(sorted(listing(sys.argv[2]))))
