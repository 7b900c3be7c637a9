"""Where tasks are stored: files, folders, datasets of the hub, mixtures of them."""
