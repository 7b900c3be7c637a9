"""The files of a new family, as text in which NAME, CLASS and TASK_TYPE stand for its names."""
