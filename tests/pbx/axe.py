# SPDX-License-Identifier: GPL-2.0-only
"""axe-core, which looks for what keeps people out of a web page. scripts/npm-packages has fetched it."""
import base64
import hashlib
import io
import os
import tarfile

from harness import Skip

VERSION = "4.14.1"
INTEGRITY = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
CACHE = os.path.join(os.environ.get("ZRTP_CACHE_DIR", "/var/cache/asterisk-zrtp"), f"axe-core-{VERSION}.tgz")


def package():
    """The package, as it was when it was chosen."""
    if not os.path.exists(CACHE):
        raise Skip("no axe-core: scripts/npm-packages fetches it")
    with open(CACHE, "rb") as file:
        content = file.read()
    if base64.b64encode(hashlib.sha512(content).digest()).decode() != INTEGRITY:
        raise AssertionError(f"{CACHE} is not axe-core {VERSION}: delete it")
    return content


def source():
    """Its script."""
    with tarfile.open(fileobj=io.BytesIO(package())) as files:
        return files.extractfile("package/axe.min.js").read().decode()


def check(page, script, where):
    """Fail unless it finds nothing, best practices included."""
    page.js(script)
    found = page.driver.execute_async_script(
        "const done = arguments[arguments.length - 1]; axe.run(document, {resultTypes: ['violations']}).then(done, e => done({failed: String(e)}))")
    if "failed" in found:
        raise AssertionError(f"axe-core, {where}: {found['failed']}")
    faults = [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0].get('failureSummary', '')[:300]}"
              for one in found["violations"]]
    if faults:
        raise AssertionError(f"axe-core, {where}: " + "\n".join(faults))
    if not found["testEngine"]["version"] == VERSION:
        raise AssertionError(f"axe-core {found['testEngine']['version']} ran")
