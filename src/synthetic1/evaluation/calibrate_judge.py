"""How far a judge can be trusted: false accepts and false rejects where the truth is known, and under every attack.

    synthetic1 judge calibrate judge=local                              # the judge on this machine, port 8001
    synthetic1 judge calibrate judge=http://10.0.0.5:8000/v1 judge.votes=3 judge.vary_order=true
    synthetic1 judge calibrate judge=local families=[stem]                      # the same program
    synthetic1 judge calibrate --help                                   # every setting

The record is kept in the user's cache folder. It is good for this model, asked in this way, under these rubrics; a
trainer refuses a judge without one, or with one that is not good enough (``synthetic1.rewards.judging.trust``).
"""

from __future__ import annotations

from synthetic1.evaluation.calibration_settings import CalibrationSettings
from synthetic1.jobs.program import run_program


def calibrate(settings: CalibrationSettings) -> None:
    """Measure the judge as the settings say; keep the record, write the run folder, print the tables."""
    import asyncio
    import time

    from synthetic1.evaluation import calibration
    from synthetic1.jobs.program import ProgramError
    from synthetic1.reports import terminal
    from synthetic1.reports.progress import progress
    from synthetic1.rewards.judging.calibration import store
    from synthetic1.rewards.judging.settings import judge_settings
    from synthetic1.rewards.judging.trust import UntrustedJudge, served_model

    started = time.perf_counter()
    judge = judge_settings(settings.judge.argument)
    try:
        model = asyncio.run(served_model(judge))
    except UntrustedJudge as error:
        raise ProgramError(str(error)) from None
    with calibration.open_folder(settings, model) as folder:
        tried = {}
        for family in settings.families:
            tasks = calibration.embedded(family, settings.tasks)
            tried[family] = calibration.candidates(family, tasks, settings.tasks_per_attack, settings.seed)
        header = {
            "judge": model,
            "candidates": ", ".join(f"{len(some):,} of {family}" for family, some in tried.items()),
            "allowed": f"{settings.judge.max_false_accept:.1%} accepted wrongly, "
            f"{settings.judge.max_false_reject:.1%} rejected wrongly",
            "run_folder": str(folder.path),
        }
        terminal.show_header(header, title="calibration of a judge")
        folder.write_config(settings.model_dump(mode="json"))
        made = []
        with progress(sum(map(len, tried.values())), "candidates") as advance:
            for family, some in tried.items():
                found, verdicts = calibration.measure(family, some, judge, model, advance)
                made.append(found)
                for one, verdict in zip(some, verdicts, strict=True):
                    folder.log_sample(calibration.sample(family, one, verdict))
                for slip in calibration.slips(some, verdicts):
                    terminal.show_warning(f"rules scored this wrongly: {slip}")
        folder.write_result(calibration.result(settings, made, time.perf_counter() - started))
    for found in made:
        doubt = found.shortfall(settings.judge.thresholds)
        record = store(found)
        print(f"\n{calibration.table(found)}\n{f'not to be trusted: {doubt}' if doubt else 'good enough to train on'}")
        print(f"record: {record}")
    print(f"\nresult: {folder.path / 'result.json'}")


def main() -> None:
    """Compose the configuration from the command line, and calibrate."""
    run_program("calibrate_judge", CalibrationSettings, calibrate, open_groups={"judge": ("server", "judge.url")})


if __name__ == "__main__":
    main()
