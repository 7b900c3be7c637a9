"""The agent: runs programs beside itself and reports. Standard library only; it runs alone, inside a container too."""
