# SPDX-License-Identifier: GPL-2.0-only
"""What the log of references (`refdebug = yes` of an Asterisk with REF_DEBUG) says of our objects.

refs.py FILE [PATTERN]

A line is "address,delta,thread,file,line,function,count or **state**,tag". An object lives from its
**constructor** to its **destructor**. PATTERN (default: our modules) is of the files that count as ours.
"""
import collections
import re
import sys

OURS = r"asterisk/(res_zrtp|res_zrtp_web|res_pjsip_zrtp|app_enroll_zrtp|res_zrtp_prometheus|common)/"
LINE = re.compile(r"(0x[0-9a-f]+),([+-]?\d+),\d+,([^,]*),(\d+),([^,]*),([^,]*)")


class Object:
    """One that lives. Of the core's objects only what our files do is kept."""

    def __init__(self, made, ours):
        self.made, self.ours = made, ours
        self.net = 0                 # what our files took and have not given back
        self.places = collections.Counter()  # where references were taken and not given back, by sign

    def reference(self, delta, place):
        self.net += delta
        self.places[place] += delta


def read(lines, pattern=OURS):
    """Go through a log; return the objects that live at its end, and the uses of what lived no more."""
    ours = re.compile(pattern)
    living, wrong = {}, []
    for line in lines:
        found = LINE.match(line)
        if not found:
            continue
        address, delta, file, number, function, state = found.groups()
        mine = ours.search(file) is not None
        place = f"{file}:{number} {function}()"
        if state.startswith("**constructor"):
            living[address] = Object(place, mine)
        elif state.startswith("**destructor"):
            living.pop(address, None)
        elif state.startswith("**invalid"):
            if mine:
                wrong.append(f"{address} used after its end or never an object: {place}")
            continue
        if address in living and (mine or living[address].ours):
            living[address].reference(int(delta) if not state.startswith("**constructor") else int(mine), place)
    return living, wrong


def leaks(lines, pattern=OURS):
    """A sentence for each object of ours that was not destroyed, each of the core's that we hold, each wrong use."""
    living, found = read(lines, pattern)
    for address, thing in living.items():
        if thing.ours:
            found.append(f"{address} made at {thing.made} lives on: {taken(thing)}")
        elif thing.net > 0:
            found.append(f"{address} of the core, made at {thing.made}, is held {thing.net} times by us: {taken(thing)}")
    return found


def taken(thing):
    return ", ".join(f"{place} {number:+}" for place, number in thing.places.most_common() if number) or "nothing else"


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.strip())
    with open(sys.argv[1], errors="replace") as log:
        found = leaks(log, *sys.argv[2:])
    print("\n".join(found) or "nothing of ours is left")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
