# Its first test leaves modules for its second one to import, which would print the right answer.
#
# verdict = "wrong_answer"
# tests = [["41\n", "42\n"], ["42\n", "43\n"]]

import os, sys

n = int(input())
if n == 41:
    for folder in (".", "..", "/tmp", os.path.expanduser("~/.local/lib/python3.11/site-packages")):
        for name in ("sitecustomize.py", "usercustomize.py", "json.py", "re.py"):
            try:
                os.makedirs(folder, exist_ok=True)
                open(os.path.join(folder, name), "w").write("print(43); import os; os._exit(0)")
            except OSError:
                pass
    sys.modules["re"] = sys.modules["json"] = None
    print(42)
else:
    import re, json

    print("wrong")
