# SPDX-License-Identifier: GPL-2.0-only
"""For scripts: the Debian packages, built in a root of their own, and what is wrong with them."""
import functools
import glob
import json
import os
import subprocess

from hostbuild import TOP

PLACE = "/usr/src/zrtp-packages"
# Which files have which of our libraries inside.
INSIDE = [(name, library) for name in ("res_zrtp.so", "zrtpcall", "zrtp.so") for library in ("libzrtp-engine", "libzrtp-cache")] + [
    ("zrtp-cache", "libzrtp-cache")]
NAMES = {"asterisk-zrtp", "zrtp-tools", "libzrtp-engine1", "libzrtp-srtp1", "libzrtp-cache1", "libzrtp-engine-dev",
         "baresip-zrtp"}
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "LC_ALL": "C"}


def build(place=PLACE, before=(), **environment):
    """Build them in the root; the folder they are in, as this machine sees it, or nothing."""
    done = subprocess.run([*before, os.path.join(TOP, "scripts", "deb-in-root"), place], stdout=subprocess.PIPE, text=True,
                          env={**os.environ, **environment})
    return done.stdout.strip() if done.returncode == 0 else None


def in_root(root, *command):
    """Run a command in a root; what it says, where it fails or says something of a fault."""
    done = subprocess.run(["chroot", root, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT)
    return done.returncode, done.stdout.strip()


def lintian(root, place=PLACE):
    """What lintian has against the packages and their source."""
    changes, = glob.glob(f"{root}{place}/out/*.changes")
    status, said = in_root(root, "lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0",
                           changes.removeprefix(root))
    return said if status or said else ""


def unpacked(root, place=PLACE):
    """Unpack the packages in the root; the folders by the names of the packages, as seen in the root."""
    found = {}
    for path in glob.glob(f"{root}{place}/out/*.deb"):
        name = os.path.basename(path).split("_")[0]
        if name.endswith("-dbgsym"):
            continue
        found[name] = f"{place}/unpacked/{name}"
        in_root(root, "rm", "-rf", found[name])
        in_root(root, "mkdir", "-p", found[name])
        in_root(root, "dpkg-deb", "-x", path.removeprefix(root), found[name])
    return found


def materials(root, place=PLACE):
    """What is wrong with the bills of materials: validated by the tools of SPDX, and held against the packages."""
    folders, faults = unpacked(root, place), []
    architecture = in_root(root, "dpkg", "--print-architecture")[1]
    if set(folders) != NAMES:
        return f"packages: {sorted(folders)}, expected {sorted(NAMES)}"
    for name, folder in folders.items():
        path = f"{folder}/usr/share/doc/{name}/{name}_{architecture}.spdx.json"
        status, said = in_root(root, "pyspdxtools", "-i", path)
        if status:
            faults.append(f"{name}: {said}")
            continue
        with open(root + path, encoding="utf-8") as file:
            faults += [f"{name}: {fault}" for fault in differences(json.load(file), root + folder, path.removeprefix(folder))]
    return "\n".join(faults)


def differences(document, folder, own):
    """What a package has and its bill of materials has not, and the other way round."""
    listed = {entry["fileName"].removeprefix("."): {item["algorithm"]: item["checksumValue"] for item in entry["checksums"]}
              for entry in document["files"]}
    there = {"/" + os.path.relpath(os.path.join(path, name), folder) for path, _, names in os.walk(folder) for name in names
             if not os.path.islink(os.path.join(path, name))} - {own}
    yield from (f"{name} is not listed" for name in there - listed.keys())
    yield from (f"{name} is listed and not there" for name in listed.keys() - there)
    for name in sorted(there & listed.keys()):
        summed = subprocess.run(["sha256sum", folder + name], stdout=subprocess.PIPE, text=True).stdout.split()[0]
        if listed[name].get("SHA256") != summed:
            yield f"{name} has another checksum"
    names = {package["SPDXID"]: package for package in document["packages"]}
    linked = {names[relation["relatedSpdxElement"]]["name"] for relation in document["relationships"]
              if relation["relationshipType"] == "DYNAMIC_LINK"}
    inside = {(relation["spdxElementId"], names[relation["relatedSpdxElement"]]["name"]) for relation in document["relationships"]
              if relation["relationshipType"] == "STATIC_LINK"}
    files = {os.path.basename(entry["fileName"]): entry["SPDXID"] for entry in document["files"]}
    yield from (f"{name} is without {library} inside" for name, library in INSIDE if name in files and (files[name], library) not in inside)
    programs = [name for name in there if name.startswith("/usr/bin/") or ".so" in name]
    if programs and not any(name.startswith("libc6") for name in linked):
        yield f"programs are linked with {sorted(linked)}, without libc6"
    yield from (f"{package['name']} has no version" for package in names.values() if package["versionInfo"] == "NOASSERTION")


CHECKS = (("lintian has nothing against the packages", lintian),
          ("the bill of materials of each package is SPDX, and names each of its files", materials))


def judge(root, checks=CHECKS, say=functools.partial(print, flush=True)):
    """Say a line for each check; return how many passed and failed."""
    failed = 0
    for name, check in checks:
        told = check(root)
        say(f"{'FAIL' if told else 'ok  '} packages: {name}")
        if told:
            say(told)
        failed += bool(told)
    return len(checks) - failed, failed, 0
