"""A recipe for tests of the pipeline: sums as problems of mathematics, with every way to leave."""

from __future__ import annotations

from synthetic1.datagen.curation.draft import Draft, Dropped, Quarantined
from synthetic1.datagen.curation.recipe import CurationRecipe, Tools
from synthetic1.task import Task


class SumRecipe(CurationRecipe):
    """Rows ``{"problem": "…", "answer": "…"}``; ``"ask": true`` has the model say the answer."""

    name = "math"
    task_type = "verifiable_math"
    draft_steps = ("rules",)
    finish_steps = ("answer",)
    prompts = ("sum_answer",)

    def draft(self, row):
        problem = row.fields.get("problem")
        if not isinstance(problem, str):
            raise Quarantined("rules", "no_problem", f"problem is {problem!r}")
        if problem.startswith("Prove"):
            raise Dropped("rules", "proof")
        return Draft(0, row.where, problem, dict(row.fields), {"file": row.file, "row": row.number})

    async def finish(self, draft: Draft, tools: Tools) -> list[Task]:
        answer = draft.data.get("answer", "")
        if draft.data.get("ask"):
            said = await tools.ask("sum_answer", draft, "answer", problem=draft.text)
            if said["known"] == "no":
                raise Dropped("answer", "not_known")
            answer = said["answer"]
            draft.history["answer"] = "asked"
        task = Task(
            problem_id=f"sum/{draft.number}",
            task_type=self.task_type,
            prompt=draft.text,
            verification_info={"ground_truth": answer},
            gold_standard_solution=answer,
            source="sums",
        )
        return [task]

    def merge(self, kept, other):
        return Draft(**{**{name: getattr(kept, name) for name in Draft.__slots__}, "history": {"merged": other.where}})
