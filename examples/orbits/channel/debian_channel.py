#!/usr/bin/python3
"""debian_channel.py DIRECTORY: what environment.yml asks for, without a network.

Makes conda packages of Debian packages that are installed here (python3, python3-jinja2,
python3-markupsafe), the channel DIRECTORY/conda-forge with them, and DIRECTORY/environment.lock, which
names them all. The same Debian packages give the same conda packages.

With --build N they have another build number, as if somebody had packed them again.
"""
import argparse
import compileall
import hashlib
import io
import json
import os
import platform
import py_compile
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
MODULES = f"lib/python{MINOR}"
SUBDIR = {"x86_64": "linux-64"}.get(platform.machine(), f"linux-{platform.machine()}")
TIME = 1700000000
# Debian's Python looks for modules elsewhere than conda's.
SITE = f"""import os
import site
import sys

site.addsitedir(os.path.join(sys.prefix, "{MODULES}/site-packages"))
"""

# name, the Debian packages that it is made of, what it depends on, whether it fits any Python
PACKAGES = [
    ("python", [f"python{MINOR}-minimal", f"libpython{MINOR}-minimal", f"libpython{MINOR}-stdlib"], [], False),
    ("markupsafe", ["python3-markupsafe"], [f"python >={MINOR},<3.{sys.version_info.minor + 1}.0a0"], False),
    ("jinja2", ["python3-jinja2"], ["python >=3.7", "markupsafe >=2.0"], True),
]


def ask_dpkg(*words):
    return subprocess.run(["dpkg-query", *words], stdout=subprocess.PIPE, text=True, check=True).stdout


def version_of(debian):
    """The version of what Debian packed, without Debian's own part of it."""
    try:
        version = ask_dpkg("-W", "-f", "${Version}", debian)
    except subprocess.CalledProcessError:
        sys.exit(f"{debian} is not installed: apt-get install {debian}")
    return version.split(":")[-1].split("-")[0].split("+")[0]


def place_of(path, fits_any_python):
    """Where a file of Debian lies in a conda package; None when it is not in it."""
    path = path.removeprefix("/usr/")
    if path.startswith("lib/python3/dist-packages/"):
        site_packages = "site-packages" if fits_any_python else f"{MODULES}/site-packages"
        return f"{site_packages}/{path.removeprefix('lib/python3/dist-packages/')}"
    if path.startswith(f"{MODULES}/") or path == f"bin/python{MINOR}":
        return path
    return None


def lay_out(name, debians, fits_any_python, tree):
    for path in (line for debian in debians for line in ask_dpkg("-L", debian).splitlines()):
        place = place_of(path, fits_any_python)
        if place and os.path.isfile(path) and not place.endswith("/sitecustomize.py"):
            os.makedirs(os.path.dirname(f"{tree}/{place}"), exist_ok=True)
            shutil.copyfile(path, f"{tree}/{place}")
            os.chmod(f"{tree}/{place}", os.stat(path).st_mode | stat.S_IWUSR)
    if name == "python":
        for link in ("python", "python3"):
            os.symlink(f"python{MINOR}", f"{tree}/bin/{link}")
        with open(f"{tree}/{MODULES}/sitecustomize.py", "w", encoding="utf-8") as file:
            file.write(SITE)
    if not fits_any_python:
        compileall.compile_dir(tree, quiet=2, stripdir=tree, workers=0,
                               invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def paths_in(tree):
    return sorted(os.path.relpath(os.path.join(folder, file), tree)
                  for folder, _, files in os.walk(tree) for file in files)


def pack(tree, info, out):
    def plain(member):
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mtime = TIME
        return member

    with tarfile.open(out, "w:bz2", format=tarfile.GNU_FORMAT) as archive:
        for name, text in info.items():
            member = plain(tarfile.TarInfo(f"info/{name}"))
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
        for path in paths_in(tree):
            archive.add(f"{tree}/{path}", path, filter=plain)


def describe(tree, index):
    """What a package says of itself: the files of info/."""
    info = {
        "index.json": json.dumps(index, indent=1, sort_keys=True),
        "files": "".join(f"{path}\n" for path in paths_in(tree)),
    }
    if "noarch" in index:
        info["link.json"] = json.dumps({"noarch": {"type": "python"}, "package_metadata_version": 1})
    return {name: text.encode() for name, text in info.items()}


def make_package(name, debians, depends, fits_any_python, build, channel):
    """The package's file in the channel, and what repodata.json says of it."""
    subdir = "noarch" if fits_any_python else SUBDIR
    index = {"name": name, "version": version_of(debians[0]), "build": f"debian_{build}", "build_number": build,
             "subdir": subdir, "depends": depends}
    if fits_any_python:
        index["noarch"] = "python"
    file = f"{subdir}/{name}-{index['version']}-{index['build']}.tar.bz2"
    with tempfile.TemporaryDirectory() as tree:
        lay_out(name, debians, fits_any_python, tree)
        pack(tree, describe(tree, index), f"{channel}/{file}")
    with open(f"{channel}/{file}", "rb") as package:
        data = package.read()
    return file, index | {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(),
                          "md5": hashlib.md5(data).hexdigest()}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("directory")
    parser.add_argument("--build", type=int, default=0)
    arguments = parser.parse_args()
    directory = os.path.abspath(arguments.directory)
    channel = f"{directory}/conda-forge"
    for subdir in ("noarch", SUBDIR):
        os.makedirs(f"{channel}/{subdir}", exist_ok=True)
    records = dict(make_package(*package, arguments.build, channel) for package in PACKAGES)
    for subdir in ("noarch", SUBDIR):
        there = {os.path.basename(file): record for file, record in records.items() if record["subdir"] == subdir}
        with open(f"{channel}/{subdir}/repodata.json", "w", encoding="utf-8") as file:
            json.dump({"info": {"subdir": subdir}, "packages": there, "packages.conda": {}}, file, indent=1)
    with open(f"{directory}/environment.lock", "w", encoding="utf-8") as lock:
        lock.write(f"# platform: {SUBDIR}\n@EXPLICIT\n")
        for file, record in records.items():
            lock.write(f"file://{channel}/{file}#sha256:{record['sha256']}\n")
    print(f"{directory}/environment.lock")


main()
