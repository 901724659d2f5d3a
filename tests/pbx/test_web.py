# SPDX-License-Identifier: GPL-2.0-only
"""What the web page answers, and to whom, without a browser: an attacker's requests have none."""
import contextlib
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import asterisk
import wait
import webpage
from harness import case, equal
from webpage import CONF, Client, certificate, served

POLICY = ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'")
FILES = ("/index.html", "/page.js", "/table.js", "/words.js", "/page.css", "/icon.svg")


def refused(what, found, *statuses):
    if found not in statuses:
        raise AssertionError(f"{what}: {found}, expected one of {statuses}")


@case("web page: off without zrtp_web.conf, with enabled = no and with an error; a reload turns it on, and off with its "
      "streams", kind="16 own")
@case("web page: off without zrtp_web.conf, with enabled = no and with an error; a reload turns it on, and off with its "
      "streams", kind="22 own")
def off(bench):
    with served(bench, conf=None) as lab:
        client = Client()
        for text in (None, "[general]\nenabled = no\n", "[general]\nenabled = maybe\n", CONF + "hosts = a/b\n", CONF + "host = x\n",
                     CONF + "session_minutes = 0\n", CONF + "[more]\n"):
            if text:
                lab.pbx.write("zrtp_web.conf", text)
                lab.pbx.cli("module reload res_zrtp_web.so")
            equal(f"status with {text!r}", client.get("/index.html")[0], 404)
        lab.pbx.write("zrtp_web.conf", CONF)
        lab.pbx.cli("module reload res_zrtp_web.so")
        equal("status when it is on", client.get("/index.html")[0], 200)
        equal("login", client.login("tester", "tester"), 200)
        with client.events() as events:
            lab.pbx.write("zrtp_web.conf", "")
            lab.pbx.cli("module reload res_zrtp_web.so")
            events.wait_end()
        equal("status when it is off again", client.get("/index.html")[0], 404)
        lab.pbx.write("zrtp_web.conf", CONF)
        lab.pbx.cli("module reload res_zrtp_web.so")
        equal("a session of before", client.get("/enrollments")[0], 401)


@case("web page: unloaded while pages are open, its streams end; res_zrtp stays as long as it needs it", kind="16 own")
@case("web page: unloaded while pages are open, its streams end; res_zrtp stays as long as it needs it", kind="22 own")
def unloaded(bench):
    with served(bench) as lab:
        for _ in range(3):
            client = Client()
            equal("login", client.login("tester", "tester"), 200)
            with client.events() as one, client.events() as two:
                wait.until("a first table", 5, lambda: one.seen and two.seen)
                lab.pbx.cli("module unload res_zrtp.so")
                equal("res_zrtp runs", "1 modules loaded" in lab.pbx.cli("module show like res_zrtp.so"), True)
                lab.pbx.cli("module unload res_zrtp_web.so")
                one.wait_end()
                two.wait_end()
            equal("status without the module", client.get("/index.html")[0], 404)
            lab.pbx.cli("module load res_zrtp_web.so")
            equal("status with it", client.get("/index.html")[0], 200)


@case("web page: a request that comes octet by octet holds up no reload", kind="16 own")
@case("web page: a request that comes octet by octet holds up no reload", kind="22 own")
def slow(bench):
    with served(bench) as lab, socket.create_connection((webpage.IP, webpage.HTTP_PORT)) as one:
        host = Client().host
        one.sendall(f"POST {webpage.BASE}/login HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
                    "Content-Type: application/json\r\nContent-Length: 4000\r\n\r\n".encode())
        client = Client()
        equal("login", client.login("tester", "tester"), 200)
        with client.events() as events:
            wait.until("a table", 5, lambda: events.seen)
            threading.Thread(target=drip, args=(one,), daemon=True).start()
            begin = time.monotonic()
            lab.pbx.write("zrtp_web.conf", "")
            lab.pbx.cli("module reload res_zrtp_web.so")
            equal("off within 15 seconds", time.monotonic() - begin < 15, True)
            events.wait_end()


def drip(connection):
    """An octet of a body now and then, for as long as the other side takes it."""
    try:
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.5)
    except OSError:
        pass  # let go


@case("web page: an alert comes whatever the texts of its channel are; a reload has open pages ask again", kind="16 own")
@case("web page: an alert comes whatever the texts of its channel are; a reload has open pages ask again", kind="22 own")
def hostile(bench):
    with served(bench) as lab, lab.zrtp_phone("alice") as phone, asterisk.Events(lab.pbx) as ami:
        phone.call("announce", lab.sip_port)
        phone.secure()
        client = Client()
        client.login("tester", "tester")
        with client.events() as events:
            name = events.wait_row("secure", lambda row: row.get("zrtp", {}).get("SAS"))["name"]
            for variable in ("CALLERID(name)", "CHANNEL(accountcode)"):
                ami.socket.sendall(f"Action: Setvar\r\nChannel: {name}\r\nVariable: {variable}\r\nValue: ".encode() + b"caf\xe9\r\n\r\n")
            ami.send("ZrtpVerify", Channel=name)
            ami.send("ZrtpUnverify", Channel=name)
            found = wait.until("alert", 5, lambda: [data for kind, data in events.seen if kind == "alert"])[0]
            equal("alert", (found["type"], found["channel"], bool(found["time"])), ("ZrtpVerified", name, True))
            lab.pbx.cli("module reload res_zrtp_web.so")
            events.wait_end()
        with client.events() as events:
            equal("a page after it", events.status, 200)
            events.wait_row("the call", lambda row: row["name"] == name)


@case("web page: each answer has the strict headers; no session, no data; only listed names", kind="22 own")
def headers(bench):
    with served(bench, conf=CONF + "hosts = pbx.example.com\n") as lab:
        client = Client()
        status, head, _ = client.get("")
        equal("the short address", (status, head["Location"]), (302, "/asterisk/zrtp/index.html"))
        for path in (*FILES, "/session", "/events", "/nothing", "/../manager.conf", "/page.c", "/enrollments"):
            status, head, text = client.get(path)
            for part in POLICY:
                equal(f"{part} of {path}", part in head.get("Content-Security-Policy", ""), True)
            equal(f"headers of {path}", (head["X-Content-Type-Options"], head["X-Frame-Options"], head["Referrer-Policy"],
                                         "no-store" in head["Cache-Control"]), ("nosniff", "DENY", "no-referrer", True))
            wanted = 200 if path in (*FILES, "/session") else 401 if path in ("/events", "/enrollments") else 404
            equal(f"status of {path}", status, wanted)
            equal(f"{path} asks for nothing elsewhere", "http://" in text.replace("http://www.w3.org/", "") or "//cdn" in text, False)
        equal("session without login", json.loads(client.get("/session")[2]), {})
        for method in ("PUT", "DELETE", "POST"):
            equal(f"{method} of a file", client.request(method, "/index.html", "{}")[0], 405)
        for host in ("evil.example", "pbx.example.com.evil.example", "", None, "127.0.0.1.evil.example", [client.host, "evil"]):
            equal(f"Host: {host}", client.get("/index.html", Host=host)[0], 421)
        for host in ("pbx.example.com", "PBX.example.com:25040", "localhost:25040", "[::1]:25040"):
            equal(f"Host: {host}", client.get("/index.html", Host=host)[0], 200)
        lab.pbx.cli("core show channels")


@case("web page: a login takes the right secret, from where the user may come, with read = call, from the page itself",
      kind="16 own")
@case("web page: a login takes the right secret, from where the user may come, with read = call, from the page itself",
      kind="22 own")
def login(bench):
    with served(bench, modules=["res_security_log"]) as lab:
        client = Client()
        equal("wrong secret", client.login("clerk", "clerk"), 401)
        equal("no such user", client.login("nobody", ""), 401)
        equal("general is no user", client.login("general", ""), 401)
        equal("without secret", client.login("open", ""), 401)
        equal("without read = call", client.login("deaf", "deaf"), 401)
        equal("not from here", client.login("distant", "distant"), 401)
        equal("a name that would forge a line", client.login("x\r\n[x] NOTICE forged", "x"), 401)
        equal("from another page", client.login("clerk", "clerk's secret", Origin="http://evil.example"), 403)
        equal("from no page", client.login("clerk", "clerk's secret", Origin=None), 403)
        equal("from a form", client.login("clerk", "clerk's secret", Content_Type="application/x-www-form-urlencoded"), 400)
        equal("of another site", client.login("clerk", "clerk's secret", Sec_Fetch_Site="cross-site"), 403)
        for body in ("", "{", "[]", "7", '{"user": 7, "secret": ["tester"]}', '{"user": "clerk"}', "x" * 30000):
            refused(f"body {body[:20]}", client.post("/login", body)[0], 400, 401)
        log = lab.pbx.log()
        equal("a forged line", "\n[x] NOTICE forged" in log, False)
        for why in ("wrong secret", "there is no such user", "permit, deny or acl", "has not read = call"):
            equal(f"log has {why}", why in log, True)
    with served(bench) as lab:  # too many refusals are counted from here
        client = Client()
        for _ in range(12):
            equal("the right secret", client.login("watcher", "watcher"), 200)
        with ThreadPoolExecutor(30) as pool:  # also if they come at once
            answers = list(pool.map(lambda _: Client().login("clerk", "guess"), range(30)))
        equal("guesses", (answers.count(401), answers.count(429)), (10, 20))
        equal("the right secret after ten guesses", client.login("clerk", "clerk's secret"), 429)


@case("web page: the session is made by the login alone, and ends by logging out, as the user is changed, or in time", kind="22 own")
def sessions(bench):
    with served(bench) as lab:
        # Fixation: what a browser was given before is not what it has afterwards.
        planted = "zrtp_web=" + "ab" * 32
        client = Client()
        client.cookie = planted
        status, head, text = client.post("/login", {"user": "clerk", "secret": "clerk's secret"})
        equal("login", status, 200)
        equal("another cookie", planted in head["Set-Cookie"], False)
        for part in ("HttpOnly", "SameSite=Strict", "Path=/asterisk/zrtp", "Max-Age="):
            equal(f"cookie has {part}", part in head["Set-Cookie"], True)
        equal("the cookie is not in the answer", head["Set-Cookie"].split("=")[1].split(";")[0] in text, False)
        equal("the planted one", json.loads(client.get("/session")[2]), {})
        client.login("clerk", "clerk's secret")
        equal("two of the name are none", json.loads(client.get("/session", Cookie=f"{planted}; {client.cookie}")[2]), {})
        equal("AMI's own cookie is none", json.loads(client.get("/session", Cookie='mansession_id="12345678"')[2]), {})
        with client.events() as events:
            wait.until("a table", 5, lambda: events.seen)
            equal("log out without token", client.post("/logout", {}, X_Zrtp_Token="")[0], 403)
            equal("log out", client.post("/logout", {})[0], 200)
            events.wait_end()
            equal("bye", events.seen[-1][0], "bye")
        equal("after it", client.get("/events")[0], 401)
        client.login("clerk", "clerk's secret")
        with client.events() as events:
            wait.until("a table", 5, lambda: events.seen)
            lab.pbx.write("manager.conf", webpage.MANAGER_CONF.replace("clerk's secret", "another secret"))
            events.wait_end()
        equal("with another secret", client.get("/events")[0], 401)
        lab.pbx.write("manager.conf", webpage.MANAGER_CONF.replace("[clerk]", "[clerk]\ndeny=0.0.0.0/0"))
        equal("not from here any more", client.login("clerk", "clerk's secret"), 401)
        lab.pbx.write("manager.conf", webpage.MANAGER_CONF + "[clerk]\nsecret = other\n")
        equal("defined twice", client.login("clerk", "clerk's secret"), 401)
        lab.pbx.write("acl.conf", "[office]\npermit = 0.0.0.0/0\n")
        lab.pbx.write("manager.conf", webpage.MANAGER_CONF.replace("[clerk]", "[clerk]\nacl = office"))
        lab.pbx.cli("module reload acl")
        equal("by a named acl", wait.until("login", 5, lambda: client.login("clerk", "clerk's secret") == 200), True)
        lab.pbx.write("acl.conf", "[office]\ndeny = 0.0.0.0/0\n")
        lab.pbx.cli("module reload acl")
        wait.until("no session any more", 5, lambda: json.loads(client.get("/session")[2]) == {})
        lab.pbx.write("manager.conf", webpage.MANAGER_CONF)
        # The ninth of a user ends the first.
        many = [Client() for _ in range(9)]
        equal("logins", {one.login("watcher", "watcher") for one in many}, {200})
        equal("the first", json.loads(many[0].get("/session")[2]), {})
        equal("the last", json.loads(many[8].get("/session")[2])["user"], "watcher")


@case("web page: verify, unverify and revoke take right, token and the SAS that was seen", kind="16 own")
@case("web page: verify, unverify and revoke take right, token and the SAS that was seen", kind="22 own")
def changes(bench):
    with served(bench) as lab, lab.zrtp_phone("alice") as phone, asterisk.Events(lab.pbx) as ami:
        phone.call("announce", lab.sip_port)
        sas = phone.secure()
        clerk, watcher = Client(), Client()
        equal("logins", (clerk.login("clerk", "clerk's secret"), watcher.login("watcher", "watcher")), (200, 200))
        with clerk.events() as events:
            row = events.wait_row("secure", lambda row: row.get("zrtp", {}).get("SAS") == sas)
            body = {"channel": row["id"], "sas": sas}
            equal("a user without write = call", watcher.post("/verify", body)[0], 403)
            for name in ("verify", "unverify"):
                equal(f"{name} without token", clerk.post(f"/{name}", body, X_Zrtp_Token=None)[0], 403)
                equal(f"{name} with another's token", clerk.post(f"/{name}", body, X_Zrtp_Token=watcher.token)[0], 403)
                equal(f"{name} from another page", clerk.post(f"/{name}", body, Origin="http://127.0.0.1")[0], 403)
                equal(f"{name} by GET", clerk.get(f"/{name}")[0], 404)
                equal(f"{name} of another SAS", clerk.post(f"/{name}", {**body, "sas": "xxxx"})[0], 409)
                equal(f"{name} without SAS", clerk.post(f"/{name}", {"channel": row["id"]})[0], 409)
                equal(f"{name} of no channel", clerk.post(f"/{name}", {"sas": sas})[0], 404)
            equal("revoke without write = system", clerk.post("/revoke", {"zid": "0" * 24})[0], 403)
            equal("list without write = system", clerk.get("/enrollments")[0], 403)
            equal("events of all that", ami.all("ZrtpVerified"), [])
            equal("verify", clerk.post("/verify", body)[0], 200)
            ami.wait("ZrtpVerified", Verified="yes", By="operator")
            events.wait_row("verified", lambda row: row["zrtp"]["Verified"] == "yes")
            equal("unverify", clerk.post("/unverify", body)[0], 200)
            ami.wait("ZrtpVerified", Verified="no")
            wait.until("alert", 5, lambda: any(name == "alert" and data["type"] == "ZrtpVerified" for name, data in events.seen))
            phone.hang_up()
            wait.until("an empty table", 5, lambda: not events.rows())
            equal("verify after the call", clerk.post("/verify", body)[0], 404)
        tester = Client()
        tester.login("tester", "tester")
        equal("revoke what is not enrolled", tester.post("/revoke", {"zid": "0" * 24})[0], 409)
        equal("log names the user", "manager user clerk verified the SAS" in lab.pbx.log(), True)


@case("web page: by TLS the cookie is Secure; other machines get nothing in clear, unless require_tls = no", kind="22 own")
def tls(bench):
    lab = served(bench)
    certificate(lab.pbx)
    with lab:
        safe, near, far = Client(tls=True), Client(), Client(ip="192.0.2.1")
        status, head, _ = safe.post("/login", {"user": "watcher", "secret": "watcher"})
        equal("by TLS", (status, "; Secure" in head["Set-Cookie"]), (200, True))
        equal("by TLS, from a page in clear", safe.login("watcher", "watcher", Origin=f"http://{safe.host}"), 403)
        equal("from this machine", near.login("watcher", "watcher"), 200)
        safe.login("watcher", "watcher")
        with safe.events() as events:
            wait.until("a table by TLS", 5, lambda: events.seen)
            time.sleep(5)
            wait.until("a beat", 8, lambda: any(name == "beat" for name, _ in events.seen))
        status, head, _ = near.post("/login", {"user": "watcher", "secret": "watcher"}, Origin=f"https://{near.host}")
        equal("by a proxy with TLS", (status, "; Secure" in head["Set-Cookie"]), (200, True))
        equal("from another machine", far.get("/index.html")[0], 403)
        equal("login from another machine", far.login("watcher", "watcher"), 403)
        lab.pbx.write("zrtp_web.conf", CONF + "require_tls = no\n")
        lab.pbx.cli("module reload res_zrtp_web.so")
        equal("with require_tls = no", far.login("watcher", "watcher"), 200)


@case("web page: 32 streams and no more; one that takes nothing is let go, and the others do not wait for it", kind="22 own")
def bounded(bench):
    with small_sockets(), served(bench) as lab, lab.zrtp_phone("alice") as phone, asterisk.Events(lab.pbx) as ami:
        client = Client()
        client.login("watcher", "watcher")
        deaf = takes_nothing(client)
        streams = [client.events() for _ in range(31)]
        equal("streams", {one.status for one in streams}, {200})
        equal("one more", client.get("/events")[0], 503)
        begin = time.monotonic()
        phone.call("announce", lab.sip_port)
        sas = phone.secure()
        for one in streams:
            name = one.wait_row("secure", lambda row: row.get("zrtp", {}).get("SAS") == sas, 3)["name"]
        equal("all within ten seconds", time.monotonic() - begin < 10, True)
        for number in range(60):  # more than the sockets take for it
            ami.send("Setvar", Channel=name, Variable="CALLERID(name)", Value=f"{number} " + "x" * 150)
            time.sleep(0.05)
        for one in streams:
            one.wait_row("the last name", lambda row: row["callerName"].startswith("59 "), 2)
        wait.until("the deaf one is let go", 15, lambda: stream_opens(client))
        equal("the others go on", [one.ended for one in streams], [False] * 31)
        deaf.close()
        for one in streams:
            one.close()
        wait.until("room for another one", 10, lambda: stream_opens(client))


@contextlib.contextmanager
def small_sockets():
    """Connections in this network have room for little that is not taken."""
    path = "/proc/sys/net/ipv4/tcp_wmem"
    with open(path) as file:
        before = file.read()
    try:
        with open(path, "w") as file:
            file.write("4096 4096 4096")
        yield
    finally:
        with open(path, "w") as file:
            file.write(before)


def takes_nothing(client):
    """A page that is open and never read."""
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    deaf.connect((webpage.IP, webpage.HTTP_PORT))
    deaf.sendall(f"GET {webpage.BASE}/events HTTP/1.1\r\nHost: {client.host}\r\nCookie: {client.cookie}\r\n\r\n".encode())
    deaf.recv(1)  # it is open
    return deaf


def stream_opens(client):
    with client.events() as events:
        return events.status == 200


@case("web page: sessions whose time is over leave their places to others", kind="22 own attack")
def expired(bench):
    users = "".join(f"[user{n}]\nsecret = s\nread = call\n" for n in range(9))
    with served(bench, conf=CONF + "session_minutes = 1\n", files={"manager.conf": webpage.MANAGER_CONF + users}):
        for n in range(8):
            equal("eight logins", {Client().login(f"user{n}", "s") for _ in range(8)}, {200})
        equal("one more than there are places", Client().login("user8", "s"), 503)
        time.sleep(61)
        equal("when the others are over", Client().login("user8", "s"), 200)
