"""DeepSeek-R1's recipe: its stages and its report."""
