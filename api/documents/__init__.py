"""What answers look like, where more than one route or more than a screen of it says so."""
