# SPDX-License-Identifier: GPL-2.0-only
"""The laboratory: one PBX with its endpoints, policies and extensions, and the phones for it.

Ports, all on 127.0.0.1: PBX SIP 25060 to 25063 and AMI 25064, 25065; relay 25066, 25067; TLS 25068, 25069;
phones SIP 25070 and up, RTP 26000 and up by tens; PBX RTP 28000 to 28999.
"""
import os
import socket

import tone
from asterisk import Asterisk
from baresip import Baresip
from linphone import Linphone
from plainphone import PlainPhone
from proxy import Proxy
from zrtpphone import ZrtpPhone

PBX_HZ, PHONE_HZ, MUSIC_HZ = 880, 440, 620
PHONES = "trixie"  # the root with a baresip
PBX_PORT, CHAN_SIP_PORT, AMI_PORT, PROXY_PORT, PROXY_RTP = 25060, 25062, 25064, 25066, 27900
TLS_PORT, TLS_RELAY_PORT = 25068, 25069

# Policy sections of zrtp.conf. Each of the first five leaves one choice only where it matters,
# so that the outcome does not depend on who initiates.
POLICIES = {
    "dh3k": "key_agreement = DH3k\nhash = S256\ncipher = AES1\nauth_tag = HS80\nsas = letters\n",
    "x255": "key_agreement = X255\n",
    "s384": "hash = S384\ncipher = AES3\nauth_tag = HS80\n",
    "hs32": "auth_tag = HS32\n",
    "b256": "sas = words\n",
    "quiet": "initiate = no\n",
    "strict": "require = yes\n",
    "keypad": "keypad_sas = *71\nkeypad_verify = *72\nkeypad_unverify = *73\nkeypad_clear = *74\n"
              "keypad_secure = *75\nallow_clear = yes\n",
    "confirm": "allow_clear = confirm\n",
    "byinfo": "keypad_sas = *71\nkeypad_verify = *72\nkeypad_unverify = *73\nkeypad_clear = *74\n"
              "keypad_secure = *75\nallow_clear = yes\nkeypad_info = yes\n",
    "through": "mode = passthrough\n",
    "sealed": "mode = passthrough\nrequire = yes\n",
    "auto": "mode = auto\n",
    "joinorend": "mode = passthrough\non_no_passthrough = hangup\n",
    "joinorpbx": "mode = passthrough\non_no_passthrough = endpoint\n",
    "stock": "mode = off\n",
    "soon": "mode = passthrough\nearly = yes\n",
    "soonauto": "mode = auto\nearly = yes\n",
    "lenient": "on_stripped = clear\non_refused = silence\n",
    "both": "require = yes\nrequire_partner = yes\n",
    "listed": "auth_tag = HS80\nonly_listed = yes\n",
    "gcm": "auth_tag = GCM\n",
    "dialled": "label_header = X-Dialled\n",
    "tones": "play_secure = tone\nplay_clear = tone\nplay_change = tone\nallow_clear = yes\n",
    "spoken": "play_secure = prompt\nplay_clear = prompt\nallow_clear = yes\n",
    "mute": "play_secure = prompt\nplay_clear = prompt\nrequire = yes\non_refused = silence\n",
    "display": "display_sas = yes\nallow_clear = yes\n",
}
# The same five for a PBX that leaves the Commit to the phone.
WAITING = {name: f"{name}quiet" for name in tuple(POLICIES)[:5]}
POLICIES.update({quiet: f"{POLICIES[name]}initiate = no\n" for name, quiet in WAITING.items()})

# Endpoints: name -> RTP engine. The position in this table gives a phone its ports.
ENDPOINTS = {
    "alice": "zrtp", "bob": "zrtp", "carol": "zrtp", "dave": "zrtp", "plain": "zrtp",
    "relayed": "zrtp", **{name: f"zrtp/{name}" for name in POLICIES},
    "direct1": "zrtp", "direct2": "zrtp",
    "through2": "zrtp/through", "sealed2": "zrtp/sealed", "auto2": "zrtp/auto", "stock2": "zrtp/stock",
    "joinorend2": "zrtp/joinorend", "joinorpbx2": "zrtp/joinorpbx",
    "soon2": "zrtp/soon", "soon3": "zrtp/soon", "soonauto2": "zrtp/soonauto",
}
DIRECT = ("direct1", "direct2", "past1", "past2")  # they would talk past the PBX, if it let them

# Endpoints with something besides ZRTP: more lines of pjsip.conf, and the RTP engine.
DTLS = "media_encryption = dtls\ndtls_auto_generate_cert = yes\ndtls_setup = actpass\n"
BESIDES = {
    "sdes": ("zrtp", "media_encryption = sdes\n"),
    "strictsdes": ("zrtp/strict", "media_encryption = sdes\n"),
    "either": ("zrtp", "media_encryption = sdes\nmedia_encryption_optimistic = yes\n"),
    "dtls": ("zrtp", DTLS),
    "strictdtls": ("zrtp/strict", DTLS),
    "ice": ("zrtp", "ice_support = yes\nrtcp_mux = yes\n"),
    "icethrough": ("zrtp/through", "ice_support = yes\nrtcp_mux = yes\n"),
    "mux": ("zrtp", "rtcp_mux = yes\n"),
    "muxthrough": ("zrtp/through", "rtcp_mux = yes\n"),
    "bundle": ("zrtp", "bundle = yes\nmax_video_streams = 1\nallow = vp8\n"),
    "screen1": ("zrtp", "allow = h264\n"), "screen2": ("zrtp", "allow = h264\n"),
    "trunk": ("zrtp", "from_user = trunk\n"),  # another PBX
    "strictfax": ("zrtp/strict", "t38_udptl = yes\n"),
    "fax": ("zrtp", "t38_udptl = yes\n"),
    "past1": ("zrtp/through", ""), "past2": ("zrtp/through", ""),
    "nat": ("zrtp", "rtp_symmetric = yes\nforce_rport = yes\n"),
    "natthrough": ("zrtp/through", "rtp_symmetric = yes\nforce_rport = yes\n"),
    "film": ("zrtp", "allow = vp8\nmax_video_streams = 1\n"),
    "six": ("zrtp", ""), "sixthrough": ("zrtp/through", ""),
    **{f"{name}{number}": (f"zrtp/{policy}", "allow = h264\n")
       for name, policy in (("view", "through"), ("autoview", "auto"), ("sealview", "sealed"), ("soonview", "soon"))
       for number in (1, 2)},
    "auto3": ("zrtp/auto", ""),
    "kept1": ("zrtp/through", "rtp_keepalive = 1\n"), "kept2": ("zrtp/through", "rtp_keepalive = 1\n"),
    "kept": ("zrtp", "rtp_keepalive = 1\n"),
}
BESIDES.update({"member": ("zrtp", "auth = member\noutbound_auth = member\n"),
                "pictures": ("zrtp", "allow = h264\n"),
                "anonymous": ("zrtp", ""),  # any caller that is no other endpoint
                "clearfilm": ("zrtp/keypad", "allow = h264\n"),
                **{f"{name}{number}": (engine, "disallow = all\nallow = opus,ulaw\n")
                   for name, engine in (("opus", "zrtp/through"), ("autoopus", "zrtp/auto"), ("ownopus", "zrtp"))
                   for number in (1, 2)}})
# What is heard and shown of a call's encryption. The desks are ordinary phones, which show what the PBX sends.
DESK = "send_pai = yes\nconnected_line_method = update\n"
BESIDES.update({"spoken": ("zrtp/spoken", "language = de\n"), "french": ("zrtp/spoken", "language = fr\n"),
                "display": ("zrtp/display", "callerid = Alice <100>\n"),
                "display2": ("zrtp/display", "callerid = Dora <102>\n"),
                "faker": ("zrtp/display", "callerid = SAS ixmb encrypted <101>\n"),
                "withheld": ("zrtp", "callerid = Bob <103>\ncallerid_privacy = prohib\n"),
                "desk": ("zrtp/stock", DESK), "desk2": ("zrtp", DESK)})
# Timers of SIP and RTP, and what browsers have.
TIMED = "timers = always\ntimers_sess_expires = 90\n"
BESIDES.update({"web": ("zrtp", "webrtc = yes\n"), "timed": ("zrtp", TIMED), "timed2": ("zrtp", TIMED),
                "keptstrict": ("zrtp/strict", "rtp_keepalive = 1\n"),
                "autolong": ("zrtp/auto", "disallow = all\nallow = ulaw:40\n"),  # packets of another length
                **{f"timedthrough{n}": ("zrtp/through", TIMED) for n in (1, 2)},
                **{f"lapse{policy}{n}": (f"zrtp/{policy}", "rtp_timeout = 8\n")
                   for policy in ("through", "stock") for n in (1, 2)}})
ENDPOINTS.update((name, engine) for name, (engine, _) in BESIDES.items())
SIX, IP6 = ("six", "sixthrough"), "::1"

TRANSPORT = """\
[system]
type = system
timer_t1 = 100
timer_b = 6400
[udp]
type = transport
protocol = udp
bind = 127.0.0.1:{port}
"""
TRANSPORT6 = """\
[udp6]
type = transport
protocol = udp
bind = [::1]:{port}
"""

ENDPOINT = """\
[{name}]
type = endpoint
transport = {transport}
context = phones
disallow = all
allow = ulaw
rtp_engine = {engine}
direct_media = {direct}
{besides}aors = {name}
set_var = WHO={name}
[{name}]
type = aor
contact = sip:{name}@{ip}:{port}
"""

# The one phone that registers, with a password. It gets its ports like the others.
MEMBER = ENDPOINT.split("[{name}]\ntype = aor")[0] + """\
[{name}]
type = aor
max_contacts = 1
remove_existing = yes
[{name}]
type = auth
username = {name}
password = {name}'s password
"""

EXTENSIONS = """\
[phones]
exten => announce,1,Answer()
 same => n(again),Playback({home}/sounds/announcement)
 same => n,Goto(again)
exten => record,1,Answer()
 same => n,MixMonitor({home}/sounds/mix.wav,r({home}/sounds/heard-${{WHO}}.wav))
 same => n,Goto(announce,again)
exten => early,1,Progress()
 same => n,Wait(0.5)
 same => n,Goto(silent,1)
exten => prompt,1,Progress()
 same => n(again),Playback({home}/sounds/announcement,noanswer)
 same => n,Goto(again)
exten => queue,1,Answer()
 same => n,Queue(desk)
exten => fork,1,Dial({technology}/bob&{technology}/carol&{technology}/dave,20)
exten => _hear-.,1,Dial({technology}/${{EXTEN:5}},20,tT)
exten => brief,1,Dial({technology}/bob,1)
exten => echo,1,Answer()
 same => n,Echo()
exten => silent,1,Answer()
 same => n,Wait(600)
exten => digits,1,Answer()
 same => n,Read(FIRST,,10,,,8)
 same => n,Verbose(0,zrtpcall read ${{FIRST}})
 same => n,Read(SECOND,,10,,,8)
 same => n,Verbose(0,zrtpcall read ${{SECOND}})
 same => n,SendDTMF(95)
 same => n,Wait(600)
exten => told,1,Answer()
 same => n(again),Wait(1)
 same => n,Verbose(0,items ${{ZRTP(Enrolled)}} ${{ZRTP(Partner)}} ${{ZRTP(PeerMiTM)}} ${{ZRTP(SAS)}} ${{ZRTP(NoSuchItem)}})
 same => n,Verbose(0,peer ${{ZRTP(PeerName)}})
 same => n,Goto(again)
exten => conference,1,Answer()
 same => n,ConfBridge(lab)
exten => say,1,Answer()
 same => n,Wait(2)
 same => n,SayZRTPSAS()
 same => n,Wait(600)
exten => say-twice,1,Answer()
 same => n,Set(CHANNEL(language)=${{SAY_LANGUAGE}})
 same => n(again),Wait(0.1)
 same => n,GotoIf($["${{ZRTP(Outcome)}}" != "secure"]?again)
 same => n,SayZRTPSAS()
 same => n,SayZRTPSAS()
 same => n,Wait(600)
exten => _feature-.,1,Dial({technology}/${{EXTEN:8}},20,hH)
exten => enroll,1,Enroll_zrtp()
 same => n(next),Verbose(0,enrollment goes on after ${{ENROLLSTATUS}})
 same => n,Hangup()
exten => enroll-letter,1,Enroll_zrtp(cx)
 same => n,Goto(enroll,next)
exten => enroll-number,1,Enroll_zrtp(r(99))
 same => n,Goto(enroll,next)
exten => enroll-argument,1,Enroll_zrtp(t)
 same => n,Goto(enroll,next)
exten => enroll-more,1,Enroll_zrtp(c(1))
 same => n,Goto(enroll,next)
exten => enroll-trust,1,Enroll_zrtp(cqh)
exten => enroll-patient,1,Enroll_zrtp(r(1)t(5))
 same => n,Goto(enroll,next)
exten => enroll-late,1,Answer()
 same => n,Wait(3)
 same => n,Enroll_zrtp(h)
exten => sent-on,1,Answer()
 same => n,Transfer({technology}/sip:call-carol@127.0.0.1:{port})
 same => n,Wait(600)
exten => spy,1,Answer()
 same => n,ChanSpy({technology}/bob,qs)
exten => spy-auto,1,ChanSpy({technology}/auto,qs)
exten => takes,1,Answer()
 same => n,Wait(1)
 same => n,Record({home}/sounds/taken.wav,0,6)
exten => mailbox,1,Answer()
 same => n,VoiceMail(1@default,s)
exten => socket,1,Answer()
 same => n,AudioSocket(40325ec2-5efd-4bd3-805f-53576e581d13,127.0.0.1:27950)
exten => outside,1,Dial(UnicastRTP/127.0.0.1:27950/c(ulaw),20)
exten => louder,1,Answer()
 same => n,Set(VOLUME(TX)=2)
 same => n,Wait(600)
exten => stasis,1,Answer()
 same => n,Stasis(lab)
exten => _traced-.,1,Set(FRAME_TRACE(white)=TEXT)
 same => n,Dial({technology}/${{EXTEN:7}},20)
exten => _beside-.,1,Dial(Local/call-${{EXTEN:7}}@phones/n,20)
exten => pickup,1,PickupChan({technology}/bob,p)
exten => _pickup-.,1,PickupChan({technology}/${{EXTEN:7}},p)
exten => _slowly-.,1,SlowMasquerade(${{EXTEN:7}})
 same => n,PickupChan({technology}/bob,p)
exten => park,1,Park()
exten => parked,1,ParkedCall(default,701)
exten => _over-.,1,Dial({technology}/${{EXTEN:5}}@trunk,20)
exten => _tape-.,1,MixMonitor({home}/sounds/taped.wav)
 same => n,Dial({technology}/${{EXTEN:5}},20)
exten => _limit-.,1,Set(LIMIT_PLAYAUDIO_CALLER=yes)
 same => n,Set(LIMIT_WARNING_FILE={home}/sounds/announcement)
 same => n,Dial({technology}/${{EXTEN:6}},20,L(60000:58000:8000))
exten => _stop-.,1,Set(LIMIT_PLAYAUDIO_CALLER=yes)
 same => n,Set(LIMIT_TIMEOUT_FILE={home}/sounds/announcement)
 same => n,Dial({technology}/${{EXTEN:5}},20,L(30000))
exten => _absolute-.,1,Set(TIMEOUT(absolute)=25)
 same => n,Dial({technology}/${{EXTEN:9}},20)
exten => _lasts-.,1,Dial({technology}/${{EXTEN:6}},20,S(25))
exten => _beeps-.,1,Set(HOOK=${{PERIODIC_HOOK(phones,beep,3)}})
 same => n,Dial({technology}/${{EXTEN:6}},20)
exten => beep,1,Answer()
 same => n,Playback({home}/sounds/announcement)
exten => _short-.,1,Dial({technology}/${{EXTEN:6}},20,L(60000))
exten => _keys-.,1,Dial({technology}/${{EXTEN:5}},20,tT)
exten => _try-.,1,Dial({technology}/${{EXTEN:4}},20)
 same => n,Goto(announce,1)
exten => _after-.,1,Dial({technology}/${{EXTEN:6}},20,g)
 same => n,Goto(announce,1)
exten => _music-.,1,Dial({technology}/${{EXTEN:6}},20,m)
exten => _both-.,1,Dial({technology}/${{EXTEN:5}}2&{technology}/${{EXTEN:5}}3,20)
exten => _call-.,1,Dial({technology}/${{EXTEN:5}},20)
exten => recorded,1,Goto(records,s,1)
exten => _strict-.,1,Dial({technology}/${{EXTEN:7}},20,b(chosen^set^1(strict)))
exten => _typo-.,1,Dial({technology}/${{EXTEN:5}},20,b(chosen^set^1(strickt)))
exten => _mild-.,1,Dial({technology}/${{EXTEN:5}},20,b(chosen^set^1(zrtp/lenient)))
exten => _local-.,1,Dial(Local/strict-${{EXTEN:6}}@phones,20)
exten => _outer-.,1,Dial(Local/call-${{EXTEN:6}}@phones,20,b(chosen^set^1(strict)))
exten => _self-.,1,Set(ZRTP(policy)=${{EXTEN:5}})
 same => n,Verbose(0,chosen ${{ZRTP(policy)}})
 same => n,Goto(announce,1)
exten => slip,1,Set(ZRTP(polcy)=strict)
 same => n,Goto(announce,1)
exten => _twice-.,1,Dial({technology}/${{EXTEN:6}},20,b(chosen^twice^1))
exten => late,1,Answer()
 same => n,Wait(1)
 same => n,Set(ZRTP(policy)=strict)
 same => n,Goto(announce,again)
[chosen]
exten => twice,1,Set(ZRTP(policy)=strict)
 same => n,Set(ZRTP(policy)=zrtp/strict)
 same => n,Set(ZRTP(policy)=b256)
 same => n,Return()
exten => set,1,Set(ZRTP(policy)=${{ARG1}})
 same => n,Verbose(0,chosen ${{ZRTP(policy)}})
 same => n,Return()
[records]
exten => s,1,Answer()
 same => n,Wait(600)
exten => h,1,Verbose(0,record of ${{WHO}}: ${{ZRTP(Outcome)}} ${{ZRTP(Security)}} ${{ZRTP_STATE}} ${{ZRTP_REFUSED}}.)
"""

CONFBRIDGE_CONF = """\
[general]
[default_user]
type = user
quiet = yes
music_on_hold_when_empty = yes
[default_bridge]
type = bridge
"""

SIP_CONF = """\
[general]
udpbindaddr = 127.0.0.1:{port}
timert1 = 100
timerb = 6400
context = phones
allowguest = no
directmedia = no
disallow = all
allow = ulaw
"""

SIP_PEER = """\
[{name}]
type = friend
host = 127.0.0.1
port = {port}
insecure = port,invite
rtp_engine = {engine}
setvar = WHO={name}
"""


# Linphone takes its time between the digits it sends by INFO.
FEATURES = "[general]\nfeaturedigittimeout = 4000\n[featuremap]\ndisconnect = *0\n"


def zrtp_conf(policies=POLICIES, general=""):
    return f"[general]\n{general}" + "".join(f"[{name}]\n{text}" for name, text in policies.items())


def has_ipv6():
    """Has the loopback of this network an address of IPv6?"""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind((IP6, 0))
    except OSError:
        return False
    return True


class Workshop:
    """Where a case sets up what it needs by itself."""

    pbx = None

    def __init__(self, root, directory):
        self.root, self.directory = root, directory

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Lab:
    """Use as a context manager. driver: pjsip, or sip for chan_sip of old Asterisks.

    general: lines for [general] of zrtp.conf; files, modules, options: see Asterisk. A second PBX beside
    the usual one needs sip_port, ami_port and rtp_ports of its own.
    """

    def __init__(self, root, directory, driver="pjsip", engine=None, *, general="", files=None,
                 modules=(), options="", sip_port=PBX_PORT, ami_port=AMI_PORT, rtp_ports=(28000, 28999)):
        self.directory = directory
        self.driver = driver
        self.sip_port = CHAN_SIP_PORT if driver == "sip" else sip_port
        self.engine = engine
        self.six = has_ipv6()
        self.pbx = Asterisk(root, {
            "zrtp.conf": zrtp_conf(general=general), "features.conf": FEATURES,
            **self._driver_conf(), **(files or {})},
            ami_port, rtp_ports, modules=["res_musiconhold", "app_confbridge", *modules,
                                          *(["chan_sip"] if driver == "sip" else [])], options=options)
        self.pbx.write("musiconhold.conf", f"[default]\nmode = files\ndirectory = {self.pbx.home}/sounds/hold\n")
        self.pbx.write("confbridge.conf", CONFBRIDGE_CONF)
        os.mkdir(self.pbx.file("sounds", "hold"))
        tone.make(self.pbx.file("sounds", "hold", "music.wav"), MUSIC_HZ, 5)
        self.pbx.write("extensions.conf", EXTENSIONS.format(
            home=self.pbx.home, technology="SIP" if driver == "sip" else "PJSIP", port=self.sip_port))
        tone.make(self.pbx.file("sounds", "announcement.wav"), PBX_HZ, 5)
        self.speech = os.path.join(directory, "speech.wav")
        tone.make(self.speech, PHONE_HZ, 5)

    def _driver_conf(self):
        form = SIP_PEER if self.driver == "sip" else ENDPOINT
        peers = "".join((MEMBER if name == "member" and form == ENDPOINT else form).format(name=name, engine=self.engine or engine, port=contact(name),
                                    direct="yes" if name in DIRECT else "no",
                                    besides=BESIDES.get(name, ("", ""))[1],
                                    transport="udp6" if name in SIX else "udp",
                                    ip=f"[{IP6}]" if name in SIX else "127.0.0.1")
                        for name, engine in ENDPOINTS.items() if self.six or name not in SIX)
        if self.driver == "sip":
            return {"sip.conf": SIP_CONF.format(port=self.sip_port) + peers, "pjsip.conf": ""}
        return {"pjsip.conf": (TRANSPORT + (TRANSPORT6 if self.six else "")).format(port=self.sip_port) + peers}

    def __enter__(self):
        self.pbx.start()
        return self

    def __exit__(self, *_):
        self.pbx.stop()

    # Phones

    def phone(self, name, **options):
        """A Linphone for endpoint NAME; see Linphone for the options."""
        if name in SIX:
            options.setdefault("ip", IP6)
        options.setdefault("play", self.speech)
        return Linphone(self.directory, name, sip_port(name), rtp_port(name), **options)

    def plain_phone(self, name="plain", hz=None, **options):
        """A phone without ZRTP for endpoint NAME; see PlainPhone for the options."""
        return PlainPhone(name, sip_port(name), rtp_port(name), hz, **options)

    def zrtp_phone(self, name, **options):
        """zrtpcall for endpoint NAME; see ZrtpPhone for the options."""
        return ZrtpPhone(self.directory, name, sip_port(name), (rtp_port(name), rtp_port(name) + 8),
                         **options)

    def modern_phone(self, name, **options):
        """zrtpcall with the libcrypto of the PBX's root, which has post-quantum key agreements."""
        return self.zrtp_phone(name, root=self.pbx.root, **options)

    def baresip(self, name, **options):
        """baresip with our module for endpoint NAME; see Baresip for the options."""
        if PHONES not in self.roots:
            raise AssertionError(f"baresip is in the {PHONES} root, and none is given")
        return Baresip(self.roots[PHONES], self.directory, name, sip_port(name), rtp_port(name), self.sip_port, **options)

    def proxy(self, name="relayed", **options):
        """A relay for the phone NAME, to be called at PROXY_PORT."""
        return Proxy(sip_port(name), self.sip_port, PROXY_PORT, PROXY_RTP, **options)

    def call_phone(self, name, extension="announce"):
        """The PBX calls endpoint NAME and connects it to an extension."""
        technology = "SIP" if self.driver == "sip" else "PJSIP"
        self.pbx.cli(f"channel originate {technology}/{name} extension {extension}@phones")


def contact(name):
    """Where the PBX finds a phone: itself, or the relay in front of it."""
    return PROXY_PORT + 1 if name == "relayed" else sip_port(name)


def sip_port(name):
    return 25070 + list(ENDPOINTS).index(name)


def rtp_port(name):
    return 26000 + 10 * list(ENDPOINTS).index(name)
