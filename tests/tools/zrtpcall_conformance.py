# SPDX-License-Identifier: GPL-2.0-only
"""zrtpcall conformance: that a right endpoint passes, and that a wrong one fails in the row of what it does wrong."""
import html.parser
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "pbx"))
import broken  # noqa: E402
from zrtpmodes import WithPhones, free_ports, run  # noqa: E402


class Cells(html.parser.HTMLParser):
    """The texts of a page's table, and all its elements."""

    def __init__(self, text):
        super().__init__()
        self.cells, self.elements = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data


class Conformance(WithPhones):
    def phone(self, **options):
        return super().phone(no_cache=True, **options)

    def report(self, uri, ids, **options):
        """Exit status, and title -> verdict, seen."""
        path = os.path.join(self.place.name, "report.json")
        status, said, errors = run("conformance", uri, only=ids, json=path, seconds=300, **options)
        self.assertEqual(errors, "")
        with open(path) as file:
            report = json.load(file)
        self.assertEqual(said.count("\n"), 2 + len(report["rows"]) + 2 * report["failed"])
        return status, {row["title"]: (row["verdict"], row["seen"]) for row in report["rows"]}

    def passes(self, ids, **options):
        status, rows = self.report(self.phone(**options).uri, ids)
        self.assertEqual({verdict for verdict, _ in rows.values()}, {"passed"}, rows)
        self.assertEqual(status, 0)

    def fails(self, ids, wrong, **options):
        """The rows of these titles fail, all others pass."""
        status, rows = self.report(self.phone(**options).uri, ids)
        self.assertEqual({title for title, (verdict, _) in rows.items() if verdict == "failed"}, set(wrong), rows)
        self.assertEqual(status, 3)

    def test_a_right_endpoint_passes_as_either_side_and_with_video(self):
        self.passes("R361,R098,R096,R354,R252,R029,R014,R332,R401,R207,R113", video="accept")

    def test_one_without_zrtp_fails_in_the_first_row_and_is_tested_in_no_other(self):
        status, rows = self.report(self.phone(no_zrtp=True).uri, "R012,R414,R029")
        self.assertEqual({title: verdict for title, (verdict, _) in rows.items()}, {
            "Hello": "failed", "times of Hello": "not tested", "lower version": "not tested"})
        self.assertEqual(status, 3)

    def test_answers_that_never_come(self):
        for unsent, ids, wrong in (("PingACK", "R401,R407,R207", ["Ping", "Ping of another version"]),
                                   ("Error", "R361,R029,R332", ["unknown hash", "lower version"]),
                                   ("RelayACK", "R400", ["SASrelay"]),
                                   ("DHPart1", "R332", ["as responder"])):
            self.fails(ids, wrong, drop_sent=unsent)

    def test_a_hash_that_is_false_or_missing(self):
        self.fails("R492", ["a=zrtp-hash"], wrong_hash=True)
        self.fails("R492,R401", ["a=zrtp-hash"], ignore_hash=True)

    def breaks(self, endpoint, ids, wrong):
        """With this relay in front of a right endpoint the rows of these titles fail, and no other."""
        with endpoint(int(self.phone(tone=440).uri.rsplit(":", 1)[1]), free_ports(8)) as relay:
            _, rows = self.report(relay.uri, ids, listen=relay.listen)
        self.assertEqual({title for title, (verdict, _) in rows.items() if verdict != "passed"}, set(wrong), rows)
        self.assertEqual({verdict for verdict, _ in rows.values()} - {"passed"}, {"failed"}, rows)

    def test_hellos_and_packets_of_a_wrong_form(self):
        self.breaks(broken.Hellos, "R012,R253,R251,R321,R333",
                    ["repeated Hello", "form of a packet", "form of the Hello", "no Commit too early"])

    def test_commits_of_a_wrong_form_at_wrong_times(self):
        self.breaks(broken.Commits, "R335,R082,R416,R006,R201",
                    ["form of the Commit", "what is committed", "times of Commit", "clear media after its Commit", "Error"])

    def test_a_secure_call_that_is_not(self):
        self.breaks(broken.Secure, "R408,R407,R207,R173,R349",
                    ["Ping", "Ping of another version", "GoClear with a false MAC", "SRTP"])

    def test_answers_that_must_not_come(self):
        self.breaks(broken.Answers, "R331,R417,R008,R025,R258,R029",
                    ["HelloACK ends the Hellos", "repeated questions", "media before Confirm2", "higher version", "CRC"])

    def test_hellos_that_are_lost_break_the_schedule(self):
        self.fails("R414,R012", ["times of Hello"], drop=30)

    def test_what_is_mandatory_is_missed(self):
        self.fails("R282,R324", ["mandatory algorithms", "HS32"], hash="S384", tag="HS80", only_listed=True)

    def test_what_an_endpoint_cannot_do_is_not_applicable(self):
        status, rows = self.report(self.phone(passive=True, muted=True).uri, "R101,R009,R113")
        self.assertEqual({title: verdict for title, (verdict, _) in rows.items()}, {
            "as initiator": "not applicable", "media before Confirm2": "not applicable",
            "MAC of Confirm2": "passed", "video": "not applicable"})
        self.assertEqual(status, 0)

    def test_a_call_that_is_refused_is_no_test(self):
        status, rows = self.report(self.phone(reject=486).uri, "R012,R361")
        self.assertEqual(set(rows.values()), {("not tested", "the call was not answered: SIP 486")})
        self.assertEqual(status, 2)

    def test_what_a_stranger_calls_itself_is_text_in_every_report(self):
        name = "<i>\"&'\\</i>"
        page, path = (os.path.join(self.place.name, name) for name in ("report.html", "report.json"))
        status, said, _ = run("conformance", self.phone(client_id=name).uri, only="R332", html=page, json=path)
        self.assertEqual(status, 0, said)
        self.assertIn(f'ZRTP client "{name}"\n', said)
        with open(path) as file:
            self.assertEqual(json.load(file)["client"], name)
        with open(page) as file:
            text = file.read()
        cells = Cells(text)
        self.assertNotIn("i", cells.elements)
        self.assertEqual(len(cells.cells), 6)
        self.assertEqual(cells.cells[:3], ["passed", "R332 R338 R344 R355", "as responder"])
        self.assertNotIn("http:", text.replace("http-equiv", ""))

    def test_wrong_usage(self):
        for options in ({"only": "R999"}, {"only": "R36"}, {"only": ""}, {"do": "quit"}):
            status, said, errors = run("conformance", "sip:a@127.0.0.1:9", **options)
            self.assertEqual((status, said), (1, ""), options)
            self.assertNotEqual(errors, "")
        status, _, errors = run("conformance", self.phone().uri, only="R361", json="/nonexistent/report")
        self.assertEqual(status, 1)
        self.assertIn("/nonexistent/report", errors)


if __name__ == "__main__":
    unittest.main()
