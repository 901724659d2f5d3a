# SPDX-License-Identifier: GPL-2.0-only
"""What `core show locks` of an Asterisk with DEBUG_THREADS says, looked at over and over."""
import collections
import re
import threading

OURS = re.compile(r"asterisk/(res_zrtp|res_zrtp_web|res_pjsip_zrtp|app_enroll_zrtp|res_zrtp_prometheus|common)/")
THREAD = re.compile(r"=== Thread ID: (\S+)")
LOCK = re.compile(r"=== ---> (Waiting for |Tried and failed to get )?Lock #\d+ \(([^)]*)\): (\w+) (\d+) (\S+) (.+) (0x[0-9a-f]+)$")

Lock = collections.namedtuple("Lock", "file line function name address")


def threads(text):
    """For each thread that is shown: the locks that it holds, and then waits for, in their order."""
    held = []
    for line in text.splitlines():
        if THREAD.match(line):
            held.append([])
        found = LOCK.match(line)
        if found and held and not (found[1] or "").startswith("Tried"):
            held[-1].append(Lock(found[2], int(found[4]), found[5], found[6].strip(), found[7]))
    return held


def is_ours(lock):
    return OURS.search(lock.file) is not None


# The order of locks, by the names that the code has for them; those not named may be taken anywhere.
ORDER = (re.compile(r"(\w+->|\*)?(chan|channel|other_chan|peer|next)"), re.compile(r"(\w+->|\*)?instance"),
         re.compile(r"(\w+->|\*)?media"))


def rank(lock):
    """Where a lock stands in the order; None for those that do not."""
    if lock.name.startswith("media") and not is_ours(lock):
        return None
    return next((n for n, names in enumerate(ORDER) if names.fullmatch(lock.name)), None)


def against(held):
    """Of the locks of a thread in the order they were taken: pairs against the order, one of them ours."""
    return [(lower, upper) for n, upper in enumerate(held) for lower in held[:n]
            if lower.address != upper.address and (is_ours(lower) or is_ours(upper))
            and rank(lower) is not None and rank(upper) is not None and rank(upper) < rank(lower)]


class Watch(threading.Thread):
    """Looks while a `with` lasts, and keeps which lock was taken over which.

    Two locks, each of which was once taken while the other was held, are what can wait for each other
    for ever, whether or not they did. There a lock is known by its address and by the name that the code
    has for it: memory that is used again for another object does not make a pair.
    """

    def __init__(self, pbx):
        super().__init__(daemon=True)
        self.pbx, self.closed = pbx, threading.Event()
        self.over = {}  # pairs of (address, name) -> an example of where
        self.against = set()
        self.looks = self.ours = 0

    def look(self, text):
        self.looks += 1
        for held in threads(text):
            self.ours += sum(map(is_ours, held))
            self.against.update(map(sentence, against(held)))
            for n, upper in enumerate(held):
                for lower in held[:n]:
                    if lower.address != upper.address:
                        self.over.setdefault(((lower.address, lower.name), (upper.address, upper.name)), (lower, upper))

    def run(self):
        while not self.closed.wait(0.02):
            if self.pbx.running():
                self.look(self.pbx.cli("core show locks"))

    def wrong(self):
        """What is against the order, and pairs that were taken in both orders, one of them by us."""
        crossed = [(example, self.over[pair[::-1]]) for pair, example in self.over.items()
                   if pair < pair[::-1] and pair[::-1] in self.over]
        return sorted(self.against) + [f"{sentence(one)}, and {sentence(other)}" for one, other in crossed
                                       if any(map(is_ours, (*one, *other)))]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.closed.set()
        self.join()


def sentence(pair):
    lower, upper = pair
    return (f"{upper.name} taken at {upper.file}:{upper.line} {upper.function}() over "
            f"{lower.name} of {lower.file}:{lower.line} {lower.function}()")
