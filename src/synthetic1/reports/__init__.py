"""What a run leaves behind and what a person sees of it: run folder, statistics, terminal view, ``report.html``.

A run folder ``runs/<program>/<run_name>/`` holds these files. All rows are JSON objects; a number that is not finite
is written as ``null``; a reader takes any key as absent.

``config.yaml``
    The resolved configuration.

``metrics.jsonl``, one row a training step. Where completions are generated and dropped (``trainer.sampling=dynamic``),
``reward``, ``reward_std``, ``rewards``, ``zero_std_share``, ``completions`` and ``tokens`` are of those learned from,
and pass@1, shares and lengths of all that were generated::

    {"step": int, "steps": int (in all), "loss": f, "grad_norm": f, "learning_rate": f, "kl": f | null,
     "reward": f, "reward_std": f,
     "pass_at_1": f (share of score 1 among the scorable), "zero_std_share": f (groups without a signal),
     "unscorable_share": f, "think_share": f (completions that think), "clip_share": f (completions cut off),
     "length_mean": f, "length_p10": f, "length_p90": f (tokens a completion),
     "entropy": f | null, "logp_difference": f | null (sampler against trainer),
     "completions": int, "tokens": int, "tokens_per_s": f,
     "seconds": {"step": f, "generate": f, "score": f, "train": f, "sync": f, "other": f},
     "by_level": {"1": {"n": int, "pass_at_1": f}}, "warnings": [str],
     "by_part", "by_family": {name: {"n": int, "reward": f, "pass_at_1": f}} (of a mixture; by task type),
     "rewards": {component: {"mean": f, "std": f, "n": int}}, "reasons": {reason: int},
     "length_right": f | null, "length_wrong": f | null (tokens),
     "clip_ratios": {"low": f, "high": f, "all": f} (shares of tokens; "capped" of cispo),
     "memory_gib": {"resident": f, "cuda": f} (the most so far), "unscorable_left_out": int (of samples.jsonl),
     "sampling": str, "generated_completions": int, "generated_tokens": int, "dropped_share": f | null,
     "refill_rounds": int | null, "missing_share": f | null, "estimated_pass_rate": f | null,
     "unlocked_level": int | null}

and one row a held-out evaluation during the run::

    {"step": int, "eval": {"pass_at_1": f, "ci95": [low, high], "n": int}}

``samples.jsonl``, completions worth reading::

    {"step": int, "phase": "train" | "before" | "after", "task_id": str, "level": int | null,
     "prompt": str, "completion": str, "answer": str | null, "expected": str | null,
     "score": f | null, "reason": str, "advantage": f | null, "thinking": bool,
     "why": str (what the verifier says beside the reason), "part": str | null, "family": str, "tokens": int,
     "reward": f | null, "components": {name: f | null}, "dropped": bool (nothing is learned from it)}

``result.json``, the numbers a person would quote; of a run that was made longer, the former one is called
``result.old.json`` from the first step on::

    {"env": str, "env_kwargs": {}, "model": str, "rollout": str, "seed": int, "n": int,
     "before": E, "after": E, "difference": f, "difference_ci95": [low, high], "p_value": f,
     "levels": [int], "steps": int, "completions": int (generated),
     "seconds": {"total": f, "setup": f, "before": f, "train": f, "after": f}, "versions": {name: str}}
    E = {"pass_at_1": f, "ci95": [low, high], "greedy_pass_at_1": f, "think_share": f,
         "by_level": {"1": {"n": int, "pass_at_1": f, "ci95": [low, high]}},
         "by_thinking": {"thinking": {"n": int, "share": f, "pass_at_1": f, "ci95": [low, high]}, "not_thinking": …}}

``status.json``, of trainers::

    {"state": "running" | "finished" | "stopped" | "failed", "said": str (what it does, or why it ended),
     "every_s": f (its page is written again after so long), "written": f (seconds since 1970)}

``report.html``
    The files above as one self-contained page. Trainers write it from the first minute on; it loads itself again then.

While an evaluation is under way there is also ``completions.jsonl``, with all that has been answered.
"""
