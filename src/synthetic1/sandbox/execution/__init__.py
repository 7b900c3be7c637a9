"""From a program and its inputs to results: slots and what they cache, below; runs and dialogues, above."""
