"""DeepSeek-R1's recipe on one machine: traces, verified → SFT → GRPO, each stage measured on held-out tasks.

    make r1                                                # the embedded model on a CPU, under 20 minutes
    python trainers/r1.py run_name=again seed=1
    python trainers/r1.py base=Qwen/Qwen3-0.6B env.level=4-6 …   # docs/recipe.md has the settings of a real one
    python trainers/r1.py --help                           # every setting

A cold start in the sense of DeepSeek-AI 2025, arXiv:2501.12948, section 2.3.1, then reinforcement learning with
verifiable rewards, section 2.3.2. The recipe is the programs a person would run, one after another; they meet through
files. The same command goes on where it stopped.
"""

from __future__ import annotations

from synthetic1.jobs.program import run_program
from synthetic1.trainers.recipe.settings import R1Settings


def run(settings: R1Settings) -> None:
    """Run what is not done yet of the recipe; write ``result.json`` and the plot."""
    from synthetic1.jobs import command_line
    from synthetic1.jobs.model_settings import ModelSettings
    from synthetic1.jobs.models import check_model
    from synthetic1.jobs.stopping import like_ctrl_c
    from synthetic1.reports.live_page import LivePage
    from synthetic1.reports.run_folder import RunFolder
    from synthetic1.trainers.recipe import report as r1_report
    from synthetic1.trainers.recipe import stages as r1_stages

    folder = r1_stages.folder(settings)
    if not folder.exists():  # a name that is not a model's must not claim it
        check_model(ModelSettings(name=settings.base))
    with like_ctrl_c(), RunFolder.create(folder, resume=True) as record:
        r1_stages.check_same(record, settings)
        record.write_config(settings.model_dump(mode="json"))
        recipe = r1_stages.Recipe(settings, folder)
        with LivePage(record) as page:
            page.ending = f"stopped; go on with: {command_line.with_settings(command_line.typed(), {})}"
            page.doing("traces")
            recipe.traces()
            page.doing("SFT")
            recipe.fine_tune()
            page.doing("GRPO")
            recipe.reinforce()
            page.doing("evaluation of the stages")
            measured = recipe.evaluations()
            result = r1_report.result(settings, folder, measured, recipe.seconds)
            record.write_result(result)
            r1_report.plot(result, folder / "stages.png")
    r1_report.show(result)
    print(f"result: {folder / 'result.json'}\nplot:   {folder / 'stages.png'}")


def main() -> None:
    """Compose the configuration from the command line, and run the recipe."""
    run_program("r1", R1Settings, run)


if __name__ == "__main__":
    main()
