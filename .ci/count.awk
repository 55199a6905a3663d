# Reads the output of `ctest -V`: prints one line per program, the whole output of those that failed, the reasons of what
# was skipped, and the totals to the file named by `totals`. A program without doctest's summary counts as one test; one that
# fails although its cases passed (a crash at its end, a leak) counts as one more failure.
match($0, /^[0-9]+: /) {
    id = $1 + 0
    line = substr($0, RLENGTH + 1)
    output[id] = output[id] line "\n"
    if (line ~ /^\[doctest\] test cases:/) {
        counted[id] = 1
        split(line, part, "|")
        passed[id] += part[2]
        failed[id] += part[3]
        skipped[id] += part[4]
    } else if (line ~ /^\[skipped\] /) {
        ++skipped_late[id]
        reasons[id] = reasons[id] "    " line "\n"
    } else if (line ~ /^skipped: /) {
        reasons[id] = reasons[id] "    " line "\n"
    }
}
match($0, /^ *[0-9]+\/[0-9]+ +Test +#[0-9]+: /) {
    rest = $0
    sub(/^.*Test +#/, "", rest)
    id = rest + 0
    sub(/^[0-9]+: /, "", rest)
    name = rest
    sub(/ .*$/, "", name)
    good = rest ~ / Passed +[0-9.]+ sec/
    skip = rest ~ /\*\*\*Skipped/
    status = rest
    sub(/^[^ ]+ [. ]*(\*\*\*)?/, "", status)
    if (!counted[id]) {
        passed[id] = good
        skipped[id] = skip
        failed[id] = !good && !skip
    } else if (!good && !skip && !failed[id]) {
        failed[id] = 1
    }
    passed[id] -= skipped_late[id]
    skipped[id] += skipped_late[id]
    printf "%s %s: %d passed, %d failed, %d skipped (%s)\n", failed[id] ? "FAIL" : skip ? "skip" : "ok  ", name, passed[id], failed[id],
        skipped[id], status
    if (failed[id]) printf "%s", output[id]
    printf "%s", reasons[id]
    all_passed += passed[id]
    all_failed += failed[id]
    all_skipped += skipped[id]
}
END { printf "%d %d %d\n", all_passed, all_failed, all_skipped > totals }
