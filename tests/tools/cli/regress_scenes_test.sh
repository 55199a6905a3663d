#!/usr/bin/env bash
# Every scene has a regression script with guards and a golden, and passes it in float32; tests/long/regress.sh runs the whole matrices and
# sees every guard make its script fail. NURI_PROGRAM is the program; runs from the repository root.
# shellcheck source=tests/tools/cli/cli.sh
. tests/tools/cli/cli.sh
scripts=scenes/regress

for scene in scenes/*.yaml; do
    name=$(basename "$scene" .yaml)
    script=$scripts/$name.yaml
    [ -e "$script" ] || { fail "$scene has no script $script" && continue; }
    grep -qx "scene: ../$name.yaml" "$script" || fail "$script is not of $scene"
    grep -qx 'guards:' "$script" || fail "$script guards nothing"
    grep -q 'hash: golden' "$script" || fail "$script expects no bits"
    grep -q "^$name | " $scripts/golden/ledger.txt || fail "the ledger does not say why $name has its golden"
done
for golden in $scripts/golden/*.golden; do
    [ -e "$scripts/$(basename "$golden" .golden).yaml" ] || fail "$golden is of no script"
done

expect 0 'every scene' regress $scripts --matrix-only precision=float --quiet --json --junit "$folder/junit.xml" --report "$folder/page.html"
json 'o["failed"] == 0 and o["skipped"] == 0 and len({c["script"] for c in o["cases"]}) == len(__import__("glob").glob("scenes/regress/*.yaml"))'
json 'all(c["state_hash"] and any(check["name"] == "state hash" for check in c["checks"]) for c in o["cases"])'
[ $problems -eq 0 ] || python3 -c 'import json, sys
for case in json.load(open(sys.argv[1]))["cases"]:
    for check in case["checks"]:
        if not check["passed"]:
            print(case["name"], check["name"], check.get("detail", ""), sep=": ")' "$folder/out"

# the reports are of what ran, and the page lets its own script run and no other
python3 - "$folder" <<'END' || fail 'the reports'
import base64, hashlib, json, re, sys, xml.etree.ElementTree as tree
folder = sys.argv[1]
cases = {case["name"] for case in json.load(open(folder + "/out"))["cases"]}
assert {one.get("name") for one in tree.parse(folder + "/junit.xml").iter("testcase")} == cases
page = open(folder + "/page.html", encoding="utf-8").read()
(script,) = re.findall(r"<script>(.*?)</script>", page, re.S)
allowed = re.search(r"script-src 'sha256-([^']*)'", page).group(1)
found = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
assert allowed == found, f"the script's hash is {found}: tools/regress/report_page.h says {allowed}"
assert page.count('class="case ') == len(cases) and "<svg" in page
END

[ $problems -eq 0 ] && printf 'all good\n'
exit $((problems > 0))
