# SPDX-License-Identifier: GPL-2.0-only
# The front door. Meson does the building; see meson.build.

BUILD ?= build
# debootstrap and chroot are in the last two, also for who became root by su; who was begun without PATH has none of them.
export PATH := $(or $(PATH),/usr/local/bin:/usr/bin:/bin):/usr/sbin:/sbin

.PHONY: help demo cluster-demo check check-debug check-packages check-stalls check-versions pbx unit lint requirements abi bench bench-flood bench-pbx crash fuzz coverage sanitize attack mutants screenshots install uninstall deb clean

help:
	@echo "make demo     two encrypted calls and a table of them (KEEP=1: a PBX stays up)"
	@echo "make cluster-demo     kamailio, two PBXs on one database, a node that dies, and a table of the calls"
	@echo "make check    every test: unit tests, then calls through real Asterisks"
	@echo "make check-debug      a hundred calls through an Asterisk built to find leaks and wrong locks"
	@echo "make check-packages   builds the packages twice, bit for bit the same, and judges what they do to an Asterisk"
	@echo "make check-stalls     the calls of make check while the machine stands still now and then; CASES=PATTERN"
	@echo "make check-versions   the calls of make check through other Asterisks; CASES=PATTERN"
	@echo "make unit     the unit tests only"
	@echo "make lint     what can be found wrong without running anything"
	@echo "make requirements   write docs/rfc6189.md from its table and the ids beside the tests"
	@echo "make abi      write docs/abi from the libraries, after a change of their functions or structs that is meant"
	@echo "make bench-flood   how long calls take to become secure while strangers send ZRTP"
	@echo "make bench-pbx     calls with ZRTP beside SDES-SRTP and plain RTP in the same Asterisk; ARGUMENTS='--calls 50'"
	@echo "make bench    handshakes, packets, memory, deadlines and the cache, beside peers and floors"
	@echo "make crash    kill a process that writes its cache 1000 times"
	@echo "make fuzz     the fuzz targets, SECONDS=10 each"
	@echo "make coverage lines and branches of the engine that its tests reach"
	@echo "make sanitize the calls with ASan and UBSan in the modules, SANITIZE=thread: with TSan"
	@echo "make attack   the slow cases, then a random attacker on real calls, MINUTES=30; SEED=n CALLS=k again"
	@echo "make mutants  plant one fault after the other: which do the tests not notice? CASES=PATTERN JOBS=2 SET=hand"
	@echo "make screenshots   take the pictures of the web page and of baresip in docs/images again"
	@echo "make pbx      a PBX for your own phones, until Ctrl-C"
	@echo "make install  build for this machine's Asterisk and install; make uninstall: remove that"
	@echo "make deb      Debian packages for this machine's Asterisk, and baresip where its header is, in build-deb"
	@echo "make clean    remove what was built here"

# A command that says nothing unless it fails.
silent = { out=$$($(1) 2>&1) || { printf '%s\n' "$$out" >&2; exit 1; }; }

# Python itself may have to be installed first.
demo cluster-demo check pbx:
	@scripts/install-deps
	@python3 -B scripts/$@

check-debug:
	@scripts/install-deps
	@python3 -B scripts/check-debug

check-packages:
	@scripts/install-deps
	@python3 -B scripts/check-packages

check-stalls:
	@scripts/install-deps
	@python3 -B scripts/check-stalls $(if $(CASES),'$(CASES)')

check-versions:
	@scripts/install-deps
	@python3 -B scripts/check-versions $(if $(CASES),'$(CASES)')

# Unit tests and tools of this machine. What needs it calls make for it once the packages are there.
$(BUILD)/build.ninja:
	@meson setup -Dtests=true -Dinterop=enabled -Dtools=enabled \
		-Dasterisk=false -Db_sanitize=address,undefined $(BUILD)

unit:
	@scripts/install-deps
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@meson test -C $(BUILD) --print-errorlogs

lint:
	@scripts/install-deps
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja >/dev/null
	@BUILD=$(BUILD) scripts/lint

requirements:
	@python3 -B scripts/requirements

abi:
	@scripts/install-deps
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja >/dev/null
	@BUILD=$(BUILD) scripts/abi renew

# Real calls on the page, and on the screen of baresip; looked at before they are committed.
screenshots:
	@scripts/install-deps
	@root=$$(scripts/test-root sid) && scripts/build-in-root sid && ninja -C $(BUILD) tools/zrtpcall/zrtpcall >/dev/null \
		&& mkdir -p docs/images && ZRTP_SCREENSHOTS=$(CURDIR)/docs/images unshare --net sh -ec 'ip link set lo up; exec "$$@"' sh \
		python3 -B tests/pbx/run.py -k 'web page in Chromium: axe-core' "sid=$$root"
	@scripts/deb-in-root >/dev/null && stock=$$(scripts/test-root stock) && packages=$$(scripts/test-root packages) \
		&& ZRTP_SCREENSHOTS=$(CURDIR)/docs/images unshare --net sh -ec 'ip link set lo up; exec "$$@"' sh \
		python3 -B tests/pbx/run.py -k 'baresip-zrtp' "stock=$$stock" "packages=$$packages"

bench-flood:
	@scripts/install-deps
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja >/dev/null
	@root=$$(scripts/test-root sid) && scripts/build-in-root sid && $(call silent,ninja -C $(BUILD) tools/zrtpcall/zrtpcall) \
		&& unshare --net sh -ec 'ip link set lo up; exec "$$@"' sh python3 -B bench/flood.py "$$root"

# ARGUMENTS: what bench/pbx.py takes. All that it measures takes some twenty-five minutes.
bench-pbx:
	@scripts/install-deps python3-matplotlib
	@root=$$(scripts/test-root sid) && scripts/build-in-root sid && python3 -B bench/pbx.py --root "$$root" \
		--json $(BUILD)-bench-pbx.json --plots $(BUILD)-bench-plots $(or $(ARGUMENTS),--all)

bench:
	@scripts/install-deps
	@[ -f $(BUILD)-bench/build.ninja ] || $(call silent,meson setup -Dbench=true -Dasterisk=false \
		--buildtype=release $(BUILD)-bench)
	@$(call silent,ninja -C $(BUILD)-bench)
	@echo "| | unit | ours | bare library | ours / bare | libbzrtp | ours / libbzrtp |" && echo "|---|---|---|---|---|---|---|"
	@$(BUILD)-bench/bench/bench-handshake
	@$(BUILD)-bench/bench/bench-srtp
	@$(BUILD)-bench/bench/bench-packets
	@$(BUILD)-bench/bench/bench-cache $(BUILD)-bench
	@echo "| **with the libraries of Debian sid** | | | | | | |" && scripts/unit-in-root sid bench

crash:
	@scripts/install-deps
	@[ -f $(BUILD)-crash/build.ninja ] || $(call silent,meson setup -Dtests=true -Dasterisk=false -Dtools=disabled \
		--buildtype=release $(BUILD)-crash)
	@$(call silent,ninja -C $(BUILD)-crash tests/unit/test_crash)
	@ZRTP_CRASHES=$(or $(CRASHES),1000) $(BUILD)-crash/tests/unit/test_crash

fuzz:
	@scripts/install-deps
	@scripts/fuzz $(or $(SECONDS),10)

SANITIZE ?= address,undefined

sanitize:
	@scripts/install-deps
	@python3 -B scripts/sanitize $(SANITIZE) $(if $(CASES),'$(CASES)')

attack:
	@scripts/install-deps
	@python3 -B scripts/attack "$(MINUTES)" "$(SEED)" "$(CALLS)"

# ARGUMENTS: what else tests/mutants/run.py takes.
mutants:
	@scripts/install-deps
	@nice python3 -B tests/mutants/run.py $(if $(JOBS),-j '$(JOBS)') $(if $(CASES),-k '$(CASES)') $(if $(SET),-s '$(SET)') $(ARGUMENTS)

coverage:
	@scripts/install-deps
	@scripts/coverage

# Where Asterisk itself looks, by its own configuration; each may be given instead.
ASTERISK_CONF ?= /etc/asterisk/asterisk.conf
directory = $(shell sed -nE 's/^[[:space:]]*$(1)[[:space:]]*=>?[[:space:]]*([^;]*[^;[:space:]]).*/\1/p' '$(ASTERISK_CONF)' 2>/dev/null | tail -n 1)
MODDIR ?= $(call directory,astmoddir)
DATADIR ?= $(call directory,astdatadir)
ETCDIR ?= $(call directory,astetcdir)
DBDIR ?= $(or $(call directory,astdbdir),/var/lib/asterisk)
ASTERISK ?= $(or $(call directory,astsbindir),/usr/sbin)/asterisk
# Where asterisk.h is, and where the library, its headers and the programs go.
INCLUDEDIR ?= /usr/include
PREFIX ?= /usr
# Where baresip.h is, if baresip-zrtp is wanted.
BARESIP_INCLUDEDIR ?= /usr/include/baresip
INSTALL_LOG = $(BUILD)-install/meson-logs/install-log.txt
SBOM = $(DESTDIR)$(PREFIX)/share/doc/asterisk-zrtp/asterisk-zrtp.spdx.json

install:
	@[ -n "$(MODDIR)" ] && [ -n "$(DATADIR)" ] && [ -n "$(ETCDIR)" ] || { echo "install: $(ASTERISK_CONF) does not name" \
		"astmoddir, astdatadir and astetcdir; give ASTERISK_CONF=FILE, or MODDIR=DIR DATADIR=DIR ETCDIR=DIR" >&2; exit 1; }
	@rm -rf $(BUILD)-install
	meson setup "--prefix=$(PREFIX)" $(if $(LIBDIR),"--libdir=$(LIBDIR)") --buildtype=release -Dwerror=false -Dasterisk=true \
		-Dtests=false "-Dasterisk_includedir=$(INCLUDEDIR)" "-Dasterisk_moddir=$(MODDIR)" "-Dasterisk_datadir=$(DATADIR)" \
		"-Dasterisk_etcdir=$(ETCDIR)" $(BUILD)-install
	DESTDIR="$(DESTDIR)" meson install -C $(BUILD)-install
	@scripts/make-sbom --name asterisk-zrtp --version "$$(cat VERSION)" --root "/$(DESTDIR)" --files $(INSTALL_LOG) \
		--headers "$(INCLUDEDIR)/asterisk.h" --output "$(SBOM)" && echo "$(SBOM)" >>$(INSTALL_LOG)
	@[ -n "$(DESTDIR)" ] || { ldconfig; ldconfig -p | grep -q libzrtp-engine; } || echo "install: the loader does not look" \
		"where libzrtp-engine.so went: give LIBDIR=DIR, or name that folder in /etc/ld.so.conf" >&2
	@[ -n "$(DESTDIR)" ] || echo "install: now type$$(grep -qs 'xmldoc reload' '$(ASTERISK)' && echo " asterisk -rx 'xmldoc reload';")" \
		"asterisk -rx 'module load res_zrtp.so'; asterisk -rx 'module load res_pjsip_zrtp.so'" \
		"(an Asterisk that has the modules loaded takes the new ones at its restart)"

# What the last make install put there; the configuration and the cache stay.
uninstall:
	@[ -f $(BUILD)-install/build.ninja ] || { echo "uninstall: no $(BUILD)-install: make install was not run here" >&2; exit 1; }
	DESTDIR="$(DESTDIR)" ninja -C $(BUILD)-install uninstall

deb:
	@MODDIR='$(MODDIR)' DATADIR='$(DATADIR)' ETCDIR='$(ETCDIR)' DBDIR='$(DBDIR)' INCLUDEDIR='$(INCLUDEDIR)' ASTERISK='$(ASTERISK)' \
		BARESIP_INCLUDEDIR='$(BARESIP_INCLUDEDIR)' scripts/make-deb $(or $(OUT),$(BUILD)-deb)

clean:
	rm -rf $(BUILD) $(BUILD)-install $(BUILD)-deb $(BUILD)-bench $(BUILD)-bench-plots $(BUILD)-bench-pbx.json $(BUILD)-crash build-fuzz build-coverage
