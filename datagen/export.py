"""Export what a run verified: for SFT, as preference pairs, in SYNTHETIC-1's published columns, as Harbor tasks.

    python datagen/export.py run=r1-math to=exports/r1-math                        # SFT samples, verified only
    python datagen/export.py run=r1-math to=exports/pairs format=preference
    python datagen/export.py run=[a,b] to=s3://bucket/raw format=synthetic1        # every row, with its score
    python datagen/export.py run=a to=exports/harbor format=harbor                 # a task directory a verified task
    python datagen/export.py run=a to=exports/a per_task=1 min_pass_rate=0 max_pass_rate=1
    python datagen/export.py run=a to=exports/a push_to_hub=me/traces              # private, unless hub_private=false
    python datagen/export.py --help                                                # every setting

The same run and settings give the same bytes. ``manifest.json`` comes last: where it is, the export is whole.
"""

from __future__ import annotations

from synthetic1.datagen.exporting.settings import ExportSettings
from synthetic1.jobs.program import run_program
from synthetic1.jobs.stopping import like_ctrl_c


@like_ctrl_c()
def export(settings: ExportSettings) -> None:
    """Stream the runs through the filters into shards, a manifest and a dataset card."""
    from dataclasses import replace
    from pathlib import Path

    from synthetic1.datagen.exporting import columns, harbor, manifest, shards
    from synthetic1.datagen.exporting.card import write_card
    from synthetic1.datagen.exporting.census import Census
    from synthetic1.datagen.exporting.decontaminate import NGrams, benchmark_texts
    from synthetic1.datagen.journal.runs import open_runs
    from synthetic1.jobs.program import ProgramError
    from synthetic1.reports.progress import progress

    runs = open_runs(settings.run, settings.runs)
    filters = settings.filters(runs.threshold)
    if settings.format == "sft" and settings.per_task is None:
        filters = replace(filters, per_task=runs.keep)  # a run that stops at two may have caught a third
    if settings.decontaminate.files:
        paths = [Path(name).expanduser() for name in settings.decontaminate.files]
        try:
            benchmarks = NGrams((t for path in paths for t in benchmark_texts(path)), settings.decontaminate.n)
        except (OSError, ValueError) as error:
            raise ProgramError(f"decontaminate.files: {error}") from None
        filters = replace(filters, benchmarks=benchmarks)
    census = Census()
    with shards.staged(settings.to, overwrite=settings.overwrite) as folder, progress(runs.tasks(), "tasks") as advance:
        writer: harbor.FolderWriter | shards.ShardWriter
        if settings.format == "harbor":
            writer = harbor.FolderWriter(folder, settings.harbor_image)
        else:
            schema = columns.schema(settings.format)
            (folder / shards.DATA).mkdir()
            writer = shards.ShardWriter(folder / shards.DATA, schema, settings.file, settings.rows_per_shard)
        for group in runs.groups():
            threshold = filters.threshold(group)
            census.read(group, threshold)
            for kept in filters.apply([group], census.left_out):
                every = replace(group, rollouts=tuple(r for r in group.rollouts if filters.length(r.rollout) is None))
                rows = list(columns.rows_of(kept, settings.format, everything=every, threshold=threshold))
                for row in rows:
                    writer.write(row)
                census.keep(kept, len(rows))
            advance()
        files = writer.finish()
        if settings.format != "harbor":
            files = [replace(file, name=f"{shards.DATA}/{file.name}") for file in files]
        made = manifest.of_export(settings, filters, census, files, runs.facts())
        write_card(folder, made)
        manifest.write(folder, made)
    left_out = ", ".join(f"{n:,} {reason.replace('_', ' ')}" for reason, n in sorted(census.left_out.items()))
    print(f"{census.rows:,} rows of {census.kept_tasks:,} tasks in {settings.to}")
    print(
        f"read {census.rollouts:,} rollouts of {census.tasks:,} tasks" + (f"; left out: {left_out}" if left_out else "")
    )
    if settings.push_to_hub is not None:
        from synthetic1.datagen.exporting.hub import push

        print(f"pushed to {push(Path(settings.to), settings.push_to_hub, private=settings.hub_private)}")


def main() -> None:
    """Compose the configuration from the command line, and export."""
    run_program("export", ExportSettings, export)


if __name__ == "__main__":
    main()
