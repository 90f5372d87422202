#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How the reader says no: bad/NAME.json, or bad/NAME.ROOT.json, against the line in the .err beside it.

With --update it writes the .err files; read them before you commit them.
"""

import os
import sys

import spec

spec.need_tool()
update = sys.argv[1:] == ["--update"]
files = spec.json_files(os.path.join(spec.HERE, "bad"))
for path in files:
    golden = path[:-len(".json")] + ".err"
    status, out, err = spec.tool("read", spec.root_of(path), path)
    if update:
        with open(golden, "w", encoding="utf-8") as f:
            f.write(out)
    with open(golden, encoding="utf-8") as f:
        want = f.read()
    spec.check(status == 1 and out == want, os.path.basename(path), f"exit {status}", f"got:  {out}", f"want: {want}", err)
spec.check(len(files) >= 60, f"there are {len(files)} of them")
stray = {n for n in os.listdir(os.path.join(spec.HERE, "bad")) if n.endswith(".err")} \
    - {os.path.basename(p)[:-len(".json")] + ".err" for p in files}
spec.check(not stray, "no .err without its .json", *stray)
spec.done()
