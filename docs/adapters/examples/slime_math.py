"""Write slime's prompt data, and score two samples as slime will: `python docs/adapters/examples/slime_math.py DIR`."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace

from synthetic1 import open_tasks
from synthetic1.adapters.slime import reward_func, rows, write_rows

OPTIONS = (
    "--input-key prompt --label-key label --apply-chat-template --custom-rm-path synthetic1.adapters.slime.reward_func"
)


def main(folder: Path) -> list[float]:
    tasks = list(open_tasks("embedded:math"))
    write_rows(tasks, folder / "train.jsonl")
    print(f"--prompt-data {folder / 'train.jsonl'} {OPTIONS}")
    samples = [
        # slime makes these: slime.utils.types.Sample
        SimpleNamespace(prompt="…", response=text, label=rows(tasks)[0]["label"], status="completed", metadata={})
        for text in (f"\\boxed{{{tasks[0].verification_info['ground_truth']}}}<|im_end|>", "\\boxed{no idea}<|im_end|>")
    ]
    return asyncio.run(reward_func(Namespace(), samples))


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
