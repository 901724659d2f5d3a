# SPDX-License-Identifier: GPL-2.0-only
"""The web page of res_zrtp_web: a PBX that serves it, requests without a browser, and real Chromium.

HTTP is at port 25040, HTTPS at 25041.
"""
import http.client
import json
import os
import socket
import ssl
import subprocess
import tempfile
import threading

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import Select

import wait
from lab import AMI_PORT, Lab

IP = "127.0.0.1"
HTTP_PORT, HTTPS_PORT = 25040, 25041
BASE = "/asterisk/zrtp"

HTTP_CONF = f"[general]\nenabled = yes\nbindaddr = 0.0.0.0\nbindport = {HTTP_PORT}\nprefix = asterisk\n"
TLS_CONF = f"tlsenable = yes\ntlsbindaddr = {IP}:{HTTPS_PORT}\ntlscertfile = /{{home}}/etc/web.pem\n"
MANAGER_CONF = f"""\
[general]
enabled = yes
bindaddr = {IP}
port = {AMI_PORT}
[tester]
secret = tester
read = all
write = all
[clerk]
secret = clerk's secret
read = call,log
write = call
[watcher]
secret = watcher
read = call
[deaf]
secret = deaf
read = log
write = all
[distant]
secret = distant
read = all
write = all
deny = 0.0.0.0/0.0.0.0
permit = 192.0.2.99/255.255.255.255
[open]
read = all
write = all
"""
CONF = "[general]\nenabled = yes\n"


def served(bench, conf=CONF, files=None, modules=(), **options):
    """A laboratory whose PBX serves the page."""
    return Lab(bench.root, bench.directory, modules=["res_zrtp_web", "app_enroll_zrtp", *modules], files={
        "http.conf": HTTP_CONF, "manager.conf": MANAGER_CONF, **({"zrtp_web.conf": conf} if conf else {}), **(files or {})},
        **options)


def certificate(pbx):
    """HTTPS too, with a certificate of its own. Before the PBX starts."""
    path = pbx.file("etc", "web.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-keyout", path, "-out", path + ".crt"], check=True, stderr=subprocess.DEVNULL)
    with open(path, "a") as both, open(path + ".crt") as crt:
        both.write(crt.read())
    pbx.write("http.conf", HTTP_CONF + TLS_CONF.format(home=pbx.home.strip("/")))


class Client:
    """What a browser would send, and what it would not."""

    def __init__(self, tls=False, ip=IP):
        self.tls, self.ip = tls, ip
        self.port = HTTPS_PORT if tls else HTTP_PORT
        self.host = f"{ip}:{self.port}"
        self.origin = f"{'https' if tls else 'http'}://{self.host}"
        self.cookie, self.token = None, None

    def connect(self):
        if self.tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            return http.client.HTTPSConnection(self.ip, self.port, timeout=20, context=context)
        return http.client.HTTPConnection(self.ip, self.port, timeout=20)

    def request(self, method, path, body=None, **headers):
        """Status, headers and text of an answer. A header that is None is left out."""
        connection = self.connect()
        usual = {"Host": self.host}
        if self.cookie:
            usual["Cookie"] = self.cookie
        if body is not None:
            usual.update({"Origin": self.origin, "Content-Type": "application/json", "X-Zrtp-Token": self.token or ""})
            body = body if isinstance(body, str) else json.dumps(body)
        usual.update({name.replace("_", "-"): value for name, value in headers.items()})
        connection.putrequest(method, f"{BASE}{path}", skip_host=True)
        for name, value in usual.items():
            for one in value if isinstance(value, list) else [value]:
                if one is not None:
                    connection.putheader(name, one)
        if body is not None:
            connection.putheader("Content-Length", str(len(body.encode())))
        connection.endheaders(body.encode() if body is not None else None)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text

    def get(self, path, **headers):
        return self.request("GET", path, **headers)

    def post(self, path, body, **headers):
        return self.request("POST", path, body, **headers)

    def login(self, user, secret, **headers):
        """Log in; the status. Keeps cookie and token."""
        status, head, text = self.post("/login", {"user": user, "secret": secret}, **headers)
        if status == 200:
            self.cookie = head["Set-Cookie"].split(";")[0]
            self.token = json.loads(text)["token"]
        return status

    def events(self):
        """A stream of events, as it is open: a list of (name, data) that grows, and the socket."""
        return Stream(self)


class Stream:
    """Server-sent events, read as they come in a thread. Use as a context manager."""

    def __init__(self, client):
        self.connection = client.connect()
        self.connection.request("GET", f"{BASE}/events", headers={"Host": client.host, "Cookie": client.cookie or ""})
        self.socket = self.connection.sock  # what comes without a length takes it away from the connection
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        self.seen, self.ended = [], False
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        event = {}
        try:
            for line in self.answer:
                name, colon, value = line.decode().rstrip("\n").partition(": ")
                if colon:
                    event[name] = value
                elif event:
                    if "event" in event:
                        self.seen.append((event["event"], json.loads(event["data"])))
                    event = {}
        except (OSError, ValueError, AttributeError):
            pass  # closed by us
        self.ended = True

    def rows(self):
        """The table as a page would have it: {id: row}."""
        table = {}
        for name, data in list(self.seen):
            if name == "calls":
                table = {} if data["full"] else table
                table.update((row["id"], row) for row in data["rows"])
                for one in data["gone"]:
                    table.pop(one, None)
        return table

    def wait_row(self, what, wanted, seconds=10):
        """Wait until a row is as wanted(row) has it."""
        return wait.until(what, seconds, lambda: [row for row in self.rows().values() if wanted(row)])[0]

    def wait_end(self, seconds=10):
        return wait.until("end of the stream", seconds, lambda: self.ended)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the PBX was first
        self.connection.close()


# Chromium

OPTIONS = ("headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
           "disable-component-update", "disable-sync", "no-proxy-server", "disable-dev-shm-usage", "force-color-profile=srgb")


def chromium():
    """A browser of its own, with an empty profile. Quit it, or use it as a context manager."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    profile = tempfile.TemporaryDirectory(prefix="zrtp-chromium-")
    for option in (*OPTIONS, f"user-data-dir={profile.name}"):
        options.add_argument("--" + option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver", env={"PATH": os.environ["PATH"], "HOME": profile.name}),
                              options=options)
    driver.profile = profile  # lives as long
    driver.set_script_timeout(120)  # axe-core works long on a busy machine
    return driver


# The row of the leg whose channel's name has a text, if it is seen. (A row has no box, its cells have.)
ROW = """return [...document.querySelectorAll('#calls tbody tr')].find((row) => row.cells[0].checkVisibility() && row.innerText.includes(arguments[0]));"""


class Page:
    """The page in a browser, as a person uses it. Use as a context manager."""

    def __init__(self, user=None, secret=None, dark=False, size=(1280, 900)):
        self.driver = chromium()
        self.view(dark, size)
        self.driver.get(f"http://{IP}:{HTTP_PORT}{BASE}")
        if user:
            self.login(user, secret or user)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def view(self, dark=False, size=(1280, 900)):
        """In this light, on a screen of this size."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def choose(self, selector, value):
        """Choose in a list."""
        Select(self.one(selector)).select_by_value(value)

    def find(self, selector):
        """The elements that are seen."""
        def probe():
            try:
                return [[one for one in self.driver.find_elements("css selector", selector) if one.is_displayed()]]
            except StaleElementReferenceException:  # the page has put another one in its place meanwhile
                return None
        return wait.until(f"{selector} stays for a moment", 10, probe, 0)[0]

    def one(self, selector, seconds=10):
        return wait.until(f"{selector} on the page", seconds, lambda: self.find(selector))[0]

    def text(self, selector="body"):
        return self.js("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def until(self, text, selector="body", seconds=10):
        """Wait until an element has a text."""
        return wait.until(f"{text!r} in {selector}; it has {self.text(selector)[:300]!r}", seconds,
                          lambda: text in self.text(selector))

    def fill_login(self, user, secret):
        self.one("#name").send_keys(user)
        self.driver.find_element("css selector", "#secret").send_keys(secret)

    def login(self, user, secret):
        self.fill_login(user, secret)
        self.one("#login button").click()
        self.one("#live")
        self.until("Live", "#connection")

    def press(self, selector):
        """Click the first of those that are seen, whichever that is: the page may put another one in its place meanwhile."""
        def probe():
            try:
                self.one(selector).click()
            except StaleElementReferenceException:
                return False
            return True
        wait.until(f"click on {selector}", 10, probe)

    def row(self, name, seconds=10):
        """The row of the leg whose channel's name has a text."""
        return wait.until(f"row of {name}", seconds, lambda: self.js(ROW, name))

    def row_text(self, name):
        """What stands in the row of that leg; "" if there is none."""
        return self.js(f"return (function() {{ {ROW} }})(...arguments)?.innerText ?? ''", name)

    def button(self, name, word):
        """The button of a leg with this label."""
        return wait.until(f"{word} of {name}", 10, lambda: self.js(f"""
            const row = (function() {{ {ROW} }})(...arguments);
            return row && [...row.querySelectorAll('button')].find((one) => one.checkVisibility() && one.innerText === arguments[1]);
            """, name, word))

    def answer(self, yes):
        """Answer the question of the dialog."""
        self.one("#ask-yes" if yes else "#ask-no").click()
        wait.until("end of the dialog", 5, lambda: not self.find("#ask"))

    def faults(self):
        """What the browser itself complains of: of scripts, of what the policy forbids."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def shot(self, path):
        self.driver.save_screenshot(path)
