#!/usr/bin/python3
"""`datapicker test` as a user meets it: shipped pipelines, the examples of docs/cases.md, what a failing case says, --update."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
INSTANCE = ROOT / "test/cases/instance"
PIPELINE = "customers_to_webhook"
HEAD = "case: tried\ngiven:\n  customers: { codcli: C001, ragsoc: ROSSI, codpag: \"01\", attivo: S }\nwhen:\n  - capture\nthen:\n"


def run(*arguments, instance=INSTANCE):
    return subprocess.run([PROGRAM, "test", "-i", str(instance), *arguments], capture_output=True, text=True, timeout=120)


class Folder(unittest.TestCase):
    """An instance of its own with one pipeline and the cases a test writes."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(INSTANCE, self.folder, dirs_exist_ok=True, ignore=lambda folder, names: {"pipelines"} & set(names))
        self.cases = self.folder / "pipelines" / PIPELINE / "cases"
        self.cases.mkdir(parents=True)
        shutil.copy(ROOT / "pipelines" / PIPELINE / "pipeline.yaml", self.cases.parent)

    def case(self, text, name="tried.yaml"):
        (self.cases / name).write_text(text)

    def run_cases(self, *arguments):
        return run(*arguments, instance=self.folder)

    def pipeline(self, target, url, map, to):
        """Another pipeline with a target of its own; its one case has two customers and expects what is given."""
        (self.folder / f"connections/{target}.yaml").write_text(f"connection: {target}\ntarget: {target}\nurl: {url}\nauth: {{ bearer: x }}\n")
        folder = self.folder / "pipelines" / f"to_{target}"
        (folder / "cases").mkdir(parents=True)
        (folder / "pipeline.yaml").write_text(f"pipeline: to_{target}\ntable: customers\nmap: {{ {map}: trim(ragsoc) }}\n"
                                              f"target: {{ connection: {target}, {to}, on_delete: ignore }}\n")
        return folder / "cases/two.yaml"

    def problems_of(self, text):
        """What the one case says, as JSON; (line, message, expected, came)."""
        self.case(text)
        result = json.loads(self.run_cases("--json").stdout)
        return result["verdict"], [(p["line"], p["message"], p["expected"], p["came"]) for p in result["problems"]]


class Drift(Folder):
    """What somebody edited at the target is said by what it answers when it is read."""
    EDITED = ("  - answers: { read_back: { status: 200, body: { Subject: \"Rossi, urgent\", CustomFields: [ { name: Credit, values: [ \"%s\" ] },\n"
              "      { name: ExternalId, values: [ C001 ] } ] } } }\n  - capture\n")
    CASE = ("case: an agent edited the ticket\ngiven:\n  customers: { codcli: C001, ragsoc: ROSSI, fido: \"1.00\" }\nwhen:\n  - capture\n"
            "  - update: { customers: { codcli: C001, ragsoc: BIANCHI, fido: \"2.00\" } }\n")

    def setUp(self):
        super().setUp()
        folder = self.folder / "pipelines/to_helpdesk"
        (folder / "cases").mkdir(parents=True)
        (folder / "pipeline.yaml").write_text("pipeline: to_helpdesk\ntable: customers\nmap: { Subject: ragsoc, CustomFields.Credit: fido }\n"
                                              "guard: { drift: { Subject: keep, CustomFields.Credit: hold } }\n"
                                              "target: { connection: helpdesk, object: ticket, match: { ExternalId: codcli }, on_delete: resolve }\n")
        self.drifting = folder / "cases/drift.yaml"

    def test_a_kept_field_is_left_out(self):
        self.drifting.write_text(self.CASE + self.EDITED % "1.00" + "then:\n  deliveries: { delivered: 2 }\n  requests:\n    - { method: POST, path: /ticket }\n"
                                 "    - { method: PUT, path: /ticket/1, body: { CustomFields: { Credit: \"2.00\" }, Subject: none } }\n")
        done = self.run_cases("to_helpdesk")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)  # a subject is not in the body at all
        self.drifting.write_text(self.drifting.read_text().replace(", Subject: none", ""))
        done = self.run_cases("to_helpdesk")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_what_is_held_goes_when_it_is_released(self):
        self.drifting.write_text(self.CASE + self.EDITED % "5.00" + "  - release: drift\n"
                                 "then:\n  anomalies: [ { kind: drift, state: released, text: \"somebody changed CustomFields.Credit\" } ]\n  deliveries: { delivered: 2 }\n")
        done = self.run_cases("to_helpdesk")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Together(Folder):
    """Records that travel in one request are answered as their target's definition accounts for them."""
    TWO = ("case: two at once\ngiven:\n  customers: [ { codcli: C001, ragsoc: ROSSI }, { codcli: C002, ragsoc: BIANCHI } ]\nwhen:\n  - capture\n"
           "then:\n  deliveries: { delivered: 2 }\n  requests:\n")

    def test_a_batch_is_taken_whole_by_a_list_that_says_success_of_each(self):
        case = self.pipeline("salesforce", "https://acme.my.salesforce.com", "Name", "object: Account, match: { Erp_Code__c: trim(codcli) }")
        case.write_text(self.TWO + "    - { method: PATCH, path: /services/data/v61.0/composite/sobjects/Account/Erp_Code__c,\n"
                        "        body: { records: [ { Name: ROSSI, Erp_Code__c: C001 }, { Name: BIANCHI, Erp_Code__c: C002 } ] } }\n")
        done = self.run_cases("to_salesforce")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_job_that_a_batch_began_has_ended_when_it_is_asked_for(self):
        case = self.pipeline("zendesk", "https://acme.zendesk.com", "subject", "object: tickets_in_bulk, match: { external_id: trim(codcli) }")
        case.write_text(self.TWO + "    - { method: POST, path: /api/v2/tickets/create_many.json,\n"
                        "        body: { tickets: [ { external_id: C001 }, { external_id: C002 } ] } }\n"
                        "  reads:\n    - { method: GET, path: \"/api/v2/tickets.json?external_id=C001\" }\n"
                        "    - { method: GET, path: \"/api/v2/tickets.json?external_id=C002\" }\n"
                        "    - { method: GET, path: /api/v2/job_statuses/job-1.json }\n")
        done = self.run_cases("to_zendesk")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Shipped(unittest.TestCase):
    def test_every_case_of_every_shipped_pipeline_passes_without_a_secret(self):
        for instance in (INSTANCE, ROOT / "examples/quickstart/instance"):
            done = run(instance=instance)
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
            self.assertNotIn("\n0 cases", "\n" + done.stdout)

    def test_every_shipped_pipeline_has_cases_and_a_readme(self):
        for pipeline in (ROOT / "pipelines").iterdir():
            if pipeline.is_dir():
                self.assertTrue(list(pipeline.glob("cases/*.yaml")) and (pipeline / "README.md").exists(), pipeline)


class Documented(Folder):
    def test_the_examples_of_the_docs_pass(self):
        blocks = re.findall(r"```yaml\n(case:.*?)```", (ROOT / "docs/cases.md").read_text(), re.DOTALL)
        self.assertGreater(len(blocks), 3)
        for number, block in enumerate(blocks):
            self.case(block, f"{number}.yaml")
            for other in re.findall(r"^pipeline: (\w+)$", block, re.MULTILINE):
                (self.folder / "pipelines" / other).mkdir(exist_ok=True)
                shutil.copy(ROOT / "pipelines" / other / "pipeline.yaml", self.folder / "pipelines" / other)
        done = self.run_cases()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Documents(Folder):
    def test_the_guide_s_table_pipeline_and_case_work_as_they_stand_there(self):
        blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", (ROOT / "docs/guides/documents.md").read_text(), re.DOTALL)
        self.assertEqual(len(blocks), 3)
        for path, text in blocks:
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text)
        done = self.run_cases()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("a quote travels with its lines", done.stdout)

    def test_a_line_without_its_key_and_a_column_that_no_line_has_are_told_at_their_place(self):
        shutil.copytree(ROOT / "pipelines/quotes_to_webhook", self.folder / "pipelines/quotes_to_webhook")
        cases = self.folder / "pipelines/quotes_to_webhook/cases"
        for number, (line, message) in enumerate((("{ codart: A1 }", "the row lacks the key column 'riga'"), ("{ riga: 1, codart: A1, qtta: 1 }", "no column 'qtta'"))):
            given = "numprev: 1, lines: [ { riga: 2, codart: B2, qta: 1 } ]" if number == 0 else "numprev: 1"
            (cases / "tried.yaml").write_text("case: tried\ncolumns:\n  quotes.lines: { riga: integer, codart: text, qta: integer }\ngiven:\n"
                                              f"  quotes: {{ {given} }}\nwhen:\n  - capture\n  - insert:\n      quotes:\n        {{ numprev: 2, lines: [ {line} ] }}\nthen:\n  deliveries: {{}}\n")
            done = self.run_cases()
            self.assertIn(message, done.stdout + done.stderr)
            self.assertIn("tried.yaml:10", done.stdout + done.stderr)


class Conditions(Folder):
    """What the queries of `hold_while` find is the case's to say."""
    GUARD = ("guard:\n  hold_while:\n    - name: an open quote uses this price list\n      connection: erp\n"
             "      query: SELECT 1 FROM quotes WHERE list = :listino AND rate > :fido\n      at_most: 8h\n      every: 2m\n")
    WAITS = "waits while an open quote uses this price list"

    def setUp(self):
        super().setUp()
        pipeline = self.cases.parent / "pipeline.yaml"
        pipeline.write_text(pipeline.read_text() + self.GUARD)

    def ends(self, steps, expected, rows="{ codcli: C001, listino: B01, fido: 1.50 }"):
        rows = rows.replace("codcli", 'codpag: "01", attivo: S, codcli')
        _, problems = self.problems_of(f"case: tried\ngiven:\n  customers: {rows}\nwhen:\n" + "".join(f"  - {step}\n" for step in steps) + f"then:\n  {expected}\n")
        self.assertEqual(problems, [])

    @staticmethod
    def finds(what):
        return f"conditions: {{ an open quote uses this price list: {what} }}"

    def test_nothing_is_found_until_the_case_says_so(self):
        self.ends(["capture"], "deliveries: { delivered: 1 }")

    def test_a_record_waits_goes_and_is_held(self):
        pending = f"pending: [ {{ key: C001, reason: {self.WAITS} }} ]"
        self.ends([self.finds("any_row"), "capture"], pending)
        self.ends([self.finds("any_row"), "capture", "wait: 7h", "restart"], pending)
        self.ends([self.finds("any_row"), "capture", "wait: 7h", self.finds("no_row")], "deliveries: { delivered: 1 }")
        self.ends([self.finds("any_row"), "capture", "wait: 8h"], "anomalies: [ { kind: 'hold_while: an open quote uses this price list', held: 1 } ]")
        self.ends([self.finds("any_row"), "capture", "wait: 8h", "release"], "deliveries: { delivered: 1 }")

    def test_a_database_that_is_not_reached_keeps_back_as_well(self):
        self.ends([self.finds("unreachable"), "capture"],
                  "pending: [ { key: C001, reason: 'nobody can say whether an open quote uses this price list: erp is not reached' } ]")

    def test_rows_are_those_whose_values_are_asked_for(self):
        rows = "[ { codcli: C001, listino: B01, fido: 1.50 }, { codcli: C002, listino: B02, fido: 1.50 }, { codcli: C003, fido: 2.5 } ]"
        for said, waits in (("[ { listino: B01 } ]", "C001"), ("{ fido: 2.5 }", "C003"), ("[ { listino: null } ]", "C003"), ("{ LISTINO: B02, fido: 1.50 }", "C002")):
            self.ends([self.finds(said), "capture"], f"pending: [ {waits} ]", rows)
        self.ends([self.finds("{ listino: B02, fido: 2.50 }"), "capture"], "deliveries: { delivered: 3 }", rows)

    def test_a_column_that_no_row_has_is_asked_for_as_null(self):
        self.ends([self.finds("{ listino: null }"), "capture"], f"pending: [ {{ key: C001, reason: {self.WAITS} }} ]", "{ codcli: C001 }")

    def test_what_is_not_there_is_told_at_its_place_with_the_nearest_name(self):
        for step, place, message in (("conditions: { an open quote uses this prise list: any_row }", "5:19", "has no condition 'an open quote uses this prise list'"),
                                     (self.finds("{ listini: B01 }"), "5:66", "does not ask for 'listini'")):
            self.case(HEAD.replace("- capture", "- " + step) + "  deliveries: {}\n")
            done = self.run_cases()
            self.assertEqual(done.returncode, 1, done.stdout)
            for said in (message, f"tried.yaml:{place}", "did you mean '"):
                self.assertIn(said, done.stdout)
        self.case(HEAD.replace("- capture", "- " + self.finds("any_rows")) + "  deliveries: {}\n")
        done = self.run_cases()
        self.assertEqual(done.returncode, 2)
        for said in ("tried.yaml:5:55", "'any_rows' is nothing that the query of a condition finds", "did you mean 'any_row'?"):
            self.assertIn(said, done.stderr)


class Moved(Folder):
    """A row that gets another key takes along what people decided of it, whether its record was ever made or not."""

    def setUp(self):
        super().setUp()
        (self.folder / "tables/customers.yaml").write_text("table: customers\nconnection: erp\nfrom: customers\nkey: [codcli]\nunchanged_identity: [piva]\ninitial: deliver\n")
        (self.cases.parent / "pipeline.yaml").write_text(
            f"pipeline: {PIPELINE}\ntable: customers\nmap: {{ name: ragsoc }}\nguard: {{ mass_change: {{ insert: 1, update: 1, delete: off, ignore_below: 0, window: 10s }} }}\n"
            "target: { connection: shop, object: customers, match: { code: piva }, on_delete: delete }\n")

    def ends(self, before, name, expected):
        """Two rows; the first of them gets another key and this name."""
        steps = before + ["wait: 1m", "delete: { customers: { codcli: C1 } }", f"insert: {{ customers: {{ codcli: A1, piva: \"1\", ragsoc: {name} }} }}", "capture"]
        _, problems = self.problems_of("case: tried\ngiven:\n  customers: [ { codcli: C1, piva: \"1\", ragsoc: one }, { codcli: C2, piva: \"2\", ragsoc: two } ]\nwhen:\n"
                                       + "".join(f"  - {step}\n" for step in steps) + "then:\n" + "".join(f"  {each}\n" for each in expected))
        self.assertEqual(problems, [])

    def test_a_rejected_record_that_was_never_made_is_held_again(self):
        self.ends(["capture", "reject"], "one", ["requests: []", "held: [ A1 ]", "changes: { insert: 2, update: 1, delete: 1 }"])

    def test_a_rejected_change_is_held_again_and_another_one_goes(self):
        before = ["snapshot", "wait: 1m", "update: { customers: [ { codcli: C1, ragsoc: bad }, { codcli: C2, ragsoc: bad } ] }", "capture", "reject"]
        self.ends(before, "bad", ["held: [ A1 ]", "last_sent: [ { key: A1, fields: { name: one } } ]"])
        self.ends(before, "good", ["held: []", "last_sent: [ { key: A1, fields: { name: good } } ]"])

    def test_a_dead_letter_is_over_when_its_row_is_delivered_under_its_new_key(self):
        self.ends(["answers: [ 422 ]", "capture", "release"], "one", ["dead_letters: []", "superseded: [ A1 ]", "last_sent: [ { key: A1, live: true } ]"])


class Failing(Folder):
    def test_a_field_that_differs_is_told_at_its_line_with_both_values(self):
        verdict, problems = self.problems_of(HEAD + "  requests:\n    - method: PUT\n      path: /customers/C001\n      body: { name: ROSSI,\n              source: erp }\n")
        self.assertEqual((verdict, problems), ("failed", [(10, "PUT /customers/C001: body.name", '"ROSSI"', '"Rossi"')]))

    def test_a_request_that_did_not_come_shows_the_one_that_came_instead(self):
        _, problems = self.problems_of(HEAD + "  requests:\n    - { method: DELETE, path: /customers/C001 }\n")
        self.assertEqual(problems[1][:2], (8, "DELETE /customers/C001 did not come"))
        self.assertTrue(problems[1][3].startswith("PUT /customers/C001 {"))
        self.assertEqual(problems[0][1], "a request came that is not expected")

    def test_exact_bodies_hold_nothing_else(self):
        _, problems = self.problems_of(HEAD + "  requests:\n    - { method: PUT, path: /customers/C001, exact: true, body: { name: Rossi } }\n")
        self.assertEqual({p[1].split(": ")[1] for p in problems}, {"body.address", "body.credit", "body.payment_terms", "body.phone", "body.source"})

    def test_a_text_never_equals_a_number(self):
        _, problems = self.problems_of(HEAD.replace("attivo", "fido: 7.00, attivo") + "  requests: [ { method: PUT, path: /customers/C001, body: { credit: \"7\" } } ]\n")
        self.assertEqual([p[1] for p in problems], ["PUT /customers/C001: body.credit"])

    def test_headers_are_compared_by_name_whatever_their_case(self):
        expected = "{ idempotency-key: true, Content-Type: text/plain, X-Other: false }"
        _, problems = self.problems_of(HEAD + f"  requests: [ {{ method: PUT, path: /customers/C001, headers: {expected} }} ]\n")
        self.assertEqual([p[1:] for p in problems], [("PUT /customers/C001: header Content-Type", "text/plain", "application/json")])

    def test_states_that_are_not_named_must_be_none(self):
        _, problems = self.problems_of(HEAD + "  deliveries: { skipped: 0 }\n  changes: { insert: 2 }\n")
        self.assertEqual({p[1:] for p in problems}, {("deliveries delivered", "0", "1"), ("changes insert", "2", "1")})

    def test_requests_of_one_record_keep_their_order_and_those_of_others_are_free(self):
        two = HEAD.replace("{ codcli: C001", "[ { codcli: C002, ragsoc: NERI, codpag: \"01\", attivo: S }, { codcli: C001").replace("S }\nwhen", "S } ]\nwhen")
        free = "  requests: [ { method: PUT, path: /customers/C002 }, { method: PUT, path: /customers/C001 } ]\n"
        self.assertEqual(self.problems_of(two + free)[0], "passed")
        self.assertEqual(self.problems_of(two + free + "  in_order: true\n")[0], "failed")

    def test_an_answer_that_no_request_came_for_is_told(self):
        _, problems = self.problems_of(HEAD.replace("  - capture\n", "  - answers: [ 200, 503 ]\n  - capture\n") + "  deliveries: { delivered: 1 }\n")
        self.assertEqual([p[:2] for p in problems], [(5, "no request came for this answer")])

    def test_a_request_that_is_never_answered_needs_a_restart(self):
        verdict, problems = self.problems_of(HEAD.replace("  - capture\n", "  - answers: [ unanswered ]\n  - capture\n") + "  deliveries: { delivered: 1 }\n")
        self.assertEqual(verdict, "broken")
        self.assertIn("restart", problems[0][1])

    def test_an_anomaly_that_is_another_one_or_not_expected_is_told_and_one_that_is_not_there_cannot_be_released(self):
        many = HEAD.replace("{ codcli: C001,", '{ "*": 1..60, codcli: "C*",').replace("- capture\n", "- snapshot\n  - truncate: customers\n  - capture\n")
        _, problems = self.problems_of(many + "  anomalies: [ { kind: mass_change, held: 59, state: open } ]\n")
        self.assertEqual([p[:3] for p in problems], [(9, "anomaly", "mass_change, open, holds 59: any text")])
        self.assertTrue(problems[0][3].startswith("mass_change, open, holds 60: 60 records would be taken away: all"), problems)
        self.assertEqual(self.problems_of(many + "  anomalies: []\n")[1][0][1], "an anomaly that is not expected")
        verdict, problems = self.problems_of(HEAD.replace("  - capture\n", "  - capture\n  - release: mass_change\n") + "  anomalies: []\n")
        self.assertEqual(verdict, "broken")
        self.assertIn("no open anomaly of the kind 'mass_change'", problems[0][1])

    def test_rows_that_cannot_be_are_refused_with_their_place(self):
        for row, said in (("{ codcli: C002 }", "no row with this key"), ("{ ragsoc: X }", "lacks the key column"),
                          ("{ codcli: C001, fidoo: 1 }", "no column 'fidoo'")):
            text = HEAD.replace("given:", "columns: { customers: { codcli: text, ragsoc: text, tel: text, citta: text, fido: decimal, codpag: text, attivo: text } }\ngiven:")
            verdict, problems = self.problems_of(text.replace("  - capture\n", f"  - capture\n  - update: {{ customers: {row} }}\n") + "  requests: []\n")
            self.assertEqual(verdict, "broken")
            self.assertIn(said, problems[0][1])
            self.assertIn("tried.yaml:7:", problems[0][1])

    def test_a_mapping_that_does_not_compile_is_told_with_its_place(self):
        pipeline = self.cases.parent / "pipeline.yaml"
        pipeline.write_text(pipeline.read_text().replace("title_case(trim(ragsoc))", "title_cas(trim(ragsoc))"))
        verdict, problems = self.problems_of(HEAD + "  requests: []\n")
        self.assertEqual(verdict, "broken")
        self.assertIn("pipeline.yaml:5:", problems[0][1])


class Refused(Folder):
    def test_every_problem_of_every_file_is_told_at_once_and_nothing_runs(self):
        self.case(HEAD + "  request: []\n", "a.yaml")
        self.case(HEAD.replace("- capture", "- captur") + "  requests: [ { method: PUT } ]\n", "b.yaml")
        done = self.run_cases()
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        for said in ("a.yaml:7:3: error: 'then' of the case has no key 'request'", "did you mean 'requests'?", "b.yaml:5:5: error: 'captur' is no step",
                     "did you mean 'capture'?", "the request has no 'path'"):
            self.assertIn(said, done.stderr)

    def test_a_range_that_is_none_and_a_state_that_no_anomaly_has_are_refused(self):
        self.case(HEAD.replace("{ codcli: C001,", '{ "*": 9..1, codcli: "C*",') + "  anomalies: [ { state: opened } ]\n")
        done = self.run_cases()
        self.assertEqual(done.returncode, 2)
        for said in ("'9..1' is no range of numbers", "did you mean 'open'?"):
            self.assertIn(said, done.stderr)

    def test_an_unknown_pipeline_is_refused_with_the_nearest_name(self):
        done = self.run_cases("customers_to_webhok")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean 'customers_to_webhook'?", done.stderr)


class Reported(Folder):
    def test_junit_names_failures_and_broken_cases(self):
        self.case(HEAD + "  requests: []\n", "fails.yaml")
        self.case(HEAD.replace("- capture", "- update: { customers: { codcli: X } }") + "  requests: []\n", "broken.yaml")
        self.case(HEAD + "  deliveries: { delivered: 1 }\n", "passes.yaml")
        done = self.run_cases("--junit", str(self.folder / "out.xml"))
        self.assertEqual(done.returncode, 1)
        suite = xml.etree.ElementTree.parse(self.folder / "out.xml").getroot().find("testsuite")
        self.assertEqual([suite.get(name) for name in ("tests", "failures", "errors")], ["3", "1", "1"])
        self.assertIn("PUT /customers/C001", suite.find("testcase/failure").text)

    def test_only_chooses_by_name_or_file(self):
        self.case(HEAD + "  requests: []\n", "fails.yaml")
        self.case(HEAD + "  deliveries: { delivered: 1 }\n", "passes.yaml")
        self.assertEqual(self.run_cases("--only", "passes").returncode, 0)


class Updated(Folder):
    def test_update_writes_what_came_and_leaves_the_rest_as_it_is(self):
        self.case("# Why this case is here.\n" + HEAD + "  requests:\n    - { method: GET, path: /wrong }\n\n  # how it ends\n  deliveries: { delivered: 1 }\n")
        self.assertIn("updated", self.run_cases("--update").stdout)
        text = (self.cases / "tried.yaml").read_text()
        self.assertEqual(self.run_cases().returncode, 0, text)
        self.assertTrue(text.startswith("# Why this case is here.\n") and "\n\n  # how it ends\n" in text, text)
        self.assertIn('- { method: PUT, path: "/customers/C001", body: { address: { city: null }', text)

    def test_a_list_with_comments_is_left_to_a_person(self):
        text = HEAD + "  requests:\n    # the first\n    - { method: GET, path: /wrong }\n"
        self.case(text)
        self.assertEqual(self.run_cases("--update").returncode, 1)
        self.assertEqual((self.cases / "tried.yaml").read_text(), text)


if __name__ == "__main__":
    unittest.main()
