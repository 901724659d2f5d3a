# SPDX-License-Identifier: GPL-2.0-only
"""What scripts/debian-changelog makes of VERSION and CHANGELOG.md, and what it refuses; what make deb needs of a machine."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TIME = "1767225600"  # 2026-01-01 00:00 UTC


def changelog(version, *headings, given=TIME):
    """Run it beside such files; its status and what it says."""
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/scripts")
        shutil.copy(os.path.join(TOP, "scripts", "debian-changelog"), f"{folder}/scripts")
        for name, text in (("VERSION", f"{version}\n"),
                           ("CHANGELOG.md", "# Changelog\n\n" + "".join(f"## {heading}\n\n- news\n\n" for heading in headings))):
            with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        done = subprocess.run([sys.executable, "-B", f"{folder}/scripts/debian-changelog"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={**os.environ, "SOURCE_DATE_EPOCH": given})
    return done.returncode, done.stdout


def is_newer(one, other):
    return subprocess.run(["dpkg", "--compare-versions", one, "gt", other]).returncode == 0


class Releases(unittest.TestCase):
    def test_a_release_has_its_day(self):
        status, said = changelog("0.2.0", "0.2.0 (2026-02-03)", "0.1.0 (2026-01-02)")
        assert status == 0
        assert [line for line in said.splitlines() if line.startswith(("asterisk", " --"))] == [
            "asterisk-zrtp (0.2.0-1) unstable; urgency=medium",
            " -- asterisk-zrtp maintainers <maintainers@asterisk-zrtp.invalid>  Tue, 03 Feb 2026 12:00:00 +0000",
            "asterisk-zrtp (0.1.0-1) unstable; urgency=medium",
            " -- asterisk-zrtp maintainers <maintainers@asterisk-zrtp.invalid>  Fri, 02 Jan 2026 12:00:00 +0000"]

    def test_what_is_not_released_is_between_two_releases_and_newer_each_time(self):
        versions = [changelog("0.2.0", "Unreleased", "0.1.0 (2025-12-01)", given=given)[1].split("(")[1].split(")")[0]
                    for given in (TIME, str(int(TIME) + 60))]
        assert versions == ["0.2.0~202601010000-1", "0.2.0~202601010001-1"]
        for newer, older in ((versions[1], versions[0]), (versions[0], "0.1.0-1"), ("0.2.0-1", versions[1])):
            assert is_newer(newer, older)

    def test_version_and_headings_that_disagree_are_refused(self):
        for version, headings, why in (
                ("0.2.0", ("0.1.0 (2026-01-02)",), "the newest release of CHANGELOG.md is 0.1.0"),
                ("0.1.0", ("Unreleased", "0.1.0 (2026-01-02)"), "VERSION is the next release"),
                ("0.1.0", ("0.1.0 (2026-01-02)", "Unreleased"), "is no heading"),
                ("0.1.0", ("0.1.0",), "is no heading"),
                ("0.10.0", ("Unreleased", "0.2.0 (2026-01-02)", "0.9.0 (2026-01-01)"), "not in order"),
                ("0.1", ("Unreleased",), "is not three numbers")):
            status, said = changelog(version, *headings)
            assert status != 0 and why in said, said


def baresip_version(header):
    """What scripts/baresip-version says of a folder with such a header."""
    with tempfile.TemporaryDirectory() as folder:
        if header is not None:
            with open(f"{folder}/baresip.h", "w", encoding="utf-8") as file:
                file.write(header)
        done = subprocess.run([os.path.join(TOP, "scripts", "baresip-version"), folder], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout.strip()


class Packages(unittest.TestCase):
    def test_where_neither_asterisk_nor_baresip_is_make_deb_says_so(self):
        done = subprocess.run(["make", "--silent", "-C", TOP, "deb", "ASTERISK_CONF=/nonexistent/asterisk.conf", "ASTERISK=/nonexistent",
                               "BARESIP_INCLUDEDIR=/nonexistent"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode != 0 and "is Asterisk installed here?" in done.stdout, done.stdout
        assert "without baresip-zrtp: no /nonexistent/baresip.h" in done.stdout, done.stdout

    def test_a_baresip_that_the_module_is_not_for_is_refused_by_its_header(self):
        assert baresip_version('#define BARESIP_VERSION "1.1.0"\n') == (0, "1.1.0")
        for header, why in (('#define BARESIP_VERSION "1.0.0"\n', "is of baresip 1.0.0"), ('#define BARESIP_VERSION "1.1.0.1"\n', "1.1.0.1"),
                            ("#define BARESIP 1\n", "without a version"), (None, "no /")):
            status, said = baresip_version(header)
            assert status != 0 and why in said, said
