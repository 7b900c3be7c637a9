"""What is maximised: rewards and their parts, and losses by member of a mixture."""
