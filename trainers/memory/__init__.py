"""What training needs of memory, known before a weight is loaded."""
