"""A run of curation from settings to the finished set; it goes on where it was stopped, however that was."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from synthetic1.datagen.curation.asking import USAGE, Asker, spending
from synthetic1.datagen.curation.draft import AGAIN, Draft, LeftOut, Quarantined
from synthetic1.datagen.curation.finishing import Finishing, sift_results
from synthetic1.datagen.curation.funnel import CONTAMINATION, DIFFICULTY, DUPLICATES, GOLD, READ, RESULT, Funnel
from synthetic1.datagen.curation.prompt_files import Prompt, load_prompts
from synthetic1.datagen.curation.raw_rows import UnreadableRow, damage_in
from synthetic1.datagen.curation.recipe import CurationRecipe
from synthetic1.datagen.curation.recipes.registry import make_recipe
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.datagen.curation.sifting import Benchmarks, DraftFiles, drop_contaminated, drop_duplicates
from synthetic1.datagen.curation.start import (
    MODEL,
    check_places,
    check_same,
    is_finished,
    note_finished,
    sifting_folder,
)
from synthetic1.datagen.curation.tools import Workbench
from synthetic1.datagen.curation.work_store import WorkStore
from synthetic1.datagen.curation.writing import LEFT_OUT, write_set
from synthetic1.datagen.exporting.shards import check_free
from synthetic1.inference.client import Client
from synthetic1.inference.errors import ServerError
from synthetic1.inference.server import Server
from synthetic1.jobs.launching import launched
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.jobs.program import ProgramError
from synthetic1.jobs.stopping import stop_on_signal
from synthetic1.reports.progress import progress
from synthetic1.reports.run_folder import RunFolder
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.scale.choice import chosen_scorer, held_cluster

STORE = "work.sqlite"
DRAFTED, SIFTED, IN = "drafted", "sifted", "in"  # what the store's meta says of passes that are done


def folder_of(settings: CurateSettings) -> Path:
    return (Path(settings.runs) / "curate" / settings.name).absolute()


def _finishing_steps(recipe: CurationRecipe) -> tuple[str, ...]:
    return (*recipe.finish_steps, GOLD, DIFFICULTY)


def steps_of(recipe: CurationRecipe) -> tuple[str, ...]:
    """All steps of a run, in order."""
    return (READ, *recipe.draft_steps, CONTAMINATION, DUPLICATES, *_finishing_steps(recipe), RESULT)


def curate(settings: CurateSettings) -> bool:
    """Do what is left of the run; whether it was stopped before it was done.

    Raises:
        ProgramError: another run lies there, the input cannot be read, the model or the cluster cannot be used.
    """
    recipe = make_recipe(settings.recipe_name, getattr(settings, settings.recipe_name, None))
    prompts = load_prompts(list(recipe.prompts), settings.prompts)
    if recipe.needs_model and not settings.model.is_named and not settings.dry_run:
        raise ProgramError(f"recipe={settings.recipe_name} asks a language model: give model=http://localhost:8000/v1")
    path = folder_of(settings)
    check_places(settings, path)
    with RunFolder.create(path, resume=True) as folder, ExitStack() as held:
        store = WorkStore(path / STORE)
        try:
            going_on = check_same(recipe, store, settings, prompts)
            if (finished := is_finished(store, settings)) is not None:
                print(finished)
                funnel = funnel_of(recipe, store)
                folder.write_result(_result(funnel, store))  # which a process that was killed may not have come to
                _tell_of_failures(funnel)
                return False
            if not settings.dry_run:  # which changes nothing of a run
                check_free(settings.output, overwrite=settings.overwrite, setting="output")
                if going_on:
                    store.clear_reasons(tuple(sorted(AGAIN)), _finishing_steps(recipe))
                folder.write_config(settings.model_dump(mode="json"))
            held.enter_context(held_cluster(settings.held_cluster))
            print(f"{'going on with' if going_on else 'run'} {path}", flush=True)
            drafts = DraftFiles(path / "drafts")
            _draft(recipe, settings, store, drafts)
            _sift(recipe, settings, store, drafts)
            if settings.dry_run:
                print(_estimate(recipe, settings, store, drafts, prompts))
                return False
            if asyncio.run(_finish(recipe, settings, store, drafts, prompts)):
                print("stopped; the same command goes on")
                return True
            sift_results(recipe, store, settings)
            funnel = funnel_of(recipe, store)
            funnel.check()
            announce = partial(note_finished, store, settings, funnel.tasks)
            write_set(settings, recipe, store, funnel, prompts, announce)
            folder.write_result(_result(funnel, store))
            print(funnel.table())
            _tell_of_failures(funnel)
            if funnel.kept:
                print(f"the set is in {settings.output}; next: synthetic1 show {settings.output}")
            else:
                print(f"nothing was kept; {settings.output.rstrip('/')}/{LEFT_OUT} says why, row by row")
            return False
        finally:
            store.close()


def _result(funnel: Funnel, store: WorkStore) -> dict[str, Any]:
    return {**funnel.to_dict(), "usage": store.meta(USAGE) or {}}


def _tell_of_failures(funnel: Funnel) -> None:
    again = sum(many for reason, many in funnel.of("quarantined").items() if reason in AGAIN)
    if again:
        print(f"{again:,} rows are set aside for what failed here: with overwrite=true they are tried again")


def funnel_of(recipe: CurationRecipe, store: WorkStore) -> Funnel:
    """The books, from the store."""
    funnel = Funnel(steps_of(recipe), rows=store.meta(IN) or 0)
    for outcome, step, reason, many in store.gone_counts():
        funnel.add(outcome, step, reason, many)
    for _, tasks in store.tasks():
        funnel.kept += 1
        funnel.tasks += len(tasks)
    return funnel


def _draft(recipe: CurationRecipe, settings: CurateSettings, store: WorkStore, drafts: DraftFiles) -> None:
    """The first pass: read all rows, filter by rule, write what is left to disk. Done again if it was interrupted."""
    if store.meta(DRAFTED):
        return
    store.clear("gone", "merged", "done")
    counted = 0

    def made() -> Iterator[Draft]:
        nonlocal counted
        with progress(settings.limit, "rows read") as advance:
            for number, row in enumerate(recipe.rows(settings.input)):
                if settings.limit is not None and number >= settings.limit:
                    break
                counted = number + 1
                advance()
                raw = None
                try:
                    if isinstance(row, UnreadableRow):
                        raw = row.raw
                        raise Quarantined(READ, row.reason, row.detail)
                    draft = recipe.draft(row)
                    if (sign := damage_in(draft.text, mended=row.mended)) is not None:
                        raise Quarantined(READ, "garbled_text", sign)
                except LeftOut as error:
                    if raw is None and isinstance(error, Quarantined):
                        raw = json.dumps(dict(row.fields), default=str)  # type: ignore[union-attr]
                    store.leave(number, row.where, error, raw)
                else:
                    draft.number = number
                    yield draft

    drafts.write(made())
    if not counted:
        raise ProgramError(f"input={', '.join(settings.input)} has no rows")
    store.set_meta(IN, counted)
    store.set_meta(DRAFTED, True)


def _sift(recipe: CurationRecipe, settings: CurateSettings, store: WorkStore, drafts: DraftFiles) -> None:
    """The second pass: contamination and duplicates among all that is left. What datatrove has done is not done again
    if it was interrupted, the rest is."""
    if store.meta(SIFTED):
        return
    store.clear("merged")
    store.clear_steps((CONTAMINATION, DUPLICATES))
    gone: set[int] = set()
    asked, folder = settings.decontaminate, sifting_folder(store)
    where: dict[str, Any] = {"workers": settings.workers, "sift": settings.sift, "ray": settings.ray}
    if asked.benchmarks:
        benchmarks = Benchmarks.read(asked.benchmarks, asked.n, asked.share)
        print(f"looking for {len(benchmarks.names):,} problems of {len(asked.benchmarks)} benchmarks", flush=True)
        place = folder / "contamination"
        gone = drop_contaminated(drafts, benchmarks, store, place, tidy=False, **where)
    if settings.deduplicate:
        print("looking for duplicates", flush=True)
        place = folder / "duplicates"
        drop_duplicates(drafts, recipe, store, place, gone=gone, seed=settings.seed, tidy=False, **where)
    store.set_meta(SIFTED, True)
    shutil.rmtree(folder.parent, ignore_errors=True)


async def _finish(
    recipe: CurationRecipe, settings: CurateSettings, store: WorkStore, drafts: DraftFiles, prompts: dict[str, Prompt]
) -> bool:
    """The third pass: models, sandbox, verifiers, row by row; whether it was stopped before its end. What is done stays
    done; where all is, no server is started or looked for.

    Raises:
        ProgramError: another model has finished a part of the rows.
    """
    if settings.model.is_named and store.meta(MODEL) == "":
        print("the rows are finished anew, with the model", flush=True)
        store.clear("done")
        store.clear_steps(_finishing_steps(recipe))
    if all(store.has_outcome(draft.number) for draft in drafts):
        return False
    async with _client_of(settings) as client:
        asker = None
        _note_model(store, "" if client is None else client.model)
        if client is not None:
            model = settings.model
            asker = Asker(client, max_tokens=model.max_tokens, attempts=model.attempts, seed=settings.seed)
        with chosen_scorer(Scorer(), settings.cluster) as scorer:
            account = nullcontext() if client is None else spending(store, client)
            tools = Workbench(asker, prompts, scorer, settings.seed)
            try:
                work = Finishing(recipe, tools, store, settings)
                with stop_on_signal(work):
                    async with account:
                        await work.run(drafts)
            finally:
                await tools.aclose()
        return work.stopping


def _note_model(store: WorkStore, name: str) -> None:
    """Raises ProgramError: another model has finished a part of the rows."""
    before = store.meta(MODEL)
    if before and before != name:
        now = f"{name} is there now" if name else "none is named now"
        raise ProgramError(
            f"{store.path.parent} was begun with the model {before}, and {now}; choose another run_name="
        )
    store.set_meta(MODEL, name)


@asynccontextmanager
async def _client_of(settings: CurateSettings) -> AsyncIterator[Client | None]:
    """The client of the model, started first under ``model.launch=vllm``; None where no model is named.

    Raises:
        ProgramError: it cannot be started, does not answer, or has another model.
    """
    model = settings.model
    if not model.is_named:
        yield None
        return
    cache = model.cache or str(folder_of(settings) / "replies.sqlite")
    async with _server_of(settings, cache) as server, Client(server) as client:
        try:
            await client.check()
        except ServerError as error:
            raise ProgramError(str(error)) from error
        yield client


@asynccontextmanager
async def _server_of(settings: CurateSettings, cache: str) -> AsyncIterator[Server]:
    model = settings.model
    if model.url is not None:
        yield model.server(model.url, cache=cache)
        return
    assert model.name is not None
    async with launched(ModelSettings(name=model.name), model.vllm_arguments) as server:
        yield model.server(server.urls, name=server.model, cache=cache, thinking_open=server.thinking_open)


def _estimate(
    recipe: CurationRecipe, settings: CurateSettings, store: WorkStore, drafts: DraftFiles, prompts: dict[str, Prompt]
) -> str:
    """What the model would be asked: calls as the recipe counts them, tokens at four characters each."""
    from synthetic1.inference.server import Price

    calls = dict.fromkeys(prompts, 0)
    read = 0
    again = store.numbers_gone(tuple(sorted(AGAIN)), _finishing_steps(recipe))
    for draft in drafts:
        if store.has_outcome(draft.number) and draft.number not in again:
            continue
        for name, many in recipe.many_calls(draft).items():
            calls[name] += many
            read += many * (len(prompts[name].text) + len(draft.text)) // 4
    total = sum(calls.values())
    written = total * settings.model.max_tokens
    lines = ["dry run: nothing was asked", *(f"  {name:<28}{many:>12,} calls" for name, many in calls.items())]
    lines.append(f"  {'tokens read':<28}{read / 1e6:>12,.2f} M")
    lines.append(f"  {'tokens written, at most':<28}{written / 1e6:>12,.2f} M")
    if settings.model.price is not None:
        cost = Price.of(settings.model.price).cost(read, written)
        lines.append(f"  {'money, at most':<28}{cost:>12,.2f}")
    else:
        lines.append("  money: give model.price={input: …, output: …} per million tokens")
    return "\n".join(lines)
