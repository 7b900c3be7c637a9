"""x"""
from __future__ import annotations
import time
def test_a(train, tmp_path):
    t=time.time(); r = train(f"runs={tmp_path}"); print(time.time()-t, r)
    t=time.time(); r = train(f"runs={tmp_path}", "run_name=b", "eval.n=8"); print(time.time()-t)
    print(r.steps[-1])
