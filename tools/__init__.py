"""What sets the repository up and checks it. Until the virtual environment exists: standard library only."""
