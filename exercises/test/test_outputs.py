#!/usr/bin/env python3
"""test_outputs.py DIR: reads what `test_outputs DIR` wrote, with parsers that
are not ours, and prints TAP.

One test a sentence; a test is a function that asserts. For test_outputs.sh.
"""
import csv
import itertools
import json
import pathlib
import re
import sys
import traceback
import xml.etree.ElementTree as ElementTree

DIR = pathlib.Path(sys.argv[1])
CLASS = DIR / "class"
SAMPLES = sorted(p for p in DIR.iterdir() if p.is_dir() and p != CLASS)
SUBMISSIONS = SAMPLES + sorted(p.parent for p in CLASS.glob("*/*/results.json"))
STATES = ["empty", "missing", "refused", "broken", "error"]


def gradescope(folder):
    return json.loads((folder / "results.json").read_bytes())


def classroom50(folder):
    return json.loads((folder / "result.json").read_bytes())


def autolab(folder):
    """The lines as JSON; Autolab takes the last."""
    lines = (folder / "autolab.txt").read_bytes().decode().splitlines()
    return [json.loads(line) for line in lines]


def junit(folder):
    return ElementTree.parse(folder / "junit.xml").getroot()


def text(folder, name):
    return (folder / name).read_bytes().decode()


def table(name):
    with open(CLASS / name, newline="", encoding="utf-8") as file:
        return list(csv.reader(file, strict=True))


def cents(value):
    return round(float(value) * 100)


def totals(folder):
    """Score and maximum as each format has them; None: it gives no grade."""
    results, result = gradescope(folder), classroom50(folder)
    found = {
        "gradescope": (results["score"], results["extra_data"]["max_score"]),
        "classroom50": (result["points"], result["max-points"]),
    }
    suite = {p.get("name"): p.get("value") for p in junit(folder).iter("property")}
    found["junit"] = (suite["score"], suite["max"])
    tap = re.search(r"^# points: (\S+) of (\S+)$", text(folder, "report.tap"), re.M)
    found["tap"] = tap.groups() if tap else None
    page = re.search(r'<p class="score">(\S+) of (\S+) points', text(folder, "index.html"))
    found["html"] = page.groups() if page else None
    scores = autolab(folder)[-1]["scores"]
    found["autolab"] = (next(iter(scores.values())), suite["max"]) if scores else None
    return found


def all_formats_have_the_same_totals():
    for folder in SUBMISSIONS:
        state = gradescope(folder)["extra_data"]["state"]
        found = totals(folder)
        graded = {tuple(map(cents, t)) for t in found.values() if t and t[0] != "no"}
        assert len(graded) == 1, (folder, found)
        if state != "error":
            assert None not in found.values(), (folder, found)


def an_error_is_a_grade_nowhere():
    for folder in SUBMISSIONS:
        if gradescope(folder)["extra_data"]["state"] != "error":
            continue
        assert autolab(folder)[-1] == {"scores": {}, "scoreboard": []}
        assert "Bail out!" in text(folder, "report.tap")
        assert "# points:" not in text(folder, "report.tap")
        assert '<p class="score">no grade of' in text(folder, "index.html")
        assert "grade again" in gradescope(folder)["tests"][0]["output"].replace("\n", " ")
        assert "score" not in gradescope(folder)["tests"][0]
        assert gradescope(folder)["extra_data"]["final"] is False


def tests_add_up_to_the_score():
    for folder in SUBMISSIONS:
        results = gradescope(folder)
        total = sum(cents(t.get("score", 0)) for t in results["tests"])
        assert total == cents(results["score"]), folder
        result = classroom50(folder)
        assert sum(t["score"] for t in result["tests"]) == result["score"], folder
        assert sum(t["max-score"] for t in result["tests"]) == result["max-score"], folder
        total = sum(cents(t["points"]) for t in result["tests"])
        assert total == cents(result["points"]), folder


def gradescope_has_its_fields():
    for folder in SUBMISSIONS:
        results = gradescope(folder)
        assert isinstance(results["score"], (int, float))
        assert results["output_format"] == "text"
        for test in results["tests"]:
            assert test["visibility"] == "visible"
            assert test.get("status", "passed") in ("passed", "failed")
            assert isinstance(test["output"], str) and isinstance(test["name"], str)


def classroom50_has_its_fields():
    texts = ["classroom", "assignment", "submission", "commit", "release", "review"]
    for folder in SUBMISSIONS:
        result = classroom50(folder)
        assert result["schema"] == "classroom50/result/v1"
        assert all(isinstance(result[t], str) and result[t] for t in texts), folder
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", result["datetime"])
        assert type(result["score"]) is int and type(result["max-score"]) is int
        for test in result["tests"]:
            assert isinstance(test["test-name"], str) and test["test-name"]
            assert type(test["passed"]) is bool
            assert type(test["score"]) is int and type(test["max-score"]) is int


def nothing_passes_without_proof():
    for folder in SUBMISSIONS:
        for test in classroom50(folder)["tests"]:
            full = cents(test["points"]) == cents(test["max-points"])
            assert not test["passed"] or full, (folder, test)
            assert test["passed"] == (test["outcome"] == "passed"), (folder, test)


def what_is_noisy_is_no_failure():
    test = gradescope(DIR / "noisy")["tests"][1]
    assert "score" not in test and "status" not in test
    assert test["name"] == "speed (not scored)"
    assert junit(DIR / "noisy").get("failures") == "0"
    assert junit(DIR / "noisy").get("skipped") == "1"
    assert "ok 2 - speed # SKIP" in text(DIR / "noisy", "report.tap")


def junit_counts_what_it_has():
    for file in [f / "junit.xml" for f in SUBMISSIONS] + [CLASS / "junit.xml"]:
        root = ElementTree.parse(file).getroot()
        assert root.tag == "testsuites"
        for suite in [root] + root.findall("testsuite"):
            for name, tag in [("tests", "testcase"), ("failures", "failure"),
                              ("errors", "error"), ("skipped", "skipped")]:
                assert int(suite.get(name)) == len(list(suite.iter(tag))), (file, tag)


def each_state_is_told_in_each_format():
    for state in STATES:
        folder = DIR / state
        assert gradescope(folder)["score"] == 0
        assert gradescope(folder)["output"]
        assert len(gradescope(folder)["tests"]) == 1
        assert classroom50(folder)["tests"][0]["outcome"] == state
        assert autolab(folder)[0]["Checks"]
        assert [e.get("type") for e in junit(folder).iter("error")] == [state]
        assert re.search(r"^(not ok 1 - |Bail out! )", text(folder, "report.tap"), re.M)
        assert "Not graded" in text(folder, "index.html")


def autolab_ends_with_one_line():
    for folder in SUBMISSIONS:
        assert set(autolab(folder)[-1]) == {"scores", "scoreboard"}
        assert autolab(folder)[0]["_presentation"] == "semantic"


def tables_have_as_many_cells_as_columns():
    for name in ("grades.csv", "gradebook.csv"):
        rows = table(name)
        assert {len(row) for row in rows} == {len(rows[0])}, name


def no_cell_is_a_formula():
    for name in ("grades.csv", "gradebook.csv"):
        for row in table(name):
            for cell in row:
                assert not cell.lstrip()[:1] in ("=", "+", "-", "@"), (name, cell)


def grades_csv_has_the_totals():
    """By order: names of hostile students are told in another way there."""
    rows = table("grades.csv")[1:]
    column = {name: i for i, name in enumerate(table("grades.csv")[0])}
    sums = {}
    for row in rows:
        key = (row[column["student"]], row[column["exercise"]])
        score, most = row[column["score"]], row[column["max"]]
        old = sums.get(key, (0, 0))
        sums[key] = (old[0] + cents(score or 0), old[1] + cents(most))
    found = {}
    for file in CLASS.glob("*/*/results.json"):
        results = json.loads(file.read_bytes())
        extra = results["extra_data"]
        key = (extra["student"], extra["exercise"])
        if key[0][0] not in "=+.":
            found[key] = (cents(results["score"]), cents(extra["max_score"]))
    for key, value in found.items():
        assert sums.get(key, (0, 0)) == value, (key, value)
    assert len(found) >= 10


def the_gradebook_has_the_final_scores():
    rows = table("gradebook.csv")
    assert rows[0][:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert rows[1][0] == "Points Possible"
    seen = 0
    for file in CLASS.glob("*/*/results.json"):
        results = json.loads(file.read_bytes())
        extra = results["extra_data"]
        row = [r for r in rows if r[0] == extra["student"]]
        if not row:
            continue
        cell = row[0][rows[0].index(extra["exercise"])]
        if extra["final"]:
            assert cents(cell) == cents(results["score"]), (file, cell)
        else:
            assert cell == "", (file, cell)
        seen += 1
    assert seen >= 10


def squeezed(*texts):
    """Without blanks: some formats wrap lines."""
    return "".join("".join(texts).split())


def failures_of_hidden_checks():
    """Student, exercise, check and message, of junit.xml. Which checks are hidden
    says grades.csv, where the same submissions have the same order."""
    rows = [dict(zip(table("grades.csv")[0], row)) for row in table("grades.csv")[1:]]
    groups = [list(group) for _, group in
              itertools.groupby(rows, lambda row: (row["student"], row["exercise"]))]
    suites = [s for s in junit(CLASS).findall("testsuite") if s.find("testcase") is not None]
    assert len(groups) == len(suites)
    found = []
    for suite, group in zip(suites, groups):
        facts = {p.get("name"): p.get("value") for p in suite.iter("property")}
        if facts["state"] != "graded":
            continue
        for case, row in zip(suite.findall("testcase"), group, strict=True):
            failure = case.find("failure")
            if failure is not None and row["kind"] == "hidden":
                found.append((facts["student"], case.get("classname"), case.get("name"),
                              squeezed(failure.text)))
    return found


def told_by(page):
    """The same of a page of failed checks."""
    found, student, exercise = [], None, None
    for element in ElementTree.parse(page).getroot().find("body/main"):
        if element.tag == "h2":
            student = element.text
        elif element.tag == "h3":
            exercise = element.text.split(":")[0]
        elif element.tag == "details":
            name = element.find("summary/span[@class='name']").text
            parts = (part for part in element.find("dl").iter() if part.tag in ("dt", "dd", "pre"))
            found.append((student, exercise, name, squeezed(*(part.text or "" for part in parts))))
    return found


def hidden_html_tells_what_junit_tells():
    told, known = told_by(CLASS / "hidden.html"), failures_of_hidden_checks()
    assert told == known, [pair for pair in itertools.zip_longest(told, known) if pair[0] != pair[1]][:1]
    hostile = [message for student, _, _, message in known if "HYPERLINK" in student]
    assert any("<script>alert(1)</script>" in message for message in hostile)
    assert any("bytesmorearecut" in message for message in hostile)
    assert len(known) >= 4
    content = (CLASS / "hidden.html").read_bytes().decode()
    assert "For you alone, not to be handed out" in content
    assert f">{len(known)} failed<" in content
    index = (CLASS / "index.html").read_bytes().decode()
    assert f'<a href="hidden.html">what hidden checks said</a>, {len(known)} failed.' in index


def pages_need_no_network_and_no_script():
    pages = [f / "index.html" for f in SUBMISSIONS]
    for page in pages + [CLASS / "index.html", CLASS / "hidden.html"]:
        content = page.read_bytes().decode()
        assert not re.search(r"<script|<img|<link|<iframe|\ssrc=|@import|url\(", content), page
        assert "\x1b" not in content and "\x00" not in content
        for link in re.findall(r'href="([^"]*)"', content):
            target = page.parent / __import__("urllib.parse").parse.unquote(link)
            assert target.exists(), (page, link)


def a_megabyte_is_cut_with_a_note():
    for name in ("results.json", "result.json", "report.tap", "junit.xml", "index.html"):
        content = text(DIR / "hostile", name)
        assert "bytes more are cut" in content, name
        assert len(content) < 1 << 20, (name, len(content))


def no_control_byte_is_left():
    for file in DIR.rglob("*"):
        if file.is_file():
            bad = set(file.read_bytes().decode()) & set(map(chr, [*range(9), *range(11, 13), *range(14, 32), 127]))
            assert not bad, (file, bad)


def main():
    tests = [value for name, value in list(globals().items())
             if callable(value) and getattr(value, "__module__", "") == "__main__"
             and value.__code__.co_argcount == 0 and name != "main"]
    print(f"1..{len(tests)}")
    failed = 0
    for number, test in enumerate(tests, 1):
        name = test.__name__.replace("_", " ")
        try:
            test()
            print(f"ok {number} - {name}")
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {name}")
            print("# " + traceback.format_exc().strip()[-600:].replace("\n", "\n# "))
    sys.exit(failed > 0)


main()
